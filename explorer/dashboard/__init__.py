"""The dashboard: create_app(catalogue) and serve(app)."""

from explorer.dashboard.app import create_app as create_app
from explorer.dashboard.server import serve as serve
