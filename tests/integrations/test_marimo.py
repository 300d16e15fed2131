"""The widget in marimo, headless: a click in the cell reaches the kernel, and the cells that depend on it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser import chromium

pytestmark = [pytest.mark.integrations, pytest.mark.filterwarnings("default")]
pytest.importorskip("marimo")
ROOT = Path(__file__).parents[2]
NOTEBOOK = """
import marimo
app = marimo.App()

@app.cell
def _():
    import torch, explorer
    import marimo as mo
    from torch import nn
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)).double()
    objective = explorer.Objective(model, nn.CrossEntropyLoss(), (torch.randn(20, 4).double(), torch.arange(20) % 2))
    shown = mo.ui.anywidget(explorer.widget(objective, explorer.directions.gaussian(objective, seed=0)))
    shown
    return mo, shown

@app.cell
def _(mo, shown):
    mo.md(f"POINT {[round(each, 2) for each in shown.value['point']]}")
    return
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "book.py").write_text(NOTEBOOK)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "marimo", "run", "book.py", "--headless", "--host", "127.0.0.1", "--no-token"]
    with (tmp_path / "log.txt").open("w") as log:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        server = subprocess.Popen([*words, "--port", str(port)], cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            yield answering(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            server.wait(30)


def answering(url: str) -> str:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return url
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{url} does not answer")


def test_a_click_in_marimo_reaches_the_cells_that_depend_on_it(address: str) -> None:
    path = chromium.find()
    if path is None:
        pytest.skip("no Chromium found")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        surface = page.locator(".landscape-widget .surface")
        expect(surface).to_be_visible(timeout=120_000)
        box = surface.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
        expect(page.locator(".landscape-widget .numbers")).to_contain_text("alpha 0.5", timeout=30_000)
        expect(page.get_by_text("POINT")).to_contain_text("POINT [0.5, 0.5]", timeout=30_000)
        browser.close()
    assert errors == []
