import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import explorer

NAMES = {
    "integrations",
    "widget",
    "Objective",
    "Plane",
    "Grid",
    "directions",
    "sweep",
    "open_landscape",
    "report",
    "topology",
    "figures",
    "descend",
    "basins",
    "record",
    "open_trajectory",
    "Trajectory",
    "Study",
    "TargetSet",
    "Minimum",
    "Minima",
    "Activity",
    "Visit",
    "Verdict",
    "ExplorerError",
    "ObjectiveError",
    "StateError",
    "StoreError",
    "CheckpointError",
}
FOLDERS = {
    "directions": {
        "along",
        "axes",
        "between",
        "gaussian",
        "hessian",
        "principal",
        "through",
    },
    "checkpoints": {
        "Checkpoint",
        "Recorder",
        "Trajectory",
        "file_sha256",
        "open_trajectory",
        "own_checkpoint",
        "read_checkpoint",
        "read_trajectory",
        "record",
        "write_checkpoint",
    },
    "objective": {"Objective", "remade"},
    "landscape": {
        "Attrs",
        "DIRECTION",
        "DIRECTION_2",
        "GRADIENT",
        "GRADIENT_NORM",
        "Interpolation",
        "LOSS",
        "MISS",
        "Projected",
        "RESERVED",
        "ReportEntry",
        "Extra",
        "SEED",
        "STATUS",
        "Status",
        "TERM",
        "agreed",
        "as_dataset",
        "as_number",
        "axes_of",
        "basis_of",
        "checkpoints_of",
        "count_nonfinite",
        "dims_of",
        "gram_of",
        "interpolation_of",
        "miss_of",
        "named_quantity",
        "nested",
        "one_plane",
        "one_seed",
        "parsed",
        "planes_of",
        "quantities_of",
        "quantity_of",
        "refuse_others",
        "report_of",
        "runs_of",
        "seeds_of",
        "status_of",
        "terms_of",
        "text_of",
        "unmeasured",
    },
    "store": {"FieldSpec", "Store", "open_landscape"},
    "sweeps": {"Plan", "estimate", "sweep"},
    "figures": {
        "ColorScale",
        "barcode",
        "merge_tree",
        "minima",
        "color_scale",
        "basin",
        "compare",
        "contour",
        "contour_levels",
        "contour_lines",
        "heatmap",
        "line",
        "path",
        "sharpness",
        "surface",
    },
    "merge_trees": {"topology"},
    "exports": {"SUFFIXES", "Runner", "encode", "export", "race_html"},
    "descent": {
        "OPTIMIZERS",
        "SCHEDULES",
        "Descent",
        "Diagnosis",
        "Influence",
        "Limits",
        "Method",
        "basins",
        "descend",
        "diagnose",
        "influence",
        "limits",
    },
    "curvature": {
        "Extremes",
        "backward_over_backward",
        "extreme_eigenvalues",
        "full_gradient",
        "gradient_and_product",
        "hessian_product",
        "forward_over_reverse",
        "product_for",
        "projected_hessian",
        "projected_hessian_by_backward",
        "reverse_over_reverse",
    },
}
CORE = [
    name
    for _, name, _ in pkgutil.walk_packages(explorer.__path__, "explorer.")
    if not name.startswith(("explorer.dashboard", "explorer.__main__", "explorer.cli"))
]


def test_the_public_names_are_these():
    assert set(explorer.__all__) == NAMES
    assert len(explorer.__all__) == len(NAMES) <= 36
    assert all(getattr(explorer, name) is not None for name in NAMES)


@pytest.mark.parametrize(("folder", "names"), FOLDERS.items())
def test_the_names_of_a_folder_are_these(folder, names):
    module = importlib.import_module(f"explorer.{folder}")
    assert set(module.__all__) == names
    assert not any(inspect.ismodule(getattr(module, name)) for name in names)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'crunch'"):
        _ = explorer.crunch


def public_objects():
    for name in CORE:
        module = importlib.import_module(name)
        for label, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == name
            if own and not label.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
                yield name, label, thing


@pytest.mark.parametrize("name", ["explorer", *CORE])
def test_every_module_has_a_docstring(name):
    assert importlib.import_module(name).__doc__


def test_every_public_function_class_and_method_has_a_docstring():
    missing = []
    for module, label, thing in public_objects():
        members = vars(thing).items() if inspect.isclass(thing) else ()
        methods = [
            f"{label}.{name}"
            for name, member in members
            if not name.startswith("_")
            and (inspect.isfunction(member) or isinstance(member, (property, classmethod)))
            and not inspect.getdoc(member)
        ]
        missing += [f"{module}.{each}" for each in ([] if thing.__doc__ else [label]) + methods]
    assert missing == []


def test_no_public_function_shares_its_modules_name():
    shared = [f"{module}.{label}" for module, label, _ in public_objects() if module.rsplit(".", 1)[-1] == label]
    assert shared == []


def test_importing_explorer_loads_no_drawing_no_server_and_no_cluster():
    heavy = {"plotly", "dash", "contourpy", "distributed", "dask", "cloudpickle"}
    program = f"import sys, explorer; print({heavy} & set(sys.modules)); explorer.figures.heatmap"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
