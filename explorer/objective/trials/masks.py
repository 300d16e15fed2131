"""Masks: targets that are NaN, which a loss may leave out."""

from collections.abc import Mapping

from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.loaders.batch_data import Batch
from explorer.objective.samples import Samples


def refuse_unmasked(values: Mapping[str, Tensor], block: Samples | Batch) -> None:
    """Refuse targets that are NaN where what is measured of them is: it does not leave them out.

    Args:
        values: name -> value on the block, at the model's own theta.
        block: what was measured.

    Raises:
        ObjectiveError: with their number and the cure.
    """
    odd = [name for name, value in values.items() if bool(value.isnan())]
    if odd and block.masked:
        raise ObjectiveError(
            f"expected finite targets, or a loss that leaves out those that are NaN; {block.masked} "
            f"of {block.targets.numel()} entries are NaN, and {', '.join(odd)} with them: for example "
            "known = ~target.isnan(); return (prediction - target)[known].square().mean()"
        )
