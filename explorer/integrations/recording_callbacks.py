"""Callbacks that record a training as `explorer.record` does, for trainers that own the loop."""

from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

from explorer.checkpoints import Recorder, record


class _Open:
    """A recording that is open from one call of a trainer to another."""

    def __init__(self, to: Path | str, every: int, resume: bool | int) -> None:
        self._how = to, every, resume
        self._stack = ExitStack()
        self.recorder: Recorder

    def begin(self, model: Any) -> None:
        to, every, resume = self._how
        self.recorder = self._stack.enter_context(record(model, to, every, resume=resume))

    def end(self, error: BaseException | None = None) -> None:
        self._stack.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)


def lightning_callback(to: Path | str, every: int = 10, *, resume: bool | int = False) -> Any:
    """Return a callback for lightning.Trainer(callbacks=[...]) that records the module's parameters, with the loss of
    each step: under gradient accumulation the mean over its batches.

    Args:
        to, every, resume: as of `explorer.record`.

    Raises:
        ModuleNotFoundError: there is no lightning.
    """
    base = import_module("lightning").Callback

    class Recording(base):  # type: ignore[misc, valid-type]
        """Records between the beginning and the end of a fit, an error included."""

        def __init__(self) -> None:
            self._open = _Open(to, every, resume)
            self._step, self._loss = 0, 0.0

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            self._open.begin(pl_module)
            self._step, self._loss = trainer.global_step, 0.0

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
            # Lightning has divided each by the number of batches that are accumulated.
            self._loss += float(outputs["loss"] if isinstance(outputs, dict) else outputs)
            if trainer.global_step > self._step:
                self._open.recorder.step(self._loss)
                self._step, self._loss = trainer.global_step, 0.0

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            self._open.end()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            self._open.end(exception)

    return Recording()


def hugging_face_callback(to: Path | str, every: int = 10, *, resume: bool | int = False) -> Any:
    """Return a callback for transformers.Trainer(callbacks=[...]) that records the model's parameters; with the loss of
    each step where the trainer logs every step (logging_steps=1), else with none: what it logs is then a mean of many.

    Args:
        to, every, resume: as of `explorer.record`.

    Raises:
        ModuleNotFoundError: there is no transformers.
    """
    base = import_module("transformers").TrainerCallback

    class Recording(base):  # type: ignore[misc, valid-type]
        """Records between the beginning and the end of a training."""

        def __init__(self) -> None:
            self._open = _Open(to, every, resume)

        def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            self._open.begin(given["model"])

        def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            self._open.recorder.step()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
            # It comes after the end of the step that it tells of, and once more at the end of training.
            if args.logging_steps == 1 and "loss" in (logs or {}):
                self._open.recorder.tell(logs["loss"])

        def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            self._open.end()

    return Recording()
