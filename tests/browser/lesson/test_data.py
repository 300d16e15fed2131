"""The learner's own data: dragged, added, removed, pasted, undone; landscape and minima follow."""

import pytest
from playwright.sync_api import expect

from tests.browser.screen import Screen


def points(screen: Screen) -> list[list[float]]:
    data = screen.evaluate("explorer.data()")
    return [list(pair) for pair in zip(data["x"], data["y"], strict=True)]


def test_a_dragged_point_changes_the_landscape_and_can_be_undone(screen: Screen) -> None:
    screen.open()
    before = screen.evaluate("explorer.reply.map.maps[0].codes")
    screen.hold_sample(1)
    screen.page.mouse.move(*screen.pixel(1.1, 0.2, "fit"), steps=4)
    assert points(screen)[1] == pytest.approx([1.1, 0.2], abs=0.02)
    screen.page.mouse.up()
    screen.settled()
    assert screen.query()["target"] == "own"
    assert screen.evaluate("explorer.reply.map.maps[0].codes") != before
    assert screen.evaluate("explorer.reply.minima[0].points.length") == 1
    screen.page.click("#data summary")
    screen.page.click("#data-undo")
    screen.settled()
    assert screen.state()["target"] == "two_points"


def window(screen: Screen) -> list[float]:
    found = screen.evaluate("explorer.window()")
    return [*found["w"], *found["b"]]


def test_the_window_stays_while_data_are_dragged_and_undo_brings_everything_back(screen: Screen) -> None:
    screen.open("target=two_points&w=-3.5&b=3")
    before, point = window(screen), [screen.state()[axis] for axis in "wb"]
    screen.hold_sample(1)
    for place in ((1.1, 0.2), (0.3, -0.9), (-0.8, 0.9)):
        screen.page.mouse.move(*screen.pixel(*place, "fit"), steps=3)
        assert window(screen) == before
    screen.page.mouse.up()
    screen.settled()
    own = screen.evaluate("explorer.ownWindow()")
    assert window(screen) == before != [*own["w"], *own["b"]]
    assert [screen.state()[axis] for axis in "wb"] == point
    fit = screen.page.get_by_role("button", name="Fit view to the data")
    expect(fit).to_be_enabled()
    fit.click()
    screen.settled()
    # The point stays where it is, and in view.
    assert [screen.state()[axis] for axis in "wb"] == point
    found = window(screen)
    assert found[0] <= point[0] <= found[1]
    assert found[2] <= point[1] <= found[3]
    assert found[1] - found[0] == pytest.approx(found[3] - found[2])
    screen.page.keyboard.press("Control+z")
    screen.settled()
    assert screen.state()["target"] == "two_points"
    assert window(screen) == before
    assert [screen.state()[axis] for axis in "wb"] == point


def test_no_link_and_no_choice_of_data_puts_the_point_off_the_map(screen: Screen) -> None:
    names = screen.open("w=9&b=-0.5").evaluate("Object.keys(explorer.study().targets)")
    own = screen.evaluate("explorer.ownWindow()")
    for name in ["", *names]:
        if name:
            screen.evaluate(f"explorer.act({{ target: '{name}' }})")
            screen.settled()
        assert [screen.state()[axis] for axis in "wb"] == [9, -0.5]
        found = window(screen)
        assert found[0] <= 9 <= found[1]
        assert found[2] <= -0.5 <= found[3]
    screen.open("w=9&b=-0.5&window=-1_1_-1_1")
    found = window(screen)
    assert found[0] <= -1 < 9 <= found[1]
    screen.open("target=two_points&w=3&b=1")
    assert window(screen) == [*own["w"], *own["b"]]


def test_points_are_added_and_removed_by_mouse_and_keys(screen: Screen) -> None:
    screen.open()
    screen.page.mouse.dblclick(*screen.pixel(0.25, 0.5, "fit"))
    screen.settled()
    assert points(screen)[2] == pytest.approx([0.25, 0.5], abs=0.02)
    screen.page.focus(".target[data-point='2']")
    screen.page.keyboard.press("ArrowUp")
    screen.settled()
    assert points(screen)[2][1] == pytest.approx(0.55, abs=0.02)
    screen.page.keyboard.press("Delete")
    screen.settled()
    assert len(points(screen)) == 2
    screen.page.keyboard.press("Control+z")
    screen.settled()
    assert len(points(screen)) == 3


