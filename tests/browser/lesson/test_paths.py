"""Paths: chosen, walked by torch, played, scrubbed, rated, explained; all of it in the address."""

from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from experiments import STUDIES
from explorer.dashboard import create_app
from explorer.dashboard.lesson.cached_descents import TOLERANCE
from explorer.dashboard.lesson.objectives import objective_of
from explorer.dashboard.lesson.state import parse
from explorer.descent import SCHEDULES, descend
from tests.browser.axe import violations
from tests.browser.paths import WALKED, walked
from tests.browser.screen import PHONE, Screen
from tests.support.page.path_cases import LINE
from tests.support.page.served import served

STEP = "explorer.transport.at()"


def assert_paths_are_torchs(screen: Screen) -> None:
    """Compare what the page holds with descend at the address."""
    state, _ = parse(screen.page.url.partition("?")[2], STUDIES)
    study = STUDIES[state.study]
    shown = screen.evaluate("explorer.paths.list().map(({ reply }) => [reply.thetas, reply.losses])")
    assert len(shown) == len(state.opt)
    for item, (thetas, losses) in zip(state.opt, shown, strict=True):
        name, _, rate = item.partition("@")
        path = descend(
            objective_of(state, study), torch.tensor([state.w, state.b], dtype=torch.float64), name,
            float(rate or state.lr), state.steps, scheduler=SCHEDULES[state.schedule](state.steps),
            batch_size=state.batch or None, seed=state.seed, tolerance=TOLERANCE,
        )  # fmt: skip
        # The same program on the same machine, through JSON, which keeps every digit.
        assert torch.tensor(thetas, dtype=torch.float64) == pytest.approx(path.thetas, rel=1e-12, abs=1e-15)
        assert losses == pytest.approx(path.losses.tolist(), rel=1e-12, abs=1e-15)


def test_optimizers_are_chosen_and_walk_as_torch_does(screen: Screen) -> None:
    screen.open("w=-1&b=1&steps=60")
    assert not screen.page.is_visible("#transport")
    screen.page.click("#opt-gd")
    screen.page.click("#opt-adam")
    walked(screen)
    assert screen.query()["opt"] == "gd,adam"
    assert screen.page.get_attribute("#opt-adam", "aria-pressed") == "true"
    expect(screen.page.locator("[data-map=landscape] path[data-walk]")).to_have_count(2)
    expect(screen.page.locator("#loss-chart path[data-course]")).to_have_count(2)
    assert_paths_are_torchs(screen)
    # They begin where the point is, and the handle stays there.
    screen.click(0.5, -2)
    walked(screen)
    assert_paths_are_torchs(screen)
    assert screen.value("w") == pytest.approx(0.5, abs=0.02)
    screen.page.go_back()
    screen.page.wait_for_function("() => explorer.state.w === -1")
    walked(screen)
    screen.page.click("#opt-gd")
    assert screen.query()["opt"] == "adam"
    walked(screen)
    screen.page.reload()
    walked(screen)
    assert_paths_are_torchs(screen)


def test_while_the_point_is_dragged_no_path_of_another_start_is_shown(screen: Screen) -> None:
    walked(screen.open("opt=gd,adam&n=33"))
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    screen.hold(1, 1)
    screen.page.mouse.move(*screen.pixel(0, 1), steps=3)
    expect(screen.page.locator("path[data-walk]")).to_have_count(0)
    assert not [url for url in asked if "/path?" in url]
    screen.page.mouse.up()
    walked(screen)
    expect(screen.page.locator("[data-map=landscape] path[data-walk]")).to_have_count(2)
    assert len([url for url in asked if "/path?" in url]) == 2


