import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer.errors import ObjectiveError
from explorer.objective.parameters import Layout, layout_of, trainable

SHAPES = st.dictionaries(
    st.text("abcxyz", min_size=1, max_size=4),
    st.lists(st.integers(1, 3), max_size=3).map(tuple),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=40)
@given(SHAPES)
def test_unflatten_undoes_flatten(shapes):
    params = {name: torch.randn(shape, dtype=torch.float64) for name, shape in shapes.items()}
    layout = Layout(shapes)
    theta = layout.flatten(params)
    assert theta.shape == (layout.size,)
    back = layout.unflatten(theta)
    assert list(back) == list(params)
    assert all(torch.equal(back[name], params[name]) for name in params)


@settings(deadline=None, max_examples=40)
@given(SHAPES)
def test_positions_name_every_entry_once(shapes):
    layout = Layout(shapes)
    entries = [
        f"{name}[{','.join(map(str, place))}]" if shape else name
        for name, shape in shapes.items()
        for place in torch.cartesian_prod(*(torch.arange(n) for n in shape), torch.zeros(1, dtype=torch.int64))
        .reshape(-1, len(shape) + 1)[:, :-1]
        .tolist()
    ]
    assert [layout.position(entry) for entry in entries] == list(range(layout.size))


def test_order_is_that_of_named_parameters_and_shared_ones_count_once():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    assert list(layout_of(model).shapes.items()) == [("0.weight", (2, 2)), ("0.bias", (2,)), ("1.bias", (2,))]


def test_flatten_copies():
    weight = torch.zeros(2)
    theta = Layout({"w": (2,)}).flatten({"w": weight})
    theta[0] = 1
    assert weight[0] == 0


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("v", "'v'"),
        ("weight", r"weight\[0,0\]"),
        ("weight[2,0]", "outside"),
        ("weight[1]", "outside"),
        ("weight[a]", "expected one entry"),
    ],
)
def test_entries_that_are_not_there_are_refused(entry, message):
    with pytest.raises(ObjectiveError, match=message):
        Layout({"weight": (2, 3), "b": ()}).position(entry)


def test_models_without_parameters_that_move_are_refused():
    with pytest.raises(ObjectiveError, match="has none"):
        layout_of(nn.ReLU())
    whole = nn.Sequential(nn.Linear(1, 1))
    whole.register_parameter("steps", nn.Parameter(torch.tensor([1]), requires_grad=False))
    with pytest.raises(ObjectiveError, match=r"float32 on cpu, torch\.int64 on cpu"):
        layout_of(whole)
    assert list(layout_of(whole, trainable(whole)).shapes) == ["0.weight", "0.bias"]
    with pytest.raises(ObjectiveError, match="none does"):
        trainable(whole.requires_grad_(False))


def test_a_complex_parameter_is_two_reals_each():
    model = nn.ParameterDict({"a": torch.randn(2, 3, dtype=torch.complex128), "b": torch.randn(2).double()})
    layout = layout_of(model)
    assert layout.shapes == {"a": (2, 3, 2), "b": (2,)}
    theta = layout.flatten(dict(model.items()))
    assert theta.dtype == torch.float64
    assert torch.equal(layout.unflatten(theta)["a"], model["a"])
    assert theta[layout.position("a[1,2,1]")] == model["a"][1, 2].imag
