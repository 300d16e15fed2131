"""The listing of explorer/: few loose files, and no folder that an import of a public function would hide."""

import importlib
from pathlib import Path

import pytest

import explorer

ROOT = Path(explorer.__file__).parent
FOLDERS = sorted(path.parent for path in ROOT.rglob("*/__init__.py"))
MOST_LOOSE = 10


def test_few_files_are_loose() -> None:
    assert len(list(ROOT.glob("*.py"))) <= MOST_LOOSE


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_no_folder_bears_the_name_of_a_public_function(folder: Path) -> None:
    package = importlib.import_module(".".join(folder.parent.relative_to(ROOT.parent).parts))
    functions = {
        name
        for module in (explorer, package)
        for name in getattr(module, "__all__", ())
        if callable(getattr(module, name))
    }
    assert folder.name not in functions