def use_table(screen: Screen, text: str, said: str) -> None:
    """Open the table, put the text in, use it, and wait for what is said about it."""
    screen.page.click("#data summary")
    screen.page.fill("#csv", text)
    screen.page.click("#csv-use")
    screen.page.wait_for_function("(said) => document.querySelector('#csv-says').textContent.includes(said)", arg=said)


def test_pasted_csv_becomes_the_data_and_lives_in_the_address(screen: Screen) -> None:
    screen.open()
    use_table(screen, "x,y\n-1,-0.5\n0.5,0.25\n2,0.75", "3 points")
    screen.settled()
    assert points(screen) == [[-1, -0.5], [0.5, 0.25], [2, 0.75]]
    assert screen.query()["points"] == "-1_-0.5~0.5_0.25~2_0.75"


def test_a_bad_table_is_refused_with_its_line(screen: Screen) -> None:
    screen.open()
    use_table(screen, "1,2\n3,oops", "Line 2")
    assert screen.state()["target"] == "two_points"


def test_own_minima_are_found_by_descent_not_read_off_the_grid(screen: Screen) -> None:
    # Targets on a neuron with w = 1.5, b = -0.25, computed in the browser's own arithmetic.
    screen.open()
    screen.evaluate("""() => explorer.act({ target: "own",
        points: [-1, 0, 0.5, 2].map((x) => [x, Math.tanh(1.5 * x - 0.25)]) })""")
    screen.settled()
    (found,) = screen.evaluate("explorer.reply.minima[0].points")
    assert found["theta"] == pytest.approx([1.5, -0.25], abs=1e-9)
    expect(screen.page.locator("[data-map=landscape] path.minimum")).to_have_count(1)


def test_a_set_without_minimum_says_where_it_decreases(screen: Screen) -> None:
    screen.open("target=step_labels")
    assert "no finite minimum" in screen.text("places").lower()
    expect(screen.page.locator("[data-map=landscape] path.minimum")).to_have_count(0)


def test_a_line_of_minima_is_drawn_as_a_line(screen: Screen) -> None:
    screen.open("target=one_point")
    screen.says("places", "line of minima")
    assert screen.page.locator("[data-map=landscape] path.minimum-line").count() > 0


def test_one_point_of_ones_own_is_a_data_set_too(screen: Screen) -> None:
    screen.open("target=own&points=0.5_0.3")
    screen.says("places", "line of minima")
    assert screen.page.locator("[data-map=landscape] path.minimum-line").count() > 0


def test_choosing_a_point_does_not_move_it(screen: Screen) -> None:
    screen.open("target=outliers")
    x, y = screen.pixel(-1, -0.76, "fit")
    screen.page.mouse.click(x + 6, y + 4)
    screen.settled()
    assert screen.state()["target"] == "outliers"
    assert screen.page.get_attribute("#tape-points button:nth-child(4)", "aria-pressed") == "true"


def test_own_points_come_back_after_another_target(screen: Screen) -> None:
    screen.open("target=own&points=-1_-0.5~1_0.25")
    screen.page.click("#target-mirror")
    screen.settled()
    screen.page.click("#more-targets summary")
    screen.page.click("#target-own")
    screen.settled()
    assert points(screen) == [[-1, -0.5], [1, 0.25]]


def test_a_table_being_written_is_not_overwritten(screen: Screen) -> None:
    screen.open()
    use_table(screen, "1,2\nfoo", "Line 2")
    screen.click(1, 1)
    assert screen.page.input_value("#csv") == "1,2\nfoo"


def test_the_landscape_follows_a_drag_before_release(screen: Screen) -> None:
    screen.open()
    before = screen.evaluate("explorer.reply.map.query")
    screen.hold_sample(1)
    screen.page.mouse.move(*screen.pixel(1, 0.2, "fit"), steps=3)
    screen.page.wait_for_function("(before) => explorer.reply.map.query !== before", arg=before)
    screen.page.mouse.up()
    screen.settled()
    assert screen.evaluate("explorer.reply.map.maps[0].shape") == [161, 161]
