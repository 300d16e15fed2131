"""Drawing: the page's own scripts and style, as a notebook's widget takes them. There is no build step."""

from pathlib import Path

import explorer

_ASSETS = Path(explorer.__file__).parent / "dashboard" / "assets" / "common"
_SCRIPTS = ("dom", "numbers", "colors", "keys", "drag", "marks", "plot", "map", "line-chart")
"""Of the page, in the order in which one uses another."""
_HERE = Path(__file__).parent


def module_text() -> str:
    """Return the script of the widget: the page's, and what puts them into a cell."""
    page = [(_ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS]
    return "\n".join([*page, (_HERE / "cell.js").read_text(encoding="utf-8")])


def style_text() -> str:
    """Return the page's style, which reaches no further than the widget."""
    page = (_ASSETS / "style.css").read_text(encoding="utf-8").replace(":root", ":scope")
    own = (_HERE / "cell.css").read_text(encoding="utf-8")
    return f"@scope (.landscape-widget) {{\n{page}\n}}\n{own}"
