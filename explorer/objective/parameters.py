"""Named parameters <-> one flat vector theta [P]."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from explorer.errors import ObjectiveError

_ENTRY = re.compile(r"^(?P<name>[^\[\]]+)(?:\[(?P<index>[\d\s,]+)\])?$")


@dataclass(frozen=True)
class Layout:
    """Where each named parameter lies in theta: the order of `named_parameters`, each in C order.

    A parameter shared by several modules appears once, under its first name.
    """

    shapes: dict[str, tuple[int, ...]]
    """Name -> shape, in the order of theta; of a complex one, with a last dimension for its real and imaginary part."""
    complex: frozenset[str] = frozenset()
    """Names of those that are complex."""

    @property
    def sizes(self) -> list[int]:
        """How many entries of theta each parameter takes, in order."""
        return [prod(shape) for shape in self.shapes.values()]

    @property
    def size(self) -> int:
        """P, the length of theta."""
        return sum(self.sizes)

    def flatten(self, params: Mapping[str, Tensor]) -> Tensor:
        """Return theta [P], a copy of `params` (name -> tensor as the model has it), in the widest of their dtypes."""
        return torch.cat([as_real(params[name].detach()).reshape(-1) for name in self.shapes])

    def unflatten(self, theta: Tensor) -> dict[str, Tensor]:
        """Return name -> view of theta [P], as the model takes it; differentiable, and good for one point inside
        `vmap`."""
        pieces = self.pieces(theta)
        return InModel({name: _whole(each) if name in self.complex else each for name, each in pieces.items()})

    def pieces(self, theta: Tensor) -> dict[str, Tensor]:
        """Return name -> view of theta [P], all of them real; as `unflatten` otherwise."""
        pieces = torch.split(theta, self.sizes)
        return {name: piece.reshape(shape) for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)}

    def position(self, entry: str) -> int:
        """Return where in theta one entry lies: "w" (a parameter of one element), "fc.bias[3]" or "fc.weight[0,1]".

        Raises:
            ObjectiveError: no such parameter, an index outside it, or several elements and no index.
        """
        match = _ENTRY.match(entry)
        if match is None or match["name"] not in self.shapes:
            known = ", ".join(list(self.shapes)[:8]) + (", ..." if len(self.shapes) > 8 else "")
            raise ObjectiveError(f"expected one entry of a parameter, such as those of {known}; got {entry!r}")
        return self._start(match["name"]) + self._within(match["name"], match["index"])

    def _start(self, name: str) -> int:
        names = list(self.shapes)
        return sum(self.sizes[: names.index(name)])

    def _within(self, name: str, index: str | None) -> int:
        shape = self.shapes[name]
        if index is None:
            if prod(shape) != 1:
                example = f"{name}[{','.join('0' for _ in shape)}]"
                raise ObjectiveError(f"{name!r} has shape {shape}; name one entry of it, for example {example!r}")
            return 0
        place = tuple(int(number) for number in index.replace(" ", "").split(",") if number)
        if len(place) != len(shape) or any(i >= n for i, n in zip(place, shape, strict=True)):
            raise ObjectiveError(f"index [{index}] is outside {name!r}, which has shape {shape}")
        flat = 0
        for i, n in zip(place, shape, strict=True):
            flat = flat * n + i
        return flat


class InModel(dict[str, Tensor]):
    """Name -> tensor, as they are in a model; its own code for loading has nothing to do with them."""


def trainable(model: nn.Module) -> list[str]:
    """Return the names of the parameters that require a gradient.

    Raises:
        ObjectiveError: none does.
    """
    names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    if not names:
        raise ObjectiveError('expected parameters that require a gradient for parameters="trainable"; none does')
    return names


def layout_of(model: nn.Module, chosen: Sequence[str] | None = None) -> Layout:
    """Return the layout of a model's parameters, or of those chosen.

    Args:
        model: with floating-point or complex parameters on one device; of several dtypes, theta has the widest of those
            that are chosen.
        chosen: names of parameters or of submodules (then with all that is in them); None takes all.

    Raises:
        ObjectiveError: there are none, they are not all numbers with fractions on one device, or a name is not there.
    """
    params = dict(model.named_parameters())
    if not params:
        raise ObjectiveError(f"expected a model with parameters; {type(model).__name__} has none")
    names = list(params) if chosen is None else _chosen(list(params), chosen)
    whole = [name for name in names if not (params[name].is_floating_point() or params[name].is_complex())]
    if whole or len({parameter.device for parameter in params.values()}) > 1:
        kinds = sorted({f"{parameter.dtype} on {parameter.device}" for parameter in params.values()})
        raise ObjectiveError(
            f"expected floating-point parameters on one device; got {', '.join(kinds)}: use model.to(...), or name "
            "with parameters= those to look at"
        )
    shapes = {name: tuple(as_real(params[name]).shape) for name in names}
    return Layout(shapes, frozenset(name for name in names if params[name].is_complex()))


def _whole(parts: Tensor) -> Tensor:
    """Return parts [..., 2] as complex numbers [...]."""
    # A view of them has to begin at an even place of its storage: behind an odd number of real entries it does not.
    return torch.view_as_complex(parts if parts.storage_offset() % 2 == 0 else parts.clone())


def as_real(tensor: Tensor) -> Tensor:
    """Return a tensor as theta holds it: a complex one [...] as its parts [..., 2]."""
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor


def _chosen(names: list[str], chosen: Sequence[str]) -> list[str]:
    if isinstance(chosen, str) or not chosen:
        raise ObjectiveError(
            f'expected "trainable", or names of parameters or submodules, such as ("head",); got {chosen!r}'
        )
    for each in chosen:
        if not any(_within_module(name, each) for name in names):
            known = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
            raise ObjectiveError(f"expected parameters or submodules, such as those of {known}; got {each!r}")
    return [name for name in names if any(_within_module(name, each) for each in chosen)]


def _within_module(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")
