import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

import models
from explorer import Objective, directions
from explorer.errors import ObjectiveError
from explorer.numerics.gram import lengths_and_cosines
from tests.support.cases import bowl


def anything(model):
    """An objective of any module: only its parameters matter here."""
    return Objective(model, terms={"squares": lambda m: sum(p.square().sum() for p in m.parameters())})


def pieces(objective, plane, row=0):
    return objective.layout.unflatten(plane.basis[row]), objective.layout.unflatten(objective.theta)


class Mixed(nn.Module):
    """Every kind of parameter that has a rule."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.conv = nn.Conv2d(2, 6, 3, groups=2)
        self.up = nn.ConvTranspose2d(4, 6, 3, groups=2)
        self.tokens = nn.Embedding(5, 3)
        self.attention = nn.MultiheadAttention(4, 2, add_bias_kv=True)
        self.lstm = nn.LSTM(2, 3)
        self.batch = nn.BatchNorm2d(6)
        self.layer = nn.LayerNorm(4)
        self.group = nn.GroupNorm(2, 4)
        self.instance = nn.InstanceNorm1d(4, affine=True)
        self.rms = nn.RMSNorm(4)
        self.own = OwnRMSNorm()
        self.slope = nn.PReLU(3)
        self.scale = nn.Parameter(torch.tensor(2.0))


class OwnRMSNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))


@pytest.fixture(scope="module")
def mixed():
    torch.manual_seed(3)
    return anything(Mixed().double())


# Each a way to cut the parameter into filters, written out.
FILTERS = {
    "linear.weight": lambda w: [w[i] for i in range(4)],
    "conv.weight": lambda w: [w[i] for i in range(6)],
    # [in, out / groups, 3, 3]: inputs 0, 1 belong to the first group, 2, 3 to the second.
    "up.weight": lambda w: [w[2 * g : 2 * g + 2, o] for g in range(2) for o in range(3)],
    "tokens.weight": lambda w: [w[token] for token in range(5)],
    "attention.in_proj_weight": lambda w: [w[block * 4 + unit] for block in range(3) for unit in range(4)],
    "attention.out_proj.weight": lambda w: [w[i] for i in range(4)],
    "lstm.weight_ih_l0": lambda w: [w[gate * 3 + unit] for gate in range(4) for unit in range(3)],
    "slope.weight": lambda w: [w],
    "scale": lambda w: [w],
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_is_as_long_as_the_weights(mixed, name):
    for row in range(2):
        direction, weights = pieces(mixed, directions.gaussian(mixed, seed=5), row)
        found = torch.stack([each.norm() for each in FILTERS[name](direction[name])])
        expected = torch.stack([each.norm() for each in FILTERS[name](weights[name])])
        # A handful of products, one square root and one division in float64.
        torch.testing.assert_close(found, expected, rtol=2e-15, atol=0)


def test_transposed_convolution_filters_are_what_one_output_depends_on():
    up = nn.ConvTranspose1d(4, 6, 3, groups=2, bias=False).double()
    up.weight.data[0:2, 1] = 0.0  # the second output of the first group
    assert not up(torch.ones(1, 4, 5, dtype=torch.float64))[0, 1].any()
    direction, _ = pieces(objective := anything(up), directions.gaussian(objective))
    up.weight.data.copy_(direction["weight"])
    silent = ~up(torch.ones(1, 4, 5, dtype=torch.float64))[0].any(dim=1)
    assert silent.tolist() == [False, True, False, False, False, False]


def test_a_zero_filter_does_not_move_and_is_not_nan():
    linear = nn.Linear(3, 4, bias=False)
    linear.weight.data[2] = 0.0
    direction, _ = pieces(objective := anything(linear), directions.gaussian(objective))
    assert direction["weight"].isfinite().all()
    assert direction["weight"].any(dim=1).tolist() == [True, True, False, True]


def test_what_is_skipped(mixed):
    norms = {f"{name}.{each}" for name in ("batch", "layer", "group", "instance") for each in ("weight", "bias")}
    norms |= {"rms.weight", "own.weight"}
    biases = {name for name in mixed.layout.shapes if "bias" in name} - norms
    assert {"attention.in_proj_bias", "attention.bias_k", "lstm.bias_hh_l0", "up.bias"} < biases
    vectors = {"slope.weight", "scale"}
    for skip, expected in {
        (): set(),
        ("bias",): biases,
        ("norm",): norms,
        ("bias", "norm"): biases | norms,
        ("bias", "norm", "vector"): biases | norms | vectors,
    }.items():
        plane = directions.gaussian(mixed, skip=skip, normalize=None)
        assert set(plane.made["skipped"]) == expected
        # As drawn: a bias that is zero would not move anyway.
        moved = {name for name, piece in pieces(mixed, plane)[0].items() if piece.any()}
        assert moved == set(mixed.layout.shapes) - expected


class Parametrized(nn.Module):
    """The ways of `torch.nn.utils.parametrizations`, and a parametrized bias."""

    def __init__(self):
        super().__init__()
        self.up = parametrizations.weight_norm(nn.ConvTranspose2d(4, 6, 3, groups=2))
        self.point = parametrizations.weight_norm(nn.ConvTranspose2d(4, 1, 1, bias=False))
        self.linear = parametrizations.weight_norm(nn.Linear(3, 4), dim=None)
        self.spectral = parametrizations.spectral_norm(nn.ConvTranspose2d(4, 6, 3, groups=2, bias=False))
        self.turn = parametrizations.orthogonal(nn.Linear(3, 3))
        self.positive = parametrize.register_parametrization(nn.Linear(3, 2), "bias", nn.Softplus())
        self.layer = parametrize.register_parametrization(nn.LayerNorm(4), "weight", nn.Softplus())


@pytest.fixture(scope="module")
def parametrized():
    torch.manual_seed(4)
    return anything(Parametrized().double())


ORIGINALS = {
    "up.parametrizations.weight.original0": lambda g: [g],
    "up.parametrizations.weight.original1": FILTERS["up.weight"],
    # Magnitudes [4, 1, 1, 1] in the shape of the weight itself.
    "point.parametrizations.weight.original0": lambda g: [g],
    "point.parametrizations.weight.original1": lambda v: [v],
    "linear.parametrizations.weight.original0": lambda g: [g],
    "linear.parametrizations.weight.original1": FILTERS["linear.weight"],
    "spectral.parametrizations.weight.original": FILTERS["up.weight"],
    "turn.parametrizations.weight.original": lambda w: [w[i] for i in range(3)],
    "positive.parametrizations.bias.original": lambda b: [b],
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_a_parametrized_tensor_is_cut_as_what_is_made_from_it(parametrized, name):
    direction, weights = pieces(parametrized, directions.gaussian(parametrized, seed=5, skip=()))
    found, expected = (torch.stack([p.norm() for p in ORIGINALS[name](each[name])]) for each in (direction, weights))
    torch.testing.assert_close(found, expected, rtol=2e-15, atol=0)
    if len(expected) == 1 and weights[name].numel() > 1:
        # Entry by entry, only signs would be random.
        assert not torch.allclose(direction[name].abs(), weights[name].abs(), rtol=1e-3)


def test_what_is_skipped_of_parametrized_layers(parametrized):
    biases = {"up.bias", "linear.bias", "turn.bias", "positive.parametrizations.bias.original"}
    norms = {"layer.parametrizations.weight.original", "layer.bias"}
    scales = {f"{layer}.parametrizations.weight.original0" for layer in ("up", "point", "linear")}
    skips = {("bias",): biases, ("norm",): norms, ("vector",): scales}
    for skip, expected in skips.items():
        made = directions.gaussian(parametrized, skip=skip, normalize=None).made
        assert set(made["skipped"]) == expected


def test_parameters_of_a_parametrization_are_its_own():
    class LowRank(nn.Module):
        def __init__(self):
            super().__init__()
            self.left = nn.Parameter(torch.ones(4, 1))
            self.bias = nn.Parameter(torch.ones(1, 3))

        def forward(self, weight):
            return weight + self.left * self.bias

    model = parametrize.register_parametrization(nn.Linear(3, 4, bias=False), "weight", LowRank())
    made = directions.gaussian(anything(model)).made
    assert made["skipped"] == ["parametrizations.weight.0.bias"]


def test_skipping_does_not_change_the_others(mixed):
    all_of_it, some = (pieces(mixed, directions.gaussian(mixed, skip=skip))[0] for skip in ((), ("bias", "norm")))
    assert all(torch.equal(all_of_it[name], some[name]) for name in some if some[name].any())


def test_nothing_left_to_move_is_refused_with_the_cure():
    with pytest.raises(ObjectiveError, match=r"leaves out all 2 of them \(weight, bias\): pass skip=\(\)"):
        directions.gaussian(anything(nn.LayerNorm(3)))
    linear = nn.Linear(2, 2, bias=False)
    nn.init.zeros_(linear.weight)
    zero = anything(linear)
    with pytest.raises(ObjectiveError, match="all zero: pass normalize=None"):
        directions.gaussian(zero)
    assert directions.gaussian(zero, normalize="dlayer").basis.norm(dim=1).tolist() == pytest.approx([1, 1], rel=1e-6)


REFUSED = [{"skip": ("biases",)}, {"skip": "bias"}, {"normalize": "model"}, {"count": 0}]


@pytest.mark.parametrize("given", REFUSED, ids=str)
def test_what_does_not_exist_is_refused(given):
    with pytest.raises((ValueError, TypeError), match="expected"):
        directions.gaussian(bowl()[1], **given)


def test_scalars_are_filters_of_their_own():
    objective = Objective(models.MODELS["tanh_neuron"](w=3.0, b=0.0), nn.MSELoss(), (torch.ones(2).double(),) * 2)
    assert directions.gaussian(objective, count=1).basis.abs().tolist() == [pytest.approx([3.0, 0.0])]


def test_ways_to_normalize(mixed):
    def row(normalize):
        direction, weights = pieces(mixed, directions.gaussian(mixed, seed=2, normalize=normalize))
        return direction["linear.weight"], weights["linear.weight"]

    drawn, weight = row(None)
    close = {"rtol": 4e-15, "atol": 0}
    torch.testing.assert_close(row("weight")[0], drawn * weight, **close)
    torch.testing.assert_close(row("layer")[0], drawn * weight.norm() / drawn.norm(), **close)
    torch.testing.assert_close(row("dlayer")[0], drawn / drawn.norm(), **close)
    torch.testing.assert_close(row("dfilter")[0], drawn / drawn.norm(dim=1, keepdim=True), **close)
    filters = drawn * weight.norm(dim=1, keepdim=True) / drawn.norm(dim=1, keepdim=True)
    torch.testing.assert_close(row("filter")[0], filters, **close)


def test_a_seed_is_one_direction_in_every_dtype_and_number(mixed):
    plane = directions.gaussian(mixed, seed=7)
    single = directions.gaussian(mixed.to(dtype=torch.float32), seed=7)
    # The weights are rounded to float32, and so is the direction.
    torch.testing.assert_close(single.basis.double(), plane.basis, rtol=4e-7, atol=0)
    assert torch.equal(directions.gaussian(mixed, seed=7, count=3).basis[:2], plane.basis)
    assert torch.equal(directions.gaussian(mixed, seed=7, count=1).basis[0], plane.basis[0])


def test_made_says_how(mixed):
    described = directions.gaussian(mixed, seed=4, normalize="layer").describe()
    made = described["made"]
    assert {name: made[name] for name in ("kind", "seed", "normalize", "skip")} == {
        "kind": "gaussian",
        "seed": 4,
        "normalize": "layer",
        "skip": ["bias", "norm"],
    }
    plane = directions.gaussian(mixed, seed=4, normalize="layer")
    assert described["norms"] == pytest.approx(plane.basis.norm(dim=1).tolist(), rel=1e-14)
    a, b = plane.basis
    assert described["cosines"] == pytest.approx([float(a @ b / a.norm() / b.norm())], abs=1e-14)


def test_the_callers_random_numbers_are_left_alone(mixed):
    before = torch.get_rng_state()
    directions.gaussian(mixed)
    assert torch.equal(torch.get_rng_state(), before)


def relu_net(hidden=6):
    torch.manual_seed(11)
    return nn.Sequential(nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, 2)).double()


def rescaled(model, factors):
    """The same function: the hidden units' inputs times c, what they feed into divided by c."""
    twin = relu_net()
    twin.load_state_dict(model.state_dict())
    twin[0].weight.data *= factors[:, None]
    twin[0].bias.data *= factors
    twin[2].weight.data /= factors
    return twin


