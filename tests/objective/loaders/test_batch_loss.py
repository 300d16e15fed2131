"""A batch loss: batches of any structure, and numbers that are those of plain PyTorch."""

import collections
import copy
import dataclasses
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_sequence

import explorer
from explorer import Grid, Objective, ObjectiveError
from tests.support.planes import random_plane

GRID = Grid({"alpha": (-0.5, 0.5, 3), "beta": (0.0, 0.5, 2)})


@dataclasses.dataclass(frozen=True)
class Pair:
    ids: torch.Tensor
    labels: torch.Tensor
    note: str = "as it came"


class Encoding(collections.UserDict):
    """As a BatchEncoding: a mapping that is no dict."""


class Graph:
    """Nodes and edges; `to` works in place, as those of libraries do."""

    def __init__(self, ids, labels):
        self.ids, self.labels, self.edges = ids, labels, torch.tensor([[0, 1], [1, 0]])


class Tagger(nn.Module):
    """Token numbers [B, L] -> logits [B, L, 3]."""

    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(10, 4), nn.Linear(4, 3)

    def forward(self, ids):
        mean = self.embedding(ids).mean(-2, keepdim=True)
        return self.head(torch.tanh(self.embedding(ids) + mean))


def made(seed=0):
    torch.manual_seed(seed)
    return Tagger().double()


def padded():
    """Batches of different lengths, in which 3, 8 and 12 labels count."""
    generator = torch.Generator().manual_seed(1)
    for rows, length, counted in ((4, 5, 3), (2, 7, 8), (3, 4, 12)):
        labels = torch.randint(3, (rows, length), generator=generator)
        labels.view(-1)[counted:] = -100
        yield torch.randint(10, (rows, length), generator=generator), labels


KINDS = {
    "dict": (lambda ids, labels: {"ids": ids, "labels": labels}, lambda batch: (batch.pop("ids"), batch.pop("labels"))),
    "tuple in a dict": (lambda *both: {"all": (both, "text", None)}, lambda batch: batch.pop("all")[0]),
    "dataclass": (Pair, lambda batch: (batch.ids, batch.labels)),
    "mapping": (lambda ids, labels: Encoding(ids=ids, labels=labels), lambda batch: (batch["ids"], batch["labels"])),
    "graph": (Graph, lambda batch: (batch.ids, batch.labels)),
}


@dataclasses.dataclass
class Loss:
    """At module level, so that an objective with it can be pickled."""

    kind: str

    def __call__(self, model, batch):
        ids, labels = KINDS[self.kind][1](batch)
        loss = F.cross_entropy(model(ids).flatten(0, 1), labels.flatten())
        return {"fit": loss, "size": model.head.weight.square().mean()}


@dataclasses.dataclass
class Counted:
    kind: str

    def __call__(self, batch):
        return (KINDS[self.kind][1](batch)[1] != -100).sum()


def token_mean(model):
    """The mean over all counted tokens, by hand."""
    losses = [F.cross_entropy(model(i).flatten(0, 1), t.flatten(), reduction="sum") for i, t in padded()]
    return sum(losses) / 23


def at(model, theta):
    moved = copy.deepcopy(model)
    nn.utils.vector_to_parameters(theta, moved.parameters())
    return moved


