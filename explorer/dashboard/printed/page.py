"""The lesson as a plain page: whole without JavaScript, without requests, and on paper."""

import itertools
from html import escape

import flask
from markdown_it.token import Token

from explorer.dashboard.printed import markdown
from explorer.dashboard.printed.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The browser itself refuses scripts and requests on this page."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header><a href="/">Back to the explorer</a></header>
<nav aria-label="Contents">
<ol>
{contents}
</ol>
</nav>
<main id="main">
{body}</main>
<footer><a href="/">Back to the explorer</a></footer>
</body>
</html>
"""


def lesson_html(text: str) -> str:
    """Return a complete HTML document for a lesson.

    Args:
        text: CommonMark with tables, $...$ and $$...$$ (shown as MathML). HTML in it is shown, not obeyed.
            A quote that begins with a bold "Answer" is folded away until it is opened; any other quote is a note.

    Raises:
        ValueError: the text does not have exactly one heading of level 1, or a heading skips a level.
    """
    tokens = markdown.parse(text)
    headings = markdown.headings(tokens)
    title = _title(headings)
    contents = "\n".join(_entry(heading) for heading in headings if heading.level == 2)
    return PAGE.format(title=escape(title), style=STYLE, contents=contents, body=_render(tokens))


def register(server: flask.Flask, text: str) -> None:
    """Add GET /lesson to a server; nothing where there is no text.

    The page is made once, so that a broken lesson fails here and not at the reader.

    Raises:
        ValueError: as `lesson_html`.
    """
    if not text.strip():
        return
    page = lesson_html(text)

    def lesson() -> flask.Response:
        response = flask.Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    server.add_url_rule("/lesson", "lesson", lesson)


def _title(headings: list[markdown.Heading]) -> str:
    titles = [heading.text for heading in headings if heading.level == 1]
    if len(titles) != 1:
        raise ValueError(f"a lesson needs exactly one heading of level 1, got {len(titles)}: {titles}; keep one")
    for before, heading in itertools.pairwise(headings):
        if heading.level > before.level + 1:
            raise ValueError(
                f"heading {heading.text!r} has level {heading.level} under level {before.level} ({before.text!r}); "
                f"use level {before.level + 1}"
            )
    return titles[0]


def _entry(heading: markdown.Heading) -> str:
    return f'<li><a href="#{escape(heading.anchor)}">{escape(heading.text)}</a></li>'


def _render(tokens: list[Token]) -> str:
    return str(markdown.PARSER.renderer.render(tokens, markdown.PARSER.options, {}))
