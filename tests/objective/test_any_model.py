"""Any model: it comes out as it went in, and its landscape is that of the plain loop."""

import copy
import hashlib
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import explorer
from explorer import Grid, Objective, ObjectiveError
from tests.support import reference
from tests.support.kinds import KINDS, mse, slope_term
from tests.support.planes import random_plane
from tests.support.small_network import GRID, X, Y, network, share_below

sweep = partial(explorer.sweep, quantities=("loss", "gradient"), report=False)


def fingerprint(model):
    """Everything of a model, and of the caller's random numbers, that evaluating it might change."""
    digest = hashlib.sha256(torch.get_rng_state().numpy().tobytes())
    for name, tensor in [*model.named_parameters(remove_duplicate=False), *model.named_buffers()]:
        digest.update(name.encode() + tensor.detach().reshape(-1).view(torch.uint8).numpy().tobytes())
        digest.update(f"{tensor.requires_grad} {tensor.grad} {id(tensor)}".encode())
    digest.update(str([(name, module.training) for name, module in model.named_modules()]).encode())
    return digest.hexdigest()


def interrupted(theta):
    """A quantity that fails at the third point it sees."""
    interrupted.seen += 1
    if interrupted.seen > 5:
        raise KeyboardInterrupt
    return theta.sum()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_model_comes_out_as_it_went_in(kind):
    model = kind.made()
    before = fingerprint(model)
    objective = kind.objective(model)
    plane = random_plane(objective)
    sweep(objective, plane, GRID, quantities=("loss", "gradient", "gradient_norm"))
    assert fingerprint(model) == before
    interrupted.seen = 0
    with pytest.raises(KeyboardInterrupt):
        sweep(objective, plane, GRID, quantities=("loss", interrupted), chunk_size=1)
    assert fingerprint(model) == before


# eps times 1000 roundings of values of order 1 to 10; half precision has 11 and 8 bits.
TOLERANCES = {torch.float64: 1e-11, torch.float16: 0.1, torch.bfloat16: 0.6}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_landscape_is_that_of_the_plain_loop(kind):
    objective = kind.objective(kind.made())
    plane = random_plane(objective)
    found = sweep(objective, plane, GRID, quantities=("loss", "gradient", "gradient_norm"))
    if kind.dtype == torch.float64:
        expected = reference.swept(objective, plane, GRID)
    else:
        exact = objective.to(dtype=torch.float64)
        expected = reference.swept(exact, plane.to(dtype=torch.float64), GRID)
        assert found["loss"].dtype == np.float32
    for name, values in expected.items():
        scale = np.abs(values).max()
        np.testing.assert_allclose(found[name] / scale, values / scale, rtol=0, atol=TOLERANCES[kind.dtype])


@pytest.mark.parametrize("name", ["lstm", "physics-informed"])
def test_curvature_without_vmap_is_the_dense_hessian(name):
    objective = KINDS[name].objective(KINDS[name].made())
    plane = random_plane(objective)
    grid = Grid({"alpha": (0.0, 0.5, 2), "beta": (-0.5, 0.0, 2)})
    found = sweep(objective, plane, grid, quantities=("curvature",))
    dense = reference.dense_hessian(objective, objective.theta)
    expected = plane.basis @ dense @ plane.basis.T
    here = found["curvature"].sel(alpha=0.0, beta=0.0)
    np.testing.assert_allclose(here, expected, rtol=0, atol=1e-10 * float(expected.abs().max()))


def test_tied_weights_count_once():
    model = KINDS["tied weights"].made()
    objective = KINDS["tied weights"].objective(model)
    assert objective.layout.size == 9 + 3 + 3
    assert list(objective.layout.shapes) == ["encoder.weight", "encoder.bias", "decoder.bias"]


def test_shapeless_models_are_refused_with_the_cure():
    with pytest.raises(ObjectiveError, match="call the model on a batch first"):
        Objective(nn.LazyLinear(1), mse, (X, Y))


