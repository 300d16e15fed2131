"""What a store makes a server do: call declared functions, in processes of their own, within limits; nothing else."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from explorer import Objective
from explorer.dashboard.child import Limits
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.objectives import kept as objectives_module
from explorer.dashboard.stores.objectives.exact import exact, loaded
from explorer.dashboard.stores.objectives.kept import Objectives
from explorer.dashboard.stores.objectives.trust import Trust, UnloadableError
from tests.support.page import hostile_factories
from tests.support.slice_cases import make_store, network

HERE = Trust(modules=("tests",))
HOSTILE = "tests.support.page.hostile_factories"


def store(root: Path, name: str, factory: str, **kwargs: Any) -> None:
    make_store(root, name, points=(5, 5), attrs={"source": json.dumps({"factory": factory, "kwargs": kwargs})})


def said(objectives: Objectives, folder: Folder, name: str) -> str:
    with pytest.raises(UnloadableError) as refused:
        objectives.exact(folder.look(name), 0, (0.5, 0.25))
    return str(refused.value)


def closed(objectives: Objectives) -> None:
    for kept in objectives._held.values():
        kept.end()


def test_a_child_measures_what_is_measured_here_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_store(tmp_path, "x.zarr", points=(5, 5))
    folder = Folder(tmp_path)
    objectives = Objectives(folder, Trust.of([network]))
    monkeypatch.setattr(objectives_module, "PATIENCE", 60)
    first = objectives.exact(folder.look("x.zarr"), 0, (0.5, 0.25))
    # Every digit goes through the pipe.
    assert first == exact(loaded(folder.look("x.zarr"), HERE), 0, (0.5, 0.25))
    monkeypatch.setattr(objectives_module, "Child", None)
    assert objectives.exact(folder.look("x.zarr"), 0, (1.5, 0.25)) != first
    # One that was killed costs the point that finds it so, and is made anew for the next.
    [kept] = objectives._held.values()
    kept._child.kill()
    assert "measuring this point was given up: its process ended" in said(objectives, folder, "x.zarr")
    assert not objectives._held


HOSTILE_SAYS = {
    "hangs": ("the store's objective is being made", "longer than 6 seconds"),
    "leaves": ("SystemExit(3)",),
    "dies": ("its process ended (exit code 7)",),
    "eats": ("more than 0.7 GiB",),
}


def test_a_factory_that_does_the_worst_costs_its_own_request_and_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in HOSTILE_SAYS:
        store(tmp_path, f"{name}.zarr", f"{HOSTILE}:{name}")
    monkeypatch.setattr(objectives_module, "MOST_HELD", len(HOSTILE_SAYS))
    folder = Folder(tmp_path)
    objectives = Objectives(folder, HERE, Limits(seconds=6, memory=round(0.7 * (1 << 30))))

    def answers(name: str) -> str:
        until = time.monotonic() + 60
        while "being made" in (found := said(objectives, folder, f"{name}.zarr")) and time.monotonic() < until:
            assert found.endswith(" s now")
        return found

    with ThreadPoolExecutor(len(HOSTILE_SAYS)) as pool:
        found = dict(zip(HOSTILE_SAYS, pool.map(answers, HOSTILE_SAYS), strict=True))
    # Four processes begin at once: on a busy machine any of them may reach the limit of time before it does its worst.
    for name, texts in HOSTILE_SAYS.items():
        assert any(text in found[name] for text in (*texts, "longer than 6 seconds")), found
    # What was found out is kept: none of them is called again.
    monkeypatch.setattr(objectives_module, "Child", None)
    assert {name: said(objectives, folder, f"{name}.zarr") for name in HOSTILE_SAYS} == found


def test_others_do_not_wait_for_a_factory_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(tmp_path, "hangs.zarr", f"{HOSTILE}:hangs")
    folder = Folder(tmp_path)
    objectives = Objectives(folder, HERE)
    monkeypatch.setattr(objectives_module, "PATIENCE", 0.2)
    monkeypatch.setattr(objectives_module, "MOST_WAITING", 1)
    began = time.monotonic()
    assert "is being made, for 0 s now" in said(objectives, folder, "hangs.zarr")
    assert time.monotonic() - began < 5
    closed(objectives)


def forbidden(*given: object) -> None:
    raise AssertionError("a process was begun")


@pytest.mark.parametrize(
    ("source", "trust", "words"),
    [
        ({"factory": f"{HOSTILE}:writes"}, Trust.of([network]), "its catalogue does not declare it in FACTORIES"),
        ({"factory": "experiments.digits:record"}, Trust.of([network]), "--trust experiments"),
        ({"factory": "os:system"}, HERE, "may not call os:system"),
    ],
)
def test_for_what_is_not_declared_no_process_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: dict[str, Any], trust: Trust, words: str
) -> None:
    make_store(tmp_path, "x.zarr", points=(5, 5), attrs={"source": json.dumps(source)})
    folder = Folder(tmp_path)
    monkeypatch.setattr(objectives_module, "Child", forbidden)
    assert words in said(Objectives(folder, trust), folder, "x.zarr")


def test_a_function_of_a_trusted_module_that_does_not_say_what_it_returns_is_not_called(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    store(tmp_path, "x.zarr", f"{HOSTILE}:writes", marker=str(marker))
    with pytest.raises(UnloadableError, match="does not say that it returns an Objective"):
        loaded(Folder(tmp_path).look("x.zarr"), HERE)
    assert not marker.exists()


@pytest.mark.parametrize("kwargs", [{"kinds": [1]}, {"kinds": "a"}, {"seed": 1.5}, {"seed": None}])
def test_keywords_of_other_types_are_refused(tmp_path: Path, kwargs: dict[str, Any]) -> None:
    store(tmp_path, "x.zarr", f"{HOSTILE}:needs", **kwargs)
    with pytest.raises(UnloadableError, match=f"expected {next(iter(kwargs))} to be"):
        loaded(Folder(tmp_path).look("x.zarr"), HERE)


@pytest.mark.parametrize("kwargs", [{}, {"seed": 0}, {"kinds": ["a"]}, {"kinds": None}, {"kinds": []}])
def test_keywords_of_the_right_types_are_taken(tmp_path: Path, kwargs: dict[str, Any]) -> None:
    store(tmp_path, "x.zarr", f"{HOSTILE}:needs", **kwargs)
    assert isinstance(loaded(Folder(tmp_path).look("x.zarr"), HERE).objective, Objective)


def test_what_a_factory_prints_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(tmp_path, "x.zarr", f"{HOSTILE}:talks")
    folder = Folder(tmp_path)
    objectives = Objectives(folder, HERE)
    monkeypatch.setattr(objectives_module, "PATIENCE", 60)
    assert objectives.exact(folder.look("x.zarr"), 0, (0.5, 0.25))["values"]["loss"] > 0
    closed(objectives)


@pytest.mark.parametrize("factory", [lambda: network(), hostile_factories.__dict__.get, type("Local", (), {}).__init__])
def test_a_catalogue_declares_functions_that_have_a_name(factory: Callable[..., Any]) -> None:
    with pytest.raises((ValueError, AttributeError)):
        Trust.of([factory])
