"""The page /slice: its record."""

from pathlib import Path

from explorer.dashboard.child import Limits
from explorer.dashboard.common.address import MODES
from explorer.dashboard.common.page import Page
from explorer.dashboard.stores import layout
from explorer.dashboard.stores.answers import Answers
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.objectives.kept import Objectives
from explorer.dashboard.stores.objectives.trust import Trust
from explorer.dashboard.stores.state import COORDINATE, LAYERS, State

PREFIX = "/slice/"


def stores_page(stores: Path, trust: Trust, limits: Limits, *, beside_lesson: bool) -> Page:
    """Return the page of a folder of stores, with a link to the lesson's where there is one.

    Args:
        stores: the folder.
        trust: which functions a store may have called.
        limits: what each of them may take.
        beside_lesson: whether the lesson's page is served too.
    """
    folder = Folder(stores)
    return Page(
        prefix=PREFIX,
        title="Slices · Loss explorer",
        assets="stores",
        layout=layout.whole(str(stores), beside_lesson),
        schema={"defaults": State().values(), "modes": MODES, "coordinate": COORDINATE, "layers": LAYERS},
        answers=Answers(folder, Objectives(folder, trust, limits)).answers(),
        kind="slices",
    )