def test_dropout_that_stays_on_is_refused_with_the_cure():
    class Always(nn.Linear):
        def forward(self, x):
            return F.dropout(super().forward(x), 0.5, training=True)

    with pytest.raises(ObjectiveError, match=r"F\.dropout needs training=self\.training"):
        Objective(Always(2, 1).double(), mse, (X, Y))


def test_metrics_come_in_the_same_pass():
    objective = Objective(network(), mse, (X, Y), metrics={"close": share_below})
    plane = random_plane(objective)
    found = sweep(objective, plane, GRID, quantities=("loss",))
    assert set(found.data_vars) == {"loss", "close", "status"}
    theta = plane.at([float(found.alpha[2]), float(found.beta[1])])
    params = objective.layout.unflatten(theta)
    prediction = torch.func.functional_call(network(), params, (X,))
    assert float(found["close"][2, 1]) == pytest.approx(float(share_below(prediction, Y)), abs=1e-15)
    assert len(np.unique(found["close"])) > 1


def test_test_data_are_measured_beside_the_training_data():
    objective = Objective(network(), mse, (X, Y), metrics={"close": share_below}, test_data=(2 * X, Y))
    other = Objective(network(), mse, (2 * X, Y), metrics={"close": share_below})
    plane = random_plane(objective)
    found, expected = (sweep(each, plane, GRID) for each in (objective, other))
    assert set(found.data_vars) == {"loss", "gradient", "close", "test_loss", "test_close", "status"}
    np.testing.assert_allclose(found["test_loss"], expected["loss"], rtol=1e-14)
    np.testing.assert_allclose(found["test_close"], expected["close"], rtol=1e-14)
    assert float(objective.metrics(objective.theta)["test_loss"]) == pytest.approx(float(other(other.theta)), rel=1e-14)


@pytest.mark.parametrize("name", ["loss", "gradient", "test_x", "a b"])
def test_metrics_need_names_of_their_own(name):
    with pytest.raises(ObjectiveError, match="names of their own"):
        Objective(network(), mse, (X, Y), metrics={name: share_below})


def test_theta_may_be_a_part_of_the_parameters():
    model = network()
    part = Objective(model, mse, (X, Y), parameters=["2", "0.bias"])
    assert list(part.layout.shapes) == ["0.bias", "2.weight", "2.bias"]
    whole = Objective(model, mse, (X, Y))
    assert part(part.theta) == whole(whole.theta)
    _, slope = reference.value_and_gradient(part, part.theta)
    _, full = reference.value_and_gradient(whole, whole.theta)
    pieces = whole.layout.unflatten(full)
    torch.testing.assert_close(slope, torch.cat([pieces[name].reshape(-1) for name in part.layout.shapes]))
    with pytest.raises(ObjectiveError, match="got 'head'"):
        Objective(model, mse, (X, Y), parameters=["head"])


def test_what_theta_leaves_out_is_part_of_the_description():
    model = network()
    before = Objective(model, mse, (X, Y), parameters=["2"]).describe()
    with torch.no_grad():
        model[0].weight.add_(1.0)
    after = Objective(model, mse, (X, Y), parameters=["2"]).describe()
    assert before["theta_sha256"] == after["theta_sha256"]
    assert before["rest_sha256"] != after["rest_sha256"]


class Loader:
    """Batches that can be read again and again, counting how often."""

    def __init__(self, x, y, size):
        self.batches = list(zip(x.split(size), y.split(size), strict=True))
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        return iter(self.batches)


def test_a_loader_is_read_once_and_kept():
    loader = Loader(X, Y, 4)
    objective = Objective(network(), mse, loader)
    sweep(objective, random_plane(objective), GRID)
    assert loader.passes == 1
    assert not objective.streamed


