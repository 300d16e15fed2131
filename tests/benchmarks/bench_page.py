"""How quick the page feels: p50 and p95 in headless Chromium, beside the goals.

Run: python -m tests.benchmarks.bench_page

Every time is taken inside the browser, from the real input event to the frame after which the change is painted.
"""

import statistics
from collections.abc import Callable

from playwright.sync_api import Page, sync_playwright

from experiments import STUDIES
from explorer.dashboard import create_app
from tests.browser import chromium
from tests.browser.screen import Screen
from tests.support.page.served import served

WATCH = """() => {
    window.times = {};
    // In a frame's own work: when that frame has been painted.
    const inFrame = (name, t0) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => { times[name] = performance.now() - t0; };
        channel.port2.postMessage(0);
    };
    const painted = (name, t0) => requestAnimationFrame(() => inFrame(name, t0));
    const once = (test, done) => { const look = () => test() ? done() : requestAnimationFrame(look); look(); };
    document.addEventListener("pointerdown", () => {
        const t0 = performance.now();
        requestAnimationFrame(() => { times.handle = performance.now() - t0; });
        painted("fit", t0);
    }, true);
    document.addEventListener("pointerup", () => {
        const t0 = performance.now();
        const source = document.querySelector("#readout-loss");
        const told = () => source.dataset.source === "torch";
        setTimeout(() => once(told, () => { times.torch = performance.now() - t0; }));
        const there = () => explorer.paths.list().filter(({ reply }) => reply).length;
        const drawn = (many) => once(() => there() >= many, () => inFrame(`paths ${many}`, t0));
        requestAnimationFrame(() => [1, 8].forEach(drawn));
    }, true);
    document.addEventListener("click", (event) => {
        if (!event.target.closest("[data-set-key=loss]")) return;
        const t0 = performance.now(), before = explorer.reply.map;
        once(() => explorer.reply.map !== before, () => painted("map", t0));
    }, true);
}"""
FRAMES = """() => {
    window.frames = [];
    const real = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (work) => real((now) => {
        const t0 = performance.now();
        work(now);
        frames.push(performance.now() - t0);
    });
}"""
EIGHT = "opt=gd,momentum,nesterov,rmsprop,adagrad,adam,adamw,lbfgs&lr=0.1"
GOALS = {
    "press to handle and arrow moved": 20,
    "press to fit painted": 60,
    "release to torch's numbers": 150,
    "switch loss to new map, 256 x 256": 150,
    "first load usable": 2000,
    "release to the first path": 100,
    "release to eight paths of 200 steps": 400,
    "script a frame, playing eight paths": 8,
}


def measure(repeats: int) -> dict[str, list[float]]:
    """Return milliseconds by interaction."""
    with served(create_app(STUDIES)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.ARGUMENTS)
        try:
            found = {"first load usable": [_load(browser.new_page, address) for _ in range(max(3, repeats // 5))]}
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            screen = Screen(page, address).open("target=outliers&n=256")
            page.evaluate(WATCH)
            presses = [_press(screen, i) for i in range(repeats + 3)][3:]
            names = list(GOALS)[:3]
            found |= {name: [press[i] for press in presses] for i, name in enumerate(names)}
            found[list(GOALS)[3]] = [_switch(screen, i) for i in range(repeats + 4)][4:]
            found |= _descents(screen, repeats)
            print(f"map at 256 x 256 on the wire: {_wire(page, address) / 1000:.0f} KB (goal 120)")
        finally:
            browser.close()
    return found


def _load(new_page: Callable[..., Page], address: str) -> float:
    page = new_page(viewport={"width": 1440, "height": 900})
    Screen(page, address).open()
    taken = float(page.evaluate("performance.now()"))
    page.close()
    return taken


def _press(screen: Screen, i: int) -> tuple[float, ...]:
    screen.page.mouse.move(*screen.pixel(-1.5 + 0.15 * (i % 30), 2.5 - 0.15 * (i % 30)))
    screen.page.mouse.down()
    screen.page.wait_for_timeout(120)
    screen.page.mouse.up()
    screen.settled()
    screen.page.wait_for_timeout(40)
    times = screen.evaluate("times")
    return times["handle"], times["fit"], times["torch"]


def _descents(screen: Screen, repeats: int) -> dict[str, list[float]]:
    """Every press is at a place of its own, so that no path comes from the server's cache."""
    screen.open(f"target=two_points&{EIGHT}")
    screen.page.evaluate(WATCH)
    first, all_eight = [], []
    for i in range(repeats + 3):
        screen.evaluate("() => { delete times['paths 8']; }")
        screen.page.mouse.click(*screen.pixel(-1.5 + 0.11 * (i % 30), 2.5 - 0.13 * (i % 30)))
        screen.page.wait_for_function("() => times['paths 8'] !== undefined")
        screen.page.wait_for_timeout(500)
        first.append(screen.evaluate("times['paths 1']"))
        all_eight.append(screen.evaluate("times['paths 8']"))
    screen.page.evaluate(FRAMES)
    screen.page.click("#play")
    screen.page.wait_for_timeout(4000)
    names = list(GOALS)[-3:]
    return dict(zip(names, (first[3:], all_eight[3:], screen.evaluate("frames")), strict=True))


def _switch(screen: Screen, i: int) -> float:
    """Huber's delta changes as well, so that no landscape comes from the server's cache."""
    names = ["mse", "mae", "log_cosh", "huber"]
    screen.evaluate("(d) => { explorer.state.delta = d; delete times.map; }", 0.2 + 0.001 * i)
    screen.page.click(f"#loss-{names[i % 4]}")
    screen.page.wait_for_function("() => times.map !== undefined")
    screen.settled()
    screen.page.wait_for_timeout(60)
    return float(screen.evaluate("times.map"))


def _wire(page: Page, address: str) -> int:
    sizes: list[int] = []

    def heard(response: object) -> None:
        request = getattr(response, "request", None)
        if request and "_dash-update-component" in request.url and "map.data" in (request.post_data or ""):
            sizes.append(request.sizes()["responseBodySize"])

    page.on("response", heard)
    Screen(page, address).open("target=noisy&n=256&loss=log_cosh")
    return max(sizes)


def main() -> None:
    """Print the table."""
    if chromium.find() is None:
        print("No Chromium found: the page's timings need one.")
        return
    for name, times in measure(30).items():
        p95 = sorted(times)[min(len(times) - 1, round(0.95 * (len(times) - 1)))]
        verdict = "" if p95 <= GOALS[name] else "  MISSED"
        print(f"{name}: p50 {statistics.median(times):.0f} ms, p95 {p95:.0f} ms, goal {GOALS[name]} ms{verdict}")


if __name__ == "__main__":
    main()
