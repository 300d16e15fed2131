"""What can be measured at a point: loss, terms, gradient, gradient_norm, curvature, or any function of theta.

Metrics come with the values, in the same pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from explorer.landscape import RESERVED
from explorer.objective.blocks import Part
from explorer.objective.terms import Outcome

BUILT_IN = ("loss", "terms", "gradient", "gradient_norm", "curvature")

Quantity = str | Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Wanted:
    """The quantities asked for: names of built-in ones, and functions of theta by their own names."""

    names: frozenset[str]
    functions: dict[str, Callable[[Tensor], Tensor]]

    @property
    def gradient(self) -> bool:
        """Whether the gradient is needed."""
        return bool(self.names & {"gradient", "gradient_norm"})

    @property
    def values(self) -> bool:
        """Whether loss, terms or gradient are needed: all come from one forward pass."""
        return self.gradient or bool(self.names & {"loss", "terms"})


def read_quantities(quantities: Sequence[Quantity]) -> Wanted:
    """Sort quantities into built-in names and functions of theta.

    Raises:
        ValueError: none, an unknown or repeated name, or a function without a name of its own.
    """
    if isinstance(quantities, str) or not quantities:
        raise ValueError(f'expected a sequence of quantities, such as ("loss", "gradient"); got {quantities!r}')
    names = [quantity if isinstance(quantity, str) else _name(quantity) for quantity in quantities]
    if len(set(names)) != len(names):
        raise ValueError(f"expected each quantity once; got {names}")
    for quantity in quantities:
        if isinstance(quantity, str) and quantity not in BUILT_IN:
            raise ValueError(
                f"expected quantities among {BUILT_IN}, or functions of theta (metrics come by "
                f"themselves); got {quantity!r}"
            )
    built_in = frozenset(quantity for quantity in quantities if isinstance(quantity, str))
    return Wanted(built_in, {_name(quantity): quantity for quantity in quantities if not isinstance(quantity, str)})


def values_at(part: Part, theta: Tensor) -> dict[str, Tensor]:
    """Return what one block of data says at theta [P]: "term <name>", "metric <name>", and, where there are terms,
    "loss", their weighted sum; scalars."""
    return named_values(part, part.measure(theta))


def named_values(part: Part, outcome: Outcome) -> dict[str, Tensor]:
    """Return what an evaluation of one block of data yielded, by the names of `values_at`."""
    terms, metrics = outcome
    found = {f"term {name}": value for name, value in terms.items()}
    found |= {f"metric {name}": value for name, value in metrics.items()}
    return found | ({"loss": part.problem.combine(terms)} if terms else {})


def _name(function: Callable[[Tensor], Tensor]) -> str:
    name = getattr(function, "__name__", "<none>")
    if not name.isidentifier() or name in RESERVED:
        raise ValueError(
            f"expected a function of theta with a name of its own (def name(theta): ...), not among {BUILT_IN}; "
            f"got {function!r}"
        )
    return name