def test_data_too_large_to_keep_are_streamed(monkeypatch):
    monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)
    loader = Loader(X, Y, 4)
    streamed = Objective(network(), mse, loader, metrics={"close": share_below})
    resident = Objective(network(), mse, (X, Y), metrics={"close": share_below})
    assert streamed.streamed
    assert streamed.describe()["data"]["sha256"] == resident.describe()["data"]["sha256"]
    plane = random_plane(resident)
    quantities = ("loss", "gradient", "gradient_norm", "curvature")
    found = sweep(streamed, plane, GRID, quantities=quantities)
    expected = sweep(resident, plane, GRID, quantities=quantities)
    for name in (*quantities, "close"):
        # Two batches, 4 + 2 samples, weighted: some eps of values up to 100.
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-13, atol=1e-13)
    before = loader.passes
    sweep(streamed, plane, GRID)
    # 12 points share their passes: at most one for the plan, two for timing, one for all points.
    assert loader.passes - before <= 6


def test_a_stream_that_cannot_be_read_again_is_refused(monkeypatch):
    monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)
    with pytest.raises(ObjectiveError, match="cannot be read again: give a DataLoader"):
        Objective(network(), mse, iter(Loader(X, Y, 2)))


def test_a_stream_that_changes_is_refused(monkeypatch):
    monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)

    class Augmented(Loader):
        def __iter__(self):
            return ((x + torch.rand_like(x), y) for x, y in super().__iter__())

    with pytest.raises(ObjectiveError, match="turn random augmentation"):
        Objective(network(), mse, Augmented(X, Y, 2))


def test_blocks_of_unequal_size_make_the_mean_of_all(monkeypatch):
    """tomgoldstein/loss-landscape sums batch means: with batches of 3 and 1 its Hessian was twice too large."""
    monkeypatch.setattr("explorer.objective.blocks._BLOCK", 1)
    monkeypatch.setattr("explorer.objective.blocks._LITTLE", 0)
    blocks = Objective(network(), mse, (X, Y))
    blocks._data = blocks._data.in_blocks(4)
    assert [part.share for part in blocks.parts()] == [4 / 6, 2 / 6]
    monkeypatch.undo()
    whole = Objective(network(), mse, (X, Y))
    plane = random_plane(whole)
    quantities = ("loss", "gradient", "gradient_norm", "curvature")
    found, expected = (sweep(each, plane, GRID, quantities=quantities) for each in (blocks, whole))
    for name in quantities:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-13, atol=1e-13)


def test_large_data_are_cut_into_blocks_by_what_they_keep(monkeypatch):
    monkeypatch.setattr("explorer.objective.blocks._BLOCK", 4096)
    monkeypatch.setattr("explorer.objective.blocks._LITTLE", 0)
    x = torch.randn(1000, 2, dtype=torch.float64)
    objective = Objective(network(), mse, (x, x.prod(1, keepdim=True)))
    # A sample keeps its four activations and their like, some 40 to 200 bytes: 20 to 100 samples a block.
    assert 10 <= len(list(objective.parts())) <= 50


def test_a_loss_that_does_not_add_up_over_blocks_is_refused(monkeypatch):
    loss, labels = own_weighted, torch.tensor([0, 0, 0, 0, 1, 1])
    model = nn.Linear(2, 2).double()
    Objective(model, loss, (X, labels))
    monkeypatch.setattr("explorer.objective.blocks._BLOCK", 300)
    monkeypatch.setattr("explorer.objective.blocks._LITTLE", 0)
    mixed = torch.arange(60) % 3 // 2
    with pytest.raises(ObjectiveError, match="cannot be put together from blocks"):
        Objective(model, loss, (X.repeat(10, 1), mixed))


def normalized():
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1), nn.BatchNorm1d(1)).double()


def test_recomputed_batchnorm_is_that_of_training_mode():
    model = normalized()
    objective = Objective(model, mse, (X, Y), batchnorm="recompute")
    theta = objective.theta + 0.3
    params = objective.layout.unflatten(theta)
    twin = copy.deepcopy(model).train()
    expected = mse(torch.func.functional_call(twin, params, (X,)), Y)
    torch.testing.assert_close(objective(theta), expected, rtol=1e-13, atol=0)
    still = Objective(model, mse, (X, Y))
    assert abs(float(still(theta) - expected)) > 1e-3


