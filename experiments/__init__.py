"""The catalogue: what there is to show. To add a study, add a line to `STUDIES`; a network of which stores may ask for
exact values, a line to `FACTORIES`, in factories.py."""

from typing import Any

from experiments.neuron import NEURON
from experiments.reaction import REACTION
from experiments.targets import TARGETS
from explorer.study import Study

STUDIES: dict[str, Study] = {
    "neuron": NEURON,
    "reaction": REACTION,
}

__all__ = ["FACTORIES", "STUDIES", "TARGETS"]


def __getattr__(name: str) -> Any:
    """Import the networks when a server asks for them: each is a program too, which must not be imported before it is
    run."""
    if name == "FACTORIES":
        from experiments.factories import FACTORIES

        return FACTORIES
    raise AttributeError(f"module 'experiments' has no attribute {name!r}")
