"""A landscape in a notebook, by the page's own drawing code."""

from explorer.notebook.landscape_widget import widget

__all__ = ["widget"]
