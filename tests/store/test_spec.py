"""The spec: another sweep is refused by the name of what differs."""

import json
from pathlib import Path
from typing import Any

import pytest

from explorer.errors import StoreError
from explorer.store.spec import differences, plain
from tests.support.store_cases import small

SPEC: dict[str, Any] = {
    "objective": {"model": "Net", "theta_sha256": "ab", "parameters": 10, "loss": "MSELoss", "terms": ["loss"]},
    "plane": {"kind": "gaussian", "seed": 0, "normalize": "filter", "skip": ["bias", "norm"], "sha256": ["cd", "ef"]},
    "grid": {"alpha": [-1.0, 1.0, 51], "beta": [-1.0, 1.0, 41]},
    "quantities": ["loss", "gradient"],
    "dtype": "float32",
    "weights": {},
    "test": None,
}  # fmt: skip
CHANGES = [
    (("objective", "model"), "Other"), (("objective", "theta_sha256"), "ac"), (("objective", "parameters"), 11),
    (("objective", "loss"), "L1Loss"), (("objective", "terms"), ["loss", "pde"]), (("plane", "kind"), "hessian"),
    (("plane", "seed"), 1), (("plane", "normalize"), None), (("plane", "skip"), ["norm", "bias"]),
    (("plane", "sha256"), ["cd"]), (("grid", "alpha"), [-1.0, 1.0, 52]), (("grid", "beta"), [-1.0, 1.0000001, 41]),
    (("quantities",), ["loss"]), (("dtype",), "float64"), (("weights",), {"pde": 10.0}), (("test",), False),
    (("new",), 1),
]  # fmt: skip


@pytest.mark.parametrize(("at", "value"), CHANGES)
def test_another_spec_is_refused_by_the_name_of_the_field(tmp_path: Path, at: tuple[str, ...], value: Any) -> None:
    store = small(tmp_path / "x.zarr", spec=SPEC)
    store.refuse_other(SPEC)
    other = plain(SPEC)
    inner = other
    for key in at[:-1]:
        inner = inner[key]
    old = inner.get(at[-1], "nothing")
    inner[at[-1]] = value
    with pytest.raises(StoreError) as refusal:
        store.refuse_other(other)
    said = str(refusal.value)
    assert f"{'.'.join(at)}" in said
    assert "Use the words it was made with, or another place" in said
    assert len(list(differences(SPEC, other))) <= 2
    if not isinstance(value, dict):
        assert f"asked for {json.dumps(value)}" in said
        assert old == "nothing" or f"has {json.dumps(old)}" in said


def test_each_of_several_planes_is_looked_into() -> None:
    stored = {"planes": [{"kind": "gaussian", "seed": 0}, {"kind": "gaussian", "seed": 1}], "skip": ["bias"]}
    asked = {"planes": [{"kind": "gaussian", "seed": 0}, {"kind": "gaussian", "seed": 2}], "skip": ["norm"]}
    assert list(differences(stored, asked)) == [
        "planes.1.seed: the store has 1, asked for 2",
        'skip: the store has ["bias"], asked for ["norm"]',
    ]


def test_a_spec_is_compared_as_json_gives_it_back(tmp_path: Path) -> None:
    small(tmp_path / "x.zarr", spec={"skip": ("bias",), "x": 1e-7}).refuse_other({"x": 1e-7, "skip": ["bias"]})
    with pytest.raises(StoreError, match=r"x: the store has 1, asked for 1.0"):
        small(tmp_path / "y.zarr", spec={"x": 1}).refuse_other({"x": 1.0})
