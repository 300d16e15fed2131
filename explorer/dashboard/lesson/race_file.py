"""Race: the paths that the page shows, as an animation to keep."""

from typing import Any

import numpy as np

from explorer.dashboard.lesson import paths
from explorer.dashboard.lesson.maps import landscape
from explorer.dashboard.lesson.readers import rated
from explorer.dashboard.lesson.state import State
from explorer.descent import OPTIMIZERS
from explorer.exports.race import Runner, race_html
from explorer.figures.theme import RACERS
from explorer.study import Study

POINTS = 129
"""A side of the map in the file."""


def file(state: State, study: Study) -> dict[str, Any]:
    """Return the download of a race of the state's optimizers, whether the page shows one side by side or not."""
    found = landscape(state, study, min(state.n, POINTS))
    runners = [_runner(state, study, which, style) for which, style in enumerate(styles(state.opt))]
    told = [each for each in runners if each is not None]
    names = ", ".join(each.name for each in told)
    start = ", ".join(f"{label} {value:g}" for label, value in zip(study.labels, (state.w, state.b), strict=True))
    html = race_html(found, told, f"Race from {start}: {names}")
    return {"content": html, "filename": f"race-{study.name}.html", "type": "text/html", "base64": False}


def styles(items: tuple[str, ...]) -> list[int]:
    """Return a style for each `name` or `name@rate`: an optimizer's own where it is free, else one of no other's."""
    names = [rated(item)[0] for item in items]
    own = {name: i for i, name in enumerate(OPTIMIZERS)}
    taken: list[int] = []
    for name in names:
        free = [style for style in range(len(RACERS)) if style not in taken]
        nobodys = [style for style in free if style not in {own.get(other) for other in names}]
        taken.append(own[name] if own.get(name) in free else (nobodys or free)[0])
    return taken


def _runner(state: State, study: Study, which: int, style: int) -> Runner | None:
    found, why = paths.path_numbers(state, study, which), paths.reason(state, study, which)
    if "refused" in found:
        return None
    numbers = {name: np.array(found[name], dtype=np.float64) for name in ("thetas", "losses")}
    return Runner(f"{found['title']} {found['lr']:g}", numbers["thetas"], numbers["losses"], why["sentence"], style)
