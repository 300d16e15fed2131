"""The catalogue: what there is to show. To add a study, add a line to `STUDIES`."""

from experiments.neuron import NEURON
from experiments.reaction import REACTION
from experiments.targets import TARGETS
from explorer.study import Study

STUDIES: dict[str, Study] = {
    "neuron": NEURON,
    "reaction": REACTION,
}

__all__ = ["STUDIES", "TARGETS"]
