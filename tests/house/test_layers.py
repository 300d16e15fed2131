"""The layers, as a table, and a walk over every import."""

import ast
import graphlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FLOORS = (
    ("errors", "extras", "files", "signature", "warned", "grid", "study", "refinement", "numerics"),
    ("objective", "plane", "landscape"),
    ("curvature", "store", "checkpoints", "integrations"),
    ("quantities", "graphs", "directions", "merge_trees"),
    ("sweeps", "checklist"),
    ("descent",),
    ("", "figures", "exports", "watch"),
    ("dashboard", "notebook"),
    ("cli",),
    ("__main__",),
)
"""Rooms (folders and loose modules) of explorer, floor by floor: an import points to a lower floor, or to a room of the
same floor where that makes no circle. The room "" is the package itself, which hands out the public names."""
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

THIRD_PARTY = {
    "models": {"torch"},
    "errors": set(),
    "extras": set(),
    "files": set(),
    "signature": set(),
    "warned": set(),
    "grid": {"numpy"},
    "study": {"torch"},
    "refinement": {"numpy", "scipy"},
    "numerics": {"torch"},
    "objective": {"torch", "numpy"},
    "plane": {"torch"},
    "landscape": {"numpy", "xarray"},
    "curvature": {"torch", "numpy", "scipy"},
    "store": {"numpy", "xarray", "zarr", "google_crc32c"},
    "checkpoints": {"torch", "numpy", "safetensors"},
    "integrations": {"torch"},
    "quantities": {"torch"},
    "graphs": {"torch"},
    "directions": {"torch", "numpy", "scipy"},
    "merge_trees": {"torch", "numpy", "scipy", "xarray"},
    "checklist": {"torch", "numpy", "xarray", "scipy"},
    "sweeps": {"torch", "numpy", "xarray", "tqdm", "distributed", "dask", "cloudpickle"},
    "descent": {"torch", "numpy", "scipy", "xarray", "tqdm"},
    "figures": {"numpy", "xarray", "scipy", "plotly", "contourpy"},
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


def room_of(module):
    """The entry of the table that a module of explorer belongs to."""
    return [*module.split("."), ""][1]


OWN = [name for name in FILES if name.split(".")[0] == "explorer"]


def neighbours(module):
    """The other rooms of explorer that a module imports from."""
    targets = {room_of(target) for target in imports(FILES[module]) if target.split(".")[0] == "explorer"}
    return targets - {room_of(module)}


def test_the_rooms_are_those_of_the_table():
    assert {room_of(module) for module in OWN} == set(FLOOR)


@pytest.mark.parametrize("module", OWN)
def test_imports_point_down(module):
    for room in neighbours(module):
        assert FLOOR[room] <= FLOOR[room_of(module)], f"{module} imports from {room}"


def test_no_rooms_import_each_other_in_a_circle():
    graph = {room: set() for room in FLOOR}
    for module in OWN:
        graph[room_of(module)] |= neighbours(module)
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(FLOOR)


@pytest.mark.parametrize("module", OWN)
def test_explorer_imports_no_models_and_no_experiments(module):
    assert not {target.split(".")[0] for target in imports(FILES[module])} & {"models", "experiments", "tests"}


@pytest.mark.parametrize("module", list(FILES))
def test_third_party_imports_are_those_of_the_table(module):
    part = "models" if module.startswith("models") else room_of(module)
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
