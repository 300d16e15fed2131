"""What a landscape is: status of its points, axes, quantities, attributes, and the one builder of its Dataset."""

from explorer.landscape.attributes import Attrs, agreed, as_number, nested, parsed, text_of
from explorer.landscape.axes import (
    DIRECTION,
    DIRECTION_2,
    SEED,
    TERM,
    axes_of,
    dims_of,
    one_plane,
    one_seed,
    refuse_others,
    seeds_of,
)
from explorer.landscape.dataset import Extra, as_dataset, count_nonfinite
from explorer.landscape.findings import ReportEntry, report_of
from explorer.landscape.interpolation import MISS, Interpolation, interpolation_of, miss_of, unmeasured
from explorer.landscape.planes import basis_of, gram_of, planes_of
from explorer.landscape.projected import Projected, checkpoints_of, runs_of
from explorer.landscape.quantities import (
    GRADIENT,
    GRADIENT_NORM,
    LOSS,
    RESERVED,
    named_quantity,
    quantities_of,
    quantity_of,
    terms_of,
)
from explorer.landscape.status import STATUS, Status, status_of

__all__ = [
    "DIRECTION",
    "DIRECTION_2",
    "GRADIENT",
    "GRADIENT_NORM",
    "LOSS",
    "MISS",
    "RESERVED",
    "SEED",
    "STATUS",
    "TERM",
    "Attrs",
    "Extra",
    "Interpolation",
    "Projected",
    "ReportEntry",
    "Status",
    "agreed",
    "as_dataset",
    "as_number",
    "axes_of",
    "basis_of",
    "checkpoints_of",
    "count_nonfinite",
    "dims_of",
    "gram_of",
    "interpolation_of",
    "miss_of",
    "named_quantity",
    "nested",
    "one_plane",
    "one_seed",
    "parsed",
    "planes_of",
    "quantities_of",
    "quantity_of",
    "refuse_others",
    "report_of",
    "runs_of",
    "seeds_of",
    "status_of",
    "terms_of",
    "text_of",
    "unmeasured",
]
