"""Recording: the parameters that the user's own training goes through, streamed to disk."""

from math import nan
from pathlib import Path
from types import TracebackType
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from explorer.checkpoints.loss_lines import LossLines
from explorer.checkpoints.recording_format import (
    HEADER,
    LOSSES,
    MANIFEST,
    Entries,
    Manifest,
    is_recording,
    read_losses,
    read_manifest,
    recorded_steps,
    step_name,
)
from explorer.checkpoints.snapshot import own_weights
from explorer.checkpoints.weights import read_weights, unwrapped, write_weights
from explorer.errors import CheckpointError
from explorer.files import sweep_partials, sync_folder, write_whole
from explorer.signature import checked_but


@runtime_checkable
class Watching(Protocol):
    """What looks at a training while it is recorded."""

    def expects(self, is_kept: bool) -> bool:
        """Return whether it wants to look before a step, of which it is known whether it is recorded."""
        ...

    def before(self, model: nn.Module) -> None:
        """Look before a step."""
        ...

    def after(self, step: int, model: nn.Module, rate: float | None) -> None:
        """Look after a recorded step, of an optimizer with this rate; at first where recording begins."""
        ...

    def last(self, step: int, model: nn.Module) -> None:
        """Look at the step that turned out to be the last, if not yet."""
        ...


class Recorder:
    """Writes down what a model goes through, between `with` and its end; `explorer.record` makes it."""

    def __init__(
        self,
        model: nn.Module,
        folder: Path,
        every: int,
        resume: bool | int,
        optimizer: torch.optim.Optimizer | None,
        watch: Watching | None = None,
    ) -> None:
        self.steps = 0
        """How many the training has taken."""
        self._model = model
        self._folder = folder
        self._every = every
        self._resume = resume
        self._optimizer = optimizer
        self._watch = watch
        self._hooks: list[RemovableHandle] = []
        self._manifest = _manifest_of(model, every)
        self._losses: LossLines | None = None
        self._kept = self._began = -1
        self._is_untold = False
        """Whether the latest step's line of losses waits for its loss."""

    def __enter__(self) -> "Recorder":
        if is_recording(self._folder):
            # Before anything is deleted: another recorder may be at work.
            LossLines(self._folder).close()
            self.steps = _continued(self._folder, self._manifest, self._resume, unwrapped(own_weights(self._model)))
        else:
            _begun(self._folder, self._manifest)
        sweep_partials(self._folder)
        if self.steps not in recorded_steps(self._folder):
            self._keep()
        self._losses = LossLines(self._folder)
        self._began = self.steps
        if self._watch is not None:
            try:
                self._watch.after(self.steps, self._model, None)
            except BaseException:
                # Without a block that begins there is no end of one.
                self._losses.close()
                self._losses = None
                raise
        if self._optimizer is not None:
            self._hooks = [
                self._optimizer.register_step_pre_hook(lambda *_: self._coming()),
                self._optimizer.register_step_post_hook(lambda *_: self._counted(None)),
            ]
        return self

    def step(self, loss: float | Tensor | None = None) -> None:
        """Count a step that the optimizer has just taken; one that the optimizer itself has told gets its loss.

        Args:
            loss: of that step, a number or a 0-d tensor: what was minimized, so the one before its update. Its value
                is taken, nothing of its graph is kept. Without one it is NaN.

        Raises:
            ValueError: outside `with`, or a loss that is no single number.
            CheckpointError: the disk does not take it, or the model has other parameters than it had.
        """
        if self._losses is None:
            raise ValueError("expected step() within the with block of explorer.record; it is closed")
        if not self._hooks:
            self._counted(None if loss is None else _number(loss))
        else:
            self.tell(nan if loss is None else loss)

    def tell(self, loss: float | Tensor) -> None:
        """Tell the loss of the step that was counted last; arguments and errors as of `step`."""
        if self._losses is None:
            raise ValueError("expected tell() within the with block of explorer.record; it is closed")
        if self.steps == self._began:
            raise ValueError("expected the loss of a step that was taken; the optimizer has taken none yet")
        # Of two lines on one step the later one counts.
        self._note(_number(loss))

    def _counted(self, loss: float | None) -> None:
        """Count a step; a loss of None may be told until the next one."""
        self._note_untold()
        self.steps += 1
        self._is_untold = loss is None
        if loss is not None:
            self._note(loss)
        if self.steps % self._every == 0:
            self._keep()
            if self._watch is not None:
                self._watch.after(self.steps, self._model, _rate_of(self._optimizer))

    def _coming(self) -> None:
        """Let the watch look at the model before a step, if that one is going to be looked at."""
        if self._watch is not None and self._watch.expects((self.steps + 1) % self._every == 0):
            self._watch.before(self._model)

    def _note(self, loss: float) -> None:
        assert self._losses is not None
        self._is_untold = False
        self._losses.write(self.steps, loss)

    def _note_untold(self) -> None:
        if self._is_untold:
            self._note(nan)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        losses = self._losses
        assert losses is not None
        try:
            if error is None:
                self._note_untold()
            # After an error the parameters may be anywhere between two steps.
            if error is None and self._kept != self.steps and self.steps not in recorded_steps(self._folder):
                self._keep()
            if error is None and self._watch is not None:
                self._watch.last(self.steps, self._model)
        finally:
            self._losses = None
            losses.close()

    def _keep(self) -> None:
        if _manifest_of(self._model, self._manifest.every) != self._manifest:
            raise CheckpointError(
                f"expected the parameters and buffers that the model had when {self._folder} was begun, on step "
                f"{self.steps}; names, shapes or dtypes are others now: record the changed model to another folder"
            )
        write_weights(unwrapped(own_weights(self._model)), self._folder / step_name(self.steps))
        sync_folder(self._folder)
        self._kept = self.steps


