"""A blank page that has loaded scripts of a page and nothing else: what they compute is tested without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext, Page

import experiments
import explorer.dashboard
from experiments import STUDIES
from explorer.dashboard import create_app

ASSETS = Path(explorer.dashboard.__file__).parent / "assets"
STUDIED = Path(experiments.__file__).parent / "assets"


def loaded(context: BrowserContext, *folders: Path) -> Page:
    """Return a blank page with the scripts that both pages share and those of these folders, the last first."""
    page = context.new_page()
    page.set_content("<p></p>")
    scripts = [script for folder in (ASSETS / "common", *folders) for script in sorted(folder.glob("*.js"))]
    for script in reversed(scripts):
        page.add_script_tag(path=script)
    return page


@pytest.fixture(scope="session")
def lesson(context: BrowserContext) -> Iterator[Page]:
    page = loaded(context, ASSETS / "lesson", STUDIED)
    yield page
    page.close()


@pytest.fixture(scope="session")
def stores(context: BrowserContext) -> Iterator[Page]:
    page = loaded(context, ASSETS / "stores")
    yield page
    page.close()


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Both pages, asked without a browser."""
    return create_app(STUDIES, stores=tmp_path_factory.mktemp("stores")).server.test_client()
