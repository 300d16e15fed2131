"""Derivatives: values and gradients of a whole objective, summed over the blocks of its data by their shares."""

import torch
from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.batching import Many
from explorer.objective.blocks import add_share
from explorer.objective.objective import Objective


def value_and_gradient(objective: Objective, theta: Tensor) -> tuple[Tensor, Tensor]:
    """Return objective(theta) without a graph, a scalar, and its gradient [P], from one pass over the data; the memory
    is that of one block.

    Args:
        objective: what to differentiate.
        theta: where [P].

    Raises:
        ObjectiveError: theta has another shape or dtype than the model's own.
    """
    total: dict[str, Tensor] = {}
    for part in objective.parts():
        leaf = leaf_of(theta)
        with torch.enable_grad():
            loss = part(leaf)
        add_share(total, part.share, {"value": loss.detach(), "gradient": gradients_of(loss, leaf)})
    return total["value"], total["gradient"]


def leaf_of(theta: Tensor) -> Tensor:
    """Return theta as a leaf to be differentiated by. Raises ObjectiveError where it holds no fractions."""
    if not theta.is_floating_point():
        raise ObjectiveError(f"expected theta in floating point; got {theta.dtype}: use theta.double()")
    return theta.detach().requires_grad_()


def full_gradient(objective: Objective, theta: Tensor) -> Tensor:
    """Return the gradient [P] at theta [P]; arguments and errors as of `value_and_gradient`."""
    return value_and_gradient(objective, theta)[1]


def many_values_and_gradients(objective: Objective, thetas: Tensor, many: Many) -> tuple[Tensor, Tensor]:
    """Return values [N] and gradients [N, P] at thetas [N, P], one backward pass for each block of data.

    Args:
        objective: what to differentiate.
        thetas: where [N, P].
        many: how many thetas are taken together.
    """
    leaf = thetas.detach().requires_grad_()
    losses, gradients = torch.zeros_like(leaf[:, 0]), torch.zeros_like(leaf)
    for part in objective.parts():
        with torch.enable_grad():
            # The share of a block goes through its backward pass: one product a point, not one a parameter.
            own = part.share * many(part)(leaf)
        losses, gradients = losses + own.detach(), gradients + gradients_of(own, leaf)
    return losses.detach(), gradients


def gradients_of(values: Tensor, leaf: Tensor, *, keep: bool = False) -> Tensor:
    """Return the gradients, as `leaf` [..., P], of values [...] each of which depends on its own theta alone, from one
    backward pass; zeros where they depend on none.

    Args:
        values: computed from the leaf.
        leaf: of the graph.
        keep: leave the graph for another pass.
    """
    if not values.requires_grad:
        return torch.zeros_like(leaf)
    (found,) = torch.autograd.grad(
        values, leaf, torch.ones_like(values), retain_graph=keep, allow_unused=True, materialize_grads=True
    )
    return found


def gradient_with_graph(value: Tensor, leaf: Tensor) -> Tensor:
    """Return the gradient [P] of a scalar, to be differentiated again; zeros where it does not depend on the leaf."""
    if not value.requires_grad:
        return torch.zeros_like(leaf)
    return torch.autograd.grad(value, leaf, create_graph=True, allow_unused=True, materialize_grads=True)[0]
