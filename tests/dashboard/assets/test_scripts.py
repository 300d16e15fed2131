"""The pages' scripts: short lines, and one meaning for each name that they share."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ASSETS = ROOT / "explorer" / "dashboard" / "assets"
SCRIPTS = sorted([*ASSETS.rglob("*.js"), *(ROOT / "experiments").rglob("*.js")])
LONGEST = 140
OF_A_PAGE = {"page", "questions"}
"""What every page gives the shared parts, each its own."""


def defined(script: Path) -> list[str]:
    """Names that a file puts on `explorer` when it is loaded: what stands deeper in it changes data while it runs."""
    return re.findall(r"^  explorer\.(\w+) (?:\?\?)?= ", script.read_text(encoding="utf-8"), re.MULTILINE)


def test_scripts_are_found() -> None:
    assert {script.parent.name for script in SCRIPTS} >= {"common", "lesson", "stores"}
    assert "act" in defined(ASSETS / "common" / "address.js")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}/{script.name}")
def test_no_line_is_longer_than_a_screen_is_wide(script: Path) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()
    assert [(number, line) for number, line in enumerate(lines, 1) if len(line) > LONGEST] == []


def test_a_name_is_defined_once_and_means_the_same_on_every_page() -> None:
    counts = Counter(name for script in SCRIPTS for name in defined(script))
    assert {name for name, count in counts.items() if count > 1} <= OF_A_PAGE


def test_shared_parts_name_nothing_that_only_one_page_has() -> None:
    shared = {name for script in (ASSETS / "common").glob("*.js") for name in defined(script)}
    data = {"page", "schema", "state", "ready", "themed"}
    for script in (ASSETS / "common").glob("*.js"):
        used = set(re.findall(r"\bexplorer\.(\w+)", script.read_text(encoding="utf-8")))
        assert used <= shared | data, script.name
