"""Objective: a model with one loss on data, or with named terms, as a function of theta."""

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from explorer.numerics.devices import check_device
from explorer.numerics.dtypes import check_dtype
from explorer.numerics.fingerprint import sha256
from explorer.numerics.rounding import eps_of, exact_products
from explorer.numerics.text import batches_text
from explorer.numerics.turn import TURN
from explorer.objective.attributes import computed_before
from explorer.objective.batchnorm import recompute_batchnorm
from explorer.objective.blocks import Part, given, parts_of, weighted_sum
from explorer.objective.copies import copied, own_copy
from explorer.objective.data import Resident
from explorer.objective.loaders.batch_data import Batches
from explorer.objective.loaders.readers import Count, Reader, reader_for
from explorer.objective.model import Binding
from explorer.objective.parameters import Layout, layout_of, trainable
from explorer.objective.placements import Placement
from explorer.objective.terms import Loss, Metric, Problem, Supervised, Term, TermsFunction, problem_of
from explorer.objective.trials.trial import Trial, tested
from explorer.signature import checked, checked_but


class Objective:
    """theta [P] -> scalar, for any `nn.Module`; the model given is copied, never changed.

    The copy is in eval mode and its buffers are cloned for every evaluation, so that evaluating leaves no trace.
    One point is written; `torch.func.vmap(objective)` makes it many, `torch.func.grad(objective)` differentiates.
    Threads may share an objective: they take turns.

    Args:
        model: with floating-point parameters, or complex ones, which are two entries of theta each, on one device.
        loss: (prediction, target) -> scalar, a mean over samples.
        data: (inputs [D, ...], targets [D, ...]), or an iterable of such batches (a `DataLoader`): read once and kept
            on the model's device if they fit into half of what is free there, else read again for every pass.
        batch_loss: instead of loss: (model, batch) -> scalar, or name -> scalar, of batches of any structure. They are
            kept as they are; the function gets a copy, with the same tensors. Metrics: (model, batch) -> scalar.
        count: batch -> over how much its means are taken; its share is its count over the sum of all. Not needed where
            all tensors have one leading size over which batch_loss is seen to be a mean, or for a single batch.
        terms: instead of loss and data: name -> (model -> scalar), or one function model -> (name -> scalar).
        weights: name of a term -> its factor in the sum; 1 where not given.
        metrics: name -> (prediction, target) -> scalar, a mean over samples; of terms: name -> (model -> scalar).
            Measured in the same pass, never differentiated.
        parameters: names of parameters or of submodules that theta is made of, or "trainable" for those that require a
            gradient; the others stay as they are.
        batchnorm: "eval" normalizes by the model's running statistics, "recompute" by those of the whole data at each
            theta (all data are then evaluated at once).
        test_data: as data: loss and metrics are measured on them as well, as test_loss, test_<metric>.

    Raises:
        ObjectiveError: these do not make one scalar, of the model's dtype, that is the same at every evaluation.
    """

    source: Mapping[str, Any] = {}
    """How to make this objective again: {"factory": "module:function", "kwargs": {...}}; empty if not known. To be set
    by whoever sweeps from Python and wants exact values on the page, or workers on other machines."""

    rounding: float
    """Relative, of the value: that of theta's dtype, or of a shorter one on the way from it (autocast too)."""

    @checked_but("count")
    def __init__(
        self,
        model: nn.Module,
        loss: Loss | None = None,
        data: Any = None,
        *,
        batch_loss: TermsFunction | None = None,
        count: Count | None = None,
        terms: Mapping[str, Term] | TermsFunction | None = None,
        weights: Mapping[str, float] | None = None,
        metrics: Mapping[str, Metric] | None = None,
        parameters: Sequence[str] | Literal["trainable"] | None = None,
        batchnorm: Literal["eval", "recompute"] = "eval",
        test_data: Any = None,
    ) -> None:
        self.problem: Problem = problem_of(loss, terms, batch_loss, weights, metrics, data, test_data)
        chosen = trainable(model) if parameters == "trainable" else parameters
        own = own_copy(model, batchnorm)
        self.batchnorm = batchnorm
        self._binding = Binding(own, layout_of(own, chosen))
        with self._undisturbed():
            reader = reader_for(self.problem, count)
            self._data, self._test = (reader.read(each, self.device) for each in (data, test_data))
            unused, trial = self._binding.unused(), self._trial()
            self._admit(trial, reader)
            trial.refuse_apart(list(model.parameters()), computed_before(model, own), unused)

    def __repr__(self) -> str:
        described = self.describe()
        measured = f"; {', '.join(self.metric_names)}" if self.metric_names else ""
        lines = [
            f"Objective of {described['model']}: {self.layout.size:,} parameters, {self.dtype} on {self.device}",
            f"  loss: {described['loss']}{measured}",
            f"  data: {_told(described.get('data'))}",
            f"  theta is placed as {self.placement.value}; BatchNorm: {self.batchnorm}",
        ]
        return "\n".join(lines)

    @property
    def layout(self) -> Layout:
        """Which parameters theta holds, and where."""
        return self._binding.layout

    @property
    def theta(self) -> Tensor:
        """A copy of the model's own parameters, theta [P]."""
        return self._binding.theta.clone()

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of theta and of the result."""
        return self._binding.theta.dtype

    @property
    def device(self) -> torch.device:
        """Where theta and the data are."""
        return self._binding.theta.device

    @property
    def term_names(self) -> tuple[str, ...]:
        """The names of the terms; ("loss",) for a plain loss."""
        return self.problem.term_names

    @property
    def weights(self) -> dict[str, float]:
        """Name of a term -> its factor in the sum."""
        return dict(self.problem.weights)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What is measured beside the objective: the metrics, and loss and metrics on the test data."""
        names = tuple(self.problem.metrics)
        return names + (tuple(f"test_{name}" for name in ("loss", *names)) if self._test is not None else ())

    @property
    def streamed(self) -> bool:
        """Whether the data are read again for every pass."""
        return any(data is not None and data.streamed for data in (self._data, self._test))

    @property
    def in_batches(self) -> bool:
        """Whether what is evaluated at once is decided by the data: batches of any structure, or streamed ones."""
        return self.streamed or isinstance(self._data, Batches)

    @property
    def placement(self) -> Placement:
        """How theta is put under the model; as views of theta unless the model asks for more."""
        return self._binding.placement

    def owner(self, name: str) -> nn.Module:
        """Return the module, of this objective's copy, that holds the parameter `name` of the layout."""
        return self._binding.model.get_submodule(name.rpartition(".")[0])

    def modules(self) -> Iterator[nn.Module]:
        """Yield the modules of this objective's copy of the model, for looking at."""
        yield from self._binding.model.modules()

    def __call__(self, theta: Tensor) -> Tensor:
        """Return the objective at theta [P]: the loss, or the weighted sum of the terms; a scalar, which autograd can
        differentiate. `torch.func` takes what its transforms take; `torch.autograd.functional.hessian` takes every
        model, those with activation checkpointing too."""
        return self.combine(self.terms(theta))

    def terms(self, theta: Tensor) -> dict[str, Tensor]:
        """Return name -> unweighted scalar at theta [P]; {"loss": ...} for a plain loss.

        Raises:
            ObjectiveError: theta has another shape or dtype than the model's own.
        """
        return weighted_sum((part.share, part.measure(theta).terms) for part in self.parts())

    def metrics(self, theta: Tensor) -> dict[str, Tensor]:
        """Return name -> scalar at theta [P] for all of `metric_names`."""
        own = weighted_sum((part.share, part.measure(theta).metrics) for part in self.parts())
        return own | weighted_sum((part.share, part.measure(theta).metrics) for part in self.test_parts())

    def parts(self) -> Iterator[Part]:
        """Yield the objective block by block: objective(theta) is the sum of share * part(theta)."""
        yield from parts_of(self._binding, self.problem, self._data, self.problem)

    def test_parts(self) -> Iterator[Part]:
        """Yield the measurements on the test data block by block; their terms are empty."""
        if self._test is not None:
            evaluate = tested(self.problem, self._data, whole=self.batchnorm == "recompute")
            yield from parts_of(self._binding, self.problem, self._test, evaluate, trains=False)

    def combine(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum of terms (name -> tensor, all of one shape)."""
        return self.problem.combine(terms)

    def own_value(self) -> dict[str, float]:
        """Return loss, terms and metrics of the model as it is, by calling it: theta plays no part.

        What `objective(objective.theta)` must agree with.
        """
        model = copied(self._binding.model).requires_grad_(self.placement is not Placement.VIEWS)
        needs_grad = not isinstance(self.problem, Supervised)
        with self._undisturbed(), torch.set_grad_enabled(needs_grad):
            found = [(part.share, self.problem(model, *given(part.samples))) for part in self.parts()]
        terms = weighted_sum((share, outcome.terms) for share, outcome in found)
        metrics = weighted_sum((share, outcome.metrics) for share, outcome in found)
        values = {"loss": self.combine(terms)} | (terms if len(terms) > 1 else {}) | metrics
        return {name: float(value.detach()) for name, value in values.items()}

    @checked_but("dtype", "device")
    def to(self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Objective":
        """Return the objective on another device or in another dtype; this one stays as it is.

        Terms are the user's functions: tensors that they hold do not move, and a mismatch is refused.

        Raises:
            TypeError: dtype is none of torch's.
            ValueError: it holds no fractions, or the device is not there.
        """
        check_dtype(dtype)
        check_device(device)
        changed = copy.copy(self)
        changed.problem = self.problem.to(device, dtype)
        changed._data = self._data.to(device, dtype) if self._data is not None else None
        changed._test = self._test.to(device, dtype) if self._test is not None else None
        changed._binding = self._binding.to(device, dtype)
        with changed._undisturbed():
            changed._admit(changed._trial(), None)
        return changed

    @checked
    def with_buffers(self, buffers: Mapping[str, Tensor]) -> "Objective":
        """Return the objective with other buffers of its model, name -> tensor, such as the BatchNorm statistics that
        were saved with another theta; the others stay. It shares everything else."""
        if not buffers or self.batchnorm == "recompute":
            return self
        changed = copy.copy(self)
        changed._binding = self._binding.with_buffers(buffers)
        return changed

    def with_recomputed_batchnorm(self) -> "Objective":
        """Return the objective with batchnorm="recompute": BatchNorm normalizes by the statistics of the whole data at
        each theta, all of which are then evaluated at once. It keeps its source.

        Raises:
            ObjectiveError: the data do not fit in memory at once, or the objective does not allow it.
        """
        if self.batchnorm == "recompute":
            return self
        changed = copy.copy(self)
        changed.batchnorm = "recompute"
        model = recompute_batchnorm(copied(self._binding.model))
        changed._binding = Binding(model, self.layout, self.theta, self.placement)
        if isinstance(self._data, Resident):
            changed._data = self._data.in_blocks(len(self._data))
        if self.source:
            changed.source = {**self.source, "batchnorm": "recompute"}
        with changed._undisturbed():
            changed._admit(changed._trial(), None)
        return changed

    def describe(self) -> dict[str, Any]:
        """Return what was measured, for provenance: model, parameters, loss or weighted terms, data; JSON-ready."""
        description: dict[str, Any] = {
            "model": type(self._binding.model).__name__,
            "structure_sha256": _structure(self._binding.model),
            "parameters": self.layout.size,
            "theta_sha256": sha256(self._binding.theta),
            "metrics": list(self.metric_names),
            "batchnorm": self.batchnorm,
            **self.problem.describe(),
        }
        # What theta leaves out, and the buffers, belong to the model as well.
        description["rest_sha256"] = sha256(*self._binding.rest.values())
        data = {"data": self._data, "test_data": self._test}
        return description | {name: each.describe() for name, each in data.items() if each is not None}

    def resident(self) -> list[Tensor]:
        """Return the tensors that all points share: the data, the model's buffers and its other parameters."""
        data = [tensor for each in (self._data, self._test) if each is not None for tensor in each.tensors]
        return [*data, *self._binding.rest.values(), self._binding.theta]

    def _admit(self, trial: Trial, reader: Reader | None) -> None:
        trial.admit(reader)
        self.problem, self._data, self._test = trial.problem, trial.data, trial.test_data
        least = eps_of(self._binding.theta)
        self.rounding = max(trial.roundings.get(name, least) for name in self.term_names)

    def _trial(self) -> Trial:
        return Trial(self._binding, self.problem, self._data, self._test, self.batchnorm == "recompute")

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Keep the caller's random numbers where they are; a term may call autograd itself, so gradients stay possible
        even where the caller has turned them off."""
        devices = [self.device] if self.device.type == "cuda" else []
        with TURN, torch.random.fork_rng(devices=devices), torch.enable_grad(), exact_products(self.device):
            yield


def _structure(model: nn.Module) -> str:
    """Return the SHA-256 of how a model prints itself: its modules with their options, but no addresses in memory."""
    return hashlib.sha256(re.sub(r" at 0x[0-9a-f]+", "", repr(model)).encode()).hexdigest()


def remade(made: Objective, source: Mapping[str, Any]) -> Objective:
    """Return an objective that a source's factory has made, as the source says besides, with that source."""
    made.source = source
    return made.with_recomputed_batchnorm() if source.get("batchnorm") == "recompute" else made


def _told(data: Mapping[str, Any] | None) -> str:
    """Return in a few words how much data there are."""
    if data is None:
        return "held by the terms"
    if "batches" in data:
        return batches_text(data["batches"], data["count"])
    return f"{data['inputs'][0]:,} samples, {data['inputs']} -> {data['targets']}"
