"""How much of the picture was evaluated, and how good the rest is."""

from explorer.checklist.finding import Finding
from explorer.checklist.inspection import Inspection
from explorer.landscape import miss_of
from explorer.numerics.text import at_most, percent


def check_interpolation(about: Inspection) -> Finding | None:
    """Tell how many points were evaluated and what a check of the others found, in the planes of all seeds; warn of an
    error that is larger than what was asked for.

    None for a sweep without a tolerance.
    """
    attrs = about.whole.attrs
    if "tolerance" not in attrs:
        return None
    asked, error, checked = attrs["tolerance"], miss_of(attrs), attrs["tolerance_checked"]
    evaluated, total = attrs["evaluated_points"], about.whole["status"].size
    values = {"asked": asked, "error": error, "checked": checked, "evaluated": evaluated, "points": total}
    if not checked:
        text = f"All {total:,} points were evaluated, none interpolated: the surface is too rough for it, or the grid "
        text += f"too coarse, to know it within the {percent(asked)} that was asked for."
        return Finding("interpolation", "info", text, values)
    text = f"{evaluated:,} of {total:,} points were evaluated, the rest interpolated; error at {checked:,} checked "
    text += f"points at most {percent(error, at_most)} of the range of {attrs['tolerance_scale']} "
    text += f"(asked: {percent(asked)})."
    if error > asked:
        return Finding("interpolation", "warn", f"{text} That is more than was asked for: leave tolerance out.", values)
    return Finding("interpolation", "ok", text, values)
