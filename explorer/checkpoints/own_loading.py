"""Own loading: what a model itself makes of stored weights, where it has a say in that."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from explorer.objective.copies import copied

_METHODS = ("load_state_dict", "_load_from_state_dict", "state_dict", "_save_to_state_dict")
_HOOKS = ("_state_dict_pre_hooks", "_state_dict_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")


def has_own_loading(model: nn.Module) -> bool:
    """Return whether files may hold a model's weights as other than what they are in it: one of its modules saves or
    loads in a way of its own. Those of PyTorch itself change names of old versions, and no value."""
    return any(_is_own(way) for module in model.modules() for way in _ways(module))


def loaded(
    model: nn.Module, weights: Mapping[str, Tensor], versions: Mapping[str, Any] | None = None
) -> tuple[nn.Module, set[str], set[str]]:
    """Return a copy of a model that has loaded weights, and which names it missed and did not expect.

    Args:
        model: stays as it is.
        weights: name -> tensor, by the names in its files.
        versions: module's name -> what PyTorch keeps of its version beside the weights.

    Raises:
        Exception: whatever the model's own code raises; RuntimeError for other shapes.
    """
    other, stored = copied(model), OrderedDict(weights)
    if versions is not None:
        stored._metadata = versions  # type: ignore[attr-defined]
    missing, unexpected = other.load_state_dict(stored, strict=False)
    return other, set(missing), set(unexpected)


def _ways(module: nn.Module) -> list[Any]:
    hooks = [hook for kind in _HOOKS for hook in vars(module).get(kind, {}).values()]
    return [*hooks, *(getattr(type(module), name) for name in _METHODS)]


def _is_own(way: Any) -> bool:
    # PyTorch wraps some hooks in an object of its own.
    home: str = getattr(getattr(way, "hook", way), "__module__", "")
    return not home.startswith("torch.")