@checked_but("optimizer", "watch")
def record(
    model: nn.Module,
    to: Path | str,
    every: int = 10,
    *,
    resume: bool | int = False,
    optimizer: torch.optim.Optimizer | None = None,
    watch: Watching | None = None,
) -> Recorder:
    """Record the parameters that training goes through, to be read by `explorer.open_trajectory`.

        with explorer.record(model, to="runs/t", every=10) as recorder:
            for x, y in batches:
                loss = loss_of(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                recorder.step(loss)

    With `optimizer` its steps are counted as it takes them, and nothing has to be said in the loop, which may be
    another library's; `recorder.step(loss)` then tells the loss of the step before. A loss that is not told is NaN.

    Kept are step 0, every `every`-th step, and the last one of a block that ends without an error: each a safetensors
    file of its own with parameters (trained and frozen, a shared one once) and buffers. Theta has no buffers in it, but
    a checkpoint without BatchNorm's running statistics would not be the network that was trained. The losses of all
    steps are in losses.csv. The model stays as it is; one copy of it at a time is in memory.

    A kill at any moment loses at most the step that is being written: files appear under their names when they are
    whole and on disk. Of several processes that train one model together, one records.

    Args:
        model: on any device, of any dtypes.
        to: folder, new or empty.
        every: steps between two recorded ones.
        resume: go on with what is in the folder. True: from the latest recorded step whose parameters are the model's
            own now; a number: from that step. What was recorded after it is deleted.
        optimizer: whose steps are counted; of several that take turns the one that closes a round.
        watch: looks at the model at steps that are recorded, the first and the last among them, such as an
            `explorer.watch.Watch`.

    Raises:
        ValueError: every below 1, a model without parameters, or an optimizer of none of them.
        TypeError: the optimizer is none of torch's, or the watch none.
        CheckpointError: the folder holds something else, or a recording and `resume` is False or does not fit it.
    """
    if every < 1:
        raise ValueError(f"expected every of at least 1; got {every}")
    if next(model.parameters(), None) is None:
        raise ValueError(f"expected a model with parameters to record; {type(model).__name__} has none")
    if optimizer is not None:
        _check_optimizer(model, optimizer)
    if watch is not None and not isinstance(watch, Watching):
        raise TypeError(f"expected watch=Watch(objective, ...), of explorer.watch; got {type(watch).__name__}")
    return Recorder(model, Path(to), every, resume, optimizer, watch)


