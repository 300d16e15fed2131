"""Paths on the page: when they are there."""

from tests.browser.screen import Screen

WALKED = "() => explorer.paths.list().every(({ reply }) => reply) && explorer.paths.why()"


def walked(screen: Screen) -> Screen:
    """Wait until every path of the state is there, and why it went as it did."""
    screen.settled().page.wait_for_function(WALKED)
    return screen
