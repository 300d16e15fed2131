"""Page: all that the server has to know of one page of the dashboard."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Response


@dataclass(frozen=True)
class Answer:
    """One question of a page's script, and who answers it."""

    question: str
    """The store that the script writes; what is in it, whatever that is, goes to the function."""
    reply: str
    """What the answer is written to, "id.property"."""
    function: Callable[[object], Any]
    told: bool = True
    """Whether the script is handed the answer (`explorer.receive`); else Dash alone takes it."""

    @property
    def target(self) -> tuple[str, str]:
        """The id and the property of the reply."""
        id, _, name = self.reply.rpartition(".")
        return id, name


@dataclass(frozen=True)
class Page:
    """A page: a folder of assets, what stands on it, and who answers its script."""

    prefix: str
    """Where it is served: "/", or a word between two slashes."""
    title: str
    assets: str
    """Its folder of assets/; common/ serves every page."""
    layout: tuple[Any, ...]
    """What stands on it, from top to bottom; the stores of questions and replies are added."""
    schema: Mapping[str, Any]
    """What the script must know, handed to `explorer.open`."""
    answers: tuple[Answer, ...]
    scripts: tuple[Path, ...] = ()
    """Further scripts, from anywhere on this machine; no two of one name."""
    routes: Mapping[str, Callable[[], Response]] = field(default_factory=dict)
    """Word below the prefix -> what GET returns, for answers that must not wait for one another."""
    kind: str = ""
    """Class of the whole page, for its style."""

    @property
    def stores(self) -> tuple[str, ...]:
        """Ids of the stores that carry questions, and replies to the script."""
        replies = [each.target[0] for each in self.answers if each.told]
        return tuple(dict.fromkeys([*(each.question for each in self.answers), *replies]))
