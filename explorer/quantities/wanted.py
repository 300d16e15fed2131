"""Wanted: the quantities of a sweep, and which of them are measured together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor

from explorer.landscape import RESERVED
from explorer.objective import Objective
from explorer.quantities.built_in import BUILT_IN
from explorer.quantities.function import Function, function_of
from explorer.quantities.quantity import Footprint, Summed, Whole
from explorer.quantities.values import Pass, Value

AnyQuantity = Value | Summed | Whole
Asked = str | AnyQuantity | Callable[[Tensor], Any]
"""A built-in quantity by its name, an object as in `quantity`, or a function of theta."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """Quantities: built-in ones first, in the order of `BUILT_IN`, then others as they were asked for."""

    quantities: tuple[AnyQuantity, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(quantity.name for quantity in self.quantities)

    @cached_property
    def values(self) -> Pass:
        """Those that come of the one pass through the objective; metrics come with them."""
        return Pass(tuple(quantity for quantity in self.quantities if isinstance(quantity, Value)))

    @property
    def summed(self) -> tuple[Summed, ...]:
        """Those that are measured block by block of the data, each by itself."""
        return tuple(quantity for quantity in self.quantities if isinstance(quantity, Summed))

    @property
    def whole(self) -> tuple[Whole, ...]:
        """Those that measure thetas as they like."""
        return tuple(quantity for quantity in self.quantities if isinstance(quantity, Whole))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.quantities)

    @property
    def over_blocks(self) -> bool:
        """Whether any of them goes through the blocks of the data."""
        return bool(self.values or self.summed)

    @property
    def families(self) -> tuple["Wanted", ...]:
        """What is measured together: the values of one pass, and each other one alone."""
        alone = [Wanted((quantity,)) for quantity in self.quantities if not isinstance(quantity, Value)]
        return (*([Wanted(self.values.values)] if self.values else []), *alone)

    @property
    def built_in(self) -> "Wanted":
        """Those that are known by name."""
        return self.only(BUILT_IN)

    def only(self, names: Iterable[str]) -> "Wanted":
        """Return those of these names."""
        kept = set(names)
        return Wanted(tuple(quantity for quantity in self.quantities if quantity.name in kept))

    def bytes(self, point: Footprint) -> int:
        """Return about how much memory one point takes: families are measured one after another."""
        return max(quantity.bytes(point) for quantity in self.quantities)

    def dims(self, objective: Objective, labels: Sequence[str]) -> dict[str, dict[str, list[str]]]:
        """Return, for every variable of a landscape, its dimensions beside those of the points, with their labels.

        Args:
            objective: that is measured.
            labels: of the plane's directions.

        Raises:
            ValueError: two variables have one name, or dimensions of one name have other labels.
        """
        of = {quantity.name: quantity.dims(objective, labels) for quantity in self.quantities}
        metrics = objective.metric_names if self.values else ()
        both = sorted(set(of) & set(metrics))
        if both:
            raise ValueError(f"expected quantities with other names than the metrics; got {both[0]!r}: rename one")
        names = [name for name in of if name in BUILT_IN]
        ordered = [*names, *metrics, *(name for name in of if name not in BUILT_IN)]
        found = {name: {dim: list(entries) for dim, entries in of.get(name, {}).items()} for name in ordered}
        _refuse_unclear(found, labels)
        return found

    def __eq__(self, other: object) -> bool:
        """Whether these are the same quantities; user-made ones the same objects."""
        return isinstance(other, Wanted) and self._identities == other._identities

    def __hash__(self) -> int:
        """Return the same number for the same quantities."""
        return hash(self._identities)

    @property
    def _identities(self) -> tuple[str | int, ...]:
        def identity(quantity: AnyQuantity) -> str | int:
            own = quantity.function if isinstance(quantity, Function) else quantity
            return quantity.name if quantity.name in BUILT_IN else id(own)

        return tuple(map(identity, self.quantities))


def read_quantities(quantities: Sequence[Asked]) -> Wanted:
    """Return quantities by their names, objects and functions of theta.

    Raises:
        ValueError: none, an unknown or repeated name, or one without a name of its own.
    """
    given = [] if isinstance(quantities, (str, bytes)) or not isinstance(quantities, Iterable) else list(quantities)
    if not given:
        raise ValueError(f'expected a sequence of quantities, such as ("loss", "gradient"); got {quantities!r}')
    found = [_read(quantity) for quantity in given]
    names = [quantity.name for quantity in found]
    if len(set(names)) != len(names):
        raise ValueError(f"expected each quantity once; got {names}")
    built_in = [BUILT_IN[name] for name in BUILT_IN if name in names]
    return Wanted((*built_in, *(quantity for quantity in found if quantity.name not in BUILT_IN)))


def _read(given: Asked) -> AnyQuantity:
    if isinstance(given, str) and given in BUILT_IN:
        return BUILT_IN[given]
    if isinstance(given, (Value, Summed, Whole)):
        found: AnyQuantity = given
    elif callable(given):
        found = function_of(given)
    else:
        raise ValueError(
            f"expected quantities among {tuple(BUILT_IN)}, functions of theta (metrics come by themselves), or objects "
            f"with name, dims, bytes and measure; got {given!r}"
        )
    if BUILT_IN.get(found.name) is not found and (not found.name.isidentifier() or found.name in RESERVED):
        raise ValueError(
            "expected a function of theta or an object with a name of its own (def name(theta): ...), not among "
            f"{tuple(BUILT_IN)}; got {given!r}"
        )
    return found


def _refuse_unclear(dims: dict[str, dict[str, list[str]]], axes: Sequence[str]) -> None:
    known: dict[str, list[str]] = {}
    for name, extra in dims.items():
        for dim, entries in extra.items():
            if dim in (*axes, *dims, "seed", "status") or not entries or not all(isinstance(e, str) for e in entries):
                raise ValueError(
                    f"expected dimensions of {name!r} with names of their own and texts as labels; got {dim!r}: "
                    f"{entries!r}"
                )
            if known.setdefault(dim, entries) != entries:
                raise ValueError(
                    f"expected one set of labels for the dimension {dim!r}; got {known[dim]} and, of {name!r}, "
                    f"{entries}: give it another name"
                )
