"""Is the model itself where the picture says it is?"""

from explorer.checklist.finding import Finding
from explorer.checklist.inspection import Inspection
from explorer.numerics.text import number, percent

_ROUNDINGS = 1e4
"""How many roundings two ways to the same loss may lie apart: sums in another order, over many samples."""
_COARSE = 0.05
"""Never more than this share: half precision has an eps of 1e-3, bfloat16 of 8e-3."""
ON_THE_PLANE = 1e-5
"""Of theta's own length: closer to the plane is on it."""


def check_center(about: Inspection) -> Finding:
    """Compare the model's own loss, evaluated by calling the model, with the plane's at the place where the model lies,
    and with the grid's point there if it has one."""
    theta, plane = about.objective.theta, about.plane
    own = about.own_loss()
    at, offset = plane.coordinates(theta).tolist(), float(plane.offset(theta))
    values = {"own": own, "at": at, "offset": offset}
    if offset > ON_THE_PLANE * float(theta.norm()) + about.epsilon:
        share = offset / float(theta.norm()) if float(theta.norm()) else 1.0
        text = f"The model itself lies {number(offset)} off the plane ({percent(share)} of its own length), nearest to "
        return Finding("center", "info", f"{text}{_tuple(at)}; its own loss is {number(own)}.", values)
    found = {"plane": about.loss_at(at), "grid": about.swept(at)}
    agree = all(_close(about, each, own) for each in found.values() if each is not None)
    text = (
        f"The model's own loss is {own:.6g}; the plane has {found['plane']:.6g} where the model lies, at {_tuple(at)}"
    )
    point = "point" if about.evaluated.all() else "evaluated point"
    text += f", the grid {found['grid']:.6g}." if found["grid"] is not None else f"; the grid has no {point} there."
    if agree:
        return Finding("center", "ok", text, values | found)
    text += " They should be the same: the objective is not what the model computes."
    return Finding("center", "warn", text, values | found)


def _tuple(coords: list[float]) -> str:
    # Rounding leaves a coordinate that is 0 at some 1e-17.
    words = [number(round(each, 6) + 0.0) for each in coords]
    return words[0] if len(words) == 1 else f"({', '.join(words)})"


def _close(about: Inspection, found: float, own: float) -> bool:
    # NaN is close to NaN.
    same = found == own or (found != found and own != own)
    # A loss near 0 may be what is left of numbers as large as the picture's.
    share = min(_ROUNDINGS * about.epsilon, _COARSE)
    slack = share * max(abs(own), abs(found)) + about.epsilon * about.range
    return same or abs(found - own) <= slack
