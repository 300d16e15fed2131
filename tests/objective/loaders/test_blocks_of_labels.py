"""Labels that do not count: one number, whether the data are kept or streamed; and what does not add up is refused."""

import copy
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import explorer
from explorer import Grid, Objective, ObjectiveError
from tests.support.planes import random_plane


def batches(ignored_in_first=0):
    """Three batches of 8, of which the last ignores 6 labels."""
    generator = torch.Generator().manual_seed(0)
    made = [(torch.randn(8, 2, generator=generator).double(), torch.arange(8) % 3) for _ in range(3)]
    made[2][1][:6] = -100
    made[0][1][:ignored_in_first] = -100
    return made


def network():
    torch.manual_seed(1)
    return nn.Linear(2, 3).double()


def streamed(monkeypatch, loss, data, **options):
    monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)
    return Objective(network(), loss, data, **options)


def own(prediction, target):
    """A cross-entropy that nobody knows to be one."""
    return F.cross_entropy(prediction, target)


LOSSES = {
    "module": nn.CrossEntropyLoss(),
    "function": F.cross_entropy,
    "partial": partial(F.cross_entropy, weight=torch.tensor([1.0, 5.0, 0.5]).double()),
    "weighted": nn.CrossEntropyLoss(torch.tensor([1.0, 5.0, 0.5]).double()),
    "log-likelihood": nn.NLLLoss(),
}


@pytest.mark.parametrize("ignored", [0, 8])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_streamed_and_resident_are_the_mean_over_all_labels(monkeypatch, loss, ignored):
    data = batches(ignored)
    resident = Objective(network(), loss, data)
    stream = streamed(monkeypatch, loss, data)
    assert stream.streamed
    inputs, targets = (torch.cat(column) for column in zip(*data, strict=True))
    for theta in (resident.theta, resident.theta + 0.4):
        model = copy.deepcopy(network())
        nn.utils.vector_to_parameters(theta, model.parameters())
        expected = loss(model(inputs), targets).detach()
        assert torch.equal(resident(theta), expected)
        # Sums of 24 numbers of order 1 in another order.
        torch.testing.assert_close(stream(theta), expected, rtol=1e-14, atol=0)


def test_a_streamed_sweep_is_a_resident_one(monkeypatch):
    resident = Objective(network(), nn.CrossEntropyLoss(), batches(8))
    stream = streamed(monkeypatch, nn.CrossEntropyLoss(), batches(8))
    plane, grid = random_plane(resident), Grid.square(radius=1.0, points=3)
    one, other = (explorer.sweep(each, plane, grid, quantities=("loss", "gradient")) for each in (resident, stream))
    torch.testing.assert_close(torch.tensor(other.loss.values), torch.tensor(one.loss.values), rtol=1e-13, atol=0)
    slopes = [torch.tensor(each.gradient.values) for each in (other, one)]
    torch.testing.assert_close(*slopes, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("ignored", [0, 3])
def test_a_loss_that_does_not_add_up_is_refused_wherever_it_shows(monkeypatch, ignored):
    Objective(network(), own, batches(ignored))
    with pytest.raises(ObjectiveError, match="loss cannot be put together from blocks"):
        streamed(monkeypatch, own, batches(ignored))


def test_labels_that_are_all_ignored_are_refused():
    with pytest.raises(ObjectiveError, match="it counts 0: are all labels ignored"):
        Objective(network(), nn.CrossEntropyLoss(), (torch.ones(3, 2).double(), torch.full((3,), -100)))


def lengths(*all_of_them):
    return [(torch.randint(9, (4, n)), torch.randint(3, (4, n))) for n in all_of_them]


def test_padded_batches_are_refused_with_two_lines_that_work(monkeypatch):
    model = nn.Sequential(nn.Embedding(9, 3), nn.Linear(3, 3))
    loss = lambda prediction, target: F.cross_entropy(prediction.flatten(0, 1), target.flatten())  # noqa: E731
    data = lengths(5, 7)
    for _ in range(2):
        with pytest.raises(ObjectiveError, match=r"got \[4, 5\] and \[4, 7\]") as caught:
            Objective(model, loss, data)
        monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)
    cure = "\n".join(line.strip() for line in str(caught.value).splitlines()[1:])
    scope = {"Objective": Objective, "model": model, "loss": loss, "batches": data}
    exec(cure.replace("Objective(", "made = Objective("), scope)
    # Means over 20 and 28 labels, in float32.
    expected = (20 * loss(model(data[0][0]), data[0][1]) + 28 * loss(model(data[1][0]), data[1][1])) / 48
    torch.testing.assert_close(scope["made"](scope["made"].theta), expected.detach(), rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("data", "came"),
    [
        ([{"ids": torch.ones(2, 3)}], r"dict of ids \[2, 3\] float32"),
        ([(torch.ones(2, 3), {"ids": torch.ones(2)})], r"tuple of \(\[2, 3\] float32, dict\)"),
        ({"ids": torch.ones(2, 3)}, r"dict of ids \[2, 3\] float32"),
        (torch.ones(2, 3), r"got \[2, 3\] float32"),
        (3.0, "got float"),
    ],
)
def test_data_of_another_shape_are_refused_with_two_lines_that_work(data, came):
    with pytest.raises(ObjectiveError, match=came) as caught:
        Objective(network(), F.mse_loss, data)
    assert "Objective(model, batch_loss=batch_loss, data=batches, count=" in str(caught.value)
