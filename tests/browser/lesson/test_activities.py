"""Every activity, done on the page as a learner would, from its button to its check mark."""

import math

import pytest
from playwright.sync_api import expect

from experiments import STUDIES
from tests.browser.screen import Screen

DONE = "() => document.querySelector('#activity-verdict').classList.contains('done')"


def begin(screen: Screen, name: str) -> Screen:
    screen.open("n=33")
    screen.page.click("#lesson-button")
    screen.page.click(f"#activity-{name}")
    screen.settled()
    assert screen.page.is_visible("#activity")
    assert not screen.evaluate(DONE)
    return screen


def type_point(screen: Screen, w: float, b: float) -> None:
    for id, value in (("w", w), ("b", b)):
        screen.page.fill(f"#{id}", repr(value))
        screen.page.press(f"#{id}", "Enter")
    screen.settled()


def finished(screen: Screen) -> str:
    screen.page.wait_for_function(DONE)
    return screen.text("activity-verdict")


MINIMA = {
    "isolated_minima_two_readings": [(2.1547, -0.3848), (0.2788, -0.2037)],
    "isolated_minima_mirror": [(-1.4391, -2.8633), (1.4391, -2.8633), (0.0, -0.182)],
}
VALLEYS = {
    "long_valley_trough": [(1.62, 0.0), (8.0, 0.0)],
    "long_valley_baseline": [(1.0, 0.0), (2.1, 0.0)],
    "long_valley_tilted": [(0.495, -1.484), (0.995, -2.984)],
}

DESCENTS = {
    "descend_baseline": {"lr": "1.06", "steps": "240"},
    "descend_tilted": {"lr": "0.1488", "steps": "1100"},
    "descend_trough": {"steps": "1100"},
}


@pytest.mark.parametrize("name", [*MINIMA, *VALLEYS])
def test_places_to_find(screen: Screen, name: str) -> None:
    begin(screen, name)
    for w, b in {**MINIMA, **VALLEYS}[name]:
        type_point(screen, w, b)
    finished(screen)


@pytest.mark.parametrize("name", DESCENTS)
def test_a_valley_is_descended(screen: Screen, name: str) -> None:
    begin(screen, name)
    assert screen.query()["opt"] == "gd"
    for id, value in DESCENTS[name].items():
        screen.page.fill(f"#{id}", value)
        screen.page.press(f"#{id}", "Enter")
    assert "steps at rate" in finished(screen)
    assert screen.page.locator("#activity-table tbody tr").count() >= 2


def test_find_the_minimum_by_clicking(screen: Screen) -> None:
    begin(screen, "find_minimum").click(-2, 2)
    screen.page.wait_for_function("() => document.querySelector('#activity-verdict').textContent.length > 10")
    assert not screen.evaluate(DONE)
    screen.click(0.8959, 0.2027)
    finished(screen)


def test_the_first_question_takes_the_closed_form(screen: Screen) -> None:
    begin(screen, "question_minimum")
    type_point(screen, 0.8958797, 0.2027326)
    finished(screen)


def test_compare_surfaces(screen: Screen) -> None:
    begin(screen, "compare_surfaces")
    screen.page.click("#loss-mae")
    screen.settled()
    screen.page.click("#loss-huber")
    finished(screen)


def test_crossing_a_crease(screen: Screen) -> None:
    begin(screen, "question_kinks")
    # The crease of the second point is w + b = atanh 0.8 = 1.0986.
    type_point(screen, 0.5, 0.5)
    screen.page.fill("#b", "0.7")
    screen.page.press("#b", "Enter")
    assert "sign" in finished(screen)


