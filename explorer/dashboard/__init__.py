"""The dashboard: create_app(catalogue) and serve(app)."""

from importlib import import_module
from typing import Any

_HOMES = {"create_app": "explorer.dashboard.app", "serve": "explorer.dashboard.server"}
"""Public name -> the module it is in. A notebook draws with the page's code, without what serves a page."""


def __getattr__(name: str) -> Any:
    """Import what serves the page when it is first used."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'explorer.dashboard' has no attribute {name!r}")
