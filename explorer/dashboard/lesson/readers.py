"""Readers: what stands in the lesson's address, and within which limits."""

from collections.abc import Callable

from explorer.dashboard.common.address import one_of, read_number, short, written
from explorer.errors import StateError

MOST_POINTS = 40
MOST_PATHS = 8
RESOLUTION = (17, 513)
THETA = (-1000.0, 1000.0)
DATA = (-100.0, 100.0)
RATE = (0.001, 100.0)
STEPS = (1, 5000)
BATCH = (0, 1000)
SEED = (0, 9999)
AT = (-1, 5000)
WEIGHT = (0.01, 1000.0)
WIDTH = (1e-9, 2000.0)
"""Of a window, along each axis."""
BASINS = ("gd", "momentum", "rmsprop", "adam")
SHOWN = ("minimum", "loss", "steps", "diverged")
ACROSS = ("starts", "rates")
VIEWS = ("map", "3d", "compare", "race", "basins")
LAYERS = ("contours", "minima", "pulls", "field", "kinks", "ellipse", "influence")
HIDEABLE = ("study", "target", "loss", "view", "layers", "n", "readout", "step", "losses", "data", "tape", "code",
            "lesson", "downloads", "arrow", "descent", "zoom", "basins")  # fmt: skip
"""What an instructor can hide by name; each parameter of a loss too."""

Point = tuple[float, float]


def read_points(text: str) -> tuple[Point, ...]:
    """Read `x_y~x_y~...`. Raises StateError, also for more than 40 points."""
    pairs = [pair for pair in text.split("~") if pair]
    if len(pairs) > MOST_POINTS:
        raise StateError(f"at most {MOST_POINTS} points were expected, {len(pairs)} came")
    return tuple(_point(pair) for pair in pairs)


def _point(pair: str) -> Point:
    x, separator, y = pair.partition("_")
    if not separator:
        raise StateError(f"points as x_y~x_y were expected, {short(pair)} came")
    return read_number(x, *DATA), read_number(y, *DATA)


def points_written(points: tuple[Point, ...]) -> str:
    """Return the text that `read_points` reads; "none" for none."""
    return "~".join(f"{x!r}_{y!r}" for x, y in points) or written(points)


def read_window(text: str) -> tuple[float, ...]:
    """Read `wlow_whigh_blow_bhigh`, or nothing for the target set's own window. Raises StateError."""
    if text in ("", "none"):
        return ()
    ends = [read_number(part, *THETA) for part in text.split("_")]
    if len(ends) != 4:
        raise StateError(f"a window as wlow_whigh_blow_bhigh was expected, {short(text)} came")
    for width in (ends[1] - ends[0], ends[3] - ends[2]):
        # The ends are rounded for the address.
        if not 0.99 * WIDTH[0] <= width <= WIDTH[1]:
            raise StateError(f"a window from {WIDTH[0]:g} to {WIDTH[1]:g} wide and high was expected, {width:g} came")
    return tuple(ends)


def window_written(ends: tuple[float, ...]) -> str:
    """Return the text that `read_window` reads; "none" for none."""
    return "_".join(map(repr, ends)) or written(ends)


def rated(entry: str) -> tuple[str, float | None]:
    """Return the name and the rate of its own, if it has one, of `name` or `name@rate`. Raises StateError."""
    name, separator, rate = entry.partition("@")
    return name, read_number(rate, *RATE) if separator else None


def optimizers(names: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Return a reader of up to 8 optimizers, each once, with commas between, "none" for none; rates as the script
    writes them. It raises StateError."""

    def one(entry: str) -> str:
        name, rate = rated(entry)
        return one_of(names)(name) + ("" if rate is None else f"@{repr(rate).removesuffix('.0')}")

    def read(text: str) -> tuple[str, ...]:
        chosen = [] if text == "none" else [one(entry) for entry in text.split(",") if entry]
        if len(set(chosen)) > MOST_PATHS:
            raise StateError(f"at most {MOST_PATHS} optimizers were expected, {len(set(chosen))} came")
        return tuple(dict.fromkeys(chosen))

    return read
