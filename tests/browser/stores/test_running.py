"""A sweep that runs while it is looked at: it fills in, tells its pace, survives a reload, and may vanish."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from explorer.dashboard import create_app
from tests.browser.stores.screen import SliceScreen
from tests.support.page.served import served
from tests.support.slice_cases import REPORT, fill, make_store

OFTEN = 150
"""Milliseconds between two looks of the page in these tests; two seconds else."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("running")


@pytest.fixture
def folder(root: Path) -> Iterator[Path]:
    """The served folder, empty."""
    yield root
    for each in root.iterdir():
        shutil.rmtree(each)


@pytest.fixture(scope="module")
def shared(context: BrowserContext, root: Path) -> Iterator[SliceScreen]:
    """A server without a catalogue: only slices; its page looks for news often."""
    with served(create_app({}, stores=root, trusted=("tests",))) as where:
        page = context.new_page()
        page.add_init_script(f"window.explorer = {{ every: {OFTEN} }}")
        yield SliceScreen(page, where)
        page.close()


def start(folder: Path, share: float) -> tuple[Any, Any]:
    """Return a store that is half written, and what is to come; only the last thing written makes it whole."""
    with tempfile.TemporaryDirectory() as elsewhere:
        whole = make_store(Path(elsewhere), "y.zarr", points=(17, 17)).landscape().load()
    store = make_store(folder, "x.zarr", points=(17, 17), share=share, attrs={"report": None})
    news = {"points_per_second": 41.0, "seconds_left": 4.0, "updated": time.time()}
    store.set_attrs({"progress": json.dumps(news)})
    return store, whole


def test_an_empty_folder_says_how_to_begin_and_a_new_store_appears(screen: SliceScreen, folder: Path) -> None:
    screen.open()
    screen.says("how", "python -m explorer sweep")
    screen.says("alone", "only slices are served")
    expect(screen.page.locator("header a >> text=Lesson")).to_have_count(0)
    make_store(folder, "new.zarr", points=(5, 5))
    screen.page.wait_for_selector("a[data-store='new.zarr']", timeout=10_000)


def test_a_running_sweep_fills_in_and_tells_its_pace(screen: SliceScreen, folder: Path) -> None:
    store, whole = start(folder, 0.4)
    screen.open("store=x.zarr")
    assert screen.page.is_visible("#progress-row")
    said = screen.text("progress-says")
    assert "128 of 289 points (44 %)" in said
    assert "41 points a second" in said
    assert "about 4 s left" in said
    first = screen.evaluate("explorer.reply.scene.maps[0].computed")
    sharp = screen.evaluate("getComputedStyle(document.querySelector('#landscape image')).imageRendering")
    fill(store, whole, 2, 4)
    screen.page.wait_for_function("(first) => explorer.reply.scene.maps[0].computed > first", arg=first, timeout=10_000)
    screen.page.reload()
    screen.settled()
    screen.says("progress-says", "256 of 289 points")
    fill(store, whole, 4)
    screen.page.wait_for_function("() => explorer.reply.scene.maps[0].computed === 1", timeout=10_000)
    # Sharp cells for stand-ins, smooth colors for the whole.
    image = "getComputedStyle(document.querySelector('#landscape image')).imageRendering"
    assert (sharp, screen.evaluate(image)) == ("pixelated", "auto")
    store.set_attrs({"report": json.dumps(REPORT)})
    screen.page.wait_for_function("() => document.querySelectorAll('#report li').length === 3", timeout=10_000)
    assert not screen.page.is_visible("#progress-row")


def test_a_finished_store_is_not_polled(screen: SliceScreen, folder: Path) -> None:
    make_store(folder, "x.zarr", points=(9, 9))
    screen.open("store=x.zarr")
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.post_data or ""))
    screen.page.wait_for_timeout(6 * OFTEN)
    assert asked == []


def test_an_unfinished_store_is_asked_for_little_and_seldom(screen: SliceScreen, folder: Path) -> None:
    start(folder, 0.4)
    screen.open("store=x.zarr")
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.post_data or ""))
    began = time.monotonic()
    while len(asked) < 3 and time.monotonic() < began + 10:
        screen.page.wait_for_timeout(OFTEN / 2)
    assert len(asked) >= 3
    assert (time.monotonic() - began) * 1000 >= 2 * OFTEN
    assert all("watched.data" in each for each in asked)


def test_a_store_that_vanishes_is_told(screen: SliceScreen, folder: Path) -> None:
    start(folder, 0.4)
    screen.open("store=x.zarr")
    shutil.rmtree(folder / "x.zarr")
    screen.page.wait_for_function(
        "() => document.querySelector('#notes').textContent.includes('no store')", timeout=10_000
    )
    assert screen.page.is_visible("[data-map=landscape] .handle-core")


def test_a_store_that_is_damaged_is_told_and_another_can_be_chosen(screen: SliceScreen, folder: Path) -> None:
    start(folder, 0.4)
    (folder / "x.zarr" / "zarr.json").write_text("{")
    make_store(folder, "good.zarr", points=(5, 5))
    screen.open("store=x.zarr")
    screen.says("notes", "damaged")
    screen.page.click("a[data-store='good.zarr']")
    screen.settled()
    assert not screen.page.is_visible("#stores table")
    assert not screen.page.is_visible("#notes")


def test_the_table_is_drawn_again_only_when_a_store_has_changed(screen: SliceScreen, folder: Path) -> None:
    store, whole = start(folder, 0.4)
    screen.open()
    screen.page.wait_for_selector("a[data-store='x.zarr']")
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.post_data or ""))
    screen.page.wait_for_timeout(4 * OFTEN)
    assert asked
    assert not [each for each in asked if "table-query" in each]
    fill(store, whole, 2)
    screen.page.wait_for_function("() => document.querySelector('#stores td:nth-child(6)').textContent === 'done'")


def test_the_seconds_of_a_silent_sweep_are_not_believed(screen: SliceScreen, folder: Path) -> None:
    store, _ = start(folder, 0.4)
    news = {"points_per_second": 41.0, "seconds_left": 4.0, "updated": time.time() - 500}
    store.set_attrs({"progress": json.dumps(news)})
    screen.open("store=x.zarr")
    screen.says("progress-says", "the same command continues it")
    expect(screen.page.locator("#progress-says")).not_to_contain_text("left", use_inner_text=True)
