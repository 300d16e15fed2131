"""Attributes of strangers: nothing that they hold raises, and what is not as agreed is left out."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.landscape import (
    agreed,
    as_number,
    basis_of,
    checkpoints_of,
    gram_of,
    interpolation_of,
    nested,
    parsed,
    planes_of,
    report_of,
    runs_of,
    text_of,
)
from tests.support.interpolated_cases import bowl

KEYS = ("name", "at", "offset", "loss", "path", "run", "step", "status", "text", "made", "norms", "cosines", "sha256")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
ATTRIBUTES = (
    VALUES | VALUES.map(json.dumps) | st.text(max_size=20) | st.sampled_from(["[" * 100_000, "[1", "\0", "9" * 5000])
)
# Nearly as agreed: what a reader could stumble over.
NUMBERS = st.floats() | SCALARS
PLACES = st.lists(st.floats(), min_size=2, max_size=2) | st.lists(NUMBERS, max_size=3)
CHECKPOINT = st.fixed_dictionaries(
    {"name": st.text(max_size=2), "at": PLACES, "offset": NUMBERS},
    optional={"path": st.booleans(), "run": SCALARS, "step": NUMBERS, "loss": NUMBERS},
)
BASIS = st.fixed_dictionaries({}, optional={"norms": PLACES, "cosines": PLACES, "made": VALUES, "sha256": SCALARS})
STRANGERS = st.fixed_dictionaries(
    {},
    optional={
        "checkpoints": st.lists(CHECKPOINT, min_size=1, max_size=4).map(json.dumps) | st.deferred(lambda: ATTRIBUTES),
        "basis": BASIS.map(json.dumps) | st.deferred(lambda: ATTRIBUTES),
        "planes": st.lists(BASIS | VALUES, max_size=3).map(json.dumps) | ATTRIBUTES,
        **dict.fromkeys(("report", "labels", "tolerance", "tolerance_miss", "tolerance_checked"), ATTRIBUTES),
    },
)


@settings(deadline=None, max_examples=300)
@given(STRANGERS)
def test_whatever_a_stranger_wrote_is_read_or_left_out(attrs):
    places = checkpoints_of(attrs)
    assert len({len(each.at) for each in places}) <= 1
    assert all(isinstance(number, float) for each in places for number in (*each.at, each.offset))
    assert sum(map(len, runs_of(places).values())) == sum(each.on_path for each in places)
    assert all(isinstance(each.made, dict) and isinstance(each.sha256, str) for each in planes_of(attrs))
    assert {each.status for each in report_of(attrs)} <= {"ok", "warn", "info"}
    for axes in (1, 2, 3):
        gram = gram_of(attrs, axes)
        assert gram is None or (gram.shape == (axes, axes) and np.linalg.eigvalsh(gram).min() > 0)
    told = interpolation_of(bowl((3, 2)).assign_attrs(attrs))
    assert told is None or (told.asked is not None and math.isfinite(told.asked) and told.evaluated == 6)
    assert isinstance(text_of(attrs), str)


@settings(deadline=None)
@given(VALUES)
def test_json_text_comes_back_as_it_was(value):
    again = parsed(json.dumps(value))
    assert json.dumps(again) == json.dumps(value)
    assert nested({"x": json.dumps(value)}, "x", list) == (again if isinstance(again, list) else [])
    assert repr(nested({"x": json.dumps(value)}, "x", dict)) == repr(again if isinstance(again, dict) else {})


@pytest.mark.parametrize(
    ("value", "expected", "kept"),
    [
        (["a", 1, None, ["b"], "c"], list[str], ["a", "c"]),
        ([1, 2.5, True, "3", 10**400], list[float], [1.0, 2.5]),
        ({"a": [1, "x"], "b": 2}, dict[str, list[float]], {"a": [1.0]}),
        ([{"a": 1}, 2], list[dict[str, object]], [{"a": 1}]),
        ([1, [2]], list, [1, [2]]),
        (True, int, None),
        (3, int, 3),
        (3.0, int, None),
        ("x", list, None),
    ],
)
def test_what_is_not_as_agreed_is_left_out(value, expected, kept):
    assert agreed(value, expected) == kept


def test_an_attribute_that_is_no_json_text_is_not_there():
    assert [nested({"x": value}, "x", list) for value in ("[1]", "[1", [1], None, 1, b"[1]")] == [
        [1],
        [],
        [],
        [],
        [],
        [],
    ]
    assert nested({}, "x", dict) == {}


def test_numbers_are_those_that_files_hold():
    assert [as_number(value) for value in (1, 0.5, np.int64(2), np.float32(0.5))] == [1.0, 0.5, 2.0, 0.5]
    assert math.isnan(as_number(math.nan))
    assert [as_number(value) for value in (True, np.True_, "1", None, [1], 10**400)] == [None] * 6


def test_checkpoints_have_as_many_coordinates_as_axes():
    def entry(*at, **more):
        return {"name": "a", "at": at, "offset": 0.5, **more}

    entries = [entry(1, 2), entry(1), entry(1, "2"), entry(1, 2, offset="0"), entry(3, 4, path=True, step=7), 5]
    attrs = {"checkpoints": json.dumps(entries)}
    assert [each.at for each in checkpoints_of(attrs)] == [(1.0, 2.0), (3.0, 4.0)]
    assert [each.at for each in checkpoints_of(attrs, 1)] == [(1.0,)]
    assert [each.at for each in checkpoints_of(attrs | {"labels": '["w"]'})] == [(1.0,)]
    assert [(each.on_path, each.step, each.loss) for each in checkpoints_of(attrs)] == [
        (False, None, None),
        (True, 7, None),
    ]


def test_lengths_and_angles_make_the_gram_matrix_or_none():
    def gram(axes=2, **basis):
        return gram_of({"basis": json.dumps(basis)}, axes)

    np.testing.assert_array_equal(gram(), np.eye(2))
    np.testing.assert_array_equal(gram_of({}, 3), np.eye(3))
    np.testing.assert_allclose(gram(norms=[2, 3], cosines=[0.5]), [[4, 3], [3, 9]], rtol=1e-15)
    told = [{"norms": [1]}, {"norms": [1, "2"]}, {"norms": [0, 1]}, {"cosines": [1]}, {"cosines": [0.1, 0.1]},
            {"norms": 3}, {"norms": [1e200, 1e200]}, {"norms": [math.nan, 1]}]  # fmt: skip
    assert [gram(**each) for each in told] == [None] * len(told)
    assert gram_of({"basis": "{"}, 2) is None


def test_each_plane_tells_how_it_was_made():
    bases = [{"made": {"kind": "gaussian", "seed": seed}, "sha256": f"{seed}"} for seed in (3, 4)]
    attrs = {"basis": json.dumps(bases[0]), "planes": json.dumps(bases)}
    assert [each.made["seed"] for each in planes_of(attrs)] == [3, 4]
    assert planes_of({"basis": attrs["basis"]}) == [basis_of(attrs)]
    assert basis_of({}).made == {}


def test_the_largest_miss_is_read_by_its_name_of_now_and_of_before():
    asked = bowl((3, 2)).assign_attrs(tolerance=0.01, tolerance_checked=32)
    found = [interpolation_of(asked.assign_attrs({name: 0.004})) for name in ("tolerance_miss", "tolerance_error")]
    assert [told.error for told in found] == [0.004, 0.004]
    assert interpolation_of(asked).error is None
