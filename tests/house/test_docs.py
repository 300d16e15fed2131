"""The pages in docs/: every example runs, every line of shell is one that the command line takes."""

import sys
from pathlib import Path

import click
import pytest

from explorer.cli import main
from tests.support import command_line, papers

NAMES = [page.name for page in papers.PAGES]
WITH_EXAMPLES = [page.name for page in papers.PAGES if papers.examples(page.read_text(encoding="utf-8"))]
ELSEWHERE = {"--workers", "--scheduler", "experiments.digits:objective"}
"""Words of commands that take processes of their own, or the training of a study: read, but not run."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, whose modules are found and forgotten again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("train", "my_studies"):
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_page_run_one_after_another_and_print_what_they_say(name: str) -> None:
    names = {"__name__": "page"}
    for example in papers.examples(papers.text_of(f"docs/{name}")):
        papers.run(example, names)


@pytest.mark.parametrize("name", [*NAMES, "../README.md", "../CONTRIBUTING.md", "../experiments/README.md"])
def test_the_command_line_understands_every_line_of_a_page(name: str) -> None:
    for words in papers.commands(papers.text_of(f"docs/{name}")):
        understood(words)


def test_the_commands_of_their_page_run() -> None:
    text = papers.text_of("docs/command_line.md")
    for example in papers.examples(text):
        papers.run(example, {})
    for words in papers.commands(text):
        if words[:1] in ([], ["serve"]) or ELSEWHERE & set(words):
            continue
        done = command_line.run(*words)
        assert done.exit_code == 0, f"{words}: {done.output}"


def understood(words: list[str]) -> None:
    """Read the words as the command line does, without running anything."""
    for path in (word for word in words if word.endswith((".pem", ".key"))):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    command, *options = words or ["serve"]
    found = main.get_command(click.Context(main), command)
    assert found is not None, command
    with found.make_context(command, options):
        pass
