"""Markdown with mathematics to HTML with MathML: notes, answers that fold, headings with anchors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin


@dataclass(frozen=True)
class Heading:
    """One heading of the document."""

    level: int
    text: str
    anchor: str
    """Its id, unique in the document."""


def mathml(tex: str, options: Mapping[str, Any]) -> str:
    """Return one formula, TeX without dollars, as MathML. `options`: {"display_mode": bool}."""
    return str(convert(tex.strip(), display="block" if options["display_mode"] else "inline"))


def parse(text: str) -> list[Token]:
    """Return the tokens of a Markdown text, its quotes turned into notes and answers."""
    tokens = PARSER.parse(text)
    for start, token in enumerate(tokens):
        if token.type == "blockquote_open":
            _retype(tokens, start)
    return tokens


def headings(tokens: Sequence[Token]) -> list[Heading]:
    """Return the headings in order."""
    return [
        Heading(int(token.tag[1]), _plain(tokens[index + 1]), str(token.attrGet("id") or ""))
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def _lead(inline: Token) -> str:
    """Return the bold words that open a paragraph, "" where there are none."""
    children = [child for child in inline.children or [] if child.content or child.type == "strong_open"]
    return children[1].content if len(children) > 1 and children[0].type == "strong_open" else ""


def _retype(tokens: list[Token], start: int) -> None:
    end = next(i for i in range(start, len(tokens)) if tokens[i].type == "blockquote_close"
               and tokens[i].level == tokens[start].level)  # fmt: skip
    lead = _lead(tokens[start + 2]).rstrip(".:")
    kind = "answer" if lead.startswith("Answer") else "note"
    tokens[start].type, tokens[end].type = f"{kind}_open", f"{kind}_close"
    tokens[start].meta["lead"] = lead or "Note"
    if kind == "answer":
        _drop_lead(tokens[start + 2])


def _drop_lead(inline: Token) -> None:
    """Take the bold lead away: the summary that folds the answer already says it."""
    children = inline.children or []
    close = next(index for index, child in enumerate(children) if child.type == "strong_close")
    inline.children = children[close + 1 :]


Rest = tuple[Sequence[Token], int, Any, Any]


def _note_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, *rest: Any) -> str:
    return f'<div class="note" role="note" aria-label="{escape(tokens[index].meta["lead"])}">\n'


def _note_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, *rest: Any) -> str:
    return "</div>\n"


def _answer_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, *rest: Any) -> str:
    return f"<details>\n<summary>{escape(tokens[index].meta['lead'])}</summary>\n"


def _answer_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, *rest: Any) -> str:
    return "</details>\n"


def _code(renderer: RendererHTML, tokens: Sequence[Token], index: int, *rest: Any) -> str:
    # tabindex: a block that scrolls sideways must be reachable by keyboard.
    return f'<pre tabindex="0"><code>{escape(tokens[index].content, quote=False)}</code></pre>\n'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.use(dollarmath_plugin, renderer=mathml, allow_labels=False, double_inline=True)
    parser.use(anchors_plugin, max_level=6)
    for name, rule in {
        "note_open": _note_open,
        "note_close": _note_close,
        "answer_open": _answer_open,
        "answer_close": _answer_close,
        "fence": _code,
    }.items():
        parser.add_render_rule(name, rule)
    return parser


PARSER = _parser()
