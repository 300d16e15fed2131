"""The program of a child process: it makes the objective of one store, keeps it, and measures points of its plane."""

from pathlib import Path
from typing import Any

import torch

from explorer.dashboard.child import answer_lines
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.objectives.exact import Ready, exact, loaded
from explorer.dashboard.stores.objectives.trust import Trust, UnloadableError


class _Measured:
    """What is answered: to the first question, of a store, whether its objective could be made; then of its points."""

    def __init__(self) -> None:
        self._ready: Ready | None = None

    def __call__(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            if self._ready is None:
                trust = Trust(tuple(asked["declared"]), tuple(asked["modules"]))
                self._ready = loaded(Folder(Path(asked["folder"])).look(asked["store"]), trust)
                return {}
            return {"found": exact(self._ready, asked["number"], tuple(asked["at"]))}
        except UnloadableError as error:
            return {"refused": str(error)}
        # What the user's model raises at a point is told, whatever it is.
        except Exception as error:
            return {"refused": f"the objective cannot be measured here: {error!r}"[:300]}


if __name__ == "__main__":
    torch.set_num_threads(1)
    answer_lines(_Measured())
