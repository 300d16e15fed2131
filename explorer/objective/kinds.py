"""Kinds of models that are refused by name, each with what to do instead."""

import torch
from torch import nn

from explorer.errors import ObjectiveError


def refuse_uncopyable(model: nn.Module) -> None:
    """Refuse modules whose copies or gradients would not be what they seem.

    Raises:
        ObjectiveError: naming the module and the cure.
    """
    for name, module in model.named_modules():
        where = f"{name!r}" if name else "the model"
        if isinstance(module, torch.jit.ScriptModule):
            raise ObjectiveError(
                f"expected a model in Python; {where} is TorchScript, whose copies send their gradients into the "
                "original: build the model from its class, and load the weights with load_state_dict"
            )
        if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) and module.max_norm is not None:
            raise ObjectiveError(
                f"expected layers that leave their weights as they are; {where} is an embedding with max_norm, which "
                "shortens the rows that it looks up, behind autograd's back: shorten them once with "
                "torch.renorm(weight, 2, 0, max_norm), and set its max_norm to None"
            )
