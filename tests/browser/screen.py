"""Screen: the page as a user sees it, for tests."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import ConsoleMessage, Page


class Screen:
    """One open page, with the words its tests are written in."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location}")

    def open(self, query: str = "") -> "Screen":
        self.page.goto(f"{self.address}/{'?' if query else ''}{query}")
        return self.settled()

    def settled(self) -> "Screen":
        """Wait until torch's numbers for what is shown, the map and the minima are all there."""
        self.page.wait_for_function(
            "() => window.explorer?.reply?.point && !explorer.stale()"
            " && [explorer.reply.map?.query, explorer.reply.minimaQuery].every((each) => each === explorer.asked.scene)"
            " && document.querySelector('#readout-loss').dataset.source === 'torch'"
        )
        return self

    def value(self, id: str) -> float:
        """Return the full number behind a readout or an input."""
        return float(self.page.get_attribute(f"#{id}", "data-value") or "nan")

    def text(self, id: str) -> str:
        return self.page.inner_text(f"#{id}")

    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.page.url).query))

    def pixel(self, w: float, b: float, graph: str = "landscape") -> tuple[float, float]:
        """Return the page's pixel at coordinates of a graph, by Plotly's own axes."""
        script = """([id, x, y]) => {
            const gd = document.querySelector(`#${id} .js-plotly-plot`), box = gd.getBoundingClientRect();
            const { xaxis, yaxis } = gd._fullLayout;
            return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
        }"""
        self.page.locator(f"#{graph}").scroll_into_view_if_needed()
        x, y = self.page.evaluate(script, [graph, w, b])
        return x, y

    def click(self, w: float, b: float, graph: str = "landscape") -> "Screen":
        self.page.mouse.click(*self.pixel(w, b, graph))
        return self.settled()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.page.evaluate("JSON.stringify(explorer.state)"))
        return found

    def evaluate(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)
