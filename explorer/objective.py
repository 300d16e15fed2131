"""Objective: a model with one loss on data, or with named terms, as a function of theta."""

import copy
import hashlib
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from explorer.errors import ObjectiveError
from explorer.parameters import Layout, layout_of
from explorer.samples import Batch, Samples, read_samples
from explorer.soundness import refuse_broadcast, refuse_different, refuse_not_mean, refuse_not_scalar, refuse_other_kind

Term = Callable[[nn.Module], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


class Objective:
    """theta [P] -> scalar, for any `nn.Module`; the model given is copied, never changed.

    The copy is in eval mode and its buffers are cloned for every evaluation, so that evaluating leaves no trace.
    One point is written; `torch.func.vmap(objective)` makes it many, `torch.func.grad(objective)` differentiates.
    Threads may share an objective: they take turns.

    Args:
        model: with real floating parameters of one dtype on one device.
        loss: (prediction, target) -> scalar, a mean over samples.
        data: (inputs [D, ...], targets [D, ...]), or an iterable of such batches, read once.
        terms: instead of loss and data: name -> (model -> scalar).
        weights: name of a term -> its factor in the sum; 1 where not given.

    Raises:
        ObjectiveError: these do not make one scalar, of the model's dtype, that is the same at every evaluation.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss | None = None,
        data: Batch | Iterable[Batch] | None = None,
        *,
        terms: Mapping[str, Term] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.layout: Layout = layout_of(model)
        self._terms = _named_terms(loss, data, terms)
        self.weights = _full_weights(self._terms, weights)
        self._bound = _Bound(copy.deepcopy(model).eval().requires_grad_(False), self._terms)
        self._theta = self.layout.flatten(dict(self._bound.model.named_parameters()))
        self._buffers = {f"model.{name}": buffer for name, buffer in self._bound.model.named_buffers()}
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
        return tuple(self._terms)

    def __call__(self, theta: Tensor) -> Tensor:
        """Return the objective at theta [P]: the loss, or the weighted sum of the terms; a scalar."""
        return self.combine(self.terms(theta))

    def terms(self, theta: Tensor) -> dict[str, Tensor]:
        """Return name -> unweighted scalar at theta [P]; {"loss": ...} for a plain loss.

        Raises:
            ObjectiveError: theta has another shape or dtype than the model's own.
        """
        if theta.shape != self._theta.shape or theta.dtype != self.dtype:
            raise ObjectiveError(
                f"expected theta of shape {tuple(self._theta.shape)} and {self.dtype}; got {tuple(theta.shape)} and "
                f"{theta.dtype}: for many points use torch.func.vmap(objective) or explorer.sweep"
            )
        params = {f"model.{name}": value for name, value in self.layout.unflatten(theta).items()}
        buffers = {name: buffer.clone() for name, buffer in self._buffers.items()}
        # functional_call swaps the tensors of the shared module for a moment, which two threads must not do at once.
        with self._lock:
            result: dict[str, Tensor] = functional_call(self._bound, params | buffers, ())
        return result

    def combine(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum of terms (name -> tensor, all of one shape)."""
        weighted = [self.weights[name] * terms[name] if self.weights[name] != 1.0 else terms[name] for name in terms]
        return sum(weighted[1:], start=weighted[0])

    def to(self, *, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Objective":
        """Return the objective on another device or in another dtype; this one stays as it is.

        Terms are the user's functions: tensors that they hold do not move, and a mismatch is refused.
        """
        moved_to = copy.copy(self)
        moved_to._terms = {name: _moved_term(term, device, dtype) for name, term in self._terms.items()}
        model = copy.deepcopy(self._bound.model).to(device=device, dtype=dtype)
        moved_to._bound = _Bound(model, moved_to._terms)
        moved_to._theta = self._theta.to(device=device, dtype=dtype, copy=True)
        moved_to._buffers = {f"model.{name}": buffer for name, buffer in model.named_buffers()}
        moved_to._lock = threading.Lock()
        _check(moved_to)
        return moved_to

    def describe(self) -> dict[str, Any]:
        """Return what was measured, for provenance: model, parameters, loss or weighted terms, data; JSON-ready."""
        description: dict[str, Any] = {
            "model": type(self._bound.model).__name__,
            "parameters": self.layout.size,
            "theta_sha256": hashlib.sha256(self._theta.cpu().numpy().tobytes()).hexdigest(),
        }
        for term in self._terms.values():
            if isinstance(term, _DataTerm):
                return description | {"loss": _name(term.loss), "data": term.samples.describe()}
        return description | {"loss": " + ".join(self._terms), "weights": dict(self.weights)}

    def resident(self) -> list[Tensor]:
        """Return the tensors that all points share: the data and the model's buffers."""
        data = [term.samples for term in self._terms.values() if isinstance(term, _DataTerm)]
        return [tensor for part in data for tensor in (part.inputs, part.targets)] + list(self._buffers.values())

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class _DataTerm:
    """A plain loss as a term: model -> loss(model(inputs), targets)."""

    loss: Loss
    samples: Samples

    def __call__(self, model: nn.Module) -> Tensor:
        prediction = model(self.samples.inputs)
        refuse_broadcast(prediction, self.samples.targets)
        return self.loss(prediction, self.samples.targets)


class _Bound(nn.Module):
    """The model with its terms, so that `functional_call` can put theta under a term that takes the model."""

    def __init__(self, model: nn.Module, terms: Mapping[str, Term]) -> None:
        super().__init__()
        self.model = model
        self._named_terms = terms

    def forward(self) -> dict[str, Tensor]:
        return {name: term(self.model) for name, term in self._named_terms.items()}


def _named_terms(loss: Loss | None, data: Any, terms: Mapping[str, Term] | None) -> dict[str, Term]:
    if terms:
        if loss is not None or data is not None:
            raise ObjectiveError("expected either loss and data, or terms; got both: put the loss among the terms")
        return dict(terms)
    if loss is None or data is None:
        raise ObjectiveError("expected loss and data, or terms={name: model -> scalar}; a part of it is missing")
    return {"loss": _DataTerm(loss, read_samples(data))}


def _full_weights(terms: Mapping[str, Term], weights: Mapping[str, float] | None) -> dict[str, float]:
    unknown = set(weights or {}) - set(terms)
    if unknown:
        raise ObjectiveError(f"expected weights of the terms {sorted(terms)}; got also {sorted(unknown)}")
    full = {name: float((weights or {}).get(name, 1.0)) for name in terms}
    if not all(map(math.isfinite, full.values())):
        raise ObjectiveError(f"expected finite weights; got {full}")
    return full


def _moved_term(term: Term, device: torch.device | str | None, dtype: torch.dtype | None) -> Term:
    if not isinstance(term, _DataTerm):
        return term
    loss = copy.deepcopy(term.loss).to(device=device, dtype=dtype) if isinstance(term.loss, nn.Module) else term.loss
    return _DataTerm(loss, term.samples.to(device, dtype))


def _name(loss: Loss) -> str:
    return repr(loss) if isinstance(loss, nn.Module) else getattr(loss, "__name__", type(loss).__name__)


def _check(objective: Objective) -> None:
    for term in objective._terms.values():
        if isinstance(term, _DataTerm):
            refuse_other_kind(term.samples, objective.dtype, objective.device)
    first, second = _evaluate_twice(objective)
    refuse_not_scalar(first, objective.dtype, objective.device)
    refuse_different(first, second)
    for term in objective._terms.values():
        if isinstance(term, _DataTerm):
            _check_mean(objective._bound.model, term)


def _check_mean(model: nn.Module, term: _DataTerm) -> None:
    # With buffers of its own: a forward pass may count in them.
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    with torch.no_grad():
        prediction = functional_call(model, buffers, (term.samples.inputs,))
        if isinstance(prediction, Tensor) and prediction.dim():
            refuse_not_mean(term.loss, prediction, term.samples.targets)


def _evaluate_twice(objective: Objective) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Evaluate at the model's own theta without touching the caller's random numbers."""
    devices = [objective.device] if objective.device.type == "cuda" else []
    try:
        # A term may call autograd itself, so gradients stay possible even where the caller has turned them off.
        with torch.random.fork_rng(devices=devices), torch.enable_grad():
            return _detached(objective), _detached(objective)
    except (RuntimeError, TypeError, IndexError) as error:
        raise ObjectiveError(f"expected model, loss and data that fit; evaluating them failed: {error}") from error


def _detached(objective: Objective) -> dict[str, Tensor]:
    values = objective.terms(objective.theta)
    return {name: value.detach() if isinstance(value, Tensor) else value for name, value in values.items()}
