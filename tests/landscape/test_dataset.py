"""What a landscape is: its Dataset, the status of its points, its axes and its quantities."""

import json

import numpy as np
import pytest
import xarray as xr

from explorer.landscape import (
    RESERVED,
    Status,
    as_dataset,
    axes_of,
    dims_of,
    one_plane,
    one_seed,
    quantities_of,
    quantity_of,
    refuse_others,
    seeds_of,
    status_of,
)

DIMS = {"seed": np.array([5, 6]), "w": np.array([0.0, 1.0, 2.0]), "b": np.array([-1.0, 1.0])}
EXTRA = {"terms": {"term": ["ic", "pde"]}, "gradient": {"direction": ["w", "b"]}}


def landscape(status=None, **attrs):
    """Every entry is its own place in C order, over (seed, w, b) and the dimensions of its own."""
    shapes = {"loss": (), "terms": (2,), "gradient": (2,), "accuracy": (), "gradient_norm": ()}
    fields = {name: np.arange(12.0 * np.prod(own)).reshape(12, *own) for name, own in shapes.items()}
    return as_dataset(DIMS, EXTRA, fields, status, {"labels": '["w", "b"]', **attrs})


def test_what_goes_into_a_dataset_comes_out():
    found = landscape(note="x")
    assert found["loss"].dims == ("seed", "w", "b")
    assert found["terms"].dims == ("seed", "w", "b", "term")
    assert found["terms"].sel(seed=6, w=2.0, b=1.0, term="pde") == 23.0
    assert found["gradient"].sel(seed=5, w=1.0, b=-1.0, direction="b") == 5.0
    np.testing.assert_array_equal(found["b"], DIMS["b"])
    assert found.attrs["note"] == "x"
    assert found["status"].dtype == np.int8


def test_points_are_counted_by_their_status_and_only_evaluated_ones_for_holes():
    status = np.array([0, 1, 2, 3, 1, 1, 1, 1, 1, 1, 1, 1], np.int8)
    fields = {"loss": np.where(status == 1, 1.0, np.nan)}
    fields["loss"][4] = np.inf
    found = as_dataset(DIMS, {}, fields, status, {})
    counts = {each: int((found["status"] == each).sum()) for each in Status}
    assert counts == {Status.NOT_COMPUTED: 1, Status.EVALUATED: 9, Status.INTERPOLATED: 1, Status.FAILED: 1}
    assert json.loads(found.attrs["nonfinite"]) == {"loss": 1}
    assert (as_dataset(DIMS, {}, fields, None, {})["status"] == Status.EVALUATED).all()


def test_the_status_is_given_over_the_dimensions_asked_for():
    status = np.arange(12, dtype=np.int8) % 4
    found = landscape(status)
    np.testing.assert_array_equal(status_of(found, ("b", "w", "seed")), status.reshape(2, 3, 2).T)
    assert (status_of(found.drop_vars("status"), ("w", "b")) == Status.EVALUATED).all()
    one = one_seed(found, 5)
    np.testing.assert_array_equal(status_of(one, ("seed", "w", "b")), status.reshape(2, 3, 2)[:1])
    with pytest.raises(ValueError, match=r"over \['seed'\] too"):
        status_of(found, ("w", "b"))


def test_the_axes_are_in_the_planes_order_however_a_file_has_them():
    found = landscape()
    assert axes_of(found) == axes_of(found.transpose("b", "seed", "w", ...)) == ("w", "b")
    assert dims_of(found) == ("seed", "w", "b")
    assert axes_of(found, found["gradient"]) == ("w", "b")
    assert axes_of(found.isel(w=0)) == ("b",)
    # Names of a file that has lost the plane's: its own order, and a renamed axis stays where it is.
    assert axes_of(found.assign_attrs(labels="[3")) == ("w", "b")
    assert axes_of(found.rename(b="x")) == ("w", "x")
    assert axes_of(found.assign_attrs(labels='["b", "b"]')) == ("w", "b")
    assert axes_of(found.expand_dims(epoch=[1, 2])) == ("epoch", "w", "b")


def test_a_quantitys_own_dimension_is_no_axis():
    found = landscape().assign(blocks=(("seed", "w", "b", "block"), np.zeros((2, 3, 2, 4))))
    assert axes_of(found) == axes_of(found, found["blocks"]) == ("w", "b")
    assert "blocks" not in quantities_of(found)
    with pytest.raises(ValueError, match="'blocks' has dimensions"):
        refuse_others(one_plane(found)["blocks"], "blocks", ("w", "b"))


def test_a_quantity_is_a_variable_or_a_term():
    found = landscape()
    assert quantities_of(found) == ["loss", "ic", "pde", "accuracy", "gradient_norm", "status"]
    np.testing.assert_array_equal(quantity_of(found, "pde"), found["terms"].isel(term=1))
    np.testing.assert_array_equal(quantity_of(found.isel(term=1), "pde"), found["terms"].isel(term=1))
    assert quantity_of(found, "loss").equals(found["loss"])
    with pytest.raises(ValueError, match=r"expected a quantity among .*got 'bc'"):
        quantity_of(found, "bc")
    assert {"loss", "status", "term", "seed"} < set(RESERVED)


def test_one_plane_of_several_is_chosen_by_its_seed_or_its_number():
    found = landscape()
    assert seeds_of(found) == [5, 6]
    assert one_seed(found, 6).equals(one_plane(found, 1))
    single = one_plane(found)
    assert seeds_of(single) == []
    assert one_plane(single) is single
    assert one_seed(single, None) is single
    for wrong, said in ((None, "choose with seed=5"), (7, "expected a seed among")):
        with pytest.raises(ValueError, match=said):
            one_seed(found, wrong)
    with pytest.raises(ValueError, match="leave it out"):
        one_seed(single, 5)


def test_a_dataset_of_somebody_elses_has_the_axes_of_its_variables():
    plain = xr.Dataset({"loss": (("y", "x"), np.zeros((2, 3)))})
    assert axes_of(plain) == ("y", "x")
    assert quantities_of(plain) == ["loss"]
