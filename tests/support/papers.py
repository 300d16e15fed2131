"""The papers: README.md and the other Markdown of the checkout, and what stands in them that a machine can check."""

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])")
_FILE = re.compile(r"# (\w+\.py)\n")


def text_of(name: str) -> str:
    """Return the text of a paper by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def examples(text: str) -> list[str]:
    """Return the blocks of Python in a text."""
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """Return the words after `python -m explorer` of the lines of shell blocks, or of indented ones, that begin so."""
    shell = "\n".join(re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    indented = "\n".join(line for line in text.splitlines() if line.startswith("    "))
    lines = f"{shell}\n{indented}".replace("\\\n", " ").splitlines()
    found = (re.fullmatch(r"\s*(?:\.venv/bin/)?python -m explorer\b(.*)", line) for line in lines)
    return [shlex.split(match[1], comments=True) for match in found if match]


def run(example: str, names: dict[str, Any]) -> None:
    """Run an example and compare what it prints with what it says; where its first line names a file, write that."""
    named = _FILE.match(example)
    if named:
        Path(named[1]).write_text(example)
        return
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(example, "<example>", "exec"), names)
    compare(example, output.getvalue())


def compare(example: str, output: str) -> None:
    """Assert that an example has printed what it says: the comments below each line that begins with print.

    Numbers agree to a millionth, as processors round sums differently; "..." stands for everything from there on.
    """
    said, printed = list(_said(example)), output.splitlines()
    if "..." in said:
        end = said.index("...")
        said, printed = said[:end], printed[:end]
    assert [_NUMBER.sub("#", line) for line in printed] == [_NUMBER.sub("#", line) for line in said]
    assert _numbers(printed) == pytest.approx(_numbers(said), rel=1e-6, abs=1e-12)


def is_program(example: str) -> bool:
    """Whether an example is a program of its own, whose work is done by other processes too."""
    return re.search(r'^if __name__ == "__main__":', example, re.MULTILINE) is not None


def _said(example: str) -> Iterator[str]:
    below = False
    for line in map(str.lstrip, example.splitlines()):
        below = line.startswith("print(") or (below and line.startswith("# "))
        if below and line.startswith("# "):
            yield line[2:]


def _numbers(lines: list[str]) -> list[float]:
    return [float(number.replace(",", "")) for line in lines for number in _NUMBER.findall(line)]
