"""The layers, as a table, and a walk over every import."""

import ast
import graphlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = {
    "explorer.errors": 0,
    "explorer.parameters": 1,
    "explorer.samples": 1,
    "explorer.memory": 1,
    "explorer.batchnorm": 1,
    "explorer.gram": 1,
    "explorer.roundings": 1,
    "explorer.blocks": 1.2,
    "explorer.soundness": 1.5,
    "explorer.problem": 1.8,
    "explorer.admission": 1.9,
    "explorer.copies": 1.5,
    "explorer.binding": 1.9,
    "explorer.parts": 1.95,
    "explorer.grid": 1,
    "explorer.objective": 2,
    "explorer.plane": 2,
    "explorer.trajectory": 2,
    "explorer.study": 2,
    "explorer.curvature": 3,
    "explorer.quantities": 3.5,
    "explorer.graphs": 3.8,
    "explorer.directions": 4,
    "explorer.sweeps": 4,
    "explorer.descent": 4.5,
    "explorer.figures": 5,
    "explorer.exports": 5.2,
    "explorer": 5.5,
    "explorer.dashboard": 6,
    "explorer.cli": 7,
    "explorer.__main__": 8,
}
"""Module or package of explorer -> layer; an import points to a lower layer, or stays within its package."""

THIRD_PARTY = {
    "models": {"torch"},
    "explorer.errors": set(),
    "explorer.parameters": {"torch"},
    "explorer.samples": {"torch"},
    "explorer.memory": {"torch"},
    "explorer.batchnorm": {"torch"},
    "explorer.gram": {"torch"},
    "explorer.roundings": {"torch"},
    "explorer.blocks": {"torch"},
    "explorer.soundness": {"torch", "numpy"},
    "explorer.problem": {"torch"},
    "explorer.admission": {"torch"},
    "explorer.copies": {"torch"},
    "explorer.binding": {"torch"},
    "explorer.parts": {"torch"},
    "explorer.grid": {"numpy"},
    "explorer.objective": {"torch"},
    "explorer.plane": {"torch"},
    "explorer.study": {"torch"},
    "explorer.trajectory": {"torch"},
    "explorer.curvature": {"torch", "numpy", "scipy"},
    "explorer.quantities": {"torch"},
    "explorer.graphs": {"torch"},
    "explorer.directions": {"torch", "numpy", "scipy", "safetensors"},
    "explorer.sweeps": {"torch", "numpy", "scipy", "xarray", "zarr", "google_crc32c", "tqdm"},
    "explorer.figures": {"numpy", "xarray", "scipy", "plotly", "contourpy"},
}
"""What each may import from outside the checkout and the standard library; others are free."""


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for top in ("models", "explorer") for path in sorted((ROOT / top).rglob("*.py"))}


def imports(path):
    """Every module that a file imports: `from package import module` counts as the module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            inner = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            yield from {full if full in FILES else node.module for full in inner.values()}


def part_of(module):
    """The entry of the table that a module belongs to."""
    parts = module.split(".")
    return ".".join(parts[:2])


def test_every_part_of_explorer_is_in_the_table():
    assert {part_of(module) for module in FILES if module.startswith("explorer")} <= set(LAYERS)


@pytest.mark.parametrize("module", [name for name in FILES if name.startswith("explorer")])
def test_imports_point_down(module):
    own = part_of(module)
    for target in imports(FILES[module]):
        if target.split(".")[0] == "explorer" and part_of(target) != own:
            assert LAYERS[part_of(target)] < LAYERS[own], f"{module} imports {target}"


@pytest.mark.parametrize("module", [name for name in FILES if name.startswith("explorer")])
def test_explorer_imports_no_models_and_no_experiments(module):
    assert not {target.split(".")[0] for target in imports(FILES[module])} & {"models", "experiments", "tests"}


@pytest.mark.parametrize("module", list(FILES))
def test_third_party_imports_are_those_of_the_table(module):
    part = "models" if module.startswith("models") else part_of(module)
    own = {"explorer", "models"} | set(sys.stdlib_module_names)
    outside = {target.split(".")[0] for target in imports(FILES[module])} - own
    assert outside <= THIRD_PARTY.get(part, outside)


def test_models_import_nothing_of_explorer():
    targets = {
        target.split(".")[0] for module in FILES if module.startswith("models") for target in imports(FILES[module])
    }
    assert "explorer" not in targets


def test_there_are_no_import_cycles():
    graph = {module: {target for target in imports(path) if target in FILES} for module, path in FILES.items()}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert len(order) == len(FILES)


def test_the_walk_sees_imports(tmp_path):
    file = tmp_path / "probe.py"
    file.write_text("import os.path\nfrom explorer import plane\nfrom explorer.grid import Grid\n")
    assert set(imports(file)) == {"os.path", "explorer.plane", "explorer.grid"}
