"""Objective: a model with one loss on data, or with named terms, as a function of theta."""

import copy
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from explorer.batchnorm import recompute_batchnorm
from explorer.blocks import Data, read_data
from explorer.errors import ObjectiveError
from explorer.memory import saved_bytes
from explorer.parameters import Layout, layout_of, sha256
from explorer.problem import Composite, Loss, Metric, Outcome, Supervised, Term, problem_of
from explorer.samples import Batch, Samples
from explorer.soundness import (
    refuse_different,
    refuse_not_additive,
    refuse_not_mean,
    refuse_not_scalar,
    refuse_other_kind,
)

_BLOCK = 64 << 20
"""Bytes that one block of data may keep for its backward pass; larger blocks run no faster on common processors."""
_LITTLE = 1 << 20
"""Below so many products of samples and parameters a block is never too large to be evaluated at once."""


class Objective:
    """theta [P] -> scalar, for any `nn.Module`; the model given is copied, never changed.

    The copy is in eval mode and its buffers are cloned for every evaluation, so that evaluating leaves no trace.
    One point is written; `torch.func.vmap(objective)` makes it many, `torch.func.grad(objective)` differentiates.
    Threads may share an objective: they take turns.

    Args:
        model: with real floating parameters of one dtype on one device.
        loss: (prediction, target) -> scalar, a mean over samples.
        data: (inputs [D, ...], targets [D, ...]), or an iterable of such batches (a `DataLoader`): read once and kept
            on the model's device if they fit into half of what is free there, else read again for every pass.
        terms: instead of loss and data: name -> (model -> scalar).
        weights: name of a term -> its factor in the sum; 1 where not given.
        metrics: name -> (prediction, target) -> scalar, a mean over samples; of terms: name -> (model -> scalar).
            Measured in the same pass, never differentiated.
        parameters: names of parameters or of submodules that theta is made of; the others stay as they are.
        batchnorm: "eval" normalizes by the model's running statistics, "recompute" by those of the whole data at each
            theta (all data are then evaluated at once).
        test_data: as data: loss and metrics are measured on them as well, as test_loss, test_<metric>.

    Raises:
        ObjectiveError: these do not make one scalar, of the model's dtype, that is the same at every evaluation.
    """

    source: Mapping[str, Any] = {}
    """How to make this objective again: {"factory": "module:function", "kwargs": {...}}; empty if not known."""

    def __init__(
        self,
        model: nn.Module,
        loss: Loss | None = None,
        data: Batch | Iterable[Batch] | None = None,
        *,
        terms: Mapping[str, Term] | None = None,
        weights: Mapping[str, float] | None = None,
        metrics: Mapping[str, Metric] | None = None,
        parameters: Sequence[str] | None = None,
        batchnorm: Literal["eval", "recompute"] = "eval",
        test_data: Batch | Iterable[Batch] | None = None,
    ) -> None:
        self.problem: Supervised | Composite = problem_of(loss, data, terms, weights, metrics, test_data)
        own = _copied(model, batchnorm)
        self.batchnorm = batchnorm
        self.layout: Layout = layout_of(own, parameters)
        self._keep(own, self.layout.flatten(dict(own.named_parameters())))
        self._data = read_data(data, self.device) if data is not None else None
        self._test = read_data(test_data, self.device) if test_data is not None else None
        self._lock = threading.Lock()
        _check(self)

    @property
    def theta(self) -> Tensor:
        """A copy of the model's own parameters, theta [P]."""
        return self._theta.clone()

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of theta and of the result."""
        return self._theta.dtype

    @property
    def device(self) -> torch.device:
        """Where theta and the data are."""
        return self._theta.device

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
        return any(data is not None and not data.tensors for data in (self._data, self._test))

    def owner(self, name: str) -> nn.Module:
        """Return the module, of this objective's copy, that holds the parameter `name` of the layout."""
        return self._bound.model.get_submodule(name.rpartition(".")[0])

    def modules(self) -> Iterator[nn.Module]:
        """Yield the modules of this objective's copy of the model, for looking at."""
        yield from self._bound.model.modules()

    def __call__(self, theta: Tensor) -> Tensor:
        """Return the objective at theta [P]: the loss, or the weighted sum of the terms; a scalar."""
        return self.combine(self.terms(theta))

    def terms(self, theta: Tensor) -> dict[str, Tensor]:
        """Return name -> unweighted scalar at theta [P]; {"loss": ...} for a plain loss.

        Raises:
            ObjectiveError: theta has another shape or dtype than the model's own.
        """
        return _weighted_sum((part.share, part.measure(theta).terms) for part in self.parts())

    def metrics(self, theta: Tensor) -> dict[str, Tensor]:
        """Return name -> scalar at theta [P] for all of `metric_names`."""
        own = _weighted_sum((part.share, part.measure(theta).metrics) for part in self.parts())
        return own | _weighted_sum((part.share, part.measure(theta).metrics) for part in self.test_parts())

    def parts(self) -> Iterator["Part"]:
        """Yield the objective block by block: objective(theta) is the sum of share * part(theta)."""
        yield from _parts(self, self._data, self.problem)

    def test_parts(self) -> Iterator["Part"]:
        """Yield the measurements on the test data block by block; their terms are empty."""
        if self._test is None or isinstance(self.problem, Composite):
            return
        before = self._data.first.inputs if self._data is not None and self.batchnorm == "recompute" else None
        for part in _parts(self, self._test, partial(self.problem.test, before=before)):
            yield replace(part, trains=False)

    def combine(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum of terms (name -> tensor, all of one shape)."""
        weights = self.problem.weights
        weighted = [weights[name] * terms[name] if weights[name] != 1.0 else terms[name] for name in terms]
        return sum(weighted[1:], start=weighted[0])

    def own_value(self) -> dict[str, float]:
        """Return loss, terms and metrics of the model as it is, by calling it: theta plays no part.

        What `objective(objective.theta)` must agree with.
        """
        model = copy.deepcopy(self._bound.model)
        needs_grad = isinstance(self.problem, Composite)
        with torch.random.fork_rng(devices=self._forked()), torch.set_grad_enabled(needs_grad):
            found = [(part.share, self.problem(model, *_given(part.samples))) for part in self.parts()]
        terms = _weighted_sum((share, outcome.terms) for share, outcome in found)
        metrics = _weighted_sum((share, outcome.metrics) for share, outcome in found)
        values = {"loss": self.combine(terms)} | (terms if len(terms) > 1 else {}) | metrics
        return {name: float(value.detach()) for name, value in values.items()}

    def to(self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Objective":
        """Return the objective on another device or in another dtype; this one stays as it is.

        Terms are the user's functions: tensors that they hold do not move, and a mismatch is refused.
        """
        changed = copy.copy(self)
        changed.problem = self.problem.to(device, dtype)
        changed._data = self._data.to(device, dtype) if self._data is not None else None
        changed._test = self._test.to(device, dtype) if self._test is not None else None
        model = copy.deepcopy(self._bound.model).to(device=device, dtype=dtype)
        changed._keep(model, self._theta.to(device=device, dtype=dtype, copy=True))
        changed._lock = threading.Lock()
        _check(changed)
        return changed

    def describe(self) -> dict[str, Any]:
        """Return what was measured, for provenance: model, parameters, loss or weighted terms, data; JSON-ready."""
        description: dict[str, Any] = {
            "model": type(self._bound.model).__name__,
            "parameters": self.layout.size,
            "theta_sha256": sha256(self._theta),
            "metrics": list(self.metric_names),
            "batchnorm": self.batchnorm,
            **self.problem.describe(),
        }
        # What theta leaves out, and the buffers, belong to the model as well.
        description["rest_sha256"] = sha256(*self._rest().values())
        data = {"data": self._data, "test_data": self._test}
        return description | {name: each.describe() for name, each in data.items() if each is not None}

    def resident(self) -> list[Tensor]:
        """Return the tensors that all points share: the data, the model's buffers and its other parameters."""
        data = [tensor for each in (self._data, self._test) if each is not None for tensor in each.tensors]
        return [*data, *self._rest().values(), self._theta]

    def _rest(self) -> dict[str, Tensor]:
        others = {name: p for name, p in self._bound.model.named_parameters() if name not in self.layout.shapes}
        return {**others, **dict(self._bound.model.named_buffers())}

    def _keep(self, model: nn.Module, theta: Tensor) -> None:
        """Hold the model with its parameters as views of theta, so that they take memory once."""
        params = dict(model.named_parameters())
        for name, view in self.layout.unflatten(theta).items():
            params[name].data = view
        self._bound, self._theta = _Bound(model), theta
        self._buffers = {f"model.{name}": buffer for name, buffer in model.named_buffers()}

    def _forked(self) -> list[torch.device]:
        return [self.device] if self.device.type == "cuda" else []

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_bound", "_buffers")}
        model = copy.deepcopy(self._bound.model)
        for parameter in model.parameters():
            # A view would take all of theta with it.
            parameter.data = parameter.data.clone()
        return kept | {"model": model}

    def __setstate__(self, state: dict[str, Any]) -> None:
        model = state.pop("model")
        self.__dict__ |= state
        self._keep(model, self._theta)
        self._lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Part:
    """An objective on one block of its data, as a function of theta."""

    objective: Objective
    share: float
    """Of the samples; the shares of all parts sum to 1."""
    evaluate: Callable[..., Outcome]
    samples: Samples | None = None
    """None where the terms hold their own data."""
    trains: bool = True
    """Whether it is a part of the objective, or a measurement on test data beside it."""

    def __call__(self, theta: Tensor) -> Tensor:
        """Return the block's loss, or the weighted sum of the terms, at theta [P]; a scalar."""
        return self.objective.combine(self.measure(theta).terms)

    def measure(self, theta: Tensor) -> Outcome:
        """Return the block's terms and metrics at theta [P].

        Raises:
            ObjectiveError: theta has another shape or dtype than the model's own.
        """
        whole = self.objective
        if theta.shape != whole._theta.shape or theta.dtype != whole.dtype:
            raise ObjectiveError(
                f"expected theta of shape {tuple(whole._theta.shape)} and {whole.dtype}; got {tuple(theta.shape)} and "
                f"{theta.dtype}: for many points use torch.func.vmap(objective) or explorer.sweep"
            )
        params = {f"model.{name}": value for name, value in whole.layout.unflatten(theta).items()}
        buffers = {name: buffer.clone() for name, buffer in whole._buffers.items()}
        # functional_call swaps the tensors of the shared module for a moment, which two threads must not do at once.
        with whole._lock, _differentiable_attention():
            result: Outcome = functional_call(whole._bound, params | buffers, (self.evaluate, *_given(self.samples)))
        return result


class _Bound(nn.Module):
    """The model as a submodule, so that `functional_call` can put theta under a function that takes the model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, evaluate: Callable[..., Outcome], *given: Tensor) -> Outcome:
        return evaluate(self.model, *given)


@contextmanager
def _differentiable_attention() -> Iterator[None]:
    """Keep attention on its plain path: torch's fused ones have no second derivative and no rule for `vmap`."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _given(samples: Samples | None) -> tuple[Tensor, ...]:
    return () if samples is None else (samples.inputs, samples.targets)


def _parts(objective: Objective, data: Data | None, evaluate: Callable[..., Outcome]) -> Iterator[Part]:
    if data is None:
        yield Part(objective, 1.0, evaluate)
        return
    for samples in data.blocks():
        yield Part(objective, len(samples) / len(data), evaluate, samples)


def _weighted_sum(parts: Iterable[tuple[float, Mapping[str, Tensor]]]) -> dict[str, Tensor]:
    total: dict[str, Tensor] = {}
    for share, values in parts:
        for name, value in values.items():
            # A share of 1 changes no bit.
            value = value if share == 1.0 else share * value
            total[name] = total[name] + value if name in total else value
    return total


def _copied(model: nn.Module, batchnorm: str) -> nn.Module:
    if batchnorm not in ("eval", "recompute"):
        raise ObjectiveError(f'expected batchnorm "eval" or "recompute"; got {batchnorm!r}')
    lazy = [name for name, p in model.named_parameters() if isinstance(p, nn.UninitializedParameter)]
    if lazy:
        raise ObjectiveError(f"expected a model with shapes; {lazy[0]!r} has none yet: call the model on a batch first")
    try:
        own = copy.deepcopy(model).eval().requires_grad_(False)
    except Exception as error:
        raise ObjectiveError(f"expected a model that copy.deepcopy can copy; it raised {error!r}") from error
    return recompute_batchnorm(own) if batchnorm == "recompute" else own


def _check(objective: Objective) -> None:
    """Refuse what is unsound, and choose the size of blocks between the checks that need one sample and many."""
    for data in (objective._data, objective._test):
        if data is not None:
            refuse_other_kind(data.first[:1], objective.dtype, objective.device)
    try:
        # A term may call autograd itself, so gradients stay possible even where the caller has turned them off.
        with torch.random.fork_rng(devices=objective._forked()), torch.enable_grad():
            _choose_blocks(objective)
            _check_values(objective)
    except (RuntimeError, TypeError, IndexError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise ObjectiveError(f"expected model, loss and data that fit; evaluating them failed: {error}") from error


def _choose_blocks(objective: Objective) -> None:
    data = objective._data
    if data is None:
        return
    if objective.batchnorm == "recompute":
        if objective.streamed:
            raise ObjectiveError(
                'batchnorm="recompute" evaluates all data at once, and these do not fit in memory: give fewer samples'
            )
        objective._test = objective._test.in_blocks(len(objective._test)) if objective._test else None
        return
    if len(data) * objective.layout.size <= _LITTLE:
        return
    probe = data.first[:2]
    part = Part(objective, 1.0, objective.problem, probe)
    theta = objective.theta.requires_grad_()
    each = saved_bytes(lambda: part(theta), [*objective.resident(), theta]) / len(probe)
    size = max(1, int(_BLOCK / max(each, 1)))
    objective._data = data.in_blocks(size)
    objective._test = objective._test.in_blocks(size) if objective._test is not None else None


def _check_values(objective: Objective) -> None:
    first, second = (_first_outcome(objective) for _ in range(2))
    refuse_not_scalar({**first.terms, **first.metrics}, objective.dtype, objective.device)
    refuse_different({**first.terms, **first.metrics}, {**second.terms, **second.metrics})
    for part in objective.test_parts():
        part.measure(objective.theta)
        break
    if isinstance(objective.problem, Supervised) and objective._data is not None:
        _check_mean(objective, objective.problem, objective._data)


def _first_outcome(objective: Objective) -> Outcome:
    outcome = next(objective.parts()).measure(objective.theta)
    return Outcome(*({name: _detached(value) for name, value in values.items()} for values in outcome))


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, Tensor) else value


def _check_mean(objective: Objective, problem: Supervised, data: Data) -> None:
    # With buffers of its own: a forward pass may count in them.
    model, samples = objective._bound.model, data.first
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    with torch.no_grad():
        prediction = functional_call(model, buffers, (samples.inputs,))
        if not isinstance(prediction, Tensor) or not prediction.dim():
            return
        refuse_not_mean(problem.loss, prediction, samples.targets)
        if len(samples) < len(data):
            refuse_not_additive(problem.loss, prediction, samples.targets)
