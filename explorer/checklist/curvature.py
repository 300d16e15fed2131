"""How much of the curvature the picture can show."""

import math

import torch

from explorer.checklist.budget import Pieces
from explorer.checklist.finding import LEFT, Finding, not_looked_at
from explorer.checklist.inspection import Inspection
from explorer.checklist.spectrum_ends import Ends, ends_of, products_over_all, rounding
from explorer.numerics.text import at_least, at_most, number, percent

_NOTABLE = 1e-2
"""Of the largest curvature: from where on a hidden direction downwards is more than a note."""
_SHOWN = 0.1
"""A picture that curves downwards by less than this share of what is known to be there does not show it."""


def check_curvature(about: Inspection) -> Finding:
    """Tell the extreme eigenvalues of the Hessian at the origin as far as the plane shows it, per unit length of theta,
    and why those over all directions are left out."""
    text, inside = _in_the_picture(about)
    if not inside:
        return Finding("curvature", "info", text)
    values = {"in_plane": inside}
    if about.is_large:
        text += "; that of all directions is left out, since its three vectors would not fit into 256 MiB."
        return Finding("curvature", "info", text, values)
    seconds = about.budget.price(products_over_all(about))
    text += f"; that of all directions {not_looked_at(seconds)}."
    return Finding("curvature", "info", text, values | {LEFT: seconds})


def check_curvature_over_all(about: Inspection) -> Finding | None:
    """Tell the extreme eigenvalues of the Hessian at the origin beside those of the Hessian seen in the plane, both per
    unit length of theta; warn of a direction downwards that the picture does not show.

    Where P products are within the report's means the extremes are exact; else they are Ritz values, which bound them
    from inside, and are said to be just that. None where `check_curvature` has said all.
    """
    text, inside = _in_the_picture(about)
    if not inside or about.is_large:
        return None
    found = ends_of(about, inside)
    if not math.isfinite(found.size):
        text += "; in other directions it is NaN or infinite."
        return Finding("curvature", "info", text, {"in_plane": inside})
    return _compared(text, inside, found, rounding(about))


def products_in_the_picture(about: Inspection) -> Pieces:
    """Return what `check_curvature` takes."""
    return {"product": len(about.plane.basis)}


def _in_the_picture(about: Inspection) -> tuple[str, list[float]]:
    """Return the beginning of a sentence and the eigenvalues in the plane; none, and the sentence, of no numbers."""
    if not bool(about.seen.isfinite().all()):
        return "The curvature at the origin is NaN or infinite.", []
    inside = torch.linalg.eigvalsh((about.seen + about.seen.T) / 2).tolist()
    ends = " to ".join(number(each) for each in dict.fromkeys((inside[0], inside[-1])))
    return f"Curvature per unit length at the origin: {ends} in the picture", inside


def _compared(text: str, inside: list[float], found: Ends, slack: float) -> Finding:
    values = {"in_plane": inside, "all": [found.low, found.high], "products": found.products, "exact": found.exact}
    values["converged"] = not found.unknown
    text += f"; {_sentence(found)}"
    if not found.size > 0:
        return Finding("curvature", "info", f"{text}.", values)
    share = max(abs(inside[0]), abs(inside[-1])) / found.size
    # The largest is at least so large; more of it than that cannot be in the picture.
    words = percent(share) if found.exact else f"at most {percent(share, at_most)}"
    text += f". The picture shows {words} of the largest curvature."
    values["share"] = share
    if found.low < -slack * found.size and inside[0] > _SHOWN * found.low:
        text += " It does not show that some directions curve downwards: the origin is no minimum."
        # A trained network's Hessian nearly always has a few slightly negative eigenvalues: true, but no alarm.
        return Finding("curvature", "warn" if found.low < -_NOTABLE * found.size else "info", text, values)
    if "smallest" in found.unknown and found.low >= -slack * found.size:
        text += " Whether some directions curve downwards is not known."
    return Finding("curvature", "info", text, values)


def _sentence(found: Ends) -> str:
    if found.exact:
        return f"{number(found.low)} to {number(found.high)} over all directions"
    text = f"over all directions the smallest is at most {at_most(found.low)} and the largest at least "
    text += f"{at_least(found.high)} (Ritz values after {found.products} products"
    if found.unknown:
        asked = " and ".join(f'which="{which}"' for which in found.unknown)
        text += f"; not converged: ask explorer.directions.hessian with {asked}"
    return f"{text})"
