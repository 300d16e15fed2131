"""How the tests lie: as explorer does, what they share in tests/support, no folder too full; and names told apart."""

import ast
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS, EXPLORER = ROOT / "tests", ROOT / "explorer"
MOST_FILES = 18
"""Python files of a folder, with its __init__."""
APART = {"benchmarks", "browser", "experiments", "house", "models", "support"}
"""Folders of tests/ that are not named after a room of explorer."""
FULL = {EXPLORER / "figures"}
"""One kind of figure a file: as many files as kinds."""
YET_ALIKE = {("race", "race_template"), ("basins", "basin_kinds"), ("batching", "batchnorm")}
"""Names that nobody has told apart yet. None is to be added."""

MODULES = sorted(TESTS.rglob("*.py"))
FOLDERS = sorted({path.parent for path in [*MODULES, *EXPLORER.rglob("*.py")]})
WORDS = ("ing", "ed", "s")
"""Endings that do not tell a name from another."""


def imported(module: Path) -> Iterator[str]:
    """Every module, or name of one, that a file imports."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_test(name: str) -> bool:
    """Whether a dotted name is a test module, or something inside one."""
    return name.split(".")[0] == "tests" and any(part.startswith("test_") for part in name.split("."))


def test_no_test_is_imported() -> None:
    found = {path.relative_to(TESTS): [name for name in imported(path) if is_test(name)] for path in MODULES}
    assert {path: names for path, names in found.items() if names} == {}


def test_tests_lie_as_explorer_does() -> None:
    for folder in {path.parent.relative_to(TESTS) for path in MODULES}:
        room = EXPLORER / folder
        if folder.parts and folder.parts[0] not in APART:
            assert room.is_dir() or room.with_suffix(".py").is_file(), f"tests/{folder} is named after nothing"


def test_no_folder_is_too_full() -> None:
    files = {folder.relative_to(ROOT): len([*folder.glob("*.py")]) for folder in FOLDERS if folder not in FULL}
    assert {folder: count for folder, count in files.items() if count > MOST_FILES} == {}, "sort them into folders"


def root_of(name: str) -> str:
    """The name without an ending that tells it from no other."""
    return next((name.removesuffix(ending) for ending in WORDS if name.endswith(ending)), name)


def alike(siblings: list[str]) -> list[tuple[str, str]]:
    """Pairs of names of which one is the beginning of the other, or its last word."""
    return [
        (one, other)
        for one, other in permutations(sorted(siblings), 2)
        if root_of(other).startswith(root_of(one)) or other.endswith(f"_{one}")
    ]


def test_siblings_are_told_apart_by_more_than_an_ending() -> None:
    found = set()
    for folder in {path for path in FOLDERS if EXPLORER in [path, *path.parents]}:
        modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
        folders = {path.parent.name for path in folder.glob("*/*.py")}
        found |= {*alike([*modules, *folders])}
    assert found <= YET_ALIKE


def test_likeness_is_seen() -> None:
    assert alike(["walk", "walks"]) == [("walk", "walks"), ("walks", "walk")]
    assert alike(["record", "recording", "store"]) == [("record", "recording"), ("recording", "record")]
    assert alike(["plan", "known_plan"]) == [("plan", "known_plan")]
    assert alike(["plane", "grid", "landscape"]) == []
