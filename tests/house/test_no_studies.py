"""The instrument knows no study by name: what a page shows of one comes from its `Study`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments import STUDIES
from models import LOSSES, MODELS

ROOT = Path(__file__).parents[2] / "explorer"
PYTHON = sorted(ROOT.rglob("*.py"))
ASSETS = sorted(path for path in ROOT.rglob("*") if path.suffix in (".js", ".css"))
OF_THE_FIELD = {"kappa", "delta", "residual"}
"""Names of the studies that are words of the field too: a condition number, a Greek letter, prediction minus target."""


def names() -> set[str]:
    """Every name of a study, its target sets, losses, terms, numbers, exercises, and what it calls them."""
    found = {*STUDIES, *LOSSES, *MODELS}
    for study in STUDIES.values():
        found |= {*study.targets, *study.losses, *study.hidden, *study.terms, *study.facts}
        found |= {each.name for taken in study.parameters.values() for each in taken}
        found |= {each.name for each in study.activities}
        found |= {study.captions[name].title for name in (*study.losses, *study.terms)}
    return found - OF_THE_FIELD


# Found as a word, in any case, and as a part of an identifier or of a class: neuron, neuron_only, neuron-only.
NAMES = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(sorted(map(re.escape, names())))})(?![A-Za-z0-9])", re.IGNORECASE)


def words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every name and every string of a module but docstrings."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value
        for field in ("id", "attr", "arg", "name", "asname"):
            if isinstance(getattr(node, field, None), str):
                yield getattr(node, "lineno", 0), getattr(node, field)


def test_the_names_are_there() -> None:
    expected = {
        "neuron",
        "two_points",
        "mse",
        "log_cosh",
        "Log-cosh",
        "ic",
        "L_pde",
        "w_star",
        "predict_arrow",
        "hidden-1",
    }
    assert expected <= names()


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_names_a_study(path: Path) -> None:
    told = list(words(ast.parse(path.read_text(encoding="utf-8"))))
    assert [(line, found[0]) for line, text in told if (found := NAMES.search(text))] == []


@pytest.mark.parametrize("path", ASSETS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_script_and_no_style_names_a_study(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [(number, found[0]) for number, line in enumerate(lines, 1) if (found := NAMES.search(line))] == []


@pytest.mark.parametrize(
    "program", ['kind = "neuron-only"', "two_points = 1", "f(huber=2)", "x.L_ic", "said = 'MAE/2'"]
)
def test_a_name_is_found_wherever_it_stands(program: str) -> None:
    assert any(NAMES.search(text) for _, text in words(ast.parse(program)))


@pytest.mark.parametrize("program", ['"""An example: neuron."""', "icon = 1", "def f():\n    'The mse, for example.'"])
def test_docstrings_and_other_words_are_free(program: str) -> None:
    assert not any(NAMES.search(text) for _, text in words(ast.parse(program)))
