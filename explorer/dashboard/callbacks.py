"""Callbacks: each parses the address, calls one function, returns plain JSON. All can be called as functions."""

import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from dash import Dash, Input, Output, no_update

from explorer.dashboard import downloads, point, scene, table
from explorer.dashboard.pages.drawer import drawer
from explorer.dashboard.state import State, parse
from explorer.study import Study, Visit

SURFACE_POINTS = 81
_TORCH = threading.Lock()


def alone(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Let one request at a time evaluate: torch numbers its forward-mode levels per process, not per thread, so that
    two Hessians (or two terms with jvp) at once fail in each other's levels."""

    @wraps(answer)
    def locked(*given: Any) -> Any:
        with _TORCH:
            return answer(*given)

    return locked


class Callbacks:
    """The page's answers for one catalogue of studies. Every method takes what the browser sent, whatever it is."""

    def __init__(self, studies: Mapping[str, Study]) -> None:
        self.studies = studies

    def warm_up(self) -> None:
        """Answer the first page once: torch loads its forward mode on first use, which no visitor should wait for."""
        for answer in (self.map, self.minima, self.point):
            answer({"query": ""})

    def read(self, sent: object) -> tuple[State, Study, str]:
        """Return (state, its study, the query as sent) from {"query": "..."}; anything else shows the default."""
        query = _query(sent)
        state, _ = parse(query, self.studies)
        return state, self.studies[state.study], query

    def opened(self, sent: object) -> dict[str, Any]:
        """Read the address that the page was opened with (or went back to), and say what it could not take."""
        state, notes = parse(_query(sent), self.studies)
        return {"state": {key: getattr(state, key) for key in State.__dataclass_fields__}, "notes": notes}

    @alone
    def point(self, sent: object) -> dict[str, Any]:
        """Answer a committed point with torch's numbers."""
        state, study, query = self.read(sent)
        return {"query": query, **point.payload(state, study)}

    @alone
    def map(self, sent: object) -> dict[str, Any]:
        """Answer a new scene with its landscape."""
        state, study, query = self.read(sent)
        return {"query": query, **scene.payload(state, study)}

    @alone
    def minima(self, sent: object) -> dict[str, Any]:
        """Answer a new scene with its certified minima, one list a map."""
        state, study, query = self.read(sent)
        return {"query": query, "maps": scene.minima(state, study)}

    @alone
    def total_contours(self, sent: object) -> dict[str, Any]:
        """Answer a new weight with the contours of the total, from the terms already swept."""
        state, study, query = self.read(sent)
        return {"query": query, "contours": scene.total_contours(state, study) if study.terms else []}

    @alone
    def surface(self, sent: object) -> Any:
        """Answer the 3D view with its figure, the point marked."""
        state, study, _ = self.read(sent)
        return downloads.surface(state, study, min(state.n, SURFACE_POINTS))

    def pasted(self, sent: object) -> dict[str, Any]:
        """Read a pasted table of x,y rows."""
        text = sent.get("text") if isinstance(sent, dict) else None
        return table.read(text if isinstance(text, str) else "")

    @alone
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
        return Visit(state.target, state.loss, state.delta, state.w, state.b)

    def lesson(self, sent: object) -> Any:
        """Return the lesson's text, when the drawer is first opened (MathJax is large)."""
        if not sent:
            return no_update
        return drawer(next((study.lesson for study in self.studies.values() if study.lesson), ""))

    @alone
    def file(self, sent: object) -> Any:
        """Return the current landscape as a file."""
        kind = sent.get("kind") if isinstance(sent, dict) else None
        if kind not in downloads.KINDS:
            return no_update
        state, study, _ = self.read(sent)
        return downloads.file(state, study, kind)

    @alone
    def figure(self, sent: object) -> Any:
        """Return the current landscape as a figure that the browser turns into PNG or SVG."""
        kind = sent.get("kind") if isinstance(sent, dict) else None
        if kind not in downloads.PICTURES:
            return no_update
        state, study, _ = self.read(sent)
        return {"kind": kind, "name": downloads.name(state, study), "figure": downloads.figure(state, study)}


def _query(sent: object) -> str:
    query = sent.get("query") if isinstance(sent, dict) else None
    return query if isinstance(query, str) else ""


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def register(app: Dash, answers: Callbacks) -> None:
    """Connect every answer to the store that asks for it."""
    skip = {"prevent_initial_call": True}
    in_browser: Any = app.clientside_callback
    app.callback(Output("opened", "data"), Input("address", "data"), **skip)(answers.opened)
    app.callback(Output("point", "data"), Input("commit", "data"), **skip)(answers.point)
    app.callback(Output("map", "data"), Input("scene", "data"), **skip)(answers.map)
    app.callback(Output("minima", "data"), Input("minima-query", "data"), **skip)(answers.minima)
    app.callback(Output("total-contours", "data"), Input("weight-query", "data"), **skip)(answers.total_contours)
    app.callback(Output("surface", "figure"), Input("surface-query", "data"), **skip)(answers.surface)
    app.callback(Output("pasted", "data"), Input("paste", "data"), **skip)(answers.pasted)
    app.callback(Output("verdict", "data"), Input("check", "data"), **skip)(answers.verdict)
    app.callback(Output("lesson-text", "children"), Input("lesson-query", "data"), **skip)(answers.lesson)
    app.callback(Output("file", "data"), Input("download", "data"), **skip)(answers.file)
    app.callback(Output("picture", "data"), Input("download", "data"), **skip)(answers.figure)
    in_browser(
        "(schema) => { explorer.open(schema); return dash_clientside.no_update; }",
        Output("schema", "modified_timestamp"),
        Input("schema", "data"),
    )
    for store in ("opened", "point", "map", "minima", "total-contours", "pasted", "verdict", "picture"):
        script = f"(data) => {{ if (data) explorer.receive({store!r}, data); return dash_clientside.no_update; }}"
        in_browser(script, Output(store, "modified_timestamp"), Input(store, "data"), **skip)
