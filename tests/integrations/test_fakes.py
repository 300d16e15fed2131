"""What other libraries hand over, in fakes of the same shape: the real ones are run by `make integrations`."""

import copy
import sys
import types
from collections import UserDict

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import explorer
from explorer import ObjectiveError
from explorer.checkpoints import read_trajectory
from explorer.integrations import deepxde, hugging_face, hugging_face_callback, lightning, lightning_callback

DRAWS = torch.Generator().manual_seed(0)
X, Y = torch.randn(11, 3, generator=DRAWS).double(), torch.randn(11, 2, generator=DRAWS).double()


def at(model, theta):
    moved = copy.deepcopy(model).eval()
    nn.utils.vector_to_parameters(theta, moved.parameters())
    return moved


class Output(UserDict):
    """As a ModelOutput: a mapping with attributes."""

    @property
    def loss(self):
        return self["loss"]


class Tokens(nn.Module):
    """Predicts labels of tokens: the next one, the same, or one a row."""

    def __init__(self, kind):
        super().__init__()
        torch.manual_seed(0)
        self.kind, self.embedding, self.head = kind, nn.Embedding(9, 4), nn.Linear(4, 9)

    def forward(self, input_ids, labels=None):
        logits = self.head(torch.tanh(self.embedding(input_ids)))
        if labels is None:
            return Output(logits=logits)
        if self.kind == "next":
            logits, labels = logits[:, :-1], labels[:, 1:]
        if self.kind == "rows":
            logits = logits.mean(1)
        return Output(loss=F.cross_entropy(logits.reshape(-1, 9), labels.reshape(-1)), logits=logits)


def texts(kind):
    for lengths in ((6, 3), (4, 2, 5), (7,)):
        ids = torch.randint(9, (len(lengths), max(lengths)), generator=DRAWS)
        labels = ids.clone()
        for row, length in zip(labels, lengths, strict=True):
            row[length:] = -100
        yield UserDict(input_ids=ids, labels=ids[:, 0] if kind == "rows" else labels)


@pytest.mark.parametrize("kind", ["next", "same", "rows"])
def test_over_what_a_models_own_loss_is_a_mean_is_found(kind):
    model, batches = Tokens(kind).double(), list(texts(kind))
    model.embedding.eval()
    objective = hugging_face(model, batches)
    counts = {
        "next": lambda batch: (batch["labels"][:, 1:] != -100).sum().item(),
        "same": lambda batch: (batch["labels"] != -100).sum().item(),
        "rows": lambda batch: len(batch["labels"]),
    }
    theta = objective.theta + 0.2
    moved = at(model, theta)
    shares = [counts[kind](batch) for batch in batches]
    expected = sum(n * moved(**batch).loss for n, batch in zip(shares, batches, strict=True)) / sum(shares)
    assert objective(theta).item() == pytest.approx(expected.item(), rel=1e-13)
    assert model.training
    assert not model.embedding.training


def alone(batches):
    """The same rows, one a batch, without their padding."""
    for batch in batches:
        for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
            size = int((labels != -100).sum())
            yield UserDict(input_ids=ids[None, :size], labels=labels[None, :size])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("kind", "least"), [("next", 1), ("same", 0)])
def test_batches_of_one_row_tell_by_copies_with_few_labels(kind, least, dtype):
    model, batches = Tokens(kind).to(dtype), list(alone(texts(kind)))
    objective = hugging_face(model, sorted(batches, key=lambda batch: -batch["labels"].shape[1]))
    shares = [batch["labels"].shape[1] - least for batch in batches]
    expected = sum(n * model(**batch).loss for n, batch in zip(shares, batches, strict=True)) / sum(shares)
    assert objective(objective.theta).item() == pytest.approx(expected.item(), rel=8 * torch.finfo(dtype).eps)


def test_rows_without_a_label_in_a_later_batch_do_not_count():
    model = Tokens("rows").double()
    ids = torch.randint(9, (6, 4), generator=DRAWS)
    labels = torch.tensor([1, 2, 3, 4, -100, -100])
    batches = [UserDict(input_ids=ids[:3], labels=labels[:3]), UserDict(input_ids=ids[3:], labels=labels[3:])]
    objective = hugging_face(model, batches)
    assert objective(objective.theta).item() == pytest.approx(model(ids, labels).loss.item(), rel=1e-13)


def test_what_has_no_loss_of_its_own_is_refused():
    with pytest.raises(ObjectiveError, match="its batches need labels"):
        hugging_face(Tokens("same"), [{"input_ids": torch.ones(2, 3, dtype=torch.long)}])
    with pytest.raises(ObjectiveError, match="expected a loader of batches by name"):
        hugging_face(Tokens("same"), [torch.ones(2, 3)])
    summed = Tokens("same")
    summed.forward = lambda input_ids, labels: Output(loss=summed.head.weight.sum() * len(input_ids) + 1.0)
    with pytest.raises(ObjectiveError, match="say with count="):
        hugging_face(summed, list(texts("same")))


