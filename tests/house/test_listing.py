"""The listing of explorer/: short enough to be read, with names that tell one file from the next."""

import importlib
from pathlib import Path

import pytest

import explorer

ROOT = Path(explorer.__file__).parent
FOLDERS = [
    ROOT,
    *sorted(path for path in ROOT.rglob("*") if path.is_dir() and not {"assets", "__pycache__"} & set(path.parts)),
]
MOST, MOST_LOOSE = 18, 10
LONGER = {"figures"}
"""One kind a file, however many kinds there are."""


def names_in(folder: Path) -> set[str]:
    """Its modules and folders, by name."""
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or path in FOLDERS} - {"__init__"}


def told_apart(name: str, other: str) -> bool:
    """Whether two names are more than forms of one word: not walk and walking, but race and race_template."""
    before, after = sorted((name, other), key=len)
    rest = after.removeprefix(before) if after.startswith(before) else after.removesuffix(before)
    return rest == after or "_" in (rest[0], rest[-1])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_can_be_read_at_a_glance(folder: Path) -> None:
    files = list(folder.glob("*.py"))
    assert len(files) <= (MOST_LOOSE if folder == ROOT else MOST) or folder.name in LONGER


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_two_names_are_forms_of_one_word(folder: Path) -> None:
    names = sorted(names_in(folder))
    alike = [(name, other) for name in names for other in names if name < other and not told_apart(name, other)]
    assert alike == []


@pytest.mark.parametrize("folder", FOLDERS[1:], ids=lambda folder: folder.name)
def test_no_folder_bears_the_name_of_a_public_function(folder: Path) -> None:
    package = importlib.import_module(".".join(folder.parent.relative_to(ROOT.parent).parts))
    assert folder.name not in {*explorer.__all__, *getattr(package, "__all__", ())} - {"directions", "figures"}


def test_forms_of_one_word_are_seen() -> None:
    assert not told_apart("walk", "walking")
    assert not told_apart("store", "restore")
    assert told_apart("race", "race_template")
    assert told_apart("point", "path")
