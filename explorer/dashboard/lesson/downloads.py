"""Downloads: the current landscape as a figure or a file."""

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import plotly.graph_objects as go
import xarray as xr

from explorer import figures
from explorer.dashboard.lesson.certified_minima import minima
from explorer.dashboard.lesson.maps import landscape
from explorer.dashboard.lesson.state import State
from explorer.study import Study

KINDS = ("csv", "nc", "html")
PICTURES = ("png", "svg")


def name(state: State, study: Study) -> str:
    """Return a file name, without its ending, that says what is inside."""
    parts = [study.name] if study.terms else [study.name, state.target, state.loss]
    return "-".join(["landscape", *parts, f"{state.n}x{state.n}"])


def file(state: State, study: Study, kind: str) -> dict[str, Any]:
    """Return a download of the landscape: loss, gradient (terms where there are some), coordinates, provenance."""
    quantities = ("loss", "terms", "gradient") if study.terms else ("loss", "gradient")
    found = landscape(state, study, state.n, quantities)
    filename = f"{name(state, study)}.{kind}"
    if kind == "csv":
        return _text(_csv(found, study), filename, "text/csv")
    if kind == "html":
        html = marked(state, study, found).to_html(include_plotlyjs=True, config={"showSendToCloud": False})
        return _text(html, filename, "text/html")
    content = base64.b64encode(_netcdf(found)).decode()
    return {"content": content, "filename": filename, "type": "application/x-netcdf", "base64": True}


def _text(content: str, filename: str, kind: str) -> dict[str, Any]:
    return {"content": content, "filename": filename, "type": kind, "base64": False}


def _csv(found: xr.Dataset, study: Study) -> str:
    flat = found.drop_vars("status", errors="ignore")
    columns = {"loss": flat["loss"]}
    if "terms" in flat:
        columns |= {f"L_{term}": flat["terms"].sel(term=term, drop=True) for term in flat["term"].values.tolist()}
    for label in study.labels:
        columns[f"dL_d{label}"] = flat["gradient"].sel(direction=label, drop=True)
    return str(xr.Dataset(columns).to_dataframe().to_csv())


def _netcdf(found: xr.Dataset) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "landscape.nc"
        found.to_netcdf(path, engine="h5netcdf")
        return path.read_bytes()


def figure(state: State, study: Study) -> dict[str, Any]:
    """Return the heatmap with contours and marks as a plain dictionary."""
    found: dict[str, Any] = json.loads(marked(state, study, landscape(state, study, state.n)).to_json())
    return found


def marked(state: State, study: Study, found: xr.Dataset) -> go.Figure:
    """Return the heatmap of a swept landscape with the point and the minima on it."""
    return figures.contour(found, marks=_marks(state, study, found))


def _marks(state: State, study: Study, found: xr.Dataset) -> list[dict[str, Any]]:
    """Return the point and the minima, as far as they lie in the window."""
    places = [((state.w, state.b), "θ")]
    for each in minima(state, study)[:1]:
        places += [(tuple(point["theta"]), "θ*") for point in each["points"]]
    axes = [found[label].values for label in study.labels]
    return [
        {"at": at, "label": label}
        for at, label in places
        if all(axis[0] <= value <= axis[-1] for value, axis in zip(at, axes, strict=True))
    ]


def surface(state: State, study: Study, points: int) -> go.Figure:
    """Return the landscape as a surface in 3D with its minima; the camera stays where the reader put it."""
    found = landscape(state, study, points)
    figure = figures.surface(found, marks=_marks(state, study, found))
    ink = "#e8edf4" if "dark" in state.mode else "#1a2230"
    flush = {"title": None, "margin": dict.fromkeys("lrtb", 0), "paper_bgcolor": "rgba(0,0,0,0)"}
    figure.update_scenes({f"{axis}axis_showbackground": False for axis in "xyz"})
    return figure.update_layout(uirevision="kept", font={"color": ink}, **flush)
