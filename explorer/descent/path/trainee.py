"""Trainee: an objective's model of one's own for an optimizer to move, evaluated as a training loop does."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from explorer.numerics.rounding import exact_products
from explorer.objective import Objective
from explorer.objective.attributes import Attributes
from explorer.objective.backward_graph import grads_kept
from explorer.objective.blocks import given
from explorer.objective.copies import copied, differentiable_layers
from explorer.objective.model import Binding
from explorer.objective.parameters import as_real
from explorer.objective.placements import Placement

Batch = tuple[Tensor, ...]
"""What a problem takes beside the model: inputs and targets, or nothing."""


class Trainee:
    """A copy of an objective's model whose parameters are views of one theta: to move them is to move it.

    `objective(theta)` puts theta into its model anew for every evaluation, which takes a small model longer than the
    evaluation itself. Here the parameters are the leaves, and an evaluation is a plain forward and backward pass: the
    same operations on the same numbers as in training, hence the same bits.

    Args:
        objective: stays as it is.
        start: theta [P] to begin at; stays as it is.
    """

    def __init__(self, objective: Objective, start: Tensor) -> None:
        self.theta = start.detach().clone()
        part = next(objective.parts())
        self._objective, self._evaluate = objective, part.evaluate
        self._model = Binding(copied(part.binding.model), objective.layout, self.theta).model
        params = dict(self._model.named_parameters())
        _refuse_several_dtypes([params[name] for name in objective.layout.shapes], self.theta)
        self.parameters = [params[name].requires_grad_() for name in objective.layout.shapes]
        self._buffers = list(_buffers(self._model))
        self._attributes = Attributes(self._model)
        self._recurrent = self.theta.is_cuda and any(isinstance(each, nn.RNNBase) for each in self._model.modules())
        # Streamed data are read again for every pass.
        self._kept = None if objective.streamed else list(self._blocks())

    @contextmanager
    def as_objective(self) -> Iterator[None]:
        """Have PyTorch compute as it does for the objective. For a whole walk: to switch takes longer than a small
        model's evaluation."""
        with differentiable_layers(recurrent=self._recurrent), exact_products(self.theta.device):
            yield

    def backward(self, batch: Batch | None = None) -> Tensor:
        """Return the objective where theta stands, or its loss on a batch; a scalar without a tape.

        Its gradient is then in the parameters, block after block added up: None in those it does not depend on, which
        an optimizer passes over. To be called within `as_objective`.
        """
        for parameter in self.parameters:
            parameter.grad = None
        blocks = [(1.0, batch)] if batch is not None else self._kept or self._blocks()
        with torch.enable_grad():
            values = [self._add(*block) for block in blocks]
        return sum(values[1:], start=values[0])

    def gradient_norm(self) -> float:
        """Return the Euclidean norm of the gradient that `backward` left."""
        gradients = [each.grad.to_dense().reshape(-1) for each in self.parameters if each.grad is not None]
        return float(torch.linalg.vector_norm(torch.cat(gradients))) if gradients else 0.0

    def _add(self, share: float, batch: Batch) -> Tensor:
        # A model may write into its buffers; no evaluation sees what another wrote.
        for module, name, value in self._buffers:
            setattr(module, name, value.clone())
        with self._attributes.restored():
            value = self._objective.combine(self._evaluate(self._model, *batch).terms)
            # A share of 1 changes no bit.
            value = value if share == 1.0 else share * value
            # Into these alone: terms may hold leaves of the user's.
            if value.requires_grad and self._objective.placement is Placement.IN_PLACE:
                with grads_kept(value, but=self.parameters):
                    value.backward()  # type: ignore[no-untyped-call]
            elif value.requires_grad:
                torch.autograd.backward(value, inputs=self.parameters)
        return value.detach()

    def _blocks(self) -> Iterator[tuple[float, Batch]]:
        for part in self._objective.parts():
            yield part.share, given(part.samples)


def _refuse_several_dtypes(parameters: list[nn.Parameter], theta: Tensor) -> None:
    if any(as_real(parameter).dtype != theta.dtype for parameter in parameters):
        raise ValueError(
            f"expected parameters of one dtype to descend; theta is {theta.dtype}, and some are not: use "
            f"objective.to(dtype={theta.dtype})"
        )


def _buffers(model: nn.Module) -> Iterator[tuple[nn.Module, str, Tensor]]:
    for module in model.modules():
        for name, value in module.named_buffers(recurse=False):
            yield module, name, value
