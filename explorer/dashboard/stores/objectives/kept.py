"""Objectives: those of the stores that are shown, each made and kept in a process of its own."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from explorer.dashboard.child import Child, ChildError, Limits
from explorer.dashboard.stores.folder import Folder, Opened
from explorer.dashboard.stores.objectives.trust import Trust, UnloadableError, source_of
from explorer.errors import ExplorerError

MOST_HELD = 2
"""Processes, each with an objective, its data and its plane."""
MOST_WAITING = 8
"""Requests that wait for a child at once: the server's threads are for others too."""
PATIENCE = 3.0
"""Seconds that a request waits for an objective that is being made; the page asks again."""


class NotYetError(UnloadableError):
    """Raised when the objective may be there a moment later."""


class _Kept:
    """A child that makes the objective of one store, and then answers its points, one at a time."""

    def __init__(self, question: dict[str, Any], limits: Limits) -> None:
        self.made: Future[None] = Future()
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self._child = Child("explorer.dashboard.stores.objectives.measuring", limits)
        threading.Thread(target=self._make, args=[question], name="objective maker", daemon=True).start()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._child.ask(question)
        if "refused" in answer:
            raise UnloadableError(answer["refused"])
        return answer

    def end(self) -> None:
        """Let the child end: after the point that it measures, but in the midst of making its objective."""
        (self._child.close if self.made.done() else self._child.kill)()

    def _make(self, question: dict[str, Any]) -> None:
        try:
            self.ask(question)
        except (UnloadableError, ChildError) as error:
            self._child.kill()
            self.made.set_exception(_given_up(error, "making the objective"))
        else:
            self.made.set_result(None)


def _given_up(error: ExplorerError, what: str) -> UnloadableError:
    return error if isinstance(error, UnloadableError) else UnloadableError(f"{what} was given up: {error}")


class Objectives:
    """The objectives of stores, made when first asked for, refused where the store was made by another.

    Args:
        folder: of the stores.
        trust: which functions a store may name.
        limits: what making an objective, and measuring a point, may take.
    """

    def __init__(self, folder: Folder, trust: Trust, limits: Limits = Limits()) -> None:  # noqa: B008
        self.trust, self.limits = trust, limits
        self._folder = folder
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Kept] = OrderedDict()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    def exact(self, opened: Opened, number: int, at: tuple[float, ...]) -> dict[str, Any]:
        """Return what `exact` measures at a point [K] of a plane of a store, by its number.

        Raises:
            UnloadableError: the objective cannot or may not be made, or is not the one that made the store.
            NotYetError: it is not there yet.
        """
        source_of(opened.attrs, self.trust)
        with self._turn():
            kept = self._kept(opened)
            try:
                kept.made.result(timeout=PATIENCE)
            except TimeoutError:
                seconds = time.monotonic() - kept.began
                raise NotYetError(f"the store's objective is being made, for {seconds:.0f} s now") from None
            if not kept.lock.acquire(timeout=PATIENCE):
                raise NotYetError("the store's objective is busy with others' points")
            try:
                found: dict[str, Any] = kept.ask({"number": number, "at": list(at)})["found"]
                return found
            except ChildError as error:
                self._forget(kept)
                raise _given_up(error, "measuring this point") from None
            finally:
                kept.lock.release()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._waiting.acquire(timeout=1.0):
            raise NotYetError("too many points are asked for at once")
        try:
            yield
        finally:
            self._waiting.release()

    def _kept(self, opened: Opened) -> _Kept:
        key = "/".join([opened.name, *(str(opened.attrs.get(name)) for name in ("spec_sha256", "created", "source"))])
        with self._lock:
            if key not in self._held:
                question = {
                    "folder": str(self._folder.root.resolve()), "store": opened.name,
                    "declared": self.trust.declared, "modules": self.trust.modules,
                }  # fmt: skip
                self._held[key] = _Kept(question, self.limits)
                while len(self._held) > MOST_HELD:
                    _, old = self._held.popitem(last=False)
                    old.end()
            self._held.move_to_end(key)
            return self._held[key]

    def _forget(self, dead: _Kept) -> None:
        """Let the next point have a new child."""
        with self._lock:
            for key in [key for key, kept in self._held.items() if kept is dead]:
                del self._held[key]
