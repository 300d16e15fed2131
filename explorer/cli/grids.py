"""Grids: the words --points and --radius, or what has to be in the picture -> a grid on a plane."""

import math
import re

import click

from explorer.cli.planes import Chosen
from explorer.grid import Grid
from explorer.plane import Plane
from explorer.store.schema import MOST_POINTS


def read_points(text: str, count: int) -> tuple[int, ...]:
    """Return the points along each of `count` axes from "51" (all of them) or "51x41".

    Raises:
        BadParameter: other words, or a number for an axis that is not there.
    """
    numbers = [int(number) for number in text.split("x")] if re.fullmatch(r"[0-9]{1,7}(x[0-9]{1,7})?", text) else []
    numbers = numbers * count if len(numbers) == 1 else numbers
    if len(numbers) != count or min(numbers) < 2:
        form = "51 or 51x41" if count == 2 else "51"
        raise click.BadParameter(f"expected {form}, each at least 2; got {text!r}", param_hint="--points")
    return tuple(numbers)


def grid_on(chosen: Chosen, points: str, radius: float | None) -> Grid:
    """Return the grid: `radius` around the plane's own center; without one, around what the directions come from.

    A plane through checkpoints or along a trajectory shows these, with a quarter of their span around; another reaches
    1 to each side.

    Raises:
        BadParameter: points that are none of this plane.
    """
    plane = chosen.planes[0]
    counts = read_points(points, len(plane.labels))
    if len(chosen.planes) * math.prod(counts) > MOST_POINTS:
        all_points = " x ".join(map(str, counts)) + (f" on {len(chosen.planes)} planes" if chosen.planes[1:] else "")
        raise click.BadParameter(f"expected at most {MOST_POINTS:,} in all; got {all_points}", param_hint="--points")
    extents = [(-radius, radius)] * len(counts) if radius is not None else _around(chosen, plane)
    axes = zip(plane.labels, extents, counts, strict=True)
    return Grid({label: (*extent, number) for label, extent, number in axes})


def _around(chosen: Chosen, plane: Plane) -> list[tuple[float, float]]:
    if chosen.words.kind == "principal":
        grid = Grid.around(plane, *chosen.trajectories.values())
    elif chosen.words.kind in ("between", "through"):
        grid = Grid.around(plane)
    else:
        return [(-1.0, 1.0)] * len(plane.labels)
    return [(axis.low, axis.high) for axis in grid.axes.values()]
