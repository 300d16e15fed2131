"""HTML: a page that needs nothing but a browser, with the figure, the report and the provenance."""

from html import escape
from typing import Any

import plotly.graph_objects as go
import xarray as xr

from explorer import figures
from explorer.exports.one_plane import one_slice
from explorer.figures.interpolated import note_of
from explorer.landscape import (
    ReportEntry,
    Status,
    axes_of,
    checkpoints_of,
    dims_of,
    gram_of,
    report_of,
    status_of,
)
from explorer.numerics.text import percent_done

_MARKS = {"ok": "✓ ok", "warn": "! look", "info": "· note"}
_LONGEST = 4000

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a2230 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid #d8dee8 }}
td {{ overflow-wrap: anywhere }}
th {{ white-space: nowrap; font-weight: 600 }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
{figure}
{report}
<h2>Provenance</h2>
<table>{provenance}</table>
</body>
</html>
"""


def html_bytes(landscape: xr.Dataset) -> bytes:
    """Return the page: heatmap with contours (a line for one axis), "Is my plot right?", every attribute as text.

    Raises:
        ExplorerError: more than two axes, or several planes.
    """
    labels = axes_of(landscape)
    attrs = landscape.attrs
    title = f"Loss landscape of {attrs.get('model', 'a model')} over {' and '.join(labels)}"
    page = _PAGE.format(
        title=escape(title),
        summary=escape(_summary(landscape)),
        figure=_figure(landscape, len(labels)).to_html(
            full_html=False, include_plotlyjs=True, config={"showSendToCloud": False}
        ),
        report=_report(report_of(attrs)),
        provenance="".join(_row(str(name), _short(value)) for name, value in attrs.items() if name != "report"),
    )
    return page.encode("utf-8", "replace")


def _summary(landscape: xr.Dataset) -> str:
    dims = dims_of(landscape)
    sizes = " x ".join(f"{landscape.sizes[label]} {label}" for label in dims)
    share = float((status_of(landscape, dims) != Status.NOT_COMPUTED).mean())
    note = note_of(landscape)
    said = f"Points: {sizes}" + ("." if share == 1 else f"; {percent_done(share)} of them computed.")
    return said + (f" {note[0].upper()}{note[1:]}." if note else "")


def _figure(landscape: xr.Dataset, axes: int) -> go.Figure:
    """Return the kind of figure that shows most of what is there."""
    if axes == 1:
        return figures.line(landscape)
    one_slice(landscape, "HTML")
    # Without the lengths of its basis it cannot be told how far a path is from the plane; the rest can be drawn.
    known = gram_of(landscape.attrs, axes) is not None and checkpoints_of(landscape.attrs, axes)
    return figures.path(landscape) if known else figures.contour(landscape)


def _report(entries: list[ReportEntry]) -> str:
    rows = (_row(_MARKS[each.status], each.text) for each in entries)
    return f"<h2>Is my plot right?</h2>\n<table>{''.join(rows)}</table>" if entries else ""


def _row(name: str, text: str) -> str:
    return f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>\n"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
