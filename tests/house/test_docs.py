"""The pages in docs/: every example runs, every line of shell is one that the command line takes."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import click
import pytest

from explorer.cli import main
from tests.support import command_line, papers

TEXTS = {f"docs/{page.name}": page.read_text(encoding="utf-8") for page in papers.PAGES}
TEXTS |= {name: papers.text_of(name) for name in ("README.md", "CONTRIBUTING.md", "experiments/README.md")}
PAGES = [name for name, text in TEXTS.items() if name.startswith("docs/") and papers.examples(text)]
WITH_PROGRAMS = [name for name in PAGES if any(map(papers.is_program, papers.examples(TEXTS[name])))]
ELSEWHERE = {"--workers", "--scheduler", "experiments.digits:objective"}
"""Words of commands that take processes of their own, or the training of a study: read, but not run."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, whose modules are found and forgotten again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("train", "my_studies"):
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_run_one_after_another_and_print_what_they_say(name: str) -> None:
    names = {"__name__": "page"}
    for example in papers.examples(TEXTS[name]):
        if not papers.is_program(example):
            papers.run(example, names)


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_PROGRAMS)
def test_the_programs_of_a_page_run_and_print_what_they_say(name: str) -> None:
    for example in papers.examples(TEXTS[name]):
        if papers.is_program(example):
            papers.compare(example, output_of(example))
        else:
            papers.run(example, {"__name__": "page"})


@pytest.mark.parametrize("name", TEXTS)
def test_the_command_line_understands_every_line(name: str) -> None:
    for words in papers.commands(TEXTS[name]):
        understood(words)


def test_the_commands_of_their_page_run() -> None:
    text = TEXTS["docs/command_line.md"]
    for example in papers.examples(text):
        papers.run(example, {})
    for words in papers.commands(text):
        if words[:1] in ([], ["serve"]) or ELSEWHERE & set(words):
            continue
        done = command_line.run(*words)
        assert done.exit_code == 0, f"{words}: {done.output}"


def output_of(program: str) -> str:
    """What a program prints, run as a file beside those of its page."""
    Path("program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "program.py"],
        env={**os.environ, "PYTHONPATH": str(papers.ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    return done.stdout


def understood(words: list[str]) -> None:
    """Read the words as the command line does, without running anything."""
    for option, file in pairwise(words):
        if option.startswith("--tls-"):
            Path(file).touch()
    command, *options = words or ["serve"]
    found = main.get_command(click.Context(main), command)
    assert found is not None, command
    with found.make_context(command, options):
        pass
