"""README.md: short, without gaps, and true where a machine can tell."""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short_and_has_no_gaps() -> None:
    assert len(README.splitlines()) <= 150
    assert not re.search(r"@\w+@|TODO|FIXME", README)


def test_the_example_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    said = re.findall(r"^# (.*)$", example, re.MULTILINE)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(example, {})
    (line,) = printed.getvalue().splitlines()
    # Other processors round sums differently in the last digits.
    assert [float(number) for number in line.split()] == pytest.approx([float(n) for n in said[0].split()], rel=1e-12)
    assert (tmp_path / "landscape.html").stat().st_size > 1e6


def test_every_dependency_has_a_reason_and_every_folder_exists() -> None:
    table = README[README.index("## What it depends on") : README.index("## References")]
    wanted = re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    missing = [name for name in wanted if not re.search(rf"\b{name}\b", table)]
    assert missing == []
    for folder in re.findall(r"^ {4,6}(\w+)/ ", README, re.MULTILINE):
        assert (ROOT / folder).is_dir() or (ROOT / "explorer" / folder).is_dir(), folder


def test_the_picture_is_there() -> None:
    (path,) = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert (ROOT / path).stat().st_size > 10_000
