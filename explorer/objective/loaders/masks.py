"""Masks: targets that are NaN, which a loss may leave out."""

from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.admission import Measure
from explorer.objective.data import Data


def refuse_unmasked(measure: Measure, theta: Tensor, data: Data) -> None:
    """Refuse targets that are NaN where the loss on them is, at the model's own theta [P]: it does not leave them out.

    Raises:
        ObjectiveError: with their number and the cure.
    """
    for share, samples in data.shared():
        if not share or not samples.masked:
            continue
        outcome = measure(theta.clone(), samples)
        odd = [name for name, value in (outcome.terms | outcome.metrics).items() if bool(value.isnan())]
        if odd:
            raise ObjectiveError(
                f"expected finite targets, or a loss that leaves out those that are NaN; {samples.masked} of "
                f"{samples.targets.numel()} entries are NaN or infinite, and {', '.join(odd)} with them: for example "
                "known = ~target.isnan(); return (prediction - target)[known].square().mean()"
            )