def test_the_hidden_loss_is_named(screen: Screen) -> None:
    begin(screen, "hidden_surface")
    assert not screen.page.is_visible("#tape")
    hidden = screen.state()["loss"]
    true = STUDIES["neuron"].hidden[hidden]
    wrong = next(name for name in ("mse", "mae") if name != true)
    screen.page.click(f"#activity-answers button:nth-child({1 + ['mse', 'mae', 'huber', 'log_cosh'].index(wrong)})")
    screen.page.wait_for_function("() => document.querySelector('#activity-verdict').textContent.length > 10")
    assert not screen.evaluate(DONE)
    screen.page.click(f"#activity-answers button:nth-child({1 + ['mse', 'mae', 'huber', 'log_cosh'].index(true)})")
    finished(screen)
    screen.page.click("#activity-leave")
    assert screen.state()["loss"] == true


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("match_loss_clean", "MSE"),
        ("match_loss_outliers", "MAE"),
        ("match_loss_wild", "MAE"),
        ("drag_outlier", "MSE"),
        ("question_outliers", "MAE"),
    ],
)
def test_a_loss_is_chosen_and_the_refits_are_shown(screen: Screen, name: str, answer: str) -> None:
    begin(screen, name)
    screen.page.click(f"#activity-answers button:text-is('{answer}')")
    finished(screen)
    assert screen.page.locator("#activity-table tbody tr").count() >= 3


def test_the_arrow_is_predicted_then_revealed(screen: Screen) -> None:
    begin(screen, "predict_arrow")
    expect(screen.page.locator("[data-map=landscape] path.downhill")).to_have_count(0)
    assert not screen.page.is_visible("#readout-dw")
    w, b = screen.value("w"), screen.value("b")
    dw, db = screen.evaluate("explorer.reply.point.gradient")
    norm = (dw * dw + db * db) ** 0.5
    screen.hold(w, b)
    screen.page.mouse.move(*screen.pixel(w - dw / norm, b - db / norm), steps=4)
    screen.page.mouse.up()
    assert "°" in finished(screen) or "degree" in finished(screen)
    assert screen.page.locator("[data-map=landscape] path.downhill").count() > 0
    assert (screen.value("w"), screen.value("b")) == (w, b)


def test_every_activity_is_done_here() -> None:
    named = {*MINIMA, *VALLEYS, *DESCENTS, "find_minimum", "question_minimum", "compare_surfaces", "question_kinks",
             "hidden_surface", "match_loss_clean", "match_loss_outliers", "match_loss_wild", "question_outliers",
             "predict_arrow", "drag_outlier"}  # fmt: skip
    assert named == {activity.name for activity in STUDIES["neuron"].activities}


def test_a_wrong_guess_can_be_followed_by_another_place_and_by_keys(screen: Screen) -> None:
    begin(screen, "predict_arrow")
    w, b = screen.value("w"), screen.value("b")
    dw, db = screen.evaluate("explorer.reply.point.gradient")
    screen.hold(w, b)
    screen.page.mouse.move(*screen.pixel(w + dw, b + db), steps=3)
    screen.page.mouse.up()
    screen.page.wait_for_function("() => document.querySelector('#activity-verdict').textContent.length > 10")
    assert not screen.evaluate(DONE)
    type_point(screen, 0.25, 1.5)
    expect(screen.page.locator("[data-map=landscape] path.downhill")).to_have_count(0)
    dw, db = screen.evaluate("explorer.reply.point.gradient")
    screen.page.focus("[data-map=landscape] .layer")
    # The first key draws the direction along +w, each further one turns it by 5 degrees: on the screen as in the plane.
    angle = math.degrees(math.atan2(-db, -dw)) % 360
    for _ in range(1 + round(angle / 5)):
        screen.page.keyboard.press("ArrowUp")
    before = screen.value("w")
    screen.page.keyboard.press("Enter")
    finished(screen)
    assert screen.value("w") == before


def test_choosing_a_default_during_an_activity_is_obeyed(screen: Screen) -> None:
    screen.open("activity=match_loss_wild")
    screen.page.click("#target-two_points")
    screen.settled()
    assert screen.query()["target"] == "two_points"
    assert not screen.page.is_visible("#disagree")
    screen.page.reload()
    screen.settled()
    assert screen.state()["target"] == "two_points"