def objective_of(kind="dict", model=None, **options):
    batches = [KINDS[kind][0](*both) for both in padded()]
    options = {"weights": {"size": 0.5}, "count": Counted(kind)} | options
    return Objective(model or made(), batch_loss=Loss(kind), data=batches, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_any_structure_is_the_mean_over_all_tokens(kind):
    model = made()
    objective = objective_of(kind, model)
    for theta in (objective.theta, objective.theta + 0.3):
        moved = at(model, theta)
        expected = token_mean(moved) + 0.5 * moved.head.weight.square().mean()
        # Sums of 23 numbers of order 1 in another order.
        torch.testing.assert_close(objective(theta), expected.detach(), rtol=1e-13, atol=0)
        gradient = torch.cat([g.flatten() for g in torch.autograd.grad(expected, moved.parameters())])
        torch.testing.assert_close(torch.func.grad(objective)(theta), gradient, rtol=1e-11, atol=1e-14)
    assert list(objective.terms(objective.theta)) == ["fit", "size"]
    assert objective.own_value()["loss"] == pytest.approx(objective(objective.theta).item(), rel=1e-13)


def test_the_batches_come_out_as_they_went_in():
    batches = [{"ids": ids, "labels": labels} for ids, labels in padded()]
    Objective(made(), batch_loss=Loss("dict"), data=batches, count=Counted("dict"))
    for batch, (ids, labels) in zip(batches, padded(), strict=True):
        assert list(batch) == ["ids", "labels"]
        assert torch.equal(batch["ids"], ids)
        assert torch.equal(batch["labels"], labels)


def test_a_sweep_is_the_plain_loop():
    model = made()
    objective = objective_of("dict", model)
    plane = random_plane(objective)
    found = explorer.sweep(
        objective, plane, GRID, quantities=("loss", "terms", "gradient"), report=True, progress=False
    )
    for i, alpha in enumerate(found.alpha.values):
        for j, beta in enumerate(found.beta.values):
            moved = at(model, plane.at([[alpha, beta]])[0])
            expected = token_mean(moved) + 0.5 * moved.head.weight.square().mean()
            gradient = torch.cat([g.flatten() for g in torch.autograd.grad(expected, moved.parameters())])
            np.testing.assert_allclose(found.loss[i, j], expected.item(), rtol=1e-12)
            np.testing.assert_allclose(found.gradient[i, j], (plane.basis @ gradient).numpy(), rtol=1e-10, atol=1e-13)


def mean_of_packed(model, batch):
    packed, target = batch
    return (model(packed)[1][0, :, 0] - target).square().mean()


def test_packed_sequences_of_other_lengths_are_taken():
    torch.manual_seed(0)
    model = nn.GRU(2, 1).double()
    batches = [
        (pack_sequence([torch.randn(n, 2, dtype=torch.float64) for n in lengths]), torch.randn(len(lengths)).double())
        for lengths in ((5, 3), (4, 2, 1))
    ]
    objective = Objective(model, batch_loss=mean_of_packed, data=batches, count=lambda batch: len(batch[1]))
    theta = objective.theta + 0.2
    moved = at(model, theta)
    expected = (2 * mean_of_packed(moved, batches[0]) + 3 * mean_of_packed(moved, batches[1])) / 5
    torch.testing.assert_close(objective(theta), expected.detach(), rtol=1e-13, atol=0)


def squares(model, batch):
    return (model(batch["x"]) - batch["y"]).square().mean()


def test_another_dtype_is_a_copy():
    model = nn.Linear(2, 1)
    batch = {"x": torch.randn(5, 2), "y": torch.randn(5, 1)}
    exact = Objective(model, batch_loss=squares, data=[batch]).to(dtype=torch.float64)
    expected = squares(copy.deepcopy(model).double(), {name: value.double() for name, value in batch.items()})
    assert exact(exact.theta).item() == expected.item()
    assert batch["x"].dtype == torch.float32


def test_survives_pickling():
    objective = objective_of()
    again = pickle.loads(pickle.dumps(objective))
    assert torch.equal(again(again.theta), objective(objective.theta))
    assert again.describe() == objective.describe()


class Loader:
    """Goes through its batches as often as it is asked to."""

    def __iter__(self):
        return ({"ids": ids, "labels": labels} for ids, labels in padded())


def test_streamed_is_resident(monkeypatch):
    resident = objective_of()
    monkeypatch.setattr("explorer.objective.loaders.batch_data.room", lambda device: 100)
    streamed = objective_of(model=made())
    again = Objective(made(), batch_loss=Loss("dict"), data=Loader(), weights={"size": 0.5}, count=Counted("dict"))
    assert streamed.streamed
    assert not resident.streamed
    for objective in (streamed, again):
        assert torch.equal(objective(resident.theta + 0.1), resident(resident.theta + 0.1))
        assert objective.describe()["data"]["sha256"] == resident.describe()["data"]["sha256"]


def token_accuracy(model, batch):
    right = model(batch["ids"]).argmax(-1) == batch["labels"]
    return right[batch["labels"] != -100].double().mean()


def test_metrics_and_test_data_are_means_over_the_counts():
    model = made()
    data = [{"ids": ids, "labels": labels} for ids, labels in padded()]
    objective = objective_of(model=model, metrics={"accuracy": token_accuracy}, test_data=data[:2])
    found = objective.metrics(objective.theta)
    counts = [(3, data[0]), (8, data[1]), (12, data[2])]
    assert found["accuracy"].item() == pytest.approx(sum(n * token_accuracy(model, b).item() for n, b in counts) / 23)
    tested = [(n, Loss("dict")(model, dict(batch))) for n, batch in counts[:2]]
    expected = sum(n * (terms["fit"] + 0.5 * terms["size"]).item() for n, terms in tested) / 11
    assert found["test_loss"].item() == pytest.approx(expected)


def of_rows(n):
    return {"x": torch.randn(n, 2, dtype=torch.float64), "y": torch.randn(n, 1, dtype=torch.float64)}


def test_a_mean_over_samples_needs_no_count():
    torch.manual_seed(0)
    batches = [of_rows(n) for n in (3, 5, 2)]
    model = nn.Linear(2, 1).double()
    objective = Objective(model, batch_loss=squares, data=batches)
    whole = {name: torch.cat([batch[name] for batch in batches]) for name in ("x", "y")}
    moved = at(model, objective.theta + 0.3)
    torch.testing.assert_close(objective(objective.theta + 0.3), squares(moved, whole).detach(), rtol=1e-13, atol=0)


def of_counted(model, batch):
    return ((model(batch["x"]) - batch["y"]) * (batch["y"] > 0)).square().sum() / (batch["y"] > 0).sum()


def changing(model, batch):
    return {f"rows {len(batch['x'])}": squares(model, batch)}


def numbered(model, batch):
    return {1: squares(model, batch)}


def summed(model, batch):
    return squares(model, batch) * len(batch["x"])


def writing(model, batch):
    batch["x"] *= 1.0
    return squares(model, batch)


ROWS = [of_rows(3), of_rows(5)]
LONGER = {"x": torch.ones(2, 4, 2).double(), "y": torch.ones(2).double()}
REFUSED = {
    "not a mean over rows": (of_counted, ROWS, None, "expected count=.*dict of x \\[3, 2\\] float64"),
    "a sum": (summed, ROWS, None, "expected count="),
    "other lengths": (
        squares,
        [of_rows(3), {"x": torch.ones(2, 4, 2).double(), "y": torch.ones(2).double()}],
        None,
        "cannot be joined",
    ),
    "no leading size": (squares, [ROWS[0] | {"n": torch.tensor(3)}, ROWS[1]], None, "one leading size"),
    "count of 0": (squares, ROWS, lambda batch: 0, "above 0.*of batch 0.*it is 0"),
    "negative count": (squares, ROWS, lambda batch: -1, "it is -1"),
    "count NaN": (squares, ROWS, lambda batch: float("nan"), "it is nan"),
    "count of another kind": (squares, ROWS, lambda batch: None, "one number; of batch 0 .* it is NoneType"),
    "empty": (squares, [], None, "the iterable was empty"),
    "one-shot": (squares, iter(ROWS), None, "can be read once only: give list"),
    "one batch": (squares, ROWS[0], None, r"looks like one batch: give data=\[batch\]"),
    "a tuple of tensors": (squares, (torch.ones(2), torch.ones(2)), None, r"give data=\[batch\]"),
    "names that change": (changing, ROWS, len, r"batch 1 has \['rows 5'\]"),
    "names that are no text": (
        lambda model, batch: {1: squares(model, batch)},
        ROWS,
        len,
        "names of terms as text; got 1",
    ),
    "writing": (writing, ROWS, len, "have been written to"),
    "failing at once": (squares, [{"x": torch.ones(3, 2).double()}], len, "of batch 0 .*KeyError: 'y'"),
    "failing": (squares, [ROWS[0], {"x": torch.ones(3, 2).double()}], len, "of batch 1 .*KeyError"),
}


@pytest.mark.parametrize(("function", "data", "count", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_by_name(function, data, count, message):
    torch.manual_seed(0)
    with pytest.raises(ObjectiveError, match=message):
        Objective(nn.Linear(2, 1).double(), batch_loss=function, data=data, count=count)


def by_no_name(batch):
    return batch["length"]


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (3, r"a function of a batch; got 3: for the same in every batch count=lambda batch: 1"),
        (by_no_name, r"of batch 0 \(dict of x \[4, 2\] float64\) it raised KeyError: 'length'"),
        (lambda batch: batch["x"][:, 0], r"of batch 0 \(dict of x \[4, 2\] float64\) it is a tensor \[4\]: sum it"),
    ],
)
def test_a_count_that_is_none_is_refused_by_batch(count, message):
    data = [{"x": torch.ones(4, 2).double()}]
    with pytest.raises(ObjectiveError, match=message):
        Objective(nn.Linear(2, 1).double(), batch_loss=lambda m, b: m(b["x"]).mean(), data=data, count=count)


def test_weights_of_other_terms_are_refused():
    with pytest.raises(ObjectiveError, match="expected weights of the terms"):
        objective_of(weights={"shape": 1.0})
