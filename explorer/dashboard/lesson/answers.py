"""Answers: each parses the address, calls one function, returns plain JSON. All can be called as functions."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from dash import no_update
from flask import Response, jsonify, request

from explorer.dashboard.common.address import query_of
from explorer.dashboard.common.page import Answer
from explorer.dashboard.lesson import downloads, maps, pasted_table, paths, race_file
from explorer.dashboard.lesson.basin_map import basin_progress
from explorer.dashboard.lesson.cards.drawer import lesson_parts
from explorer.dashboard.lesson.certified_minima import minima
from explorer.dashboard.lesson.influence import moves
from explorer.dashboard.lesson.point import point_numbers
from explorer.dashboard.lesson.state import State, parse
from explorer.dashboard.worker import long, short
from explorer.study import Study, Visit

SURFACE_POINTS = 81


class Callbacks:
    """The page's answers for one catalogue of studies. Every method takes what the browser sent, whatever it is."""

    def __init__(self, studies: Mapping[str, Study]) -> None:
        self.studies = studies

    def answers(self) -> tuple[Answer, ...]:
        """Return who answers which question of the script."""
        return (
            Answer("address", "opened.data", self.opened),
            Answer("commit", "point.data", self.point),
            Answer("scene", "map.data", self.map),
            Answer("reasons-query", "reasons.data", self.reasons),
            Answer("basins-query", "basins-reply.data", self.basins),
            Answer("minima-query", "minima.data", self.minima),
            Answer("influence-query", "influence.data", self.influence),
            Answer("weight-query", "total-contours.data", self.total_contours),
            Answer("surface-query", "surface.figure", self.surface, told=False),
            Answer("paste", "pasted.data", self.pasted),
            Answer("check", "verdict.data", self.verdict),
            Answer("lesson-query", "lesson-text.children", self.lesson, told=False),
            Answer("download", "file.data", self.file, told=False),
            Answer("download", "picture.data", self.figure),
        )

    def warm_up(self) -> None:
        """Answer the first page once: torch loads its forward mode on first use, which no visitor should wait for."""
        for answer in (self.map, self.minima, self.point):
            answer({"query": ""})
        self.path({"query": "opt=gd"})

    def read(self, sent: object) -> tuple[State, Study, str]:
        """Return (state, its study, the query as sent) from {"query": "..."}; anything else shows the default."""
        query = query_of(sent)
        state, _ = parse(query, self.studies)
        return state, self.studies[state.study], query

    def opened(self, sent: object) -> dict[str, Any]:
        """Read the address that the page was opened with (or went back to), and say what it could not take."""
        state, notes = parse(query_of(sent), self.studies)
        return {"state": state.values(), "notes": notes}

    @short
    def point(self, sent: object) -> dict[str, Any]:
        """Answer a committed point with torch's numbers."""
        state, study, query = self.read(sent)
        return {"query": query, **point_numbers(state, study)}

    @long
    def path(self, sent: object) -> dict[str, Any]:
        """Answer an address of one optimizer with its path; several are asked for one by one and drawn as they come."""
        state, study, query = self.read(sent)
        if not state.opt:
            return {"query": query}
        return {"query": query, **paths.path_numbers(state, study)}

    def get_path(self) -> Response:
        """Answer GET /path?address: several paths are on their way at once, and Dash's stores would take turns."""
        return jsonify(self.path({"query": request.query_string.decode(errors="replace")}))

    @short
    def reasons(self, sent: object) -> dict[str, Any]:
        """Answer an address with what explains its paths."""
        state, study, query = self.read(sent)
        return {"query": query, **paths.reasons(state, study)}

    @short
    def map(self, sent: object) -> dict[str, Any]:
        """Answer a new scene with its landscape."""
        state, study, query = self.read(sent)
        return {"query": query, **maps.drawn_maps(state, study)}

    @long
    def basins(self, sent: object) -> dict[str, Any]:
        """Answer with how far a basin map is, after working on it for a moment."""
        state, study, query = self.read(sent)
        seen = sent.get("seen") if isinstance(sent, dict) else 0
        return {"query": query, **basin_progress(state, study, seen if isinstance(seen, int) else 0)}

    @short
    def minima(self, sent: object) -> dict[str, Any]:
        """Answer a new scene with its certified minima, one list a map."""
        state, study, query = self.read(sent)
        return {"query": query, "maps": minima(state, study)}

    @short
    def influence(self, sent: object) -> dict[str, Any]:
        """Answer a moved data point with where the minimum of every loss goes."""
        sent = sent if isinstance(sent, dict) else {}
        before, study, start = self.read({"query": sent.get("from")})
        now, other, _ = self.read({"query": sent.get("to")})
        settled = sent.get("settled") is True
        told = moves(before, now, study, settled=settled) if other is study else []
        return {"from": start, "settled": settled, "moves": told}

    @short
    def total_contours(self, sent: object) -> dict[str, Any]:
        """Answer a new weight with the contours of the total, from the terms already swept."""
        state, study, query = self.read(sent)
        return {"query": query, "contours": maps.total_contours(state, study) if study.terms else []}

    @short
    def surface(self, sent: object) -> Any:
        """Answer the 3D view with its figure, the point marked."""
        state, study, _ = self.read(sent)
        return downloads.surface(state, study, min(state.n, SURFACE_POINTS))

    def pasted(self, sent: object) -> dict[str, Any]:
        """Read a pasted table of x,y rows."""
        text = sent.get("text") if isinstance(sent, dict) else None
        return pasted_table.read(text if isinstance(text, str) else "")

    @short
    def verdict(self, sent: object) -> dict[str, Any]:
        """Say how an activity stands, from where the learner has been and what they answered."""
        sent = sent if isinstance(sent, dict) else {}
        found = [activity for study in self.studies.values() for activity in study.activities]
        activity = next((each for each in found if each.name == sent.get("activity")), None)
        visits = [self.visit(query) for query in _strings(sent.get("visits"))[-200:]]
        if activity is None or not visits:
            return {"activity": None, "done": False, "message": "", "table": []}
        answer = sent.get("answer")
        verdict = activity.check(visits, answer if isinstance(answer, str) else "")
        return {"activity": activity.name, "done": verdict.done, "message": verdict.message, "table": verdict.table}

    def visit(self, query: str) -> Visit:
        """Return what an activity may know of one address."""
        state, _ = parse(query, self.studies)
        named = {each.name: getattr(state, each.name) for each in fields(Visit)}
        return Visit(**{**named, "parameters": dict(state.parameters)})

    def lesson(self, sent: object) -> Any:
        """Return the lesson's text, when the drawer is first opened (MathJax is large)."""
        if not sent:
            return no_update
        return lesson_parts(next((study.lesson for study in self.studies.values() if study.lesson), ""))

    @short
    def file(self, sent: object) -> Any:
        """Return the current landscape as a file."""
        kind = sent.get("kind") if isinstance(sent, dict) else None
        if kind not in (*downloads.KINDS, "race"):
            return no_update
        state, study, _ = self.read(sent)
        if kind == "race":
            return race_file.file(state, study) if state.opt else no_update
        return downloads.file(state, study, kind)

    @short
    def figure(self, sent: object) -> Any:
        """Return the current landscape as a figure that the browser turns into PNG or SVG."""
        kind = sent.get("kind") if isinstance(sent, dict) else None
        if kind not in downloads.PICTURES:
            return no_update
        state, study, _ = self.read(sent)
        return {"kind": kind, "name": downloads.name(state, study), "figure": downloads.figure(state, study)}


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
