"""The page /slice: choosing, drawing, the point and its numbers, two stores on one scale, views, downloads."""

import math

import pytest
import torch
from playwright.sync_api import expect

from tests.browser.stores.screen import SliceScreen
from tests.support.slice_cases import network, oblique


def truth(a: float, b: float) -> tuple[float, torch.Tensor, torch.Tensor]:
    """Return loss, gradient and basis at (a, b) by plain autograd, apart from everything the page uses."""
    objective = network()
    plane = oblique(objective)
    theta = plane.at((a, b)).requires_grad_()
    loss = objective(theta)
    return loss.item(), torch.autograd.grad(loss, theta)[0], plane.basis


def assert_truth(screen: SliceScreen) -> None:
    loss, gradient, basis = truth(screen.value("a"), screen.value("b"))
    assert screen.page.get_attribute("#readout-loss", "data-source") == "torch"
    # One block, the same operations: a few ulp; through JSON to the last digit.
    assert screen.value("readout-loss") == pytest.approx(loss, rel=1e-13)
    assert screen.value("readout-norm") == pytest.approx(gradient.norm().item(), rel=1e-12)
    shown = [screen.more("∂L/∂alpha"), screen.more("∂L/∂beta")]
    assert shown == pytest.approx((basis @ gradient).tolist(), rel=1e-11)
    unit = torch.linalg.qr(basis.T).Q
    assert screen.value("readout-share") == pytest.approx(
        ((unit.T @ gradient).norm() / gradient.norm()).item(), rel=1e-11
    )


def test_the_list_leads_to_a_store_and_back(screen: SliceScreen) -> None:
    screen.open()
    expect(screen.page.locator("#stores tbody tr")).to_have_count(12)
    # 6 of 13 chunks of 64 points.
    screen.says("stores", "46 %")
    screen.page.click("#stores a[data-store='whole.zarr']")
    screen.settled()
    assert screen.query() == {"store": "whole.zarr"}
    screen.says("landscape-title", "loss of Sequential")
    screen.page.click("#all-stores")
    screen.settled()
    assert screen.page.is_visible("#stores table")
    screen.page.go_back()
    screen.page.wait_for_function("() => explorer.state.store === 'whole.zarr'")
    screen.settled()
    assert screen.page.is_visible("[data-map=landscape] .handle-core")


def test_a_click_gives_exact_numbers_at_exactly_that_place(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    for a, b in [(0.3217, -0.8841), (-0.913, 1.302)]:
        screen.page.mouse.click(*screen.pixel(a, b))
        screen.settled()
        assert (screen.value("a"), screen.value("b")) == pytest.approx((a, b), abs=0.004)
        assert_truth(screen)
    accuracy = network().metrics(oblique(network()).at((screen.value("a"), screen.value("b"))))["accuracy"].item()
    assert screen.more("accuracy") == accuracy
    screen.says("live", "The picture shows")


def test_a_drag_reads_off_the_sweep_and_asks_once_on_release(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.post_data or ""))
    screen.hold(-0.5, 1)
    for i in range(8):
        screen.page.mouse.move(*screen.pixel(-0.5 + i / 8, 1 - i / 8))
        screen.page.wait_for_timeout(20)
    assert screen.page.get_attribute("#readout-loss", "data-source") == "preview"
    screen.says("readout-loss", "≈", first=True)
    # Linear between points a twelfth apart, curvature along the axes below 9 |H| <= 10: h^2 / 8 * 10 * 2 = 0.02.
    assert screen.value("readout-loss") == pytest.approx(truth(screen.value("a"), screen.value("b"))[0], abs=0.02)
    assert not [body for body in asked if "point.data" in body]
    screen.page.mouse.up()
    screen.settled()
    assert len([body for body in asked if "point.data" in body]) == 1
    assert not [body for body in asked if "drawn.data" in body]
    assert_truth(screen)