def test_gradients_go_through_recomputed_statistics():
    objective = Objective(normalized(), mse, (X, Y), batchnorm="recompute")
    assert torch.autograd.gradcheck(objective, (objective.theta + 0.1).requires_grad_())


def test_test_data_are_normalized_by_the_statistics_of_the_training_data():
    model = normalized()
    objective = Objective(model, mse, (X, Y), batchnorm="recompute", test_data=(X[:3], Y[:3]))
    theta = objective.theta + 0.2
    twin = copy.deepcopy(model).train()
    prediction = torch.func.functional_call(twin, objective.layout.unflatten(theta), (X,))
    # The first three predictions of the training pass: the same statistics.
    expected = mse(prediction[:3], Y[:3])
    torch.testing.assert_close(objective.metrics(theta)["test_loss"], expected, rtol=1e-13, atol=0)
    found = sweep(objective, random_plane(objective), GRID)
    assert found.attrs["strategy"] == "vmap"
    assert found.attrs["batchnorm"] == "recompute"


def test_recomputed_batchnorm_needs_all_data_at_once(monkeypatch):
    monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)
    with pytest.raises(ObjectiveError, match="give fewer samples"):
        Objective(normalized(), mse, Loader(X, Y, 2), batchnorm="recompute")
    with pytest.raises(ObjectiveError, match='"eval" or "recompute"; got \'train\''):
        Objective(normalized(), mse, (X, Y), batchnorm="train")


def test_own_value_is_that_of_the_model_itself():
    model = normalized().eval()
    objective = Objective(model, mse, (X, Y), metrics={"close": share_below})
    own = objective.own_value()
    assert own["loss"] == pytest.approx(float(mse(model(X), Y).detach()), rel=1e-15)
    assert own["close"] == pytest.approx(float(share_below(model(X), Y).detach()), rel=1e-6)
    composite = Objective(
        KINDS["physics-informed"].made(), terms={"slope": slope_term, "bias": lambda m: m[0].bias.sum()}
    )
    assert set(composite.own_value()) == {"loss", "slope", "bias"}


def test_the_model_takes_memory_once():
    objective = Objective(network(), mse, (X, Y))
    places = {p.untyped_storage().data_ptr() for p in objective._binding.model.parameters()}
    assert places == {objective._binding.theta.untyped_storage().data_ptr()}