class Module(nn.Module):
    """As a LightningModule: it logs, and has a trainer after a fit."""

    automatic_optimization = True

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.model, self._trainer = nn.Linear(3, 2), None

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.mse_loss(self.model(x), y)
        self.log("loss", loss)
        return {"loss": loss}

    def log(self, name, value):
        raise RuntimeError("there is no trainer to log to")


def test_a_modules_loss_is_that_of_its_step():
    module = Module().double()
    objective = lightning(module, [(X[:5], Y[:5]), (X[5:], Y[5:])])
    theta = objective.theta + 0.3
    expected = F.mse_loss(at(module.model, theta)(X), Y)
    assert objective(theta).item() == pytest.approx(expected.item(), rel=1e-13)
    with pytest.raises(RuntimeError, match="no trainer"):
        module.log("loss", 0.0)


def test_what_is_no_such_module_is_refused():
    with pytest.raises(ObjectiveError, match="with a training_step"):
        lightning(nn.Linear(1, 1), [])
    manual = Module()
    manual.automatic_optimization = False
    with pytest.raises(ObjectiveError, match="steps its optimizers"):
        lightning(manual, [])
    silent = Module().double()
    silent.training_step = lambda batch: None
    with pytest.raises(ObjectiveError, match="to return a loss"):
        lightning(silent, [(X, Y)])


class Equation:
    """As a compiled deepxde.Model: losses come times their weights."""

    def __init__(self):
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).double()
        self.loss_weights, self.batch_size = [1.0, 10.0, 2.0], None
        self.train_state = types.SimpleNamespace(X_train=torch.linspace(0, 1, 5).double()[:, None], y_train=None,
                                                 train_aux_vars=None)  # fmt: skip
        self.data = types.SimpleNamespace(bcs=[types.SimpleNamespace()])

    def outputs_losses_train(self, inputs, targets, auxiliary):
        x = inputs.clone().requires_grad_()
        u = self.net(x)
        (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        losses = torch.stack([(slope + u).square().mean(), slope.square().mean(), (u[0] - 1).square().mean()])
        return u, losses if self.loss_weights is None else losses * torch.tensor(self.loss_weights)


def test_an_equations_terms_are_unweighted_with_its_weights(monkeypatch):
    cleared = []
    fake = types.SimpleNamespace(grad=types.SimpleNamespace(clear=lambda: cleared.append(1)))
    monkeypatch.setitem(sys.modules, "deepxde", fake)
    model = Equation()
    objective = deepxde(model)
    assert objective.term_names == ("residual_1", "residual_2", "SimpleNamespace")
    theta = objective.theta + 0.1
    expected = model.outputs_losses_train(model.train_state.X_train, None, None)[1].detach()
    torch.testing.assert_close(objective(objective.theta), expected.sum(), rtol=1e-13, atol=0)
    terms = objective.terms(theta)
    nn.utils.vector_to_parameters(theta, model.net.parameters())
    moved = model.outputs_losses_train(model.train_state.X_train, None, None)[1]
    for value, weight, whole in zip(terms.values(), (1.0, 10.0, 2.0), moved, strict=True):
        assert (weight * value).item() == pytest.approx(whole.item(), rel=1e-13)
    assert cleared
    assert model.loss_weights == [1.0, 10.0, 2.0]
    with pytest.raises(ObjectiveError, match=r"after model\.compile"):
        deepxde(nn.Linear(1, 1))


def test_a_lightning_callback_adds_up_what_is_accumulated(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning", types.SimpleNamespace(Callback=object))
    module, trainer = Module().double(), types.SimpleNamespace(global_step=0)
    recording = lightning_callback(tmp_path / "r", every=1)
    recording.on_train_start(trainer, module)
    for step, losses in ((0, (1.0, 2.0)), (1, (0.5, 0.25))):
        for number, loss in enumerate(losses):
            module.model.bias.data += 1.0
            trainer.global_step = step + number
            recording.on_train_batch_end(trainer, module, {"loss": torch.tensor(loss)}, None, number)
    recording.on_train_end(trainer, module)
    path = read_trajectory(lightning(module, [(X, Y)]), tmp_path / "r")
    assert path.steps.tolist() == [0, 1, 2]
    assert path.losses[:2].tolist() == [3.0, 0.75]


@pytest.mark.parametrize("logged", [1, 10])
def test_a_trainers_losses_come_after_their_steps(tmp_path, monkeypatch, logged):
    monkeypatch.setitem(sys.modules, "transformers", types.SimpleNamespace(TrainerCallback=object))
    model, args = Tokens("same"), types.SimpleNamespace(logging_steps=logged)
    recording = hugging_face_callback(tmp_path / "r", every=1)
    recording.on_train_begin(args, None, None, model=model)
    for loss in (3.0, 2.0):
        model.head.bias.data += 1.0
        recording.on_step_end(args, None, None)
        recording.on_log(args, None, None, logs={"loss": loss})
    recording.on_log(args, None, None, logs={"train_runtime": 1.0})
    recording.on_train_end(args, None, None)
    losses = read_trajectory(hugging_face(model, list(texts("same"))), tmp_path / "r").losses[:2]
    assert losses.tolist() == [3.0, 2.0] if logged == 1 else losses.isnan().all()


def test_it_is_imported_when_it_is_used():
    assert explorer.integrations.hugging_face is hugging_face