def test_keys_move_the_point(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    screen.page.focus("[data-map=landscape] .layer")
    for key, by in [("ArrowRight", 2.5 / 160), ("Shift+ArrowRight", 2.5 / 32), ("Alt+ArrowRight", 2.5 / 8000)]:
        before = screen.value("a")
        screen.page.keyboard.press(key)
        screen.settled()
        assert screen.value("a") - before == pytest.approx(by, abs=2e-6)
    screen.page.focus("#cut-b ~ .layer, [data-plot=cut-b] .layer")
    screen.page.keyboard.press("ArrowRight")
    screen.settled()
    assert screen.value("b") == pytest.approx(2.5 / 160, abs=2e-6)
    assert_truth(screen)


def test_typed_numbers_are_taken_and_refused_in_words(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    screen.page.fill("#a", "0.1234567890123")
    screen.page.press("#a", "Enter")
    screen.settled()
    assert screen.value("a") == 0.1234567890123
    assert_truth(screen)
    screen.page.fill("#b", "1e9")
    screen.page.press("#b", "Enter")
    screen.says("notes", "beta: a number from")
    assert screen.value("b") == 0


def test_the_arrow_points_along_the_gradients_projection(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr&a=0.9&b=-0.6")
    path = screen.page.get_attribute("[data-map=landscape] path.downhill:not(.casing):not(.head)", "d") or ""
    (x0, y0), (x1, y1) = [tuple(map(float, pair.split(","))) for pair in path.removeprefix("M").split("L")]
    m = "document.querySelector('#landscape .js-plotly-plot')._fullLayout"
    ux, uy = screen.evaluate(f"[{m}.xaxis._m, {m}.yaxis._m]")
    drawn = math.atan2((y1 - y0) / -abs(uy), (x1 - x0) / ux)
    _, gradient, basis = truth(0.9, -0.6)
    # The coordinates of the projection, by least squares; the basis is oblique, so they are not basis @ gradient.
    coordinates = torch.linalg.lstsq(basis.T, -gradient[:, None]).solution[:, 0].tolist()
    assert drawn == pytest.approx(math.atan2(coordinates[1], coordinates[0]), abs=0.03)
    assert screen.page.locator("[data-map=landscape] path.uphill").count() > 0
    screen.page.click("#layers-arrow")
    expect(screen.page.locator("[data-map=landscape] path.downhill")).to_have_count(0)


def test_quantities_scales_and_layers_are_states(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    names = screen.page.locator("#quantities button").all_inner_texts()
    assert names == ["loss", "accuracy", "‖∇L‖", "status"]
    assert screen.page.locator("[data-map=landscape] path.contour").count() > 4
    screen.page.click("#quantities button >> text=accuracy")
    screen.settled()
    assert screen.query()["quantity"] == "accuracy"
    assert screen.page.inner_text("[data-map=landscape] .says").startswith("accuracy, linear scale")
    screen.page.click("#scale-log")
    screen.settled()
    expect(screen.page.locator("[data-map=landscape] .says")).to_contain_text(
        "accuracy, log scale", use_inner_text=True
    )
    screen.says("cuts-hint", "accuracy upwards, log scale")
    # The axis of a cut has values on it, and they stand where their logarithms are.
    axis = "document.querySelector('#cut-a .js-plotly-plot')._fullLayout.yaxis"
    ticks = screen.evaluate(f"[{axis}.tickvals, {axis}.ticktext]")
    assert len(ticks[0]) >= 3
    assert [10**value for value in ticks[0]] == pytest.approx([float(text) for text in ticks[1]], rel=1e-3)
    screen.page.click("#layers-contours")
    expect(screen.page.locator("[data-map=landscape] path.contour")).to_have_count(0)
    screen.open(screen.page.url.partition("?")[2])
    assert (screen.state()["quantity"], screen.state()["scale"]) == ("accuracy", "log")
    assert screen.state()["layers"] == ["checkpoints", "arrow"]


def test_a_quantity_that_is_not_there_is_told(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr&quantity=nothing")
    screen.says("notes", "showing loss instead")
    expect(screen.page.locator("[data-map=landscape] .handle-core")).to_have_count(1)


def test_checkpoints_are_drawn_dashed_where_they_are_far(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    path = screen.page.locator("[data-map=landscape] path.path:not(.casing)")
    far = screen.page.locator("[data-map=landscape] path.path.far:not(.casing)")
    assert path.count() == 6
    assert 0 < far.count() < 6
    expect(screen.page.locator("[data-map=landscape] path.checkpoint")).to_have_count(2)
    expect(screen.page.locator("#checkpoints tbody tr")).to_have_count(9)
    screen.page.click("#layers-checkpoints")
    assert path.count() == 0


def test_two_slices_share_a_scale_and_a_point(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    screen.page.select_option("#with", "other.zarr")
    screen.settled()
    assert screen.query()["with"] == "other.zarr"
    assert screen.page.locator(".map-title:visible").all_inner_texts() == ["whole.zarr", "other.zarr"]
    legends = screen.page.locator(".legend .says").all_inner_texts()
    assert legends[0] == legends[1]
    screen.page.mouse.click(*screen.pixel(0.5, 0.25, "map-1"))
    screen.settled()
    assert (screen.value("a"), screen.value("b")) == pytest.approx((0.5, 0.25), abs=0.01)
    expect(screen.page.locator(".handle-core")).to_have_count(2)
    assert_truth(screen)
    other = network(seed=3)
    theta = oblique(other).at((screen.value("a"), screen.value("b")))
    assert screen.more("loss in other.zarr") == pytest.approx(other(theta).item(), rel=1e-12)


def test_the_3d_view_is_drawn_and_fills_its_place(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr")
    screen.page.click("#view-3d")
    screen.page.wait_for_selector("#surface .js-plotly-plot canvas")
    assert screen.query()["view"] == "3d"
    assert not screen.page.is_visible("#maps")
    place, drawn = (screen.page.locator(each).bounding_box() for each in ("#surface-card", "#surface .svg-container"))
    assert place is not None
    assert drawn is not None
    assert (drawn["width"], drawn["height"]) == pytest.approx((place["width"], place["height"]), abs=2)
    assert screen.evaluate("explorer.every") == 2000


def test_cuts_go_through_the_point(screen: SliceScreen) -> None:
    screen.open("store=whole.zarr&view=cuts&a=0.25&b=-0.25")
    assert not screen.page.is_visible("#maps")
    cut = screen.evaluate("explorer.cutOf(explorer.reply.scene.sides[0], 'loss', 0, [0.25, -0.25])")
    assert len(cut) == 33
    for alpha, loss in cut[::8]:
        # Between rows a twelfth apart as in the drag's test.
        assert loss == pytest.approx(truth(alpha, -0.25)[0], abs=0.02)
    x, y = screen.pixel(-0.5, 1.5, "cut-a")
    screen.page.mouse.click(x, y)
    screen.settled()
    assert screen.value("a") == pytest.approx(-0.5, abs=0.01)
    assert screen.value("b") == -0.25


def test_a_line_shows_its_band(screen: SliceScreen) -> None:
    screen.open("store=line.zarr")
    screen.page.wait_for_selector("[data-plot=cut-a] path.band", state="attached")
    assert not screen.page.is_visible("[data-plot=cut-b]")
    screen.says("cuts-say", "Median of 4 seeds")
    assert not screen.page.is_visible("#maps")
    screen.page.mouse.click(*screen.pixel(0.75, 1.4, "cut-a"))
    screen.settled()
    assert screen.value("a") == pytest.approx(0.75, abs=0.01)
    assert screen.page.get_attribute("#readout-loss", "data-source") == "torch"


def test_another_seed_is_another_plane(screen: SliceScreen) -> None:
    screen.open("store=seeds.zarr&a=1&b=1")
    first = screen.value("readout-loss")
    screen.page.select_option("#seed", "3")
    screen.settled()
    assert screen.query()["seed"] == "3"
    objective = network()
    expected = objective(oblique(objective, 3).at((1.0, 1.0))).item()
    assert screen.value("readout-loss") == pytest.approx(expected, rel=1e-12)
    assert first != screen.value("readout-loss")


def test_without_a_factory_numbers_are_read_off_the_sweep(screen: SliceScreen) -> None:
    screen.open("store=holes.zarr&a=0.75&b=0.25")
    assert screen.page.get_attribute("#readout-loss", "data-source") == "swept"
    screen.says("readout-loss", "≈", first=True)
    screen.says("agree", "does not say which function")
    assert screen.value("readout-loss") == pytest.approx(truth(0.75, 0.25)[0], abs=0.05)
    screen.page.wait_for_selector("[data-map=landscape] path.downhill", state="attached")
    expect(screen.page.locator("[data-map=landscape] .says")).to_contain_text(
        "9 points not finite", use_inner_text=True
    )
    # Smoothed, colors would fade into the holes.
    assert screen.evaluate("document.querySelector('#landscape .js-plotly-plot').data[0].zsmooth") is False


def test_a_loss_that_is_not_a_number_is_said_and_has_no_way_down(screen: SliceScreen) -> None:
    screen.open("store=nan.zarr&a=1.4&b=1.4")
    expect(screen.page.locator("#readout-loss")).to_have_text("NaN")
    screen.says("live", "loss NaN")
    expect(screen.page.locator("#live")).not_to_contain_text("steepest")
    expect(screen.page.locator("[data-map=landscape] path.downhill")).to_have_count(0)
    screen.page.fill("#a", "7")
    screen.page.press("#a", "Enter")
    screen.settled()
    screen.says("agree", "outside the sweep")


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"alpha,beta,status"), ("html", b"<!doctype html>"),
                                              ("svg", b"<svg"), ("png", b"\x89PNG")])  # fmt: skip
def test_downloads(screen: SliceScreen, kind: str, begins: bytes) -> None:
    screen.open("store=whole.zarr")
    with screen.page.expect_download() as waiting:
        screen.page.click(f"#download-{kind}")
    assert waiting.value.suggested_filename == f"whole.{kind}"
    assert waiting.value.path().read_bytes()[: len(begins)].lower() == begins.lower()
