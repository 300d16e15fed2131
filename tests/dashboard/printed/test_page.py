"""The lesson: every figure in it recomputed, every link in it tried, and its page whole without JavaScript."""

import contextlib
import io
import itertools
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import flask
import numpy as np
import pytest
import torch
from torch import Tensor

import experiments
from experiments.activities import ACTIVITIES, HIDDEN
from experiments.reaction import RHO, U0
from experiments.targets import TARGETS
from explorer.dashboard.lesson.state import State, parse
from explorer.dashboard.printed.page import lesson_html, register
from models import LOSSES

TEXT = (Path(experiments.__file__).parent / "lesson.md").read_text(encoding="utf-8")
KEYS = {*State.__dataclass_fields__}
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
LINKS = re.findall(r"\]\(([^)]*)\)", TEXT)
PROSE = re.sub(r"\]\([^)]*\)", "]", re.sub(r"```.*?```", "", TEXT.split("## References")[0], flags=re.DOTALL))


# --- the figures -----------------------------------------------------------------------------------------------------


def residual(target: str, theta: Tensor, center: float = 0.0) -> Tensor:
    """Return tanh(w (x - center) + b) - y for theta [..., 2] -> [..., D]."""
    x, y = TARGETS[target].x - center, TARGETS[target].y
    return torch.tanh(theta[..., :1] * x + theta[..., 1:]) - y


def mse(target: str, *theta: float) -> float:
    return float(residual(target, torch.tensor(theta, dtype=torch.float64)).square().mean())


def huber(target: str, delta: float):
    size = LOSSES["huber"](delta=delta)
    return lambda theta: size(residual(target, theta), torch.zeros_like(TARGETS[target].y))


def hessian(function):
    return torch.func.jacrev(torch.func.grad(function))


