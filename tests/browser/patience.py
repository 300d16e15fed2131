"""A question that is asked again while the clock of its first asking still runs."""

from playwright.sync_api import Route

from tests.browser.screen import Screen


def assert_asked_again_is_waited_for(screen: Screen, first: str, second: str, *, held: str, seconds: int) -> None:
    """Ask for one state, for another, and shortly before the first loses patience for the first again, answered late.

    Args:
        screen: of a page that is not loaded yet.
        held: the answer that is late, as its request names it.
        seconds: how long the page waits for an answer.
    """
    screen.page.clock.install()
    screen.load(second).go(first)
    start = screen.evaluate("Date.now()")
    screen.settled().open(second)
    late: list[Route] = []

    def hold(route: Route) -> None:
        (late.append if held in (route.request.post_data or "") else Route.continue_)(route)

    screen.page.route("**/_dash-update-component*", hold)
    forward(screen, start + (seconds - 0.5) * 1000)
    screen.go(first)
    while not late:
        screen.page.wait_for_timeout(10)
    forward(screen, start + (seconds + 0.5) * 1000)
    assert not screen.page.is_visible("#notes")
    for route in late:
        route.continue_()
    screen.settled()
    assert not screen.page.is_visible("#notes")


def forward(screen: Screen, to: float) -> None:
    """Let the page's time jump to a moment that is still to come, in milliseconds since 1970."""
    screen.page.clock.fast_forward(max(0, round(to - screen.evaluate("Date.now()"))))