def test_the_transport_plays_steps_scrubs_and_rewinds(screen: Screen) -> None:
    walked(screen.open("opt=momentum,gd&steps=120&n=33"))
    losses = screen.evaluate("explorer.paths.list()[0].reply.losses")
    end = screen.evaluate("explorer.transport.total()")
    assert screen.evaluate(STEP) == end
    screen.page.click("#rewind")
    assert (screen.evaluate(STEP), screen.query()["at"]) == (0, "0")
    screen.page.click("#walk-on")
    screen.page.click("#walk-on")
    screen.page.click("#walk-back")
    assert (screen.evaluate(STEP), screen.query()["at"]) == (1, "1")
    here = screen.page.inner_text("#results tbody tr:first-child .here")
    assert here == screen.evaluate("(value) => explorer.short(value)", losses[1])
    marker = "document.querySelector('[data-walker=\"momentum\"]')"
    place = screen.evaluate(f"(() => {{ const m = {marker}; return [m.cx.baseVal.value, m.cy.baseVal.value]; }})()")
    theta = screen.evaluate("explorer.paths.list()[0].reply.thetas[1]")
    expected = screen.evaluate("([w, b]) => { const { plot } = explorer.landscape.maps()[0];"
                               "return [plot.px(w), plot.py(b)]; }", theta)  # fmt: skip
    # Written with one digit behind the point.
    assert place == pytest.approx(expected, abs=0.051)
    screen.page.focus("#at")
    screen.page.keyboard.press("ArrowRight")
    assert screen.query()["at"] == "2"
    # At no more than its usual speed: a path that comes to its end by itself is no longer to be paused.
    screen.page.click("#play")
    screen.page.wait_for_function("() => explorer.transport.at() > 12")
    expect(screen.page.locator("#play")).to_have_text("Pause", use_inner_text=True)
    screen.page.click("#play")
    expect(screen.page.locator("#play")).to_have_text("Play", use_inner_text=True)
    rests = screen.evaluate(STEP)
    assert screen.query()["at"] == str(rests)
    screen.page.reload()
    walked(screen)
    assert screen.evaluate(STEP) == rests
    screen.page.click("#speeds [data-speed='4']")
    screen.page.click("#play")
    screen.page.wait_for_function(f"() => {STEP} === {end} && !explorer.transport.playing()")
    assert "at" not in screen.query()


def test_rates_rows_and_settings(screen: Screen) -> None:
    walked(screen.open("opt=gd&lr=0.4&n=33&steps=30&target=noisy"))
    screen.page.click("#results button[title^='Another rate']")
    assert screen.query()["opt"] == "gd,gd@0.2"
    walked(screen)
    screen.page.focus("#rate-1")
    screen.page.keyboard.press("End")
    walked(screen)
    assert screen.query()["opt"] == "gd,gd@100"
    screen.page.click("#results tbody tr:last-child button[title^='Copy the program']")
    screen.page.wait_for_function("() => document.querySelector('#results').textContent.includes('Copied')")
    program = screen.evaluate("navigator.clipboard.readText()")
    assert program == screen.evaluate("explorer.paths.why().paths[1].program")
    assert "torch.optim.SGD" in program
    expect(screen.page.locator("#results tbody tr:last-child output")).to_have_text("100", use_inner_text=True)
    assert screen.page.locator("#results .best").count() >= 1
    # The common rate moves those without one of their own.
    screen.page.fill("#lr", "0.1")
    screen.page.press("#lr", "Enter")
    walked(screen)
    assert screen.evaluate("explorer.paths.list().map(({ lr }) => lr)") == [0.1, 100]
    for key, value in (("steps", "12"), ("batch", "4"), ("seed", "3")):
        screen.page.fill(f"#{key}", value)
        screen.page.press(f"#{key}", "Enter")
    screen.page.click("#schedule-cosine")
    walked(screen)
    assert {key: screen.query()[key] for key in ("steps", "batch", "seed", "schedule")} == {
        "steps": "12", "batch": "4", "seed": "3", "schedule": "cosine"}  # fmt: skip
    assert_paths_are_torchs(screen)
    screen.page.fill("#steps", "1.5")
    screen.page.press("#steps", "Enter")
    screen.says("notes", "steps stays 12")
    screen.page.press("#steps", "Tab")
    screen.page.click("#results tbody tr:first-child button[title^='Take away']")
    assert screen.query()["opt"] == "gd@100"


