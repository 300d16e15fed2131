"""Screen: the page as a user sees it, for tests."""

import json
import re
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import ConsoleMessage, Page, expect

SETTLED = """() => window.explorer?.reply?.point && !explorer.stale()
    && [explorer.reply.map?.query, explorer.reply.minimaQuery].every((each) => each === explorer.asked.scene)
    && document.querySelector('#readout-loss').dataset.source === 'torch'"""
"""Torch's numbers for what is shown, the map and the minima are all there."""

AS_BACK_DOES = """(address) => {
    for (const node of document.querySelectorAll("details[open]")) node.open = false;
    document.querySelector("#lesson:not([hidden]) #lesson-close")?.click();
    document.activeElement?.blur();
    scrollTo(0, 0);
    window.before = explorer.state;
    history.pushState({}, "", address);
    dispatchEvent(new PopStateEvent("popstate"));
}"""
"""The page is as it opens, but for what it has shown before; then it reads its address as after the Back button."""

PIXEL = """async ([id, x, y]) => {
    const where = () => {
        const gd = document.querySelector(`#${id} .js-plotly-plot`), box = gd.getBoundingClientRect();
        const { xaxis, yaxis } = gd._fullLayout;
        return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
    };
    let last = where();
    for (let still = 0; still < 3; ) {
        await new Promise(requestAnimationFrame);
        const now = where();
        still = String(now) === String(last) ? still + 1 : 0;
        last = now;
    }
    return last;
}"""
"""Plots are laid out anew some frames after what they show has come; a mouse put down before misses."""

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


class Screen:
    """One page, with the words its tests are written in. It is loaded once and then goes from state to state."""

    path = "/"

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        self.loaded = False
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location}")

    def open(self, query: str = "") -> Self:
        """Show the state of an address: by the page's own handling of Back where it is loaded, else as load() does."""
        if not self.loaded:
            return self.load(query)
        self.go(query)
        self.page.wait_for_function("() => explorer.state !== window.before")
        return self.settled()

    def go(self, query: str) -> None:
        """Change the address, and wait for nothing."""
        self.page.mouse.move(0, 0)
        self.page.evaluate(AS_BACK_DOES, self._within(query))

    def load(self, query: str = "") -> Self:
        """Load the page anew, as a link from elsewhere does: about ten times as long as open()."""
        self.page.goto(self.address + self._within(query))
        self.loaded = True
        return self.settled()

    def _within(self, query: str) -> str:
        return f"{self.path}{'?' if query else ''}{query}"

    def settled(self) -> Self:
        """Wait until everything that belongs to the state is shown."""
        self.page.wait_for_function(SETTLED)
        return self

    def resize(self, size: dict[str, int]) -> None:
        """Make the window WIDE, a PHONE's, or any other, where it is not."""
        if self.page.viewport_size != size:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]

    def narrow(self, width: int) -> None:
        """Wait until nothing is wider than so many pixels: plots follow the window a moment later."""
        self.page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)

    def value(self, id: str) -> float:
        """Return the full number behind a readout or an input."""
        return float(self.page.get_attribute(f"#{id}", "data-value") or "nan")

    def text(self, id: str) -> str:
        return self.page.inner_text(f"#{id}")

    def says(self, id: str, words: str, first: bool = False) -> None:
        """Wait until an element says these words (first of all, where so asked), as a reader would."""
        found = re.compile(("^" if first else "") + re.escape(words))
        expect(self.page.locator(f"#{id}")).to_have_text(found, use_inner_text=True)

    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.page.url).query))

    def pixel(self, w: float, b: float, graph: str = "landscape") -> tuple[float, float]:
        """Return the page's pixel at coordinates of a graph, by Plotly's own axes, once it stands still there."""
        self.page.locator(f"#{graph}").scroll_into_view_if_needed()
        x, y = self.page.evaluate(PIXEL, [graph, w, b])
        return x, y

    def hold(self, w: float, b: float, graph: str = "landscape") -> None:
        """Press the mouse at coordinates of a graph, and keep it down."""
        self.page.mouse.move(*self.pixel(w, b, graph))
        self.page.mouse.down()

    def hold_sample(self, number: int) -> None:
        """Press the mouse on a sample of the fit, and keep it down."""
        self.page.hover(f".target[data-point='{number}']")
        self.page.mouse.down()

    def click(self, w: float, b: float, graph: str = "landscape") -> Self:
        self.page.mouse.click(*self.pixel(w, b, graph))
        return self.settled()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.page.evaluate("JSON.stringify(explorer.state)"))
        return found

    def evaluate(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)
