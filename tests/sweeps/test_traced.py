"""Traced evaluation: the same numbers as the model's own code, for every kind of model, loss and data."""

import gc
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer import Objective
from explorer.graphs import Rewrites, UntraceableError
from explorer.numerics.fingerprint import sha256
from explorer.objective import blocks
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation import traced
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, measure_by
from explorer.sweeps.evaluation.traced import is_traceable
from tests.support.kinds import KINDS
from tests.support.planes import random_plane
from tests.support.samples import drawn, labels
from tests.support.step_cases import HIDDEN_FROM_A_TRACE, Written, with_step
from tests.support.traced_cases import (
    always_traced,
    assert_same,
    assert_swept_is_plain,
    assert_traced_is_plain,
    measured,
    network,
    points,
    swept,
)

SHORT = ("half", "bfloat16")
TYPES = (torch.float64, torch.float32)


def right(prediction, target):
    return (prediction.argmax(1) == target).to(prediction).mean()


@pytest.fixture
def small_blocks(monkeypatch):
    """Data in blocks of some samples."""
    monkeypatch.setattr(blocks, "_LITTLE", 0)
    monkeypatch.setattr(blocks, "_BLOCK", 1500)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("name", [name for name in KINDS if name not in SHORT])
def test_every_kind_of_model(name):
    assert_traced_is_plain(KINDS[name].objective(KINDS[name].made()))


@pytest.mark.parametrize("name", SHORT)
def test_models_in_a_short_type_are_not_traced(name):
    objective = KINDS[name].objective(KINDS[name].made())
    assert not is_traceable(objective, read_quantities(("loss",)))


@pytest.mark.parametrize("quantity", ["gradient_norm", "curvature"])
def test_the_full_gradient_and_the_hessian_are_not_traced(quantity):
    assert not is_traceable(network(), read_quantities(("loss", quantity)))


@pytest.mark.parametrize("directions", [1, 3])
def test_one_and_three_directions(directions):
    assert_traced_is_plain(network(), directions)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("options", [{}, {"metrics": {"right": right}, "test_data": (drawn(7, 5), labels(7, 3))}])
def test_a_classifier_with_metrics_and_test_data(dtype, options):
    if options:
        x, y = options["test_data"]
        options = {**options, "test_data": (x.to(dtype), y)}
    assert_traced_is_plain(network(dtype=dtype, **options), every=dtype is torch.float32)


def test_one_sample():
    assert_traced_is_plain(network(1))


@pytest.mark.parametrize("options", [{}, {"test_data": (drawn(7, 5, seed=9), labels(7, 3, seed=8))}])
def test_recomputed_batchnorm(options):
    model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3)).double()
    data = (drawn(20, 5), labels(20, 3))
    assert_traced_is_plain(Objective(model, nn.CrossEntropyLoss(), data, batchnorm="recompute", **options))


def test_composite_terms():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    x = drawn(9, 3)
    terms = {"data": lambda m: m(x).square().mean(), "size": lambda m: sum(p.square().sum() for p in m.parameters())}
    metrics = {"largest": lambda m: m(x).abs().max()}
    assert_traced_is_plain(Objective(model, terms=terms, weights={"data": 3.0, "size": 0.1}, metrics=metrics))


LOSSES = {
    "smoothed labels": nn.CrossEntropyLoss(label_smoothing=0.1),
    "each sample": lambda p, t: F.cross_entropy(p, t, reduction="none").mean(),
    "focal": lambda p, t: (lambda c: ((1 - torch.exp(-c)) ** 2 * c).mean(0))(F.cross_entropy(p, t, reduction="none")),
    "sum over samples by their number": lambda p, t: F.cross_entropy(p, t, reduction="sum") / len(t),
    "weighted sum": lambda p, t: (
        F.cross_entropy(p, t, weight=torch.tensor([1.0, 2.0, 3.0]).to(p), reduction="sum") / len(t)
    ),
    "ignored class": lambda p, t: F.cross_entropy(p, t, ignore_index=1, reduction="sum") / len(t),
    "negative log-likelihood": lambda p, t: F.nll_loss(F.log_softmax(p, 1), t),
    "by index": lambda p, t: -F.log_softmax(p, 1)[torch.arange(len(t)), t].mean(),
    "gathered": lambda p, t: -F.log_softmax(p, 1).gather(1, t[:, None]).mean(),
    "scores and their softmax": lambda p, t: F.cross_entropy(p, t) + 0.1 * F.softmax(p, 1).square().sum(1).mean(),
    "in another type": lambda p, t: F.cross_entropy(p.float().double(), t),
    "infinite far away": lambda p, t: torch.exp(p * 500).mean() + 0 * F.cross_entropy(p, t),
    "not a number here and there": lambda p, t: torch.sqrt(p[:, 0]).mean() + F.cross_entropy(p, t) * 0,
}


