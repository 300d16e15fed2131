"""For everyone: links, Back, wrong addresses, hidden controls, accessible, private, on a phone, letter for letter."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.patience import assert_asked_again_is_waited_for
from tests.browser.screen import PHONE
from tests.browser.stores.screen import SliceScreen


@pytest.mark.parametrize("query", ["", "store=whole.zarr&mode=dark", "store=half.zarr&with=whole.zarr&mode=dark",
                                   "store=whole.zarr&mode=projector", "store=seeds.zarr&view=cuts",
                                   "store=runs.zarr", "store=path.zarr&mode=dark"])  # fmt: skip
def test_axe_finds_nothing_serious(screen: SliceScreen, query: str) -> None:
    screen.open(query)
    for summary in screen.page.locator("details:visible > summary").all():
        summary.click()
    assert violations(screen.page) == []


@pytest.mark.parametrize("query", ["", "store=whole.zarr", "store=half.zarr&with=other.zarr", "store=line.zarr",
                                   "store=runs.zarr"])  # fmt: skip
def test_a_phone_needs_no_sideways_scroll(screen: SliceScreen, query: str) -> None:
    screen.resize(PHONE)
    screen.open(query)
    for summary in screen.page.locator("details:visible > summary").all():
        summary.click()
    screen.narrow(390)
    assert violations(screen.page) == []


def test_a_finger_drags_the_point_without_scrolling_the_page(browser: Browser, slices: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    screen = SliceScreen(context.new_page(), slices).open("store=whole.zarr")
    x, y = screen.pixel(0, 0)
    touch = context.new_cdp_session(screen.page)
    before = screen.evaluate("scrollY")
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 7):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 10 * step}]})
        screen.page.wait_for_timeout(30)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    screen.settled()
    assert screen.evaluate("scrollY") == before
    assert screen.value("b") > 0.2
    context.close()


def test_back_and_forward(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    screen.page.click("#scale-log")
    screen.settled().click(0.5, 0.5)
    there = screen.state()
    screen.page.go_back()
    screen.page.wait_for_function("() => explorer.state.a === 0")
    assert screen.settled().query() == {"store": "whole.zarr", "scale": "log"}
    screen.page.go_back()
    screen.page.wait_for_function("() => explorer.state.scale === 'auto'")
    screen.settled()
    screen.page.go_forward()
    screen.page.go_forward()
    screen.page.wait_for_function("(a) => explorer.state.a === a", arg=there["a"])
    assert screen.settled().state() == there


@pytest.mark.parametrize("query", ["store=../secret", "store=whole.zarr&a=abc", "store=whole.zarr&with=%2fetc&view=4d"])
def test_a_wrong_address_shows_a_safe_state_and_says_so(screen: SliceScreen, query: str) -> None:
    screen.open(query)
    screen.says("notes", "instead")


def test_a_store_that_is_not_there_is_told(screen: SliceScreen) -> None:
    screen.open("store=gone.zarr")
    screen.says("notes", "no store 'gone.zarr'")
    screen.page.click("#all-stores")
    screen.settled()
    assert screen.page.is_visible("#stores table")
    assert not screen.page.is_visible("#notes")


def test_an_instructor_hides_controls(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr&hide=report,provenance,code,scale,downloads")
    for id in ("report", "provenance", "code-card", "scale-log", "download-csv"):
        assert not screen.page.is_visible(f"#{id}")
    assert screen.page.is_visible("#readout-loss")


def test_copies(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr&a=0.25")
    screen.page.click("#copy-link")
    screen.page.wait_for_function("() => document.querySelector('#copy-link').textContent === 'Copied'")
    assert screen.evaluate("navigator.clipboard.readText()") == screen.page.url
    screen.page.click("#copy-code")
    screen.page.wait_for_function("() => document.querySelector('#copy-code').textContent === 'Copied'")
    assert "from tests.support.slice_cases import network" in screen.evaluate("navigator.clipboard.readText()")


def test_theme_and_projector_are_states(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr&mode=light")
    screen.page.click("#theme")
    assert screen.evaluate("document.documentElement.dataset.theme") == "dark"
    screen.page.click("#projector")
    screen.settled()
    assert set(screen.query()["mode"].split(",")) == {"dark", "projector"}
    assert float(screen.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")) > 20


def test_the_two_pages_lead_to_each_other(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    screen.page.click("header a >> text=Lesson")
    screen.page.wait_for_function("() => document.querySelector('#readout-loss')?.dataset.source === 'torch'")
    screen.page.click("header a >> text=Slices")
    screen.settled()
    assert screen.page.is_visible("#stores table")


def test_the_report_and_what_a_slice_cannot_show_stand_beside_it(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    expect(screen.page.locator("#report li")).to_have_count(3)
    screen.says("report", "! look")
    screen.says("limits", "proves nothing")
    screen.page.click("#provenance summary")
    screen.says("provenance", "theta_sha256")


def test_attributes_of_others_are_shown_letter_for_letter(screen: SliceScreen) -> None:
    screen.page.on("dialog", lambda dialog: screen.errors.append(dialog.message))
    screen.open("store=holes.zarr")
    screen.says("landscape-title", "<img src=x")
    screen.page.click("#provenance summary")
    screen.says("provenance", "<img src=x")
    screen.page.click("#view-3d")
    screen.page.wait_for_selector("#surface canvas")
    expect(screen.page.locator("img[src=x]")).to_have_count(0)


def test_nothing_is_asked_of_any_other_host(screen: SliceScreen, slices: str) -> None:
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    screen.open("store=whole.zarr&view=3d")
    screen.page.wait_for_selector("#surface canvas")
    own = urlsplit(slices).netloc
    assert [url for url in asked if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != own] == []


def test_everything_can_be_reached_by_keyboard(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    reached = set()
    for _ in range(60):
        screen.page.keyboard.press("Tab")
        here = "document.activeElement"
        script = f"{here}.id || {here}.closest('[data-plot]')?.dataset.plot || {here}.dataset.value"
        reached.add(screen.evaluate(script))
    wanted = {"accuracy", "scale-log", "with", "view-cuts", "layers-arrow", "landscape", "a", "b", "cut-a", "cut-b",
              "download-nc", "copy-code", "all-stores"}  # fmt: skip
    assert wanted <= reached


def test_a_server_that_fails_is_told(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    screen.page.route("**/_dash-update-component*", lambda route: route.fulfill(status=503, body="busy"))
    screen.page.click("#scale-log")
    screen.page.wait_for_function("() => document.querySelector('#notes').textContent.includes('503')")
    screen.page.unroute("**/_dash-update-component*")
    screen.page.click("#scale-linear")
    screen.settled()
    assert not screen.page.is_visible("#notes")
    screen.errors.clear()


def test_the_stores_of_these_tests_are_what_is_listed(screen: SliceScreen, stores: Path) -> None:
    screen.open()
    names = screen.page.locator("#stores tbody th").all_inner_texts()
    assert sorted(names) == sorted(each.name for each in stores.iterdir())


def test_a_question_that_is_asked_again_has_its_whole_time(page: Page, slices: str) -> None:
    screen = SliceScreen(page, slices)
    assert_asked_again_is_waited_for(screen, "store=whole.zarr", "store=seeds.zarr", held="drawn.data", seconds=20)
