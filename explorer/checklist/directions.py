"""What the picture's axes are, and how much of the gradient they hold."""

import math

import torch

from explorer.checklist.finding import Finding
from explorer.checklist.inspection import Inspection
from explorer.numerics.gram import lengths_and_cosines
from explorer.numerics.text import number, percent

_ORTHOGONAL = ("hessian", "through", "principal")
"""Kinds of planes whose directions are made at right angles; random ones are so only nearly."""

_MOST_OF_IT = 0.5
"""Of the gradient's length, seen in the picture."""


def check_directions(about: Inspection) -> Finding:
    """Tell lengths and cosine of the directions; warn of a cosine that is large for directions made like these."""
    lengths, cosines = lengths_and_cosines(about.plane.basis)
    own = float(about.plane.origin.norm())
    text = f"One unit of {_and(about.plane.labels)} is {_and([*map(number, lengths.tolist())])} long in theta"
    text += f" (the origin's length is {number(own)})"
    if len(lengths) == 1:
        return Finding("directions", "info", f"{text}.", {"norms": lengths.tolist(), "origin": own})
    largest = float((cosines - torch.eye(len(cosines)).to(cosines)).abs().max())
    limit = 1e-3 if about.plane.made.get("kind") in _ORTHOGONAL else max(0.1, 5 / math.sqrt(len(about.plane.origin)))
    values = {"norms": lengths.tolist(), "cosine": largest, "limit": limit, "origin": own}
    text += f"; the largest |cosine| between directions is {number(largest)}"
    if largest <= limit:
        return Finding("directions", "ok", f"{text}.", values)
    return Finding("directions", "warn", f"{text}: they are oblique, and the picture distorts angles.", values)


def check_gradient(about: Inspection) -> Finding:
    """Tell which share of the gradient at the origin lies in the plane, beside sqrt(K / P), that of a random plane."""
    slope = about.gradient
    whole, inside = float(slope.norm()), float(about.along(slope).norm())
    usual = math.sqrt(len(about.plane.basis) / len(slope))
    values = {"norm": whole, "in_plane": inside, "random": usual}
    if not whole > 0:
        return Finding("gradient", "info", f"The gradient at the origin is {number(whole)}.", values)
    share = inside / whole
    text = f"{percent(share)} of the gradient at the origin lies in the picture; in a random plane it would be "
    text += f"{percent(usual)} (the gradient's length is {number(whole)})"
    if share < _MOST_OF_IT:
        text += ": the slope that is seen is not the slope that training sees"
    return Finding("gradient", "info", f"{text}.", values | {"share": share})


def _and(words: list[str] | tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
