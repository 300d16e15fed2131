"""A race: side by side with one clock, shared as a link, kept as a file that needs nothing but a browser."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.paths import walked
from tests.browser.screen import PHONE, Screen


def losses_at(screen: Screen, step: int) -> dict[str, float]:
    found = screen.evaluate("explorer.paths.list().map(({ item, reply }) => [item, reply.losses])")
    return {item: losses[min(step, len(losses) - 1)] for item, losses in found}


def test_a_race_is_run_ranked_and_shared(screen: Screen) -> None:
    screen.open("target=outliers&opt=gd,adam@0.1,momentum&n=33&steps=40")
    screen.page.click("#view-race")
    walked(screen)
    titles = screen.page.locator(".map-title:visible").all_inner_texts()
    assert titles == ["Gradient descent 0.5", "Adam 0.1", "Momentum 0.5"]
    for map_id, item in (("landscape", "gd"), ("map-1", "adam@0.1"), ("map-2", "momentum")):
        walks = screen.page.locator(f"[data-map={map_id}] path[data-walk]")
        assert [walks.nth(i).get_attribute("data-walk") for i in range(walks.count())] == [item]
    for step in (0, 6, 40):
        screen.evaluate(f"explorer.act({{ at: {step} }}, 'replace')")
        losses = losses_at(screen, step)
        ranked = screen.evaluate("[...document.querySelectorAll('#leaders li')].map((node) => node.dataset.item)")
        assert [losses[item] for item in ranked] == sorted(losses.values())
    # The start is one for all: a click on any map moves it on each.
    screen.click(1.5, 1.5, "map-2")
    walked(screen)
    assert violations(screen.page) == []
    shared, ranking = screen.page.url, screen.text("leaders")
    screen.open(shared.partition("?")[2])
    walked(screen)
    expect(screen.page.locator("#leaders")).to_have_text(ranking, use_inner_text=True)
    assert "gd" in screen.query()["opt"]


def test_more_than_four_are_ranked_and_a_phone_shows_one_below_the_other(screen: Screen) -> None:
    screen.resize(PHONE)
    walked(screen.open("opt=gd,gd@0.1,gd@0.01,adam,lbfgs&view=race&n=33&steps=20"))
    expect(screen.page.locator(".map-title:visible")).to_have_count(4)
    screen.says("race-says", "the first 4 of 5")
    expect(screen.page.locator("#leaders li")).to_have_count(5)
    screen.narrow(390)
    screen.page.click("#opt-gd")
    walked(screen)
    assert screen.page.locator(".map-title:visible").all_inner_texts() == ["Adam 0.5", "L-BFGS 0.5"]


def test_the_animation_plays_from_a_file_without_any_request(screen: Screen, browser: Browser, tmp_path: Path) -> None:
    walked(screen.open("opt=gd,adam@0.1&n=33&steps=30&target=noisy"))
    with screen.page.expect_download() as waiting:
        screen.page.click("#download-race")
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name == "race-neuron.html"
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    expect(page.locator("figure")).to_have_count(2)
    expect(page.locator("#says")).to_have_text("step 0 of 30", use_inner_text=True)
    assert violations(page) == []
    page.click("#play")
    page.wait_for_function("() => document.querySelector('#says').textContent === 'step 30 of 30'")
    first = page.evaluate("document.querySelector('path.walk[stroke-dasharray]').getAttribute('d')")
    page.focus("#step")
    page.keyboard.press("Home")
    expect(page.locator("#says")).to_have_text("step 0 of 30", use_inner_text=True)
    shown = page.locator("#leaders li").all_inner_texts()
    start = screen.evaluate("explorer.short(explorer.paths.list()[0].reply.losses[0])")
    assert [line.split(": ")[1] for line in shown] == [start, start]
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    assert asked == [file.as_uri()]
    assert errors == []
    assert first
    context.close()
