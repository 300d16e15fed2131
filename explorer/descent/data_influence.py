"""Influence: how far a minimum moves when the data move that it was fitted to, to first order.

At a minimum the gradient vanishes, and goes on vanishing while the data move: d/dy of grad L(theta*(y), y) = 0 gives

    dtheta*/dy = -H^-1 d^2 L / dtheta dy,    H the Hessian of L at theta*,

by the implicit function theorem; so do the inputs. Sources: R. D. Cook and S. Weisberg, Residuals and Influence in
Regression, 1982; P. W. Koh and P. Liang, Understanding black-box predictions via influence functions, ICML 2017,
section 2.2 (perturbing a training input).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.objective import Objective
from explorer.objective.blocks import Part
from explorer.objective.derivatives import gradient_with_graph, leaf_of
from explorer.objective.samples import Samples
from explorer.signature import checked

_ROUNDINGS = 16
"""Times P eps: an eigenvalue below this share of the largest is rounding of it."""


@dataclass(frozen=True, eq=False)
class Influence:
    """Derivatives of a minimum theta* [P] by the data."""

    targets: Tensor
    """dtheta*/dy [P, D, ...]."""
    inputs: Tensor | None
    """dtheta*/dx [P, D, ...]; None where the inputs are no floating-point numbers."""

    def move(self, targets: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Return how far theta* moves [P], to first order, when targets [D, ...] and inputs [D, ...] change by this.

        Raises:
            ValueError: a change of inputs that are no floating-point numbers.
        """
        moved = self.targets.flatten(1) @ targets.flatten()
        if inputs is None:
            return moved
        if self.inputs is None:
            raise ValueError("expected no change of the inputs: they are whole numbers, with no derivative; got one")
        return moved + self.inputs.flatten(1) @ inputs.flatten()


@checked
def influence(objective: Objective, theta: Tensor, *, tolerance: float = 1e-4) -> Influence:
    """Return how a minimum moves with the data: P backward passes over a gradient, and one dense solve.

    Every second derivative is autograd's, so the loss must have one at theta: at a crease of the mean absolute error
    there is none, and the formula does not hold.

    Args:
        objective: with a loss on data whose targets are floating-point numbers.
        theta: a minimum of it [P].
        tolerance: how far theta may be from it: the length of Newton's next step over 1 + |theta|.

    Raises:
        ValueError: the objective has terms, or targets that are classes; the Hessian at theta is singular or not
            positive definite; theta is no minimum.
    """
    blocks = [_derivatives(part, theta) for part in _on_data(objective)]
    gradient = torch.stack([each.gradient for each in blocks]).sum(0)
    hessian = torch.stack([each.hessian for each in blocks]).sum(0)
    _refuse_overflow(gradient, hessian)
    _refuse_indefinite(hessian)
    _refuse_elsewhere(theta, torch.linalg.solve(hessian, gradient), tolerance)
    by_target = torch.cat([each.by_target for each in blocks], dim=1)
    inputs = [each.by_input for each in blocks if each.by_input is not None]
    by_input = torch.cat(inputs, dim=1) if inputs else None
    return Influence(_solved(hessian, by_target), None if by_input is None else _solved(hessian, by_input))


@dataclass(frozen=True, eq=False)
class _Derivatives:
    """Of one block of data, times its share."""

    gradient: Tensor
    hessian: Tensor
    by_target: Tensor
    """d^2 L / dtheta dy [P, D, ...]."""
    by_input: Tensor | None
    """d^2 L / dtheta dx [P, D, ...]."""


def _on_data(objective: Objective) -> Iterator[Part]:
    for part in objective.parts():
        if not isinstance(part.samples, Samples):
            raise ValueError("expected an objective with a loss on data; its terms hold their own, out of reach here")
        if not part.samples.targets.is_floating_point():
            raise ValueError(
                f"expected targets that can move, floating-point numbers; got {part.samples.targets.dtype}: for "
                "classes give a loss their one-hot rows"
            )
        yield part


def _derivatives(part: Part, theta: Tensor) -> _Derivatives:
    assert isinstance(part.samples, Samples)
    leaf, targets = leaf_of(theta), part.samples.targets.detach().requires_grad_()
    inputs = part.samples.inputs.detach()
    moving = [leaf, targets, *([inputs.requires_grad_()] if inputs.is_floating_point() else [])]
    with torch.enable_grad():
        value = part.share * part.problem.combine(part.measure_on(leaf, inputs, targets).terms)
        gradient = gradient_with_graph(value, leaf)
    rows = [_row(entry, moving) for entry in gradient]
    hessian, by_target, *by_input = (torch.stack(column) for column in zip(*rows, strict=True))
    return _Derivatives(gradient.detach(), (hessian + hessian.T) / 2, by_target, by_input[0] if by_input else None)


def _row(entry: Tensor, moving: list[Tensor]) -> tuple[Tensor, ...]:
    """Return the derivatives of one entry of the gradient; a gradient that is constant keeps no graph."""
    if not entry.requires_grad:
        return tuple(torch.zeros_like(each) for each in moving)
    return torch.autograd.grad(entry, moving, retain_graph=True, allow_unused=True, materialize_grads=True)


def _refuse_overflow(*derivatives: Tensor) -> None:
    if not all(bool(each.isfinite().all()) for each in derivatives):
        raise ValueError("expected a finite gradient and Hessian; got NaN or infinite entries: give a finite minimum")


def _refuse_indefinite(hessian: Tensor) -> None:
    low, high = torch.linalg.eigvalsh(hessian)[[0, -1]].tolist()
    if not low > _ROUNDINGS * len(hessian) * torch.finfo(hessian.dtype).eps * high:
        raise ValueError(
            f"expected a positive definite Hessian, as at an isolated minimum; got eigenvalues from {low:.3g} to "
            f"{high:.3g}: a saddle or a flat direction, from which no single minimum moves with the data"
        )


def _refuse_elsewhere(theta: Tensor, step: Tensor, tolerance: float) -> None:
    away, size = float(step.norm()), 1 + float(theta.norm())
    if not away <= tolerance * size:
        raise ValueError(
            f"expected theta at a minimum, Newton's step there at most {tolerance * size:.3g} long; got {away:.3g}: "
            "descend to the minimum first"
        )


def _solved(hessian: Tensor, mixed: Tensor) -> Tensor:
    negative: Tensor = torch.linalg.solve(hessian, mixed.flatten(1)).reshape(mixed.shape)
    return -negative
