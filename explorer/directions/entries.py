"""The plane of chosen entries of theta, such as w and b."""

import torch

from explorer.errors import ObjectiveError
from explorer.objective import Objective
from explorer.objective.parameters import Layout
from explorer.plane import Plane
from explorer.signature import checked


@checked
def axes(objective: Objective, *entries: str) -> Plane:
    """Return the plane whose coordinates are the entries themselves.

    Its origin is objective.theta with those entries set to 0, so that coordinates (w, b) mean w and b.

    Args:
        objective: whose parameters are named.
        entries: "w" for a parameter of one element, "fc.weight[0,1]" for one entry of a larger one; of a complex
            parameter with a last index more, "scale[3,0]" for the real part, "scale[3,1]" for the imaginary one; also
            the labels.

    Raises:
        ObjectiveError: an entry that is not there.
        ValueError: no entry, or one named twice.
    """
    if not entries:
        raise ValueError('expected the entries that span the plane, such as axes(objective, "w", "b"); got none')
    positions = [_position(objective.layout, entry) for entry in entries]
    origin = objective.theta
    origin[positions] = 0.0
    basis = torch.zeros(len(entries), len(origin), dtype=origin.dtype, device=origin.device)
    basis[range(len(entries)), positions] = 1.0
    return Plane(origin, basis, entries, {"kind": "axes"})


def _position(layout: Layout, entry: str) -> int:
    """Return where in theta an entry lies. Raises ObjectiveError: nowhere; of a complex one with its parts."""
    try:
        return layout.position(entry)
    except ObjectiveError:
        name, _, rest = entry.partition("[")
        if name not in layout.complex:
            raise
        index = rest.removesuffix("]").replace(" ", "").strip(",")
        places = layout.shapes[name][:-1]
        given = [int(place) for place in index.split(",") if place.isdecimal()]
        fits = len(given) == len(places) and all(i < n for i, n in zip(given, places, strict=True))
        place = "".join(f"{i}," for i in (given if fits else [0] * len(places)))
        raise ObjectiveError(
            f"expected a part of one entry of {name!r}, which is complex {places}; got {entry!r}: "
            f"{name}[{place}0] is the real part, {name}[{place}1] the imaginary one"
        ) from None
