"""Predict the arrow: draw the way down before the page shows it."""

import math
from collections.abc import Sequence

from experiments.activities.gate import played_on
from experiments.activities.measuring import gradient_at
from experiments.activities.wording import number, way
from explorer.study import Activity, Verdict, Visit

TOLERANCE = 15.0
"""Degrees: what an eye can tell."""
FLAT = 1e-12
"""A gradient smaller than this has no direction left after rounding."""


def angle(text: str) -> float | None:
    """Read an angle in degrees, None where the text is not a finite number."""
    try:
        value = float(text.strip().removesuffix("°").replace("−", "-").replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@played_on()
def _check(visits: Sequence[Visit], answer: str) -> Verdict:
    drawn = angle(answer)
    if drawn is None:
        return Verdict(False, "Draw the arrow from the point toward where the loss falls fastest, or type its angle "
                              "in degrees: 0 is toward larger w, 90 toward larger b.")  # fmt: skip
    dw, db = gradient_at(visits[-1])
    if math.hypot(dw, db) < FLAT:
        return Verdict(
            False, "The gradient is 0 here, so no direction is down: a minimum or a plain. Try another place."
        )
    true = math.degrees(math.atan2(-db, -dw))
    return _compare(drawn, true, math.hypot(dw, db))


def _compare(drawn: float, true: float, size: float) -> Verdict:
    error = abs(math.remainder(drawn - true, 360))
    down = f"−∇L points to {true:.0f}°, toward {way(math.cos(math.radians(true)), math.sin(math.radians(true)))}"
    if error <= TOLERANCE:
        return Verdict(True, f"Within {error:.1f}°: {down}, with size {number(size)}.")
    uphill = " You drew the way up: the gradient itself, not its negative." if error >= 180 - TOLERANCE else ""
    return Verdict(False, f"Off by {error:.1f}°: {down}.{uphill} Move the point and try again; "
                          f"{TOLERANCE:g}° is close enough.")  # fmt: skip


PREDICT_ARROW = Activity(
    name="predict_arrow",
    title="Draw the arrow",
    text="The arrow is hidden. From the contours alone, draw the direction of $-\\nabla L$ at the point.",
    setup={"target": "two_points", "loss": "mse", "w": "-1", "b": "1", "hide": "arrow"},
    check=_check,
    drawn=True,
)
