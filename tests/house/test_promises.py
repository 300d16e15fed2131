"""docs/promises.md names tests that are there."""

import re
from pathlib import Path

import pytest

from tests.support.papers import text_of

ROOT = Path(__file__).parents[2]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text_of("docs/promises.md"))))


def test_there_are_promises() -> None:
    assert len(NAMED) > 20


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_proof_of_a_promise_is_there(file: str, name: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^ *def {name or 'test_'}", text, re.M)


def test_a_promise_that_is_told_to_be_slow_is() -> None:
    slow = re.findall(r"\*slow\*: `(tests/[\w/]+\.py)::(\w+)`", text_of("docs/promises.md"))
    assert slow
    for file, name in slow:
        before = (ROOT / file).read_text(encoding="utf-8").partition(f"def {name}(")[0]
        assert "@pytest.mark.slow" in before.rsplit("\n\n\n", 1)[-1], name
