"""Answers: each callback of /slice parses the address, calls one function, returns plain JSON; all are functions."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from explorer.dashboard.common.address import query_of
from explorer.dashboard.common.page import Answer
from explorer.dashboard.stores import downloads
from explorer.dashboard.stores.cards.below import about
from explorer.dashboard.stores.cards.stores_table import listing, names_of
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.maps import drawn_maps
from explorer.dashboard.stores.objectives.kept import Objectives
from explorer.dashboard.stores.point import point_numbers
from explorer.dashboard.stores.shown import Shown, shown
from explorer.dashboard.stores.state import State, parse
from explorer.errors import ExplorerError, StateError

Reply = dict[str, Any]


def told(answer: Callable[..., Reply]) -> Callable[..., Reply]:
    """Let what a store lacks be a sentence on the page: a store is data of others, and may vanish at any moment."""

    @wraps(answer)
    def telling(self: "Answers", sent: object) -> Reply:
        try:
            return {"query": query_of(sent), "error": "", **answer(self, sent)}
        except (ExplorerError, ValueError, KeyError, TypeError) as error:
            return {"query": query_of(sent), "error": str(error)[:500]}

    return telling


class Answers:
    """The page's answers for one folder of stores. Every method takes what the browser sent, whatever it is."""

    def __init__(self, folder: Folder, objectives: Objectives) -> None:
        self.folder, self.objectives = folder, objectives

    def answers(self) -> tuple[Answer, ...]:
        """Return who answers which question of the script."""
        return (
            Answer("address", "opened.data", self.opened),
            Answer("scene", "drawn.data", self.scene),
            Answer("commit", "point.data", self.point),
            Answer("watch", "watched.data", self.watched),
            Answer("about-query", "about.children", self.about, told=False),
            Answer("table-query", "stores.children", self.listed, told=False),
            Answer("list-query", "listed.data", self.names),
            Answer("surface-query", "surface.figure", self.surface, told=False),
            Answer("download", "downloaded.data", self.downloaded),
        )

    def opened(self, sent: object) -> Reply:
        """Read the address that the page was opened with (or went back to), and say what it could not take."""
        state, notes = parse(query_of(sent))
        return {"state": state.values(), "notes": list(notes)}

    @told
    def scene(self, sent: object) -> Reply:
        """Answer what is drawn: the maps, or lines, of the store and of the one beside it."""
        state = _state(sent)
        return {**drawn_maps(state, self.folder), "pace": self._pace(state)}

    @told
    def watched(self, sent: object) -> Reply:
        """Say how far the stores shown are."""
        return {"pace": self._pace(_state(sent))}

    @told
    def point(self, sent: object) -> Reply:
        """Answer a committed point, by torch where its objective can be made: in a process of its own."""
        state = _state(sent)
        numbers = point_numbers(state, self._shown(state), self.objectives)
        return {**numbers, "beside": self._beside(state)}

    def about(self, sent: object) -> Any:
        """Return the cards below the slice."""
        state = _state(sent)
        try:
            opened = self.folder.look(state.store)
        except ExplorerError:
            return []
        return about(opened.attrs, opened.name)

    def listed(self, sent: object) -> Any:
        """Return the table of stores."""
        return listing(self.folder, _state(sent).store)

    def names(self, sent: object) -> Reply:
        """Return the names of the stores, for choosing a second one, and what tells whether their table is old."""
        return names_of(self.folder)

    def surface(self, sent: object) -> Any:
        """Answer the 3D view with its figure, the point marked."""
        state = _state(sent)
        try:
            return downloads.surface(self._shown(state), state)
        except (ExplorerError, ValueError):
            return {"data": [], "layout": {}}

    @told
    def downloaded(self, sent: object) -> Reply:
        """Return the slice as a file, or as a figure that the browser turns into PNG or SVG."""
        kind = sent.get("kind") if isinstance(sent, dict) else None
        state = _state(sent)
        drawn = self._shown(state)
        if kind in downloads.PICTURES:
            other = shown(state.beside, state, self.folder) if state.beside else None
            return {"kind": kind, **downloads.picture(drawn, other, state)}
        if kind not in downloads.KINDS:
            raise StateError(f"one of {', '.join((*downloads.PICTURES, *downloads.KINDS))} was expected")
        return {"kind": kind, **downloads.file(drawn, kind)}

    def _shown(self, state: State) -> Shown:
        return shown(state.store, state, self.folder)

    def _pace(self, state: State) -> list[Reply]:
        return [self.folder.look(name).pace() for name in (state.store, state.beside) if name]

    def _beside(self, state: State) -> Reply | None:
        """The same coordinates in the store beside it, where both have the same axes; read off its sweep or exact."""
        if not state.beside:
            return None
        try:
            other = shown(state.beside, state, self.folder)
            return {"name": state.beside, **point_numbers(state, other, self.objectives)}
        except (ExplorerError, ValueError):
            return None


def _state(sent: object) -> State:
    return parse(query_of(sent))[0]
