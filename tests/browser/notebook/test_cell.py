"""The widget's cell in a browser, with the kernel's side in this process and no notebook between."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from playwright.sync_api import BrowserContext, Page, expect
from plotly.offline import get_plotlyjs
from torch import nn

import explorer
from explorer import Objective

HARNESS = """
async ([source, style, state, root]) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const listeners = {};
  const told = (name, ...given) => (listeners[name] ?? []).forEach((each) => each(...given));
  window.model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; told(`change:${name}`); },
    on: (name, call) => (listeners[name] ??= []).push(call),
    off: (name, call) => (listeners[name] = (listeners[name] ?? []).filter((each) => each !== call)),
    send: ({ want }) => told("msg:custom", { [want]: true }, [new TextEncoder().encode(window.plotlyText)]),
    save_changes: async () => window.model.set("numbers", await window.kernel(state.point)),
  };
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: cell } = await import(url);
  const host = document.body.appendChild(document.createElement("div"));
  const el = root === "shadow" ? host.attachShadow({ mode: "open" }) : host;
  if (root === "shadow") el.append(Object.assign(document.createElement("style"), { textContent: style }));
  const inner = el.appendChild(document.createElement("div"));
  window.cleanup = await cell.render({ model: window.model, el: inner });
}
"""


def objective() -> Objective:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)).double()
    return Objective(model, nn.CrossEntropyLoss(), (torch.randn(20, 4).double(), torch.arange(20) % 2))


@pytest.fixture(params=["document", "shadow"])
def cell(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[tuple[Page, Any, Objective, Any]]:
    given = objective()
    plane = explorer.directions.gaussian(given, seed=0)
    shown = explorer.widget(given, plane)

    def kernel(point: list[float]) -> Any:
        shown.point = point
        return json.loads(json.dumps(shown.numbers))

    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.set_content("<!doctype html><meta charset=utf-8><body></body>")
    page.expose_function("kernel", kernel)
    page.evaluate("(text) => (window.plotlyText = text)", get_plotlyjs())
    state = {"scene": shown.scene, "point": list(shown.point), "numbers": shown.numbers}
    page.evaluate(HARNESS, [shown._esm, shown._css, state, request.param])
    yield page, shown, given, plane
    page.close()
    assert errors == []


def test_a_click_asks_autograd_and_the_arrow_is_its_gradient(cell: tuple[Page, Any, Objective, Any]) -> None:
    page, shown, given, plane = cell
    expect(page.locator(".landscape-widget .layer path.contour").first).to_be_attached()
    expect(page.locator(".landscape-widget path.downhill").first).to_be_attached()
    expect(page.locator(".landscape-widget .cuts path.cut")).to_have_count(2)
    box = page.locator(".landscape-widget .surface").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    # The axes go from -1 to 1, upwards.
    expect(page.locator(".landscape-widget .numbers")).to_contain_text("alpha 0.5")
    assert shown.point == pytest.approx([0.5, 0.5], abs=0.01)
    theta = plane.at(shown.point).requires_grad_()
    loss = given(theta)
    (gradient,) = torch.autograd.grad(loss, theta)
    assert shown.numbers["values"]["loss"] == pytest.approx(loss.item(), rel=1e-12)
    assert shown.numbers["gradient"] == pytest.approx((plane.basis @ gradient).tolist(), rel=1e-10)
    expect(page.locator(".landscape-widget .numbers")).to_contain_text(f"loss {loss.item():.4g}"[:9])


def test_keys_move_the_point_and_a_trait_that_is_set_moves_it_back(cell: tuple[Page, Any, Objective, Any]) -> None:
    page, shown, _, _ = cell
    page.locator(".landscape-widget .layer").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".landscape-widget .numbers")).to_contain_text("alpha 0.0125")
    assert shown.point == pytest.approx([0.0125, 0.0])
    page.evaluate("() => { window.model.set('point', [-0.5, 0.25]); return window.model.save_changes(); }")
    expect(page.locator(".landscape-widget .numbers")).to_contain_text("alpha −0.5, beta 0.25")
    assert shown.point == [-0.5, 0.25]


def test_what_it_leaves_is_nothing(cell: tuple[Page, Any, Objective, Any]) -> None:
    page, _, _, _ = cell
    before = page.locator(".landscape-widget .numbers").text_content()
    page.evaluate("() => { window.cleanup(); window.model.set('point', [0.9, 0.9]); }")
    assert page.locator(".landscape-widget .numbers").text_content() == before