@pytest.mark.parametrize("name", LOSSES)
def test_every_kind_of_loss(name):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    with torch.no_grad():
        model[-1].bias[0] = 2.0 if name.startswith("not a number") else 0.0
    x = 0.1 * drawn(20, 5) if name.startswith("not a number") else drawn(20, 5)
    assert_traced_is_plain(Objective(model, LOSSES[name], (x, labels(20, 3))))


def test_soft_targets_and_scores_of_three_dimensions():
    model = nn.Linear(5, 3).double()
    assert_traced_is_plain(Objective(model, nn.CrossEntropyLoss(), (drawn(9, 5), torch.softmax(drawn(9, 3), 1))))
    words = (drawn(4, 6, 5), labels(24, 3).view(4, 6))
    assert_traced_is_plain(Objective(model, lambda p, t: F.cross_entropy(p.transpose(1, 2), t), words))


class Viewing(nn.Module):
    """Views its pictures as rows, which only one order in memory allows."""

    def __init__(self):
        super().__init__()
        self.convolution, self.head = nn.Conv2d(2, 4, 3), nn.Linear(64, 3)

    def forward(self, x):
        return self.head(F.relu(self.convolution(x)).view(x.size(0), -1))


def convolutional(*middle, channels=4, size=4):
    return lambda: nn.Sequential(nn.Conv2d(2, 4, 3), *middle, nn.Flatten(), nn.Linear(channels * size * size, 3))


IMAGES = {
    "batch norm, in-place relu": convolutional(nn.BatchNorm2d(4), nn.ReLU(inplace=True)),
    "batch norm without scale": convolutional(nn.BatchNorm2d(4, affine=False), nn.Tanh()),
    "batch norm without statistics": convolutional(nn.GroupNorm(2, 4), nn.BatchNorm2d(4), nn.SiLU()),
    "instance norm": convolutional(nn.InstanceNorm2d(4)),
    "pooled": convolutional(nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), size=2),
    "one mean a channel": convolutional(nn.ReLU(), nn.AdaptiveAvgPool2d(1), size=1),
    "groups": convolutional(nn.Conv2d(4, 4, 3, groups=2, padding=1, bias=False), nn.BatchNorm2d(4), nn.Tanh()),
    "transposed": convolutional(nn.ConvTranspose2d(4, 4, 2, stride=2), nn.BatchNorm2d(4), nn.Tanh(), size=8),
    "reflected": convolutional(nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(4)),
    "dropout": convolutional(nn.Dropout2d(), nn.ELU(inplace=True)),
    "viewed": Viewing,
}


@pytest.mark.parametrize("name", IMAGES)
def test_every_kind_of_convolutional_network(name):
    torch.manual_seed(0)
    model = IMAGES[name]()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.3, 3.0)
    assert_traced_is_plain(Objective(model, nn.CrossEntropyLoss(), (drawn(5, 2, 6, 6).float(), labels(5, 3))))


