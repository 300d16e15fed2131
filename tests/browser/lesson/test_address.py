"""The address is the state: links, Back and Forward, wrong addresses, hidden controls."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.patience import assert_asked_again_is_waited_for
from tests.browser.screen import Screen


def test_an_address_shows_its_state(screen: Screen) -> None:
    screen.open("target=mirror&loss=huber&delta=0.5&w=1.25&b=-2.5&n=81")
    assert (screen.value("w"), screen.value("b"), screen.value("delta")) == (1.25, -2.5, 0.5)
    assert screen.page.get_attribute("#target-mirror", "aria-pressed") == "true"
    assert screen.page.get_attribute("#loss-huber", "aria-pressed") == "true"
    assert screen.evaluate("explorer.reply.map.maps[0].shape") == [81, 81]


def test_every_change_is_in_the_address_and_the_address_opens_it_again(screen: Screen) -> None:
    screen.open()
    screen.page.click("#target-outliers")
    screen.page.click("#loss-mae")
    screen.settled().click(0.5, -0.5)
    first, numbers = screen.state(), screen.value("readout-loss")
    screen.open(screen.page.url.partition("?")[2])
    assert screen.state() == first
    assert screen.value("readout-loss") == numbers


def test_back_and_forward(screen: Screen) -> None:
    screen.open("w=0&b=0")
    screen.page.click("#loss-mae")
    screen.settled().click(1, 1)
    there = screen.state()
    screen.page.go_back()
    screen.page.wait_for_function("() => explorer.state.w === 0")
    assert screen.settled().query().get("loss") == "mae"
    screen.page.go_back()
    screen.page.wait_for_function("() => explorer.state.loss === 'mse'")
    screen.settled()
    screen.page.go_forward()
    screen.page.go_forward()
    screen.page.wait_for_function("(w) => explorer.state.w === w", arg=there["w"])
    assert screen.settled().state() == there


@pytest.mark.parametrize(
    "query",
    ["w=abc&loss=<script>alert(1)</script>&n=1e99", "delta=-5", "target=own", "target=own&points=1_2~oops",
     "view=%00&layers=%ff", "study=nothing", "w=1e308&b=-1e308", "mode=neon"],
)  # fmt: skip
def test_a_wrong_address_shows_a_safe_state_and_says_so(screen: Screen, query: str) -> None:
    screen.open(query)
    if query != "study=nothing":
        screen.says("notes", "instead")
    assert screen.value("readout-loss") > 0
    expect(screen.page.locator("[data-map=landscape] .handle-core")).to_have_count(1)


def test_an_instructor_hides_controls(screen: Screen) -> None:
    screen.open("hide=code,tape,step")
    for id in ("code-card", "tape", "step"):
        assert not screen.page.is_visible(f"#{id}")
    assert screen.page.is_visible("#readout-loss")


def test_copy_link_copies_the_address(screen: Screen) -> None:
    screen.open("target=noisy&w=0.25")
    screen.page.click("#copy-link")
    screen.page.wait_for_function("() => document.querySelector('#copy-link').textContent === 'Copied'")
    assert screen.evaluate("navigator.clipboard.readText()") == screen.page.url


def test_layers_and_views_are_states(screen: Screen) -> None:
    screen.open("loss=mae")
    screen.page.click("#layers-kinks")
    screen.page.click("#layers-field")
    screen.page.click("#layers-ellipse")
    screen.settled()
    for name in ("kink", "field-arrow", "ellipse", "contour"):
        assert screen.page.locator(f"[data-map=landscape] path.{name}").count() > 0
    assert "kinks" in screen.query()["layers"]
    screen.page.click("#view-3d")
    screen.page.wait_for_selector("#surface .js-plotly-plot canvas")
    assert screen.query()["view"] == "3d"


def test_compare_shows_four_losses_with_one_point(screen: Screen) -> None:
    screen.open("view=compare&target=outliers")
    titles = screen.page.locator(".map-title:visible").all_inner_texts()
    assert titles == ["MSE", "MAE", "Huber", "Log-cosh"]
    screen.click(1, 0.5, "map-2")
    places = [screen.pixel(screen.value("w"), screen.value("b"), id) for id in ("landscape", "map-2")]
    assert places[0] != places[1]
    assert (screen.value("w"), screen.value("b")) == pytest.approx((1, 0.5), abs=0.02)
    expect(screen.page.locator(".handle-core")).to_have_count(4)
    losses = screen.evaluate("Object.values(explorer.reply.point.losses).map((each) => each.loss)")
    assert len(set(losses)) == 4


def test_a_hidden_loss_is_not_told(screen: Screen) -> None:
    screen.open("loss=hidden-1&target=outliers")
    screen.says("landscape-title", "hidden")
    screen.says("code", "Hidden")
    expect(screen.page.locator(".residual-dot")).to_have_count(0)


def test_a_question_that_is_asked_again_has_its_whole_time(page: Page, address: str) -> None:
    screen = Screen(page, address)
    assert_asked_again_is_waited_for(screen, "n=33", "n=33&target=mirror", held="map.data", seconds=10)
