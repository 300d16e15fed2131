"""The picture in README.md: the page as it opens on a target set with outliers. Run: make screenshot"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from experiments import STUDIES
from explorer.dashboard import create_app
from tests.browser import chromium
from tests.browser.screen import Screen
from tests.support.page.served import served

PICTURE = Path(__file__).parents[2] / "experiments" / "page.png"
QUERY = (
    "target=outliers&loss=huber&w=-0.6&b=1.1&layers=contours,minima,pulls,field&opt=gd,momentum@0.1,adam@0.1&mode=light"
)


def main() -> None:
    """Write experiments/page.png, 1440 x 900."""
    path = chromium.find()
    if path is None:
        sys.exit("No Chromium found: the screenshot needs one.")
    with served(create_app(STUDIES)) as where, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        Screen(page, where).open(QUERY)
        page.wait_for_function("() => explorer.paths.list().every(({ reply }) => reply)")
        page.wait_for_timeout(300)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
