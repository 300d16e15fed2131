"""The papers: what they name is there."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.papers import PAGES, ROOT, text_of

NAMED = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in PAGES)]
LINKED = [*NAMED, "CHANGELOG.md", "experiments/README.md"]
TOP = ("explorer", "models", "experiments", "tests", "docs")


def paths(text: str) -> Iterator[str]:
    """Every path from a folder of the checkout that a text names, and every file of the checkout's own top."""
    yield from re.findall(rf"(?<![\w./-])((?:{'|'.join(TOP)})/[\w./-]*\w/?)", text)
    yield from re.findall(r"(?<![\w./-])([A-Z]+\.md|Makefile|pyproject\.toml|requirements[\w-]*\.txt|\.ci/\w+)", text)


def modules(text: str) -> list[str]:
    """Every dotted name that begins with a package of the checkout."""
    return re.findall(rf"(?<![\w./\[-])((?:{'|'.join(TOP[:-1])})(?:\.[A-Za-z_]\w*)+)", text)


def links(text: str) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("https:")]


def anchors(text: str) -> set[str]:
    """The addresses of a text's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_there(dotted: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        return all((found := getattr(found, part, None)) is not None for part in parts[count:])
    return False


@pytest.mark.parametrize("name", LINKED)
def test_a_paper_has_no_gaps(name: str) -> None:
    assert not re.search(r"@\w+@|TODO|FIXME|XXX|LINK\b", text_of(name))


@pytest.mark.parametrize("name", NAMED)
def test_every_path_in_a_paper_exists(name: str) -> None:
    assert [path for path in paths(text_of(name)) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", NAMED)
def test_every_dotted_name_in_a_paper_is_there(name: str) -> None:
    assert [dotted for dotted in modules(text_of(name)) if not is_there(dotted)] == []


def test_what_is_said_to_be_in_a_file_is_in_it() -> None:
    said = re.findall(r"`([\w.]+)`\s+\(`([\w./]+\.(?:py|js))`", text_of("ARCHITECTURE.md"))
    assert len(said) > 5
    missing = [
        f"{name} in {path}" for name, path in said if not re.search(rf"\b{name.split('.')[-1]}\b", text_of(path))
    ]
    assert missing == []


@pytest.mark.parametrize("name", LINKED)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in links(text_of(name)):
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {link.partition("#")[0] for link in links(text_of("README.md"))}
    assert {f"docs/{page.name}" for page in PAGES} <= linked


def test_the_floors_told_are_those_of_the_layers() -> None:
    tree = ast.parse(text_of("tests/house/test_layers.py"))
    (floors,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FLOORS"
    )
    told = re.findall(r"^\| (\d) \| (?:`(\w+)`|the package itself) \|", text_of("ARCHITECTURE.md"), re.MULTILINE)
    assert {(int(floor), room) for floor, room in told} == {
        (floor, room) for floor, rooms in enumerate(floors) for room in rooms
    }


def test_every_dependency_has_a_reason() -> None:
    table = text_of("docs/dependencies.md")
    wanted = re.findall(r"^([\w-]+)==", text_of("requirements.txt"), re.MULTILINE)
    assert [name for name in wanted if not re.search(rf"\b{name}\b", table)] == []


def test_every_study_that_the_table_names_is_there() -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", text_of("experiments/README.md"), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(named) > 10
    folder = ROOT / "experiments"
    assert [name for name in named if not any(path.exists() for path in candidates(folder, name))] == []


def candidates(folder: Path, name: str) -> tuple[Path, ...]:
    return folder / name, folder / f"{name}.py"


def test_git_can_run_before_a_commit_what_make_test_runs_first() -> None:
    (recipe,) = re.findall(r"^test:.*\n((?:\t.*\n)+)", text_of("Makefile"), re.MULTILINE)
    checks = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines() if "$(BIN)" in line]
    first = [line for line in checks if "pytest" not in line]
    assert re.findall(r"entry: (.+)", text_of(".pre-commit-config.yaml")) == first
