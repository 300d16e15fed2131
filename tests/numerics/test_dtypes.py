"""A dtype that is none is refused in words, wherever one is taken."""

import numpy as np
import pytest
import torch

import explorer
from tests.support.cases import neuron

GRID = explorer.Grid({"w": (-1, 1, 3), "b": (-1, 1, 3)})


def places():
    objective = neuron().objective
    plane = explorer.directions.axes(objective, "w", "b")
    return {
        "objective": lambda dtype: objective.to(dtype=dtype),
        "plane": lambda dtype: plane.to(dtype=dtype),
        "sweep": lambda dtype: explorer.sweep(objective, plane, GRID, dtype=dtype, progress=False, report=False),
    }


@pytest.mark.parametrize("place", ["objective", "plane", "sweep"])
def test_what_is_no_dtype_is_refused_with_the_one_that_was_meant(place):
    take = places()[place]
    with pytest.raises(TypeError, match=r"to be a torch.dtype; got 'float32' \(str\): say torch.float32$"):
        take("float32")
    with pytest.raises(TypeError, match=r"\(dtype\[float64\]|\(Float64DType\)"):
        take(np.dtype("float64"))
    with pytest.raises(TypeError, match=r"say torch.float32 or torch.float64$"):
        take("single")
    with pytest.raises(ValueError, match=r"expected a floating-point dtype, such as torch.float64; got torch.int64"):
        take(torch.int64)
