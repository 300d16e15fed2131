"""Numbers, places and ways in words, the same in every verdict."""

import math

LABELS = {"mse": "MSE", "mae": "MAE", "huber": "Huber", "log_cosh": "log-cosh"}
"""What the learner reads for each loss."""

_WAYS = (
    "larger w",
    "larger w and larger b",
    "larger b",
    "smaller w and larger b",
    "smaller w",
    "smaller w and smaller b",
    "smaller b",
    "larger w and smaller b",
)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float) -> str:
    """Write a number with four significant digits and a true minus sign: 0.2, −1.5, 4.326 × 10⁻⁵."""
    digits, marker, power = f"{value:.4g}".partition("e")
    scale = f" × 10{str(int(power)).translate(_RAISED)}" if marker else ""
    return digits.replace("-", "−") + scale


def fixed(value: float, decimals: int = 3) -> str:
    """Write a number with a fixed count of decimals, for columns and places."""
    # Adding 0.0 turns a rounded -0.0 into 0.0, which would otherwise show its sign.
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")


def place(w: float, b: float) -> str:
    """Write a point of the plane; three decimals are finer than any map shows."""
    return f"(w, b) = ({fixed(w)}, {fixed(b)})"


def way(dw: float, db: float) -> str:
    """Say which way a step goes, as the nearest of eight directions."""
    return _WAYS[round(math.degrees(math.atan2(db, dw)) / 45) % 8]


def listed(words: list[str]) -> str:
    """Join words as in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