OTHERS = {
    "one dimension": (lambda: [nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.Flatten(), nn.Linear(16, 3)], (2, 6)),
    "three dimensions": (lambda: [nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2), nn.Flatten(), nn.Linear(16, 3)], (1, 4, 4, 4)),
    "layer norm": (lambda: [nn.Linear(5, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3)], (5,)),
    "prelu": (lambda: [nn.Linear(5, 8), nn.PReLU(8), nn.Linear(8, 3)], (5,)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_layers(name):
    torch.manual_seed(0)
    layers, shape = OTHERS[name]
    assert_traced_is_plain(
        Objective(nn.Sequential(*layers()).double(), nn.CrossEntropyLoss(), (drawn(6, *shape), labels(6, 3)))
    )


@torch.jit.script
def scripted(h: torch.Tensor):
    return torch.tanh(h * 2 if h.size(0) > 3 else h)


def written_after_use(h):
    before = h.tanh()
    return h.relu_() + before


STEPS = {
    "written after use": written_after_use,
    "complex": lambda h: torch.fft.fft(h).abs(),
    "scripted": lambda h: scripted(h),
    "chosen by value": lambda h: torch.where(h > 0, h.square(), torch.zeros((), dtype=h.dtype)),
    "by size": lambda h: h if len(h) > 4 else -h,
    "split": lambda h: torch.cat(h.chunk(2, dim=1)[::-1], dim=1).add_(1.0),
}


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("name", STEPS)
def test_every_kind_of_step(name):
    assert_traced_is_plain(with_step(STEPS[name]))


@pytest.mark.parametrize("name", HIDDEN_FROM_A_TRACE)
def test_what_depends_on_values_is_refused_and_swept_by_the_models_own_code(name, monkeypatch):
    objective = with_step(HIDDEN_FROM_A_TRACE[name])
    plane = random_plane(objective)
    for base in (LOOP, LADDER[0]):
        with pytest.raises(UntraceableError):
            measure_by(base.traced(Rewrites()), objective, plane, read_quantities(("loss", "gradient")), size=2)
    always_traced(monkeypatch)
    found = swept(objective, plane)
    assert "traced" not in found.attrs["strategy"]
    assert_swept_is_plain(found, objective, plane)


def test_a_sweep_names_what_was_done(monkeypatch):
    always_traced(monkeypatch)
    objective = network()
    plane = random_plane(objective)
    found = swept(objective, plane)
    assert found.attrs["strategy"].startswith("traced")
    assert_swept_is_plain(found, objective, plane)


def test_the_chunk_size_is_respected(monkeypatch):
    always_traced(monkeypatch)
    objective = network()
    plane = random_plane(objective)
    found = swept(objective, plane, chunk_size=4)
    assert found.attrs["strategy"].startswith("traced")
    assert found.attrs["chunk_size"] == 4
    assert_swept_is_plain(found, objective, plane)


def test_model_and_data_stay_as_they_are(monkeypatch):
    always_traced(monkeypatch)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64, 3))
    data = (drawn(5, 2, 6, 6).float(), labels(5, 3))
    before = sha256(*model.state_dict().values(), *data)
    objective = Objective(model, nn.CrossEntropyLoss(), data)
    theta = objective.theta
    assert swept(objective, random_plane(objective)).attrs["strategy"].startswith("traced")
    assert sha256(*model.state_dict().values(), *data) == before
    assert torch.equal(objective.theta, theta)
    assert data[0].is_contiguous()


@pytest.mark.usefixtures("small_blocks")
def test_blocks_of_unequal_size_and_their_kernels(monkeypatch):
    objective = network(samples=53, metrics={"right": right}, test_data=(drawn(31, 5), labels(31, 3)))
    sizes = [len(part.samples) for part in objective.parts()]
    assert len(sizes) > 2
    assert sizes[-1] != sizes[0]
    assert_traced_is_plain(objective)
    made = []
    original = traced.looped_kernel
    monkeypatch.setattr(traced, "looped_kernel", lambda *given: made.append(given) or original(*given))
    objective = network(samples=53)
    measured(LOOP.traced(Rewrites()), objective, random_plane(objective), points(objective))
    assert len(made) == 2


