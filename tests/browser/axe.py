"""What axe finds wrong with a page for those who do not see it, or not well."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

SERIOUS = {"serious", "critical"}


def violations(page: Page) -> list[str]:
    """Return the serious and critical violations on the page as it is, with the first nodes of each."""
    # Half a megabyte: once a document.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)")
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in found
            if each["impact"] in SERIOUS]  # fmt: skip
