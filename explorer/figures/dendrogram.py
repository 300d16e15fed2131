"""A topology as a tree: minima are its leaves, and branches join at the heights of their passes."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures.persistence import LEGEND, MOST, Scale, drawn_of, values_axis
from explorer.figures.theme import axis, layout
from explorer.figures.topology_read import CERTAIN, DOUBTFUL, Tree, tree_of
from explorer.numerics.text import number
from explorer.signature import checked

Corners = list[tuple[float, float]]


@checked
def merge_tree(topology: xr.Dataset, *, scale: Scale = "auto", most: int = MOST) -> go.Figure:
    """Draw the merge tree: each minimum's line rises to the pass at which it ends, and joins that of a lower minimum.

    Branches that are certain are dark, those within the error of their pass pale. Leaves stand so that none cross.

    Args:
        topology, scale, most: as for `barcode`.

    Raises:
        ValueError: as for `barcode`.
    """
    tree = tree_of(topology)
    shown = drawn_of(tree, most)
    places = leaf_places(tree, shown)
    figure = go.Figure(layout=layout(tree.words))
    for sure, color, width, name in ((False, DOUBTFUL, 1.5, "within the error"), (True, CERTAIN, 2.5, "certain")):
        branches = [_branch(tree, places, i) for i in range(shown) if tree.certain[i] == sure]
        figure.add_trace(_lines(branches, color, width, name))
    trunks = [_trunk(tree, places, each) for each in tree.endless.tolist()]
    figure.add_trace(_lines(trunks, "#1f2430", 2.5, "never ends"))
    figure.add_trace(_leaves(tree, places))
    values = values_axis(tree, scale)
    return figure.update_layout(yaxis=values, xaxis=axis("") | {"showticklabels": False, "ticks": ""}, legend=LEGEND)


def leaf_places(tree: Tree, shown: int) -> dict[int, int]:
    """Return where each minimum stands, from the left: whatever joins one stands beside it, the first to join nearest,
    to the right and to the left by turns, so that branches do not cross."""
    drawn = np.concatenate([tree.endless, tree.younger[:shown], tree.elder[:shown]]).tolist()
    rows = {each: [each] for each in drawn}
    turns = dict.fromkeys(rows, 0)
    # Of those that end at one height the higher minimum first: it may have been joined to the other.
    for i in sorted(range(shown), key=lambda i: (tree.deaths[i], -tree.younger[i])):
        younger, elder = int(tree.younger[i]), int(tree.elder[i])
        joined = rows.pop(younger)
        rows[elder] = rows[elder] + joined if turns[elder] % 2 == 0 else joined + rows[elder]
        turns[elder] += 1
    return {minimum: place for place, minimum in enumerate(each for row in rows.values() for each in row)}


def _branch(tree: Tree, places: dict[int, int], pair: int) -> Corners:
    younger, elder = int(tree.younger[pair]), int(tree.elder[pair])
    at, height = places[younger], float(tree.deaths[pair])
    return [(at, float(tree.values[younger])), (at, height), (places[elder], height)]


def _trunk(tree: Tree, places: dict[int, int], minimum: int) -> Corners:
    return [(places[minimum], float(tree.values[minimum])), (places[minimum], tree.highest)]


def _lines(lines: list[Corners], color: str, width: float, name: str) -> go.Scatter:
    points = np.array([point for line in lines for point in (*line, (np.nan, np.nan))]).reshape(-1, 2)
    style = {"color": color, "width": width}
    return go.Scatter(x=points[:, 0], y=points[:, 1], mode="lines", line=style, name=name, hoverinfo="skip")


def _leaves(tree: Tree, places: dict[int, int]) -> go.Scatter:
    names = tree.names()
    return go.Scatter(
        x=list(places.values()),
        y=[float(tree.values[each]) for each in places],
        text=[f"{names[each]}, {tree.quantity} {number(float(tree.values[each]))}" for each in places],
        mode="markers",
        marker={"color": "#1f2430", "size": 6},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
