"""For everyone: offline, private, accessible, on a phone, on the wall, without JavaScript."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.screen import PHONE, Screen

SERIOUS = {"serious", "critical"}


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in found
            if each["impact"] in SERIOUS]  # fmt: skip


@pytest.mark.parametrize("query", ["mode=light", "mode=dark", "mode=projector", "study=reaction", "view=compare"])
def test_axe_finds_nothing_serious(screen: Screen, query: str) -> None:
    screen.open(query)
    assert violations(screen.page) == []


def test_axe_finds_nothing_serious_on_a_phone_with_the_lesson_open(screen: Screen) -> None:
    screen.resize(PHONE)
    screen.open()
    assert violations(screen.page) == []
    screen.page.click("#lesson-button")
    screen.page.wait_for_selector("#lesson-text h2, #lesson-text h1")
    assert violations(screen.page) == []


@pytest.mark.parametrize("query", ["", "view=compare", "study=reaction", "mode=projector", "view=3d"])
def test_no_sideways_scroll_on_a_phone(screen: Screen, query: str) -> None:
    screen.resize(PHONE)
    screen.open(query)
    if query == "view=3d":
        # A surface that was drawn on a wide screen is drawn again in the new width, a moment later.
        fits = "({ _fullLayout: { width }, clientWidth }) => width - clientWidth < 2"
        screen.page.wait_for_function(
            f"() => [...document.querySelectorAll('#surface .main-svg')].length && "
            f"({fits})(document.querySelector('#surface .js-plotly-plot'))"
        )
    screen.narrow(390)


def test_nothing_is_asked_of_any_other_host(screen: Screen, address: str) -> None:
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    screen.open("view=3d")
    screen.page.wait_for_selector("#surface canvas")
    screen.page.click("#lesson-button")
    screen.page.wait_for_selector("#lesson-text mjx-container, #lesson-text .MathJax, #lesson-text svg")
    screen.page.click("#lesson-close")
    own = urlsplit(address).netloc
    assert [url for url in asked if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != own] == []
    expect(screen.page.locator("[data-title*='hare'], a[href*='plotly.com'], a[href*='plot.ly']")).to_have_count(0)


def test_the_live_sentence_says_the_state(screen: Screen) -> None:
    screen.open("target=two_points&w=-1&b=0.5")
    assert screen.page.get_attribute("#live", "aria-live") == "polite"
    said = screen.text("live")
    assert "w −1, b 0.5" in said
    assert "loss" in said
    assert "Steepest descent goes right" in said


def test_everything_can_be_reached_by_keyboard(screen: Screen) -> None:
    screen.load()
    reached = set()
    for _ in range(70):
        screen.page.keyboard.press("Tab")
        script = "document.activeElement.id || document.activeElement.closest('[data-map],[data-plot]')?.dataset.plot"
        reached.add(screen.evaluate(script))
    assert {"loss-mae", "target-outliers", "w", "b", "step", "lesson-button", "layers-field", "landscape"} <= reached


def test_the_lesson_is_readable_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/lesson")
    expect(page.locator("h1")).to_have_count(1)
    assert len(page.inner_text("main").split()) > 800
    assert page.locator("math").first.bounding_box()["height"] > 5  # type: ignore[index]
    context.close()


def test_the_drawer_opens_closes_and_its_links_set_the_page(screen: Screen) -> None:
    screen.open()
    screen.page.click("#lesson-button")
    screen.page.wait_for_selector("#lesson-text a[href^='/?']")
    screen.page.keyboard.press("Escape")
    assert not screen.page.is_visible("#lesson")


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"w,b,loss"), ("nc", b"\x89HDF"), ("html", b"<!doctype html>"),
                                              ("svg", b"<svg"), ("png", b"\x89PNG")])  # fmt: skip
def test_downloads(screen: Screen, kind: str, begins: bytes) -> None:
    screen.open("n=33&target=outliers&loss=mae")
    with screen.page.expect_download() as waiting:
        screen.page.click(f"#download-{kind}")
    download = waiting.value
    assert download.suggested_filename == f"landscape-neuron-outliers-mae-33x33.{kind}"
    assert download.path().read_bytes()[: len(begins)].lower() == begins.lower()


def test_theme_and_projector_buttons(screen: Screen) -> None:
    screen.open("mode=light")
    screen.page.click("#theme")
    assert screen.evaluate("document.documentElement.dataset.theme") == "dark"
    screen.page.click("#projector")
    screen.settled()
    assert set(screen.query()["mode"].split(",")) == {"dark", "projector"}
    assert float(screen.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")) > 20


def test_a_link_of_the_lesson_sets_the_page_without_loading_it(screen: Screen) -> None:
    screen.open()
    screen.evaluate("window.stayed = true")
    screen.page.click("#lesson-button")
    screen.page.click("#lesson-text a[href^='/?target=step_labels']")
    screen.page.wait_for_function("() => explorer.state.target === 'step_labels'")
    screen.settled()
    assert screen.evaluate("window.stayed") is True
    expect(screen.page.locator("#lesson details")).to_have_count(3)


def test_a_server_that_fails_is_told(screen: Screen) -> None:
    screen.open()
    screen.page.route("**/_dash-update-component*", lambda route: route.fulfill(status=503, body="busy"))
    screen.page.click("#loss-mae")
    screen.page.wait_for_function("() => document.querySelector('#notes').textContent.includes('503')")
    screen.page.unroute("**/_dash-update-component*")
    screen.page.click("#loss-huber")
    screen.settled()
    assert not screen.page.is_visible("#notes")
    screen.errors.clear()


def test_a_point_outside_the_map_is_shown_at_its_edge(screen: Screen) -> None:
    screen.open("w=50&b=-30")
    # No link has its point off the map; a learner may zoom away from it.
    screen.evaluate("explorer.act({ window: [-4, 4, -4, 4] })")
    screen.settled()
    assert "the point outside" in " ".join(screen.page.locator("[data-map=landscape] .layer text").all_text_contents())


@pytest.mark.parametrize("query", ["mode=dark", "mode=projector,dark&loss=huber", "study=reaction&mode=projector"])
def test_axe_finds_nothing_serious_with_folds_open(screen: Screen, query: str) -> None:
    screen.open(query)
    for summary in screen.page.locator("details:visible > summary").all():
        summary.click()
    assert violations(screen.page) == []


def test_axe_finds_nothing_serious_in_an_exercise_with_its_table(screen: Screen) -> None:
    screen.open("activity=match_loss_outliers&mode=dark")
    screen.page.click("#activity-answers button:text-is('MAE')")
    screen.page.wait_for_selector("#activity-table tbody tr")
    assert violations(screen.page) == []


def test_a_finger_drags_a_point_without_scrolling_the_page(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    screen = Screen(context.new_page(), address).open("n=33")
    x, y = screen.pixel(1, 0.8, "fit")
    touch = context.new_cdp_session(screen.page)
    before = screen.evaluate("scrollY")
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 7):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y + 10 * step}]})
        screen.page.wait_for_timeout(30)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    screen.settled()
    assert screen.evaluate("scrollY") == before
    assert screen.evaluate("explorer.data().y[1]") < 0.5
    context.close()
