"""The scale: one unit of w is one unit of b on the screen, so that angles on the map are those of the plane."""

import itertools
import math

import pytest

from experiments import TARGETS
from tests.browser.screen import PHONE, WIDE, Screen

SIZES = [WIDE, {"width": 1024, "height": 768}, PHONE]
EVEN = """(most) => {
    const seen = [...document.querySelectorAll("[data-map] .js-plotly-plot, #basins .js-plotly-plot")]
        .filter((node) => node.offsetParent);
    const unit = ({ _length, range }) => _length / (range[1] - range[0]);
    const isEven = ({ _fullLayout: { xaxis, yaxis } }) => Math.abs(unit(yaxis) / unit(xaxis) - 1) < most;
    return seen.length > 0 && seen.every(isEven);
}"""
"""Whether every map that is seen has as many pixels for a unit of w as for one of b, by Plotly's own axes."""
PIXEL = 0.005
"""A pixel of a small map."""
ALONG = 6
"""Pixels of contour to each side of a place, of which the chord is the tangent there."""
PLACES = """(along) => {
    const [map] = explorer.landscape.maps(), { plot } = map, found = [];
    const lines = [...plot.layer.querySelectorAll("g.contours path.contour:not(.casing)")];
    for (const line of lines) {
        const whole = line.getTotalLength();
        for (const share of [0.2, 0.5, 0.8]) {
            const at = whole * share;
            if (at < 2 * along || whole - at < 2 * along) continue;
            const [behind, here, ahead] = [at - along, at, at + along].map((far) => line.getPointAtLength(far));
            const { l, t, w, h } = plot.area;
            const inside = here.x > l + 9 && here.x < l + w - 9 && here.y > t + 9 && here.y < t + h - 9;
            const tangent = [ahead.x - behind.x, ahead.y - behind.y];
            if (inside) found.push({ theta: plot.value(here.x, here.y), tangent });
        }
    }
    return found;
}"""
"""Places on the contours as they are drawn, with the contour's way there, in pixels."""
ARROW = "[data-map=landscape] path.downhill:not(.casing):not(.head)"


def placed(screen: Screen, theta: list[float]) -> None:
    screen.evaluate("([w, b]) => explorer.act({ w, b })", theta)
    screen.settled()


def drawn_arrow(screen: Screen) -> tuple[float, float]:
    """Return the drawn way of steepest descent, in pixels."""
    path = screen.page.get_attribute(ARROW, "d") or ""
    (x0, y0), (x1, y1) = [tuple(map(float, pair.split(","))) for pair in path.removeprefix("M").split("L")]
    return x1 - x0, y1 - y0


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
@pytest.mark.parametrize("query", ["target=two_points", "target=offset_line&window=0_1_-2_-1.5&w=0.5&b=-1.75"])
def test_the_arrow_is_at_right_angles_to_the_contour_that_is_drawn(
    screen: Screen, size: dict[str, int], query: str
) -> None:
    screen.resize(size)
    screen.open(f"{query}&n=513")
    places = screen.evaluate(PLACES, ALONG)
    chosen = places[:: max(1, len(places) // 10)][:10]
    assert len(chosen) == 10
    for place in chosen:
        placed(screen, place["theta"])
        (x, y), (u, v) = drawn_arrow(screen), place["tangent"]
        angle = math.degrees(math.acos((x * u + y * v) / (math.hypot(x, y) * math.hypot(u, v))))
        assert angle == pytest.approx(90, abs=2), place


def assert_even(screen: Screen) -> None:
    """Wait until a unit of w is one of b on every map that is seen; plots follow the window a moment later."""
    screen.page.wait_for_function(EVEN, arg=PIXEL, timeout=5000)


@pytest.mark.parametrize("size", [*SIZES, {"width": 900, "height": 600}], ids=lambda size: str(size["width"]))
def test_one_unit_of_w_is_one_of_b_on_every_map(screen: Screen, size: dict[str, int]) -> None:
    screen.resize(size)
    views = ["view=compare", "view=race&opt=gd,adam", "study=reaction", "mode=projector"]
    for query in [*(f"target={name}" for name in TARGETS), *views]:
        screen.open(f"{query}&n=17")
        assert_even(screen)
    screen.resize({"width": size["width"] + 100, "height": size["height"]})
    screen.page.wait_for_function("(width) => innerWidth === width", arg=size["width"] + 100)
    assert_even(screen)


def test_a_link_to_a_long_window_shows_at_least_what_it_did(screen: Screen) -> None:
    screen.open("n=17&window=-2_10_-1_0.5")
    ranges = screen.evaluate("explorer.landscape.maps()[0].plot.ranges")
    assert ranges == {"x": [-2, 10], "y": [-6.25, 5.75]}
    assert screen.query()["window"] == "-2_10_-1_0.5"
    assert_even(screen)
    screen.open("n=17&window=-1000_1000_900_1000")
    assert screen.evaluate("explorer.landscape.maps()[0].plot.ranges") == {"x": [-1000, 1000], "y": [-1000, 1000]}


def test_zooming_keeps_the_scale(screen: Screen) -> None:
    screen.open("target=offset_line&n=17&window=0_4_-4_-3")
    for press in ["#zoom-in", "#zoom-in", "#zoom-out", "#zoom-reset", "#zoom-in"]:
        screen.page.click(press)
        screen.settled()
        assert_even(screen)
    (w0, w1, b0, b1) = screen.state()["window"]
    assert w1 - w0 == pytest.approx(b1 - b0)


def test_basins_have_the_scale_of_the_maps_and_a_rate_has_none(screen: Screen) -> None:
    screen.open("view=basins&n=17&steps=20&target=short_baseline")
    screen.page.wait_for_function("() => explorer.basins.done()")
    assert_even(screen)
    screen.open("view=basins&n=17&steps=20&across=rates")
    screen.page.wait_for_function("() => explorer.basins.done()")
    left, width, right = screen.evaluate("""() => {
        const { l, w, r } = document.querySelector("#basins .js-plotly-plot")._fullLayout._size;
        return [l, w, r];
    }""")
    assert left + right < 80 < width


def test_the_exercise_takes_what_is_perpendicular_on_the_screen(screen: Screen) -> None:
    for size, (w, b) in itertools.product(SIZES, [(-1, 1), (1.5, -1)]):
        screen.resize(size)
        screen.load(f"target=two_points&loss=mse&n=513&w={w}&b={b}&hide=arrow&activity=predict_arrow")
        screen.page.wait_for_timeout(300)
        # The contour through the point as it is seen, and across it, to the side of the lower loss.
        dw, db = screen.evaluate("explorer.reply.point.gradient")
        x, y = screen.pixel(w, b)
        u, v = (end - start for start, end in zip((x, y), screen.pixel(w - db, b + dw), strict=True))
        length = math.hypot(u, v)
        screen.page.mouse.move(x, y)
        screen.page.mouse.down()
        screen.page.mouse.move(x + 80 * v / length, y - 80 * u / length, steps=3)
        screen.page.mouse.up()
        screen.page.wait_for_function("() => document.querySelector('#activity-verdict').textContent.length > 10")
        assert float(screen.text("activity-verdict").split("Within ")[1].split("°")[0]) < 2