def slice_of(model, normalize):
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(20, n, generator=generator, dtype=torch.float64) for n in (3, 2))
    objective = Objective(model, nn.MSELoss(), (x, y))
    plane = directions.gaussian(objective, seed=1, normalize=normalize)
    coords = torch.cartesian_prod(*[torch.linspace(-1, 1, 5, dtype=torch.float64)] * 2)
    return torch.stack([objective(theta) for theta in plane.at(coords)])


def test_rescaling_a_relu_layer_leaves_the_filter_normalized_slice_unchanged():
    model = relu_net()
    twin = rescaled(model, torch.full((6,), 10.0, dtype=torch.float64))
    # Some 50 roundings of numbers of order 1 to 10.
    torch.testing.assert_close(slice_of(twin, "filter"), slice_of(model, "filter"), rtol=1e-13, atol=1e-13)
    assert (slice_of(twin, None) - slice_of(model, None)).abs().max() > 1


def test_rescaling_single_neurons_changes_the_slice():
    model = relu_net()
    twin = rescaled(model, torch.tensor([10.0, 1, 1, 1, 1, 0.1], dtype=torch.float64))
    center = slice_of(twin, "filter")[12], slice_of(model, "filter")[12]
    torch.testing.assert_close(*center, rtol=1e-13, atol=0)
    assert (slice_of(twin, "filter") - slice_of(model, "filter")).abs().max() > 0.1


def test_two_directions_are_nearly_orthogonal():
    objective = anything(nn.Linear(200, 50, bias=False))
    cosine = lengths_and_cosines(directions.gaussian(objective).basis)[1][0, 1].item()
    # N(0, 1 / P) with P = 10,000: five standard deviations.
    assert abs(cosine) < 0.05