class Rotating(nn.Module):
    """A complex buffer, as in rotary embeddings."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("turn", torch.tensor([1j]))

    def forward(self, x):
        return torch.view_as_real(torch.view_as_complex(self.linear(x)) * self.turn)


def test_complex_buffers_stay_complex_in_another_dtype():
    torch.manual_seed(0)
    single = Objective(Rotating(), mse, (X.float(), X.float()))
    double = single.to(dtype=torch.float64)
    # float32 rounds sums of six squares of order 1 at 6e-8.
    assert float(double(double.theta)) == pytest.approx(float(single(single.theta)), rel=1e-6)
    with pytest.raises(ObjectiveError, match=r"complex buffers; got torch\.bfloat16"):
        single.to(dtype=torch.bfloat16)


def shared_norm():
    torch.manual_seed(6)
    norm = nn.BatchNorm1d(3)
    return nn.Sequential(nn.Linear(2, 3), norm, nn.Linear(3, 3), norm, nn.Linear(3, 1)).double()


def test_a_batchnorm_under_two_names_is_recomputed_under_both():
    model = shared_norm()
    objective = Objective(model, mse, (X, Y), batchnorm="recompute", test_data=(X[:4], Y[:4]))
    prediction = copy.deepcopy(model).train()(X)
    torch.testing.assert_close(objective(objective.theta), mse(prediction, Y).detach(), rtol=1e-13, atol=0)
    # The first four predictions of the training pass: each call of the layer has statistics of its own.
    expected = mse(prediction[:4], Y[:4]).detach()
    torch.testing.assert_close(objective.metrics(objective.theta)["test_loss"], expected, rtol=1e-13, atol=0)


def blocked(monkeypatch, model, loss, data, **options):
    monkeypatch.setattr("explorer.objective.blocks._BLOCK", 4096)
    monkeypatch.setattr("explorer.objective.blocks._LITTLE", 0)
    return Objective(model, loss, data, **options)


def sums_of_pair(prediction, target):
    return (prediction[0] - target).square().sum()


class Pair(nn.Linear):
    def forward(self, x):
        return super().forward(x), x


LABELS = torch.arange(400) // 200
MANY = torch.randn(400, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
WEIGHTED = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0], dtype=torch.float64))


def right(prediction, target):
    return (prediction.argmax(1) == target).sum()


def own_weighted(prediction, target):
    """A weighted loss that nobody knows to be one."""
    return WEIGHTED(prediction, target)


def test_an_own_weighted_loss_on_sorted_data_is_refused_in_blocks(monkeypatch):
    with pytest.raises(ObjectiveError, match="loss cannot be put together from blocks"):
        blocked(monkeypatch, nn.Linear(2, 2).double(), own_weighted, (MANY, LABELS))


def test_an_own_weighted_loss_is_refused_on_test_data_in_blocks(monkeypatch):
    with pytest.raises(ObjectiveError, match="test_loss cannot be put together from blocks"):
        blocked(monkeypatch, nn.Linear(2, 2).double(), own_weighted, (X, LABELS[:6]), test_data=(MANY, LABELS))


@pytest.mark.parametrize(
    ("loss", "labels"),
    [
        (WEIGHTED, LABELS),
        (nn.CrossEntropyLoss(), torch.where(torch.arange(400) < 200, 1, -100)),
        (nn.CrossEntropyLoss(WEIGHTED.weight, ignore_index=1, label_smoothing=0.1), torch.arange(400) % 3 // 2),
    ],
    ids=["weighted", "ignored", "both"],
)
def test_a_cross_entropy_in_blocks_is_that_of_all_data(monkeypatch, loss, labels):
    model = nn.Linear(2, 2).double()
    objective = blocked(monkeypatch, model, loss, (MANY, labels), test_data=(MANY[1:], labels[1:]))
    assert len(objective._data.first) < 400
    theta = objective.theta + 0.3
    away = copy.deepcopy(model)
    nn.utils.vector_to_parameters(theta, away.parameters())
    # Sums of 400 numbers of order 1 in another order.
    torch.testing.assert_close(objective(theta), loss(away(MANY), labels).detach(), rtol=1e-13, atol=0)
    test_loss = loss(away(MANY[1:]), labels[1:]).detach()
    torch.testing.assert_close(objective.metrics(theta)["test_loss"], test_loss, rtol=1e-13, atol=0)


def test_a_layer_between_samples_is_refused_in_blocks(monkeypatch):
    model = nn.Sequential(nn.BatchNorm1d(2, track_running_stats=False), nn.Linear(2, 2)).double()
    with pytest.raises(ObjectiveError, match="no layer or term between samples"):
        blocked(monkeypatch, model, nn.CrossEntropyLoss(), (MANY, LABELS))


def test_a_sum_is_refused_whatever_the_model_returns():
    with pytest.raises(ObjectiveError, match="expected a loss that is a mean over samples"):
        Objective(Pair(2, 1).double(), sums_of_pair, (X, Y))


def test_a_metric_that_is_a_sum_is_refused():
    with pytest.raises(ObjectiveError, match="expected a right that is a mean over samples"):
        Objective(nn.Linear(2, 2).double(), nn.CrossEntropyLoss(), (MANY, LABELS), metrics={"right": right})


def test_a_sum_is_refused_at_a_perfect_fit():
    model = nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 2.0]]))
    with pytest.raises(ObjectiveError, match="mean over samples"):
        Objective(model, nn.MSELoss(reduction="sum"), (X, X @ torch.tensor([[1.0], [2.0]], dtype=torch.float64)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_no_excuse(dtype):
    class Noisy(nn.Linear):
        def forward(self, x):
            return F.dropout(super().forward(x), 0.5, training=True)

    torch.manual_seed(0)
    x = torch.randn(20, 4).to(dtype)
    with pytest.raises(ObjectiveError, match="mean over samples"):
        Objective(nn.Linear(4, 1).to(dtype), nn.MSELoss(reduction="sum"), (x, x[:, :1]))
    with pytest.raises(ObjectiveError, match="the same 'loss' twice"):
        Objective(Noisy(4, 1).to(dtype), mse, (x, x[:, :1]))


def test_whole_numbers_are_not_broadcast_against_a_column():
    with pytest.raises(ObjectiveError, match=r"broadcast to \(20, 20\)"):
        Objective(nn.Linear(2, 1).double(), mse, (MANY[:20], torch.arange(20)))


def test_a_loader_that_shuffles_may_be_streamed(monkeypatch):
    monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)
    before = torch.get_rng_state()
    loader = DataLoader(TensorDataset(X, Y), batch_size=4, shuffle=True)
    objective = Objective(network(), mse, loader)
    whole = Objective(network(), mse, (X, Y))
    assert float(objective(objective.theta)) == pytest.approx(float(whole(whole.theta)), rel=1e-14)
    torch.set_rng_state(before)


def test_reading_a_loader_leaves_the_random_numbers_alone():
    loader = DataLoader(TensorDataset(X, Y), batch_size=4, shuffle=True)
    model = network()
    before = torch.get_rng_state()
    Objective(model, mse, loader)
    assert torch.equal(torch.get_rng_state(), before)


def test_data_changed_afterwards_are_refused():
    x = X.clone()
    objective = Objective(network(), mse, (x, Y))
    x.mul_(2)
    with pytest.raises(ObjectiveError, match="changed in place since"):
        objective(objective.theta)


def test_a_term_that_changes_parameters_is_refused():
    def clamped(model):
        return model[0].weight.clamp_(0.0).sum()

    with pytest.raises(ObjectiveError, match=r"weight\.clamp\(0\)"):
        Objective(network(), terms={"clamped": clamped})


def test_a_metric_may_be_a_plain_number():
    objective = Objective(network(), mse, (X, Y), metrics={"five": lambda prediction, target: 5})
    found = sweep(objective, random_plane(objective), GRID, quantities=("loss",))
    assert (found["five"] == 5).all()


def test_other_data_are_refused_with_the_cure():
    with pytest.raises(ObjectiveError, match="give DataLoader"):
        Objective(network(), mse, TensorDataset(X, Y))
    with pytest.raises(ObjectiveError, match=r"torch\.from_numpy"):
        Objective(network(), mse, (X.numpy(), Y.numpy()))
    with pytest.raises(ObjectiveError, match="meta device: load its weights"):
        Objective(nn.Linear(2, 1, device="meta"), mse, (X, Y))


def test_a_few_training_and_many_test_samples_are_cut_into_blocks(monkeypatch):
    objective = blocked(monkeypatch, network(), mse, (X, Y), test_data=(MANY, MANY[:, :1]))
    assert len(list(objective.parts())) == 1
    assert len(list(objective.test_parts())) > 2


def test_measuring_copies_no_model(monkeypatch):
    x, y = torch.randn(6, 2).double(), torch.randn(6, 1).double()
    objective = Objective(nn.Linear(2, 1).double(), nn.MSELoss(), (x, y), test_data=(x, y))
    expected = objective.metrics(objective.theta)
    monkeypatch.setattr("copy.deepcopy", None)
    assert objective.metrics(objective.theta) == expected
