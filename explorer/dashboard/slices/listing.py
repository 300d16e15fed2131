"""Listing: the stores there are, each with what it holds and how far it is."""

from pathlib import Path
from typing import Any

from dash import html

from explorer.dashboard import controls as ui
from explorer.dashboard.slices.folder import Folder, Opened
from explorer.dashboard.slices.quantities import nested
from explorer.errors import ExplorerError

COLUMNS = ("name", "model", "quantities", "points", "done", "made")


def listing(folder: Folder, current: str) -> list[Any]:
    """Return the table of stores, or how to make the first one."""
    names = folder.names()
    if not names:
        return _nothing(folder.root)
    head = html.Thead(html.Tr([html.Th(each, scope="col") for each in COLUMNS]))
    body = html.Tbody([_row(folder, name, current) for name in names])
    table = html.Table([head, body], className="stores")
    return [html.Div(table, className="scroll", tabIndex="0", role="region", **ui.aria(label="Stores"))]


def unfinished(folder: Folder) -> bool:
    """Whether any store still grows, so that the list is worth asking for again."""
    stores = [_look(folder, name)[0] for name in folder.names()]
    return any(opened is not None and not opened.finished for opened in stores)


def _look(folder: Folder, name: str) -> tuple[Opened | None, str]:
    try:
        return folder.look(name), ""
    except ExplorerError as error:
        return None, str(error)


def _row(folder: Folder, name: str, current: str) -> html.Tr:
    opened, why = _look(folder, name)
    if opened is None:
        return html.Tr([html.Th(name, scope="row"), html.Td(why, colSpan=len(COLUMNS) - 1, className="bad")])
    link = html.A(
        name, href=f"/slice?store={name}", **ui.data(store=name), **(ui.aria(current="page") if name == current else {})
    )
    attrs = opened.attrs
    sizes = nested(attrs, "points", dict)
    cells = [
        str(attrs.get("model", ""))[:60],
        ", ".join(map(str, nested(attrs, "quantities", list)))[:80],
        "×".join(str(each) for each in sizes.values())[:40] or f"{opened.store.points:,}",
        "done" if opened.finished else f"{int(100 * opened.share)} %",
        str(attrs.get("created", ""))[:16].replace("T", " "),
    ]
    return html.Tr([html.Th(link, scope="row"), *map(html.Td, cells)])


def _nothing(root: Path) -> list[Any]:
    words = f"python -m explorer sweep my_module:my_objective --points 51 --radius 1 --out {root / 'first.zarr'}"
    return [
        html.P([f"There is no store in {root} yet. A sweep makes one; ",
                "my_objective is a function of yours that returns an explorer.Objective:"]),
        html.Pre(words, id="how", tabIndex="0"),
        html.P("It appears here as soon as the sweep begins, and fills in while it runs."),
    ]  # fmt: skip
