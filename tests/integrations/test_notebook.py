"""The widget in JupyterLab, headless: a click in the cell reaches the kernel's autograd, and comes back."""

import json
import os
import re
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
pytest.importorskip("jupyterlab")
ROOT = Path(__file__).parents[2]
FIRST = """import torch, explorer
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)).double()
objective = explorer.Objective(model, nn.CrossEntropyLoss(), (torch.randn(20, 4).double(), torch.arange(20) % 2))
plane = explorer.directions.gaussian(objective, seed=0)
shown = explorer.widget(objective, plane)
shown"""
SECOND = """leaf = plane.at(shown.point).requires_grad_()
loss = objective(leaf)
slopes = (plane.basis @ torch.autograd.grad(loss, leaf)[0]).tolist()
same = max(abs(a - b) for a, b in zip(slopes, shown.numbers["gradient"])) < 1e-12
print("POINT", [round(each, 2) for each in shown.point], same, shown.numbers["values"]["loss"] == loss.item())"""


def cell(source: str) -> dict[str, object]:
    return {"cell_type": "code", "execution_count": None, "id": f"cell{len(source)}", "metadata": {}, "outputs": [],
            "source": source}  # fmt: skip


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """A server of one notebook, on loopback."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    book = {"cells": [cell(FIRST), cell(SECOND)], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "book.ipynb").write_text(json.dumps(book))
    options = ("--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token=")
    words = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={tmp_path}"]
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("RUNTIME", "CONFIG", "DATA")}
    environment = {**os.environ, **own, "PYTHONPATH": str(ROOT)}
    log = (tmp_path / "log.txt").open("w")
    server = subprocess.Popen(words, env=environment, stdout=log, stderr=log, cwd=tmp_path)
    try:
        yield address_in(tmp_path / "log.txt")
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def address_in(log: Path) -> str:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        found = re.search(r"http://127\.0\.0\.1:\d+/lab", log.read_text())
        if found:
            with urllib.request.urlopen(found[0], timeout=30):
                return found[0]
        time.sleep(0.5)
    raise AssertionError(log.read_text())


def test_a_click_in_jupyterlab_asks_autograd(lab: str, tmp_path: Path) -> None:
    path = chromium.find()
    if path is None:
        pytest.skip("no Chromium found")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 1100})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        # It suggests to build an extension of Dash's into itself.
        dialog = page.locator(".jp-Dialog .jp-mod-reject")
        page.add_locator_handler(dialog, lambda: dialog.click())
        page.goto(f"{lab}/tree/book.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        # A cell that is run before there is a kernel is passed over.
        page.get_by_text("| Idle").wait_for(timeout=90_000)
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        surface = page.locator(".landscape-widget .surface")
        expect(surface).to_be_visible(timeout=120_000)
        expect(page.locator(".landscape-widget path.downhill").first).to_be_attached(timeout=30_000)
        box = surface.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
        expect(page.locator(".landscape-widget .numbers")).to_contain_text("alpha 0.5", timeout=30_000)
        expect(page.locator(".landscape-widget .numbers")).not_to_contain_text("≈", timeout=30_000)
        page.screenshot(path=tmp_path / "lab.png")
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(1).click()
        page.keyboard.press("Shift+Enter")
        expect(page.locator(".jp-OutputArea-output", has_text="POINT")).to_contain_text(
            "POINT [0.5, 0.5] True True", timeout=60_000
        )
        browser.close()
    near = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
    assert [url for url in asked if not url.startswith(near)] == []