def test_a_path_that_leaves_the_window_is_marked_and_explained(screen: Screen) -> None:
    walked(screen.open("opt=momentum,adam@0.1&n=33"))
    marks = screen.page.locator("[data-map=landscape] .leaves").all_text_contents()
    thetas = screen.evaluate("explorer.paths.list()[0].reply.thetas")
    step = next(i for i, theta in enumerate(thetas) if max(map(abs, theta)) > 4)
    assert f"out at step {step}" in marks
    screen.page.click("#fit-view")
    screen.page.wait_for_function("() => !document.querySelector('[data-map=landscape] .leaves')")
    walked(screen)
    assert "window" in screen.query()
    assert not screen.page.is_visible("#fit-view")
    said = screen.page.locator("#descent-live p").all_inner_texts()
    assert len(said) == 2
    assert said[0].startswith("Momentum 0.5: ")
    assert screen.page.get_attribute("#descent-live", "aria-live") == "polite"
    screen.says("rate-says", "λmax")
    # From a saddle's curvature no best rate follows; 2/λmax does, and sets the rate.
    assert screen.page.is_disabled("#rate-best")
    screen.page.click("#rate-stable")
    walked(screen)
    assert float(screen.query()["lr"]) == pytest.approx(2 / screen.evaluate("explorer.paths.why().limits.lambda_max"))


@pytest.fixture
def line(page: Page) -> Iterator[Screen]:
    """The page of a study whose paths are known in closed form."""
    with served(create_app({"line": LINE})) as where:
        screen = Screen(page, where)
        yield screen
        page.goto("about:blank")
    assert screen.errors == []


def test_divergence_is_told_with_its_step_and_its_reason(line: Screen) -> None:
    line.page.goto(f"{line.address}/?opt=gd@3,gd@0.2&w=1&b=1&steps=400")
    line.page.wait_for_function(f"() => window.explorer?.state && explorer.paths.list().length && ({WALKED})()")
    # w grows by 23 a step from 1: 4 w² leaves float64 at step 113.
    ending = line.page.locator("#results tbody tr").first.locator("td").nth(3)
    expect(ending).to_have_text("diverged at step 113")
    # What is said is measured by the server, after the paths have come.
    said = line.page.locator("#descent-live p:first-child")
    expect(said).to_contain_text("diverged at step 113")
    expect(said).to_contain_text("2/λmax = 0.25")
    ticks = line.evaluate("[...document.querySelectorAll('.rate-tick')].map((node) => Number(node.dataset.rate))")
    assert ticks == pytest.approx([0.2, 0.25])
    line.page.click("#rate-best")
    assert float(line.query()["lr"]) == pytest.approx(0.2)


def test_everyone_can_use_it(screen: Screen, browser: Browser, address: str) -> None:
    walked(screen.open("opt=gd,gd@2&study=reaction&mode=dark&steps=30"))
    expect(screen.page.locator("path[data-walk]")).to_have_count(3 * 2)
    assert violations(screen.page) == []
    screen.resize(PHONE)
    walked(screen.open("opt=gd,lbfgs&mode=light"))
    small = "({ offsetParent, offsetWidth, offsetHeight }) => offsetParent && Math.min(offsetWidth, offsetHeight) < 24"
    controls = "[...document.querySelectorAll('#descent :is(button, input, summary)')]"
    assert screen.evaluate(f"{controls}.filter({small}).map((node) => node.outerHTML.slice(0, 90))") == []
    screen.narrow(390)
    assert violations(screen.page) == []
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 1024, "height": 768})
    still = walked(Screen(context.new_page(), address).open("opt=gd&at=5&n=33"))
    still.page.focus("#play")
    still.page.keyboard.press("Enter")
    assert (still.text("play"), still.evaluate(STEP)) == ("Step on", 6)
    context.close()


def test_a_hidden_card_asks_for_no_paths(screen: Screen) -> None:
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    screen.open("opt=gd&hide=descent&n=33")
    assert not screen.page.is_visible("#descent")
    assert not [url for url in asked if "/path?" in url]
    expect(screen.page.locator("[data-map=landscape] path[data-walk]")).to_have_count(0)
