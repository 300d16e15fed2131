"""Inputs of any structure beside targets: the short form, with loss and metrics of prediction and target."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

import explorer
from explorer import Grid, Objective, ObjectiveError
from tests.support.planes import random_plane

GENERATOR = torch.Generator().manual_seed(3)


class TwoInputs(nn.Module):
    """{"left": [D, 2], "right": [D, 3]} -> [D, 3]."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.left, self.right = nn.Linear(2, 3), nn.Linear(3, 3)

    def forward(self, both):
        return torch.tanh(self.left(both["left"])) * self.right(both["right"])


class Rows(torch.utils.data.Dataset):
    """Samples as a loader's collation makes batches of them."""

    def __init__(self, labels):
        draws = torch.Generator().manual_seed(4)
        self.left = torch.randn(len(labels), 2, generator=draws).double()
        self.right = torch.randn(len(labels), 3, generator=draws).double()
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"left": self.left[i], "right": self.right[i]}, self.labels[i]


def accuracy(prediction, target):
    return (prediction.argmax(1) == target).double().mean()


LABELS = torch.arange(11) % 3
IGNORED = LABELS.masked_fill(torch.arange(11) < 5, -100)
REALS = torch.randn(11, 3, generator=GENERATOR).double()
MASKED = REALS.masked_fill(torch.arange(33).view(11, 3) % 4 == 0, float("nan"))


def known_only(prediction, target):
    """A mean over the entries of the targets that are known."""
    known = ~target.isnan()
    return (prediction - target)[known].square().mean()


def moved(theta):
    model = TwoInputs().double()
    nn.utils.vector_to_parameters(theta, model.parameters())
    return model


@pytest.mark.parametrize(
    ("loss", "labels"),
    [(F.cross_entropy, LABELS), (nn.CrossEntropyLoss(), IGNORED), (F.mse_loss, REALS), (known_only, MASKED)],
    ids=["labels", "ignored", "numbers", "masked"],
)
def test_a_loader_of_dictionaries_is_the_mean_over_all(loss, labels):
    rows = Rows(labels)
    objective = Objective(TwoInputs().double(), loss, DataLoader(rows, batch_size=4))
    whole = {"left": rows.left, "right": rows.right}
    for theta in (objective.theta, objective.theta + 0.4):
        model = moved(theta)
        expected = loss(model(whole), labels)
        # Sums of 33 numbers of order 1 in another order.
        torch.testing.assert_close(objective(theta), expected.detach(), rtol=1e-13, atol=0)
        gradient = torch.cat([g.flatten() for g in torch.autograd.grad(expected, model.parameters())])
        torch.testing.assert_close(torch.func.grad(objective)(theta), gradient, rtol=1e-11, atol=1e-14)


