"""The plane of chosen entries, of complex parameters too."""

import pytest
import torch
from torch import nn

from explorer import Objective
from explorer.directions import axes
from explorer.errors import ObjectiveError


class Complex(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1.0 + 2.0j, dtype=torch.complex128))
        self.scale = nn.Parameter(torch.tensor([[1 + 2j, 3 + 4j], [5 + 6j, 7 + 8j]], dtype=torch.complex128))
        self.bias = nn.Parameter(torch.zeros(2, dtype=torch.float64))

    def forward(self, x):
        return self.gain * (x @ self.scale) + self.bias


@pytest.fixture
def objective():
    x = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(3, 2)
    return Objective(Complex(), lambda out, y: (out - y).abs().square().mean(), (x.to(torch.complex128), x))


def test_parts_of_a_complex_entry_are_axes(objective):
    plane = axes(objective, "scale[1,0,0]", "scale[1,0,1]")
    moved = objective.layout.unflatten(plane.at([-2.5, 0.5]))
    assert moved["scale"][1, 0] == -2.5 + 0.5j
    own = Complex()
    assert torch.equal(moved["scale"][[0, 0, 1], [0, 1, 1]], own.scale[[0, 0, 1], [0, 1, 1]])
    own.scale.data[1, 0] = -2.5 + 0.5j
    x = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(3, 2)
    torch.testing.assert_close(
        objective(plane.at([-2.5, 0.5])), (own(x.to(torch.complex128)) - x).abs().square().mean()
    )


@pytest.mark.parametrize(
    ("entry", "real", "imaginary"),
    [
        ("scale[1,0]", "scale[1,0,0]", "scale[1,0,1]"),
        ("scale[ 0, 1 ]", "scale[0,1,0]", "scale[0,1,1]"),
        ("scale", "scale[0,0,0]", "scale[0,0,1]"),
        ("scale[5,0]", "scale[0,0,0]", "scale[0,0,1]"),
        ("gain", "gain[0]", "gain[1]"),
    ],
)
def test_a_complex_entry_says_how_its_parts_are_named(objective, entry, real, imaginary):
    with pytest.raises(ObjectiveError, match="which is complex") as caught:
        axes(objective, entry)
    assert str(caught.value).endswith(f": {real} is the real part, {imaginary} the imaginary one")
    assert axes(objective, real, imaginary).labels == (real, imaginary)


def test_other_entries_are_refused_as_before(objective):
    with pytest.raises(ObjectiveError, match="index \\[7\\] is outside 'bias'"):
        axes(objective, "bias[7]")
    with pytest.raises(ObjectiveError, match="expected one entry of a parameter"):
        axes(objective, "absent")
