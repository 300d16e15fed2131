"""Drawer: the lesson beside the map, its mathematics by MathJax, its answers folded until they are asked for."""

import re
from typing import Any

from dash import dcc, html

_ANSWER = re.compile(r"^> \*\*(Answer[^*]*)\*\*((?:.|\n>)*)", re.MULTILINE)


def drawer(text: str) -> list[Any]:
    """Return the lesson's parts in order: Markdown, and a fold for every quote that begins with a bold "Answer"."""
    parts: list[Any] = []
    done = 0
    for found in _ANSWER.finditer(text):
        answer = re.sub(r"^> ?", "", found.group(2), flags=re.MULTILINE).strip()
        parts += [_markdown(text[done : found.start()]), _fold(found.group(1).strip(" ."), answer)]
        done = found.end()
    return [*parts, _markdown(text[done:])]


def _fold(title: str, answer: str) -> html.Details:
    return html.Details([html.Summary(title), _markdown(answer)])


def _markdown(text: str) -> dcc.Markdown:
    return dcc.Markdown(text, mathjax=True, link_target="_self")