class Tagger(nn.Module):
    """{"x": [D, 2, L]} -> scores [D, 3, L]."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv1d(2, 3, 1)

    def forward(self, batch):
        return self.layer(batch["x"])


def test_targets_that_are_probabilities_count_by_their_positions():
    draws = torch.Generator().manual_seed(5)
    shapes = [(4, 2), (1, 7)]
    inputs = [torch.randn(d, 2, length, generator=draws).double() for d, length in shapes]
    targets = [torch.rand(d, 3, length, generator=draws).double().softmax(1) for d, length in shapes]
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 5.0]).double())
    objective = Objective(Tagger().double(), loss, [({"x": x}, y) for x, y in zip(inputs, targets, strict=True)])
    flat = [torch.cat([each.movedim(1, 2).flatten(0, 1) for each in part]) for part in (inputs, targets)]
    model = Tagger().double()
    # 8 + 7 positions as so many samples: PyTorch divides by them, not by the weights.
    expected = loss(flat[0] @ model.layer.weight[:, :, 0].T + model.layer.bias, flat[1])
    torch.testing.assert_close(objective(objective.theta), expected.detach(), rtol=1e-13, atol=0)


def test_one_pair_is_one_batch_with_metrics_and_test_data():
    rows, other = Rows(LABELS), Rows(LABELS[:5])
    objective = Objective(
        TwoInputs().double(),
        F.cross_entropy,
        ({"left": rows.left, "right": rows.right}, LABELS),
        metrics={"accuracy": accuracy},
        test_data=DataLoader(other, batch_size=2),
    )
    theta = objective.theta + 0.3
    found, model = objective.metrics(theta), moved(theta)
    assert found["accuracy"] == accuracy(model({"left": rows.left, "right": rows.right}), LABELS)
    prediction = model({"left": other.left, "right": other.right})
    torch.testing.assert_close(found["test_loss"], F.cross_entropy(prediction, LABELS[:5]).detach(), rtol=1e-13, atol=0)
    assert found["test_accuracy"].item() == pytest.approx(accuracy(prediction, LABELS[:5]).item())


def test_a_sweep_in_float32_moves_copies_of_data_and_weights():
    rows = Rows(LABELS)
    loss = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 0.5]).double())
    objective = Objective(TwoInputs().double(), loss, DataLoader(rows, batch_size=4))
    plane = random_plane(objective)
    grid = Grid({"alpha": (-0.5, 0.5, 3), "beta": (0.0, 0.5, 2)})
    single = explorer.sweep(objective, plane, grid, dtype=torch.float32, progress=False)
    double = explorer.sweep(objective, plane, grid, progress=False)
    # float32 carries 6e-8 of a loss of order 1.
    torch.testing.assert_close(
        torch.tensor(single.loss.values), torch.tensor(double.loss.values).float(), rtol=1e-5, atol=0
    )
    assert rows.left.dtype == torch.float64
    assert loss.weight.dtype == torch.float64


def test_survives_pickling():
    objective = Objective(TwoInputs().double(), F.cross_entropy, DataLoader(Rows(LABELS), batch_size=4))
    again = pickle.loads(pickle.dumps(objective))
    assert torch.equal(again(again.theta), objective(objective.theta))
    assert copy.deepcopy(objective).describe() == objective.describe()


@pytest.mark.parametrize("size", [4, 11])
def test_masked_targets_that_the_loss_does_not_leave_out_are_refused(size):
    with pytest.raises(ObjectiveError, match=r"9 of 33 entries are NaN|leaves out"):
        Objective(nn.Linear(2, 3).double(), F.mse_loss, (Rows(MASKED).left, MASKED))
    objective = Objective(
        nn.Linear(2, 3).double(), known_only, DataLoader(list(zip(Rows(MASKED).left, MASKED, strict=True)), size)
    )
    expected = known_only(
        nn.functional.linear(Rows(MASKED).left, *dict(zip(("w", "b"), _parts(objective), strict=True)).values()), MASKED
    )
    torch.testing.assert_close(objective(objective.theta), expected, rtol=1e-13, atol=0)


def _parts(objective):
    theta = objective.theta
    return theta[:6].view(3, 2), theta[6:]


def test_masked_targets_count_by_themselves_in_blocks(monkeypatch):
    monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)
    rows = Rows(MASKED)
    batches = [(rows.left[i : i + 4], MASKED[i : i + 4]) for i in (0, 4, 8)]
    streamed = Objective(nn.Linear(2, 3).double(), known_only, batches)
    assert streamed.streamed
    weight, bias = _parts(streamed)
    expected = known_only(F.linear(rows.left, weight + 0.2, bias + 0.2), MASKED)
    torch.testing.assert_close(streamed(streamed.theta + 0.2), expected, rtol=1e-13, atol=0)


def per_sample(prediction, target):
    """Each sample's mean over its known entries, and then over samples: the count of entries does not fit."""
    known = ~target.isnan()
    return ((prediction - target).nan_to_num().square().sum(1) / known.sum(1)).mean()


def test_a_mean_over_something_else_is_refused(monkeypatch):
    monkeypatch.setattr("explorer.objective.data.room", lambda device: 100)
    rows = Rows(MASKED)
    batches = [(rows.left[i : i + 4], MASKED[i : i + 4]) for i in (0, 4, 8)]
    with pytest.raises(ObjectiveError, match="cannot be put together from blocks"):
        Objective(nn.Linear(2, 3).double(), per_sample, batches)


