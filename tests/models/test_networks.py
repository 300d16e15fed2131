"""The networks of the studies: shapes, parameters, and twins that differ in nothing but their shortcuts."""

import pytest
import torch
from torch import nn

from experiments.training import drawn
from models import MODELS
from models.residual import Block


def residual(**options):
    return drawn(lambda: MODELS["residual"](**{"depth": 14, "width": 4, **options}), seed=3)


def size(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_mlp_has_the_parameters_and_the_shape_of_its_sizes():
    model = MODELS["mlp"]((5, 7, 3), dtype=torch.float64)
    assert size(model) == 5 * 7 + 7 + 7 * 3 + 3
    assert model(torch.zeros(4, 5, dtype=torch.float64)).shape == (4, 3)
    assert size(MODELS["mlp"]()) == 2410


def test_mlp_is_its_formula():
    model = drawn(lambda: MODELS["mlp"]((2, 3, 1), activation=torch.sin, dtype=torch.float64), seed=0)
    first, last = model.layers
    x = torch.tensor([[0.3, -1.2]], dtype=torch.float64)
    expected = torch.sin(x @ first.weight.T + first.bias) @ last.weight.T + last.bias
    # Two sums of 3 terms of order one, in either order.
    torch.testing.assert_close(model(x), expected, rtol=0, atol=1e-15)


def test_mlp_of_one_layer_is_linear_and_impossible_sizes_are_refused():
    model = MODELS["mlp"]((2, 1))
    assert [name for name, _ in model.named_parameters()] == ["layers.0.weight", "layers.0.bias"]
    for sizes in ((3,), (3, 0, 1)):
        with pytest.raises(ValueError, match="expected at least an input and an output size"):
            MODELS["mlp"](sizes)


@pytest.mark.parametrize("name", ["mlp", "residual"])
def test_another_dtype_is_the_same_network_up_to_rounding(name):
    single, double = (drawn(lambda t=t: MODELS[name](dtype=t), seed=1) for t in (torch.float32, torch.float64))
    assert {p.dtype for p in double.parameters()} == {torch.float64}
    assert all(torch.equal(p, q.float()) for p, q in zip(single.parameters(), double.parameters(), strict=True))


def test_twins_have_the_same_parameters_and_another_function():
    plain, shortcut = residual(skip=False), residual(skip=True)
    assert plain.state_dict().keys() == shortcut.state_dict().keys()
    for name, weights in plain.state_dict().items():
        assert torch.equal(weights, shortcut.state_dict()[name]), name
    x = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert plain(x).shape == shortcut(x).shape == (3, 10)
    assert not torch.allclose(plain(x), shortcut(x), atol=0.1)


@pytest.mark.parametrize("depth", [8, 20, 56])
def test_depth_counts_the_layers_with_weights(depth):
    model = residual(depth=depth)
    assert sum(isinstance(layer, (nn.Conv2d, nn.Linear)) for layer in model.modules()) == depth


def test_the_network_of_he_et_al_has_the_size_they_print():
    # 0.27 million parameters for ResNet-20 with 16 channels and color images: their table 6.
    assert size(MODELS["residual"](depth=20, width=16, channels=3)) == pytest.approx(0.27e6, rel=0.02)


@pytest.mark.parametrize("options", [{"depth": 21}, {"depth": 2}, {"width": 0}])
def test_impossible_depths_and_widths_are_refused(options):
    with pytest.raises(ValueError, match="expected a depth of 6 n"):
        residual(**options)


def test_convolutions_have_the_variance_of_he_et_al():
    model = drawn(lambda: MODELS["residual"](depth=14, width=32), seed=0)
    weights = model.blocks[-1].second.weight.detach()
    # 147,456 normal numbers: the standard error of their standard deviation is 0.2 %, five of them 1 %.
    assert float(weights.std()) == pytest.approx((2 / (128 * 9)) ** 0.5, rel=0.01)


def test_a_block_whose_convolutions_vanish_passes_its_input_on():
    x = torch.rand(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    for outputs in (4, 8):
        block = Block(4, outputs, skip=True).eval()
        nn.init.zeros_(block.second.weight)
        passed = block(x).detach()
        # Option A: every other pixel, and new channels of zero.
        expected = x if outputs == 4 else torch.cat((x[..., ::2, ::2], torch.zeros(2, 4, 4, 4)), dim=1)
        assert torch.equal(passed, expected)
        block.skip = False
        assert not block(x).detach().any()
