"""DeepXDE's models on PyTorch: their losses term by term, unweighted, with their weights."""

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.objective import Objective
from explorer.objective.copies import modes_kept


def deepxde(model: Any, **options: Any) -> Objective:
    """Return the objective of a compiled deepxde.Model: the residuals of its equations, then its conditions, each a
    term, on the training points that it has, with its loss weights.

    Args:
        model: compiled; of a backend other than PyTorch there is no landscape here.
        options: as of `Objective`: metrics, parameters; weights in the place of the model's own.

    Raises:
        ObjectiveError: no such model, or not compiled.
    """
    net = getattr(model, "net", None)
    if not isinstance(net, nn.Module) or not callable(getattr(model, "outputs_losses_train", None)):
        raise ObjectiveError(
            f"expected a deepxde.Model on PyTorch, after model.compile(...); got {type(model).__name__} (set "
            "DDE_BACKEND=pytorch before deepxde is imported)"
        )
    if model.train_state.X_train is None:
        model.train_state.set_data_train(*model.data.train_next_batch(model.batch_size))
    losses = _Losses(model)
    own = dict(zip(losses.names, losses.weights, strict=True))
    return Objective(net, terms=losses, weights=options.pop("weights", own), **options)


class _Losses:
    """net -> name -> loss, unweighted."""

    def __init__(self, model: Any) -> None:
        self._model = model
        count = len(self._of(model.net))
        conditions = [type(each).__name__ for each in getattr(model.data, "bcs", None) or ()]
        residuals = max(0, count - len(conditions))
        self.names = _apart([*["residual"] * residuals, *conditions][:count])
        weights = model.loss_weights
        self.weights = [1.0] * count if weights is None else [float(each) for each in weights]

    def __call__(self, net: nn.Module) -> dict[str, Tensor]:
        return dict(zip(self.names, self._of(net), strict=True))

    def _of(self, net: nn.Module) -> Tensor:
        model, state = self._model, self._model.train_state
        own, weights = model.net, model.loss_weights
        model.net, model.loss_weights = net, None
        try:
            with modes_kept(net), torch.enable_grad():
                losses: Tensor = model.outputs_losses_train(state.X_train, state.y_train, state.train_aux_vars)[1]
            return losses
        finally:
            model.net, model.loss_weights = own, weights
            # Its derivatives are kept by the addresses of tensors, which may be those of others next time.
            import_module("deepxde").grad.clear()


def _apart(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of which no two are the same: residual, or residual_1 and residual_2."""
    several, seen = Counter(names), Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if several[name] == 1 else f"{name}_{seen[name]}")
    return tuple(found)
