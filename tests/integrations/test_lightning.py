"""Lightning: modules before and after a fit, and the files that its trainer writes."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import explorer
from explorer import Grid
from explorer.checkpoints import read_checkpoint, read_trajectory
from explorer.errors import CheckpointError
from explorer.integrations import lightning
from tests.support.planes import random_plane

pytestmark = [pytest.mark.integrations, pytest.mark.filterwarnings("default")]
L = pytest.importorskip("lightning")

DRAWS = torch.Generator().manual_seed(0)
X, Y = torch.randn(12, 3, generator=DRAWS), torch.randn(12, 2, generator=DRAWS)


class Regression(L.LightningModule):
    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.mse_loss(self.model(x), y)
        self.log("train_loss", loss)
        return {"loss": loss}

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.05)


def loader():
    return DataLoader(TensorDataset(X, Y), batch_size=5)


def fitted(folder, callbacks=(), **options):
    module = Regression()
    trainer = L.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=folder, callbacks=list(callbacks), **options,
    )  # fmt: skip
    trainer.fit(module, loader())
    return module


def own_loss(module, theta):
    fresh = copy.deepcopy(module.model).eval()
    nn.utils.vector_to_parameters(theta, fresh.parameters())
    return F.mse_loss(fresh(X), Y)


@pytest.mark.parametrize("after", [False, True])
def test_the_loss_is_that_of_the_training_step(tmp_path, after):
    module = fitted(tmp_path, enable_checkpointing=False) if after else Regression()
    objective = lightning(module, loader())
    for theta in (objective.theta, objective.theta + 0.1):
        assert objective(theta).item() == pytest.approx(own_loss(module, theta).item(), rel=1e-6)
    found = explorer.sweep(objective, random_plane(objective), Grid.square(radius=0.5, points=3), progress=False)
    assert found.loss[1, 1] == pytest.approx(own_loss(module, objective.theta).item(), rel=1e-6)


def test_its_checkpoints_are_a_path(tmp_path):
    saving = L.pytorch.callbacks.ModelCheckpoint(dirpath=tmp_path / "c", save_top_k=-1, every_n_train_steps=1)
    module = fitted(tmp_path, [saving], accumulate_grad_batches=1)
    objective = lightning(module, loader())
    path = read_trajectory(objective, tmp_path / "c")
    assert path.steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert torch.equal(path.thetas[-1], objective.theta)
    # The network alone reads the module's files, too.
    inner = explorer.Objective(module.model, F.mse_loss, (X, Y))
    assert torch.equal(read_trajectory(inner, tmp_path / "c").thetas, path.thetas)


def test_of_an_average_and_the_raw_weights_one_is_named(tmp_path):
    averaging = L.pytorch.callbacks.EMAWeightAveraging(decay=0.5)
    saving = L.pytorch.callbacks.ModelCheckpoint(dirpath=tmp_path / "c", save_top_k=-1, every_n_epochs=1)
    module = fitted(tmp_path, [averaging, saving])
    file = sorted((tmp_path / "c").glob("*.ckpt"))[-1]
    objective = lightning(module, loader())
    with pytest.raises(CheckpointError, match="current_model_state"):
        read_checkpoint(objective, file)
    raw, mean = (read_checkpoint(objective, file, key=key) for key in ("current_model_state", "state_dict"))
    assert not torch.equal(raw, mean)


def test_the_optimizer_is_recorded_under_accumulation(tmp_path):
    module = Regression()
    configured = module.configure_optimizers()
    module.configure_optimizers = lambda: configured
    trainer = L.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=tmp_path, accumulate_grad_batches=2, enable_checkpointing=False,
    )  # fmt: skip
    with explorer.record(module, to=tmp_path / "r", every=1, optimizer=configured):
        trainer.fit(module, loader())
    path = read_trajectory(lightning(module, loader()), tmp_path / "r")
    assert path.steps.tolist() == list(range(trainer.global_step + 1))


class Plain(Regression):
    """Without dropout, so that its losses can be computed again."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def test_a_callback_records_the_loss_of_accumulated_steps(tmp_path):
    module = Plain()
    start = copy.deepcopy(module)
    trainer = L.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=tmp_path, accumulate_grad_batches=2, enable_checkpointing=False,
        callbacks=[explorer.integrations.lightning_callback(tmp_path / "r", every=1)],
    )  # fmt: skip
    trainer.fit(module, loader())
    path = read_trajectory(lightning(module, loader()), tmp_path / "r")
    assert path.steps.tolist() == list(range(trainer.global_step + 1))
    first = [F.mse_loss(start.model(X[i : i + 5]), Y[i : i + 5]).item() for i in (0, 5)]
    assert path.losses[0].item() == pytest.approx(sum(first) / 2, rel=1e-6)


def test_a_fit_that_breaks_leaves_what_was_recorded(tmp_path):
    class Broken(Plain):
        def training_step(self, batch, batch_idx):
            if self.global_step == 2:
                raise RuntimeError("out of luck")
            return super().training_step(batch, batch_idx)

    module = Broken()
    recording = explorer.integrations.lightning_callback(tmp_path / "r", every=1)
    with pytest.raises(RuntimeError, match="out of luck"):
        fit_with(module, tmp_path, recording)
    assert read_trajectory(lightning(Plain(), loader()), tmp_path / "r").steps.tolist() == [0, 1, 2]


def fit_with(module, folder, *callbacks):
    L.Trainer(
        max_epochs=1, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=folder, enable_checkpointing=False, callbacks=list(callbacks),
    ).fit(module, loader())  # fmt: skip