def newton(function, start: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Return a local minimum near start and its Hessian's eigenvalues, ascending."""
    theta = torch.tensor(start, dtype=torch.float64)
    for _ in range(30):
        theta = theta - torch.linalg.solve(hessian(function)(theta), torch.func.grad(function)(theta))
    values = torch.linalg.eigvalsh(hessian(function)(theta))
    # Rounding in a gradient of sums of about ten terms of size 1 is a few 1e-16.
    assert float(torch.func.grad(function)(theta).norm()) < 1e-13
    assert float(values[0]) > 0
    return theta, values


def condition(target: str, start: tuple[float, float], center: float = 0.0) -> float:
    _, values = newton(lambda theta: residual(target, theta, center).square().mean(), start)
    return float(values[1] / values[0])


def steps(target: str, start: tuple[float, float], center: float = 0.0) -> int:
    """Count descent steps of the best fixed size 2 / (smallest + largest curvature), from one unit of w away."""
    best, values = newton(lambda theta: residual(target, theta, center).square().mean(), start)
    x = TARGETS[target].x - center
    goal = float(residual(target, best, center).square().mean()) + 1e-8
    theta, rate = best + torch.tensor([1.0, 0.0], dtype=torch.float64), 2 / float(values.sum())
    for step in range(5000):
        r = residual(target, theta, center)
        if float(r.square().mean()) < goal:
            return step
        pull = 2 * r * (1 - (r + TARGETS[target].y) ** 2) / len(x)
        theta = theta - rate * torch.stack(((pull * x).sum(), pull.sum()))
    raise AssertionError(f"no minimum of {target} within 5000 steps")


def share(delta: float, beyond: bool) -> float:
    """Return the percentage of the map of two points with both residuals within or beyond delta."""
    axis = (torch.arange(800, dtype=torch.float64) + 0.5) / 100 - 4
    size = residual("two_points", torch.cartesian_prod(axis, axis)).abs()
    return 100 * float(((size >= delta) if beyond else (size <= delta)).all(-1).double().mean())


def slope_at_the_left_edge() -> float:
    theta = torch.tensor([-4.0, 0.0], dtype=torch.float64, requires_grad=True)
    residual("two_points", theta).square().mean().backward()
    return float(theta.grad.norm())


def solved_starts() -> int:
    """Count, of 21 by 21 starts in the square of radius 4, those from which descent reaches the exact solution.

    uhat' - rho uhat (1 - uhat) = (w - rho/2) s/2 with s = 1 - tanh^2, since uhat (1 - uhat) = s/4.
    """
    t, axis = np.linspace(0, 1, 21), np.linspace(-4, 4, 21)
    w, b = (start.ravel() for start in np.meshgrid(axis, axis))
    for _ in range(4000):
        value = np.tanh(w[:, None] * t + b[:, None])
        s, c, start = 1 - value**2, w - 2.5, np.tanh(b)
        # The slope of mean(s^2) c^2/4 in z is mean(-4 s^2 value) c^2/4.
        down = -(s**2) * value
        dw = (s**2).mean(1) * c / 2 + (down * t).mean(1) * c**2
        db = down.mean(1) * c**2 + ((1 + start) / 2 - 0.05) * (1 - start**2)
        w, b = w - dw, b - db
    equation = (((1 - np.tanh(w[:, None] * t + b[:, None]) ** 2) * (w - 2.5)[:, None] / 2) ** 2).mean(1)
    value = equation + ((1 + np.tanh(b)) / 2 - 0.05) ** 2
    # The others are stuck at 1e-4 and above; those that arrived are at rounding.
    return int((value < 1e-6).sum())


OUTLIER_MSE, _ = newton(huber("outliers", 10.0), (0.2, -0.4))
OUTLIER_HUBER, _ = newton(huber("outliers", 0.25), (0.7, -0.1))

FIGURES = [
    ("L(4, 4) = 0.2", lambda: mse("two_points", 4, 4)),
    ("L(-4, 0) = 2.8977", lambda: mse("two_points", -4, 0)),
    ("plane reaches 2.9", lambda: float((1 + TARGETS["two_points"].y.abs()).square().mean())),
    ("fades to 0.0046", lambda: slope_at_the_left_edge()),
    ("beyond $\\delta$ on 52", lambda: share(0.25, beyond=True)),
    ("within it on 5", lambda: share(0.25, beyond=False)),
    ("it is 21", lambda: share(1.0, beyond=True)),
    ("and 29", lambda: share(1.0, beyond=False)),
    ("from 0.290266", lambda: mse("sloped_line", *newton(huber("sloped_line", 10.0), (1.6, 0.0))[0].tolist())),
    ("$\\kappa$ is only 3.70", lambda: condition("sloped_line", (1.6, 0.0))),
    ("$\\kappa = 63.7", lambda: condition("short_baseline", (1.5, 0.0))),
    ("$\\kappa = 322.9", lambda: condition("offset_line", (0.75, -2.23))),
    ("$\\kappa = 3.05", lambda: condition("offset_line", (0.75, 0.0), center=3.0)),
    ("needs 231", lambda: steps("short_baseline", (1.5, 0.0))),
    ("and 1064", lambda: steps("offset_line", (0.75, -2.23))),
    ("after centering, 19", lambda: steps("offset_line", (0.75, 0.0), center=3.0)),
    ("is 0.0194", lambda: mse("step_labels", 2, 0)),
    ("$w = 2$, 0.000431", lambda: mse("step_labels", 4, 0)),
    ("(0.219", lambda: float(OUTLIER_MSE[0])),
    (", −0.402)", lambda: float(OUTLIER_MSE[1])),
    ("(0.981, 0)", lambda: math.atanh(0.9) / 1.5),
    ("(0.725", lambda: float(OUTLIER_HUBER[0])),
    (", −0.093)", lambda: float(OUTLIER_HUBER[1])),
    ("$w = 2.5$", lambda: 5 / 2),
    ("$b = -1.472$", lambda: math.log(0.05 / 0.95) / 2),
    ("about 0.0025", lambda: 0.05**2),
    ("from 239", lambda: solved_starts()),
    ("of 441", lambda: 21 * 21),
    ("\\approx 0.896", lambda: math.log(6) / 2),
    ("\\approx 0.203", lambda: math.log(1.5) / 2),
]
"""Words of the lesson around a figure, the last number in them being it, and how its value is computed."""

GIVEN = {"0.25", "0.05", "0.8", "0.6", "1.5", "4000"}
"""Data and settings that the lesson states, not results."""

NUMBER = re.compile(r"\d+\.\d+|\d{3,}")


@pytest.mark.parametrize(("words", "compute"), FIGURES, ids=[words for words, _ in FIGURES])
def test_every_figure_is_true_to_its_last_digit(words: str, compute: Callable[[], float]) -> None:
    assert words in PROSE
    shown = re.findall(r"[−-]?\d+(?:\.\d+)?", words.removesuffix(", 0)"))[-1].replace("−", "-")
    decimals = len(shown.partition(".")[2])
    assert abs(float(shown) - compute()) <= 0.5 * 10**-decimals + 1e-12


def test_no_figure_is_left_unproved() -> None:
    proved = {number for words, _ in FIGURES for number in NUMBER.findall(words)}
    assert set(NUMBER.findall(PROSE)) == proved | GIVEN


@pytest.mark.parametrize("block", BLOCKS)
def test_code_prints_what_its_comments_say(block: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(block, {})
    said = re.findall(r"^\s*# (.*)$", block, re.MULTILINE)
    assert printed.getvalue().splitlines() == said
    assert said


def test_no_point_of_the_plane_reaches_the_ceiling() -> None:
    theta = 20 * torch.randn(20_000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ceiling = (1 + TARGETS["two_points"].y.abs()).square().mean()
    values = residual("two_points", theta).square().mean(-1)
    # Saturated in float64 the ceiling itself is reached, up to the last digit.
    assert float(values.max()) <= float(ceiling) + 1e-15
    inside = torch.cartesian_prod(*[torch.linspace(-4, 4, 161, dtype=torch.float64)] * 2)
    worst = residual("two_points", inside).square().mean(-1)
    assert float(inside[worst.argmax(), 0]) == -4


def test_the_trough_stays_below_a_third() -> None:
    along = [mse("sloped_line", w, 0.0) for w in (1.7, 2, 3, 5, 10, 100)]
    assert along == sorted(along)
    assert max(along) <= 1 / 3 + 1e-15


def test_huber_with_a_large_delta_is_half_of_mse_on_two_points() -> None:
    assert share(2.0, beyond=False) == 100


def test_huber_one_lands_on_the_minimum_of_mse_with_outliers() -> None:
    assert float(residual("outliers", OUTLIER_MSE).abs().max()) < 1
    ours, _ = newton(huber("outliers", 1.0), (0.2, -0.4))
    # The two functions differ by a factor only, so Newton's steps agree up to rounding.
    assert torch.allclose(ours, OUTLIER_MSE, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("loss", "theta"), [
    ("mse", OUTLIER_MSE), ("huber", OUTLIER_HUBER),
    ("mae", torch.tensor([math.atanh(0.9) / 1.5, 0.0], dtype=torch.float64)),
])  # fmt: skip
def test_no_node_of_the_map_is_lower_than_the_minima_told(loss: str, theta: Tensor) -> None:
    each = LOSSES[loss]().pointwise
    nodes = torch.cartesian_prod(
        torch.linspace(-2, 4, 121, dtype=torch.float64), torch.linspace(-3, 3, 121, dtype=torch.float64)
    )
    assert float(each(residual("outliers", nodes)).mean(-1).min()) >= float(each(residual("outliers", theta)).mean())


def test_mae_chatters_where_mse_settles() -> None:
    """With a fixed step the last of many steps is as long as a corner's slope for MAE, and nothing for MSE."""
    x, y = TARGETS["two_points"].x, TARGETS["two_points"].y
    last = {}
    for loss in ("mse", "mae"):
        theta = torch.zeros(2, dtype=torch.float64)
        gradient = torch.func.grad(lambda t, name=loss: LOSSES[name]()(torch.tanh(t[0] * x + t[1]), y))
        for _ in range(500):
            slope = gradient(theta)
            theta, last[loss] = theta - 0.1 * slope, float(0.1 * slope.norm())
    # Slopes of MAE beside the minimum: s/2 = 0.18 and 0.32 along (1, +-1), so a step of 0.1 is never below 0.1 * 0.2.
    assert last["mse"] < 1e-8
    assert last["mae"] > 0.02


def test_the_lesson_is_of_a_length_to_be_read() -> None:
    assert 900 <= len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\$[^$]*\$", "", PROSE))) <= 1500


# --- the links -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", LINKS)
def test_links_stay_on_the_page_and_use_its_keys(link: str) -> None:
    address, query = urlsplit(link), dict(parse_qsl(urlsplit(link).query))
    assert (address.scheme, address.netloc, address.path) == ("", "", "/")
    assert set(query) <= KEYS
    assert query.get("target", "two_points") in TARGETS
    assert query.get("loss", "mse") in {*LOSSES, *HIDDEN}


@pytest.mark.parametrize("link", [link for link in LINKS if "activity=" in link])
def test_a_link_opens_its_activity_without_complaint(link: str) -> None:
    state, notes = parse(urlsplit(link).query, experiments.STUDIES)
    assert notes == ()
    assert state.study == "neuron"


def test_the_smallest_example_is_the_study_that_the_link_opens() -> None:
    assert experiments.STUDIES["reaction"].name == "reaction"
    assert (RHO, U0) == (5.0, 0.05)


def test_every_activity_is_linked_and_set_up_as_it_asks() -> None:
    linked = [dict(parse_qsl(urlsplit(link).query)) for link in LINKS if "activity=" in link]
    assert sorted(query["activity"] for query in linked) == sorted(activity.name for activity in ACTIVITIES)
    setups = {activity.name: activity.setup for activity in ACTIVITIES}
    for query in linked:
        setup = setups[query.pop("activity")]
        assert {key: setup[key] for key in query} == query
        assert {"target", "loss"} <= set(query)


# --- the page --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page has, read with the standard library."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "mspace"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


HTML = lesson_html(TEXT)
PAGE = Page(HTML)


def test_the_page_is_well_formed_and_in_english() -> None:
    assert PAGE.open == []
    assert HTML.startswith("<!DOCTYPE html>")
    assert PAGE.all("html") == [{"lang": "en"}]
    assert len(PAGE.all("title")) == 1


def test_the_page_needs_neither_scripts_nor_requests() -> None:
    tags = {tag for tag, _ in PAGE.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "base", "form"}
    attributes = {name for _, given in PAGE.tags for name in given}
    assert not attributes & {"src", "srcset", "background"}
    assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", HTML)
    assert all(link["href"].startswith(("/", "#")) for link in PAGE.all("a"))


def test_headings_are_in_order_and_can_be_linked() -> None:
    headings = [(int(tag[1]), given) for tag, given in PAGE.tags if re.fullmatch("h[1-6]", tag)]
    levels = [level for level, _ in headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [given["id"] for _, given in PAGE.tags if "id" in given]
    assert len(ids) == len(set(ids))
    assert all(given.get("id") for _, given in headings)
    assert all(link["href"][1:] in ids for link in PAGE.all("a") if link["href"].startswith("#"))


def test_landmarks_and_the_way_back_are_there() -> None:
    assert len(PAGE.all("main")) == len(PAGE.all("header")) == len(PAGE.all("nav")) == len(PAGE.all("footer")) == 1
    assert {"href": "/"} in PAGE.all("a")


def test_every_formula_became_mathml() -> None:
    source = TEXT.split("## References")[0]
    formulas = re.findall(r"\$\$.+?\$\$|\$.+?\$", re.sub(r"```.*?```", "", source, flags=re.DOTALL), re.DOTALL)
    assert len(PAGE.all("math")) == len(formulas)
    # What the converter does not know it copies, backslash and all.
    assert not re.search(r"\\[a-z]", "".join(re.findall(r"<math.*?</math>", HTML, re.DOTALL)))


def test_answers_are_folded_and_corrections_are_not() -> None:
    assert len(PAGE.all("details")) == len(PAGE.all("summary")) == 3
    assert HTML.count("<summary>Answer ") == 3
    notes = [given for given in PAGE.all("div") if given.get("role") == "note"]
    assert len(notes) == TEXT.count("> **A correction.**") >= 5


def test_light_dark_and_print_are_served() -> None:
    assert "@media (prefers-color-scheme: dark)" in HTML
    assert "@media print" in HTML


def test_html_in_a_lesson_is_shown_and_not_obeyed() -> None:
    page = Page(lesson_html("# T\n\n<script>alert(1)</script> [x](javascript:alert(1))\n"))
    assert not page.all("script")
    assert not [link for link in page.all("a") if "javascript" in (link["href"] or "")]


@pytest.mark.parametrize(
    ("text", "says"),
    [("no heading", "exactly one heading"), ("# A\n\n# B\n", "got 2"), ("# A\n\n### C\n", "use level 2")],
)
def test_a_lesson_out_of_order_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        lesson_html(text)


def test_the_lesson_is_served_beside_a_route_that_takes_everything() -> None:
    server = flask.Flask("test")
    server.add_url_rule("/<path:path>", "all", lambda path: "all")
    register(server, TEXT)
    answer = server.test_client().get("/lesson")
    assert answer.text == HTML
    assert answer.mimetype == "text/html"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_without_a_text_there_is_no_page() -> None:
    server = flask.Flask("test")
    register(server, "")
    assert server.test_client().get("/lesson").status_code == 404
