"""The page /slice as a user sees it, for tests."""

from typing import Self

from tests.browser.screen import Screen

SETTLED = """() => {
    const { state, reply } = window.explorer ?? {};
    if (!state) return false;
    if (!state.store) return document.querySelector("#stores").children.length > 0;
    if (!reply.scene) return !document.querySelector("#notes").hidden;
    const page = document.querySelector("#page"), view = page.dataset.view;
    const [map, cuts] = ["[data-map=landscape] .layer g.handle > *", "[data-plot=cut-a] path.cut-here"];
    const plots = [...document.querySelectorAll("#landscape, #map-1, #cut-a, #cut-b")];
    const fits = (node) => node.querySelector(".js-plotly-plot")._fullLayout.width - node.clientWidth < 2;
    if (!plots.filter((node) => node.checkVisibility()).every(fits)) return false;
    // While an objective is being made, its numbers are asked for again.
    if (reply.point?.again || reply.point?.beside?.again) return false;
    return reply.scene.query === explorer.scene() && !explorer.stale()
        && document.querySelector("#about").children.length > 0
        && document.querySelector({ map, cuts, "3d": "#surface" }[view]) !== null;
}"""
"""What is shown, and the numbers at the point, are those of the state; with no store, the list is there."""


class SliceScreen(Screen):
    """One open slice."""

    path = "/slice"

    def go(self, query: str) -> None:
        # What settled() looks for must not be that of the state before.
        self.page.evaluate("for (const node of document.querySelectorAll('g.handle > *')) node.remove()")
        super().go(query)

    def settled(self) -> Self:
        self.page.wait_for_function(SETTLED)
        # Marks follow the size of their plot a frame later.
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def more(self, name: str) -> float:
        """Return the full number of a term, a metric, or the gradient along an axis."""
        found = self.page.get_attribute(f'#readout-more [data-name="{name}"]', "data-value")
        return float(found or "nan")