@pytest.mark.usefixtures("small_blocks")
def test_blocks_that_differ_in_being_constant():
    model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid()).double()
    # Sorted: the first block's targets are all one number, the others' are not.
    targets = torch.cat([torch.ones(20), torch.zeros(5), torch.ones(5), torch.zeros(30)]).double()[:, None]
    objective = Objective(model, lambda p, t: -(t * p.log() + (1 - t) * (1 - p).log()).mean(), (drawn(60, 5), targets))
    assert len(list(objective.parts())) > 3
    assert_traced_is_plain(objective)


@pytest.mark.usefixtures("small_blocks")
def test_a_last_block_that_cannot_be_traced_is_found_before_the_sweep(monkeypatch):
    always_traced(monkeypatch)

    def masked_where_few(h):
        return h if len(h) > 11 else h[h > -1e9].view_as(h)

    torch.manual_seed(0)
    objective = Objective(Written(masked_where_few).double(), nn.CrossEntropyLoss(), (drawn(23, 5), labels(23, 3)))
    sizes = [len(part.samples) for part in objective.parts()]
    assert sizes[0] > 11 >= sizes[-1]
    plane = random_plane(objective)
    found = swept(objective, plane)
    assert "traced" not in found.attrs["strategy"]
    assert_swept_is_plain(found, objective, plane)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("samples", [32, 53])
def test_a_sweep_over_blocks_after_its_own_calibration(samples, monkeypatch):
    always_traced(monkeypatch)
    objective = network(samples, test_data=(drawn(31, 5), labels(31, 3)))
    assert len(list(objective.parts())) >= 2
    plane = random_plane(objective)
    found = swept(objective, plane)
    assert found.attrs["strategy"].startswith("traced")
    assert_swept_is_plain(found, objective, plane)


def test_another_plane_of_the_same_objective():
    objective = network()
    coords = points(objective)
    for seed in range(3):
        plane = random_plane(objective, seed=seed)
        for strategy in (LOOP.traced(Rewrites()), LADDER[0].traced(Rewrites())):
            expected = measured(LOOP, objective, plane, coords)
            assert_same(measured(strategy, objective, plane, coords), expected)


def test_a_plane_written_to_is_another_plane():
    objective = network()
    plane, coords = random_plane(objective), points(objective)
    before = measured(LOOP.traced(Rewrites()), objective, plane, coords)
    plane.basis.mul_(2.0)
    after = measured(LOOP.traced(Rewrites()), objective, plane, coords)
    assert not torch.allclose(before["loss"][1:], after["loss"][1:])
    assert_same(after, measured(LOOP, objective, plane, coords))


def test_two_objectives_of_one_structure_keep_their_own_data_and_numbers():
    def scaled(scale):
        model = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).double()
        x = scale * torch.linspace(-1, 1, 6, dtype=torch.float64)[:, None]
        return Objective(model, lambda p, t: (p - t - scale).square().mean(), (x, x.sin()))

    for scale in (1.0, 2.0):
        torch.manual_seed(0)
        assert_traced_is_plain(scaled(scale))


def test_nothing_keeps_an_objective_alive(monkeypatch):
    always_traced(monkeypatch)
    objective = network()
    swept(objective, random_plane(objective))
    model, kept = weakref.ref(next(iter(objective.modules()))), weakref.ref(objective)
    del objective
    gc.collect()
    assert kept() is None
    assert model() is None


def test_what_is_kept_of_a_plane_is_bounded_over_all_blocks(monkeypatch):
    objective = network()
    plane = random_plane(objective)
    wanted = read_quantities(("loss",))

    def kept():
        traced.Traced(objective, plane, wanted, Rewrites(), size=None)
        found = [value[1].nbytes for key, value in traced._KEPT[objective].items() if key[0] == "rest"]
        return len(list(objective.parts())), found

    blocks, sizes = kept()
    assert len(sizes) == blocks
    # Room for one block of as many: none is kept, as all would take so many times more.
    objective._data = objective._data.in_blocks(5)
    traced._KEPT.pop(objective)
    monkeypatch.setattr(traced, "_SMALL", max(sizes))
    blocks, sizes = kept()
    assert blocks > 1
    assert sum(sizes) <= traced._SMALL
