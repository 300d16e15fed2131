"""A page whose scripts are loaded in reverse: none may need that another was there before it."""

import re

from playwright.sync_api import Page, Route

SCRIPT = re.compile(r'<script src="[^"]*/(?:assets|scripts)/[^"]*"></script>')
"""Those of the pages, and those that studies bring."""


def reverse(page: Page, address: str) -> list[str]:
    """Have the document at an address load its scripts the last first; they are listed as they are loaded."""
    loaded: list[str] = []

    def answer(route: Route) -> None:
        reply = route.fetch()
        text = reply.text()
        loaded[:] = reversed(SCRIPT.findall(text))
        turned = iter(loaded)
        route.fulfill(response=reply, body=SCRIPT.sub(lambda _: next(turned), text))

    page.route(lambda url: url.split("?")[0] == address, answer)
    return loaded