def test_a_model_that_is_called_otherwise_shows_the_lines_that_do():
    pair = ((torch.ones(2, 3), torch.ones(2, 3)), torch.ones(2))
    with pytest.raises(ObjectiveError, match=r"model\(inputs\)(.|\n)*batch_loss=batch_loss"):
        Objective(nn.Linear(3, 1), F.mse_loss, pair)


def both(model):
    """Two terms of one forward pass."""
    prediction = model(Rows(REALS).left)
    return {"fit": F.mse_loss(prediction, REALS), "size": prediction.square().mean()}


def test_terms_may_be_one_function():
    calls = []

    def counted(model):
        calls.append(1)
        return both(model)

    model = nn.Linear(2, 3).double()
    objective = Objective(model, terms=counted, weights={"size": 0.5})
    separate = Objective(
        model, terms={"fit": lambda m: both(m)["fit"], "size": lambda m: both(m)["size"]}, weights={"size": 0.5}
    )
    theta = objective.theta + 0.1
    calls.clear()
    assert torch.equal(objective(theta), separate(theta))
    assert len(calls) == 1
    assert objective.problem.weights == {"fit": 1.0, "size": 0.5}
    with pytest.raises(ObjectiveError, match="expected weights of the terms"):
        Objective(model, terms=both, weights={"pde": 0.5})


def test_arguments_that_do_not_go_together_are_refused():
    model, rows = nn.Linear(2, 3).double(), Rows(REALS)
    for arguments in (
        {"terms": both, "data": (rows.left, REALS)},
        {"terms": both, "test_data": (rows.left, REALS)},
        {"loss": F.mse_loss},
        {"batch_loss": lambda m, b: m(b).sum()},
        {"loss": F.mse_loss, "batch_loss": lambda m, b: m(b).sum(), "data": (rows.left, REALS)},
        {},
    ):
        with pytest.raises(ObjectiveError, match="expected loss with data, or batch_loss with data, or terms alone"):
            Objective(model, **arguments)
    with pytest.raises(ObjectiveError, match="count beside batch_loss only"):
        Objective(model, F.mse_loss, (rows.left, REALS), count=len)


def size_of_all(prediction, target):
    """A mean over all labels, the ignored ones too."""
    return prediction.abs().mean()


def size_of_counted(prediction, target):
    return prediction[target != -100].abs().mean()


def test_a_metric_over_other_labels_than_the_loss_is_refused():
    rows = Rows(IGNORED)
    loader = DataLoader(rows, batch_size=6)
    with pytest.raises(ObjectiveError, match="expected a size that is a mean over the labels that the loss counts"):
        Objective(TwoInputs().double(), nn.CrossEntropyLoss(), loader, metrics={"size": size_of_all})
    objective = Objective(TwoInputs().double(), nn.CrossEntropyLoss(), loader, metrics={"size": size_of_counted})
    whole = TwoInputs().double()({"left": rows.left, "right": rows.right})
    found = objective.metrics(objective.theta)["size"].item()
    assert found == pytest.approx(size_of_counted(whole, IGNORED).item(), rel=1e-14)


def test_unknown_targets_need_a_loss_that_leaves_them_out():
    with pytest.raises(ObjectiveError, match=r"8 of 33|\d+ of \d+ entries are NaN, and loss with them"):
        Objective(TwoInputs().double(), nn.MSELoss(), DataLoader(Rows(MASKED), batch_size=4))


def test_a_single_batch_and_one_that_is_ignored_take_any_metric():
    rows = Rows(IGNORED)
    whole = {"left": rows.left, "right": rows.right}
    single = Objective(TwoInputs().double(), nn.CrossEntropyLoss(), (whole, IGNORED), metrics={"size": size_of_all})
    expected = size_of_all(TwoInputs().double()(whole), IGNORED).item()
    assert single.metrics(single.theta)["size"].item() == pytest.approx(expected, rel=1e-14)
    # The first five labels are ignored: all of the first batch, of which nothing counts.
    loader = DataLoader(rows, batch_size=5)
    objective = Objective(TwoInputs().double(), nn.CrossEntropyLoss(), loader, metrics={"size": size_of_counted})
    found = objective.metrics(objective.theta)["size"].item()
    assert found == pytest.approx(size_of_counted(TwoInputs().double()(whole), IGNORED).item(), rel=1e-14)
