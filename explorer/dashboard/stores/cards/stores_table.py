"""Listing: the stores there are, each with what it holds and how far it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dash import html

from explorer.dashboard.common import controls as ui
from explorer.dashboard.stores.folder import Folder, Opened
from explorer.errors import ExplorerError
from explorer.landscape import nested, planes_of
from explorer.numerics.text import percent_done

COLUMNS = {
    "name": "",
    "model": "wide",
    "directions": "",
    "quantities": "wide",
    "points": "",
    "done": "",
    "made (UTC)": "wide",
}
"""Heading -> class; what is wide is left out on a phone."""


def listing(folder: Folder, current: str) -> list[Any]:
    """Return the table of stores, or how to make the first one."""
    names = folder.names()
    if not names:
        return _nothing(folder.root)
    head = html.Thead(html.Tr([html.Th(each, scope="col", className=name) for each, name in COLUMNS.items()]))
    body = html.Tbody([_row(folder, name, current) for name in names])
    table = html.Table([head, body], className="stores")
    return [html.Div(table, className="scroll", tabIndex="0", role="region", **ui.aria(label="Stores"))]


def names_of(folder: Folder) -> dict[str, Any]:
    """Return {"names", "key"}: the stores there are, and what changes whenever their table does."""
    names = folder.names()
    looks = [_look(folder, name) for name in names]
    rows = tuple((name, opened.key if opened else why) for name, (opened, why) in zip(names, looks, strict=True))
    return {"names": names, "key": str(hash(rows))}


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
    cells = [
        str(attrs.get("model", ""))[:60],
        _directions(attrs),
        ", ".join(nested(attrs, "quantities", list[str]))[:80],
        _points(attrs) or f"{opened.store.points:,}",
        "done" if opened.finished else percent_done(opened.share),
        str(attrs.get("created", ""))[:16].replace("T", " "),
    ]
    classes = list(COLUMNS.values())[1:]
    columns = [html.Td(cell, className=name) for cell, name in zip(cells, classes, strict=True)]
    return html.Tr([html.Th(link, scope="row"), *columns])


def _directions(attrs: Mapping[str, Any]) -> str:
    """Return how the planes came to be: "gaussian, seed 0", "principal"; "own" where nothing is told."""
    made = [each.made for each in planes_of(attrs)]
    kind = str(made[0].get("kind") or "own")
    seeds = [str(each["seed"]) for each in made if "seed" in each]
    seed = f", seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}" if seeds else ""
    return f"{kind}{seed}"[:60]


def _points(attrs: Mapping[str, Any]) -> str:
    sizes, planes = nested(attrs, "points", dict[str, int]), planes_of(attrs)
    several = f" × {len(planes)} seeds" if len(planes) > 1 else ""
    return "×".join(str(each) for each in sizes.values())[:40] + several if sizes else ""


def _nothing(root: Path) -> list[Any]:
    words = f"python -m explorer sweep my_module:my_objective --points 51 --radius 1 --out {root / 'first.zarr'}"
    return [
        html.P([f"There is no store in {root} yet. A sweep makes one; ",
                "my_objective is a function of yours that returns an explorer.Objective:"]),
        html.Pre(words, id="how", tabIndex="0"),
        html.P("It appears here as soon as the sweep begins, and fills in while it runs."),
    ]  # fmt: skip