def _check_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"expected optimizer to be a torch.optim.Optimizer; got {type(optimizer).__name__}")
    own = {id(parameter) for parameter in model.parameters()}
    if not any(id(parameter) in own for group in optimizer.param_groups for parameter in group["params"]):
        raise ValueError(
            f"expected an optimizer of the recorded model's parameters; none of {type(model).__name__}'s are in this "
            "one: make it from model.parameters()"
        )


def _rate_of(optimizer: torch.optim.Optimizer | None) -> float | None:
    """Return the learning rate of an optimizer, where all of its groups have one."""
    rates = set() if optimizer is None else {float(group["lr"]) for group in optimizer.param_groups if "lr" in group}
    return rates.pop() if len(rates) == 1 else None


def _number(loss: float | Tensor) -> float:
    if isinstance(loss, Tensor) and loss.numel() != 1:
        raise ValueError(f"expected the loss of a step as one number; got a tensor {tuple(loss.shape)}")
    return float(loss.detach() if isinstance(loss, Tensor) else loss)


def _manifest_of(model: nn.Module, every: int) -> Manifest:
    weights = unwrapped(own_weights(model))
    count = len(list(model.parameters()))
    entries: Entries = [(name, tuple(each.shape), str(each.dtype)) for name, each in weights.items()]
    return Manifest(type(model).__name__, every, entries[:count], entries[count:])


def _begun(folder: Path, manifest: Manifest) -> None:
    """Make the folder of a new recording."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        other = sorted(each.name for each in folder.iterdir() if not each.name.endswith(".partial"))
        if other:
            raise CheckpointError(f"expected a new or empty folder to record to; {folder} holds {other[0]!r}")
        write_whole(folder / MANIFEST, manifest.text().encode())
        write_whole(folder / LOSSES, HEADER.encode())
    except OSError as error:
        raise CheckpointError(f"expected a folder that can be written to; got {error}") from error


def _continued(folder: Path, manifest: Manifest, resume: bool | int, own: dict[str, Tensor]) -> int:
    """Return the step from which a recording goes on, with all that came after it deleted."""
    files, losses = recorded_steps(folder), read_losses(folder)
    if not files:
        write_whole(folder / MANIFEST, manifest.text().encode())
        write_whole(folder / LOSSES, HEADER.encode())
        return 0
    last = max([*files, *losses])
    if resume is False:
        raise CheckpointError(
            f"{folder} holds a recording of {last} steps: go on with it by resume=True, or choose another folder"
        )
    if read_manifest(folder) != manifest:
        raise CheckpointError(
            f"expected the model and every={read_manifest(folder).every} that {folder} was begun with; got others: "
            "record to another folder"
        )
    step = _same(files, manifest, own, folder) if resume is True else resume
    if not 0 <= step <= last:
        raise CheckpointError(f"expected resume to be a step from 0 to {last} of {folder}; got {step}")
    kept = "".join(f"{number},{loss!r}\n" for number, loss in losses.items() if number <= step)
    # The losses first, then the latest step first: a kill in between leaves a shorter recording.
    write_whole(folder / LOSSES, f"{HEADER}{kept}".encode())
    for number in reversed([number for number in files if number > step]):
        files[number].unlink()
    return step


def _same(files: dict[int, Path], manifest: Manifest, own: dict[str, Tensor], folder: Path) -> int:
    names = [name for name, _, _ in manifest.parameters]
    for step in reversed(files):
        weights = read_weights(files[step])
        if all(name in weights and torch.equal(weights[name], own[name].detach().cpu()) for name in names):
            return step
    raise CheckpointError(
        f"expected the model at one of the steps recorded in {folder}, to go on from there; its parameters are others: "
        f"load {step_name(max(files))} into it, or say resume=STEP"
    )
