"""A catalogue of one's own: each study shows its own choices, and brings as much or as little as it has."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from experiments import STUDIES
from explorer.dashboard import create_app
from tests.browser.screen import Screen
from tests.support.page.path_cases import LINE
from tests.support.page.served import served


@pytest.fixture
def screen(context: BrowserContext) -> Iterator[Screen]:
    with served(create_app({"neuron": STUDIES["neuron"], "line": LINE})) as where:
        page = context.new_page()
        shown = Screen(page, where)
        yield shown
        page.close()
    assert shown.errors == [], shown.errors


def choices(screen: Screen, key: str) -> list[str]:
    found: list[str] = screen.evaluate(
        "(key) => [...document.querySelectorAll(`[data-set-key=${key}]`)].filter((node) => !node.hidden)"
        ".map((node) => node.dataset.value)",
        key,
    )
    return found


def test_a_second_study_has_target_sets_and_losses_of_its_own(screen: Screen) -> None:
    screen.open("target=noisy&loss=huber&n=33")
    assert {"noisy", "own"} <= set(choices(screen, "target"))
    assert choices(screen, "loss") == list(STUDIES["neuron"].losses)
    screen.page.click("#study-line")
    screen.settled()
    assert screen.query() == {"study": "line", "target": "pair", "n": "33"}
    assert (choices(screen, "target"), choices(screen, "loss")) == (["pair"], ["mse"])
    # L = 4 w² + b² at (-1.5, 1.5), torch's alone: this study has no script.
    assert screen.value("readout-loss") == pytest.approx(11.25, rel=1e-12)
    expect(screen.page.locator("#landscape-title")).to_have_text("Loss landscape L(w, b), mse", use_inner_text=True)
    for hidden in ("#delta-control", "#ell-card", "#data", "#more-targets"):
        assert not screen.page.is_visible(hidden), hidden
    screen.page.click("#study-neuron")
    screen.settled()
    assert screen.query() == {"n": "33"}
    assert screen.page.is_visible("#ell-card")
    screen.page.click("#loss-huber")
    assert screen.settled().page.is_visible("#delta-control")


def test_a_link_into_it_opens_it(screen: Screen) -> None:
    screen.open("study=line&w=0.5&b=-1&n=33")
    assert screen.value("readout-loss") == pytest.approx(2.0, rel=1e-12)
    assert screen.state()["target"] == "pair"
    expect(screen.page.locator("#notes")).to_have_text("", use_inner_text=True)
