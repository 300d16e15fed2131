"""How much of the curvature the picture can show."""

import torch

from explorer.curvature import Extremes, extreme_eigenvalues, hessian_product
from explorer.sweeps.reporting.finding import Finding, percent, shown
from explorer.sweeps.reporting.inspection import Inspection

_ROOM = 256 << 20
"""Bytes that the three vectors of the iteration may take."""
_OTHERS = 10
"""Products' worth of the report that is spent elsewhere."""
_CERTAIN = 1e-2
"""A negative eigenvalue counts from this share of the largest curvature on: closer to 0 it is hardly ever 0 exactly."""


def check_curvature(about: Inspection) -> Finding:
    """Tell the extreme eigenvalues of the Hessian at the origin beside those of the Hessian seen in the plane, both per
    unit length of theta; warn of a direction downwards that the picture does not show."""
    product = hessian_product(about.objective, about.plane.origin)
    seen = torch.stack([about.along(product(vector)) for vector in about.span()])
    inside = torch.linalg.eigvalsh((seen + seen.T) / 2).tolist()
    ends = " to ".join(shown(each) for each in dict.fromkeys((inside[0], inside[-1])))
    text = f"Curvature per unit length at the origin: {ends} in the picture"
    if 3 * about.plane.origin.nbytes > _ROOM:
        text += "; that of all directions is left out, since its three vectors would not fit into 256 MiB."
        return Finding("curvature", "info", text, {"in_plane": inside})
    steps = max(about.products - len(inside) - _OTHERS, _OTHERS)
    found = extreme_eigenvalues(product, about.plane.origin, steps=steps)
    return _compared(text, inside, found)


def _compared(text: str, inside: list[float], found: Extremes) -> Finding:
    values = {
        "in_plane": inside,
        "all": [found.low, found.high],
        "bounds": [found.low_bound, found.high_bound],
        "products": found.products,
    }
    size = max(abs(found.low), abs(found.high))
    text += (
        f", {shown(found.low)} (± {shown(found.low_bound)}) to {shown(found.high)} (± {shown(found.high_bound)}) over "
        "all directions"
    )
    if not size > 0:
        return Finding("curvature", "info", f"{text}.", values)
    share = max(abs(inside[0]), abs(inside[-1])) / size
    text += f": the picture shows {percent(share)} of the largest."
    values["share"] = share
    if found.low < -_CERTAIN * size and inside[0] > -_CERTAIN * size:
        text += " It does not show that some directions curve downwards: the origin is no minimum."
        return Finding("curvature", "warn", text, values)
    return Finding("curvature", "info", text, values)
