"""The command line at its edges: damage, bad corners, broken modules, odd places; never a traceback."""

import json
import shlex
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import Result

from explorer import open_landscape
from explorer.cli.factories import read_settings
from explorer.cli.told_errors import explained, in_shell
from tests.support.command_line import FACTORY, checkpoint, run, swept
from tests.support.store_cases import flip

MODULES = {
    "exits": "import sys\nsys.exit(3)\n",
    "no_file": "open('no-such-file')\n",
    "no_syntax": "def objective(:\n",
    "no_import": "import no_such_package\n",
    "corner": """
import torch
from explorer import Objective
from tests.support.killed.train import Bowl

def objective(limit=1e9):
    def bowl(model):
        if float(model.theta.detach().norm()) > limit:
            raise RuntimeError("out of its\\n  depth")
        return model()
    return Objective(Bowl(), terms={"bowl": bowl})

def entries():
    return Objective(torch.nn.Linear(2, 2), torch.nn.MSELoss(), (torch.eye(2), torch.eye(2)))

def leaves():
    raise SystemExit("no data")
""",
}


@pytest.fixture
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)


def is_one_line(shown: Result) -> bool:
    errors = [line for line in shown.output.splitlines() if line.startswith("Error")]
    return isinstance(shown.exception, SystemExit) and len(errors) == 1 and "Traceback" not in shown.output


@pytest.mark.parametrize("harm", [flip, Path.unlink])
@pytest.mark.parametrize("field", ["loss", "gradient"])
def test_a_finished_store_that_is_damaged_is_mended_and_it_is_said(tmp_path: Path, harm: object, field: str) -> None:
    path = tmp_path / "x.zarr"
    swept(path, "--quantities", "loss,gradient")
    before = open_landscape(path)
    [file] = (path / field).glob("c.0*")
    assert callable(harm)
    harm(file)
    shown = swept(path)
    assert f"Warning: 1 chunk is damaged in {path}; its points are computed again" in shown.output
    assert f"{path} is finished." in shown.output
    assert "was finished already, all 25 points" in swept(path).output
    np.testing.assert_array_equal(open_landscape(path)[field], before[field])


def test_what_cannot_be_computed_again_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    swept(path)
    flip(path / "axis_0" / "c.0")
    shown = run("sweep", FACTORY, "--points", 5, "--out", path)
    assert is_one_line(shown)
    assert "remove the store and sweep again" in shown.output


def test_checkpoints_of_a_finished_store_are_projected_anew(tmp_path: Path) -> None:
    path, file = tmp_path / "x.zarr", checkpoint(tmp_path / "a.safetensors", 1, 0, 0)
    swept(path)
    for theta, loss in (((1, 0, 0), 1.0), ((0, 0, 1), 4.0)):
        checkpoint(file, *theta)
        assert "was finished already" in swept(path, "--checkpoints", file).output
        [each] = json.loads(str(open_landscape(path).attrs["checkpoints"]))
        assert (each["name"], each["loss"]) == ("a", loss)


@pytest.mark.usefixtures("_modules")
def test_a_bad_corner_costs_only_itself() -> None:
    words = ("sweep", "corner:objective", "--points", 9, "--normalize", "none", "--radius", 1, "--out", "x.zarr")
    shown = run(*words, "--set", "limit=2.5")
    assert shown.exit_code == 3, shown.output
    found = open_landscape("x.zarr")
    failed = int((found["status"] == 3).sum())
    assert 0 < failed < 40
    assert np.isnan(found["loss"].values[found["status"].values == 3]).all()
    assert np.isfinite(found["loss"].values[found["status"].values == 1]).all()
    assert f"Warning: {failed} of 81 points could not be evaluated (RuntimeError: out of its depth)" in shown.output
    assert f"x.zarr holds {81 - failed} of 81 points; the others failed." in shown.output


@pytest.mark.usefixtures("_modules")
def test_a_loss_that_raises_everywhere_is_one_line() -> None:
    shown = run("sweep", "corner:objective", "--points", 5, "--set", "limit=1.8", "--radius", 1000, "--out", "x.zarr")
    assert shown.exit_code == 3, shown.output
    assert "x.zarr holds 1 of 25 points; the others failed." in shown.output
    shown = run("sweep", "corner:objective", "--points", 4, "--set", "limit=1.8", "--radius", 1000, "--out", "y.zarr")
    assert is_one_line(shown)
    assert shown.exit_code == 1
    assert f"RuntimeError: out of its depth ({Path('corner.py').resolve()}, line 9)" in shown.output


@pytest.mark.usefixtures("_modules")
@pytest.mark.parametrize(
    ("factory", "code", "said"),
    [
        ("exits:objective", 1, "the module exits cannot be imported: SystemExit: 3"),
        ("no_file:objective", 1, "no_file.py, line 1)"),
        ("no_syntax:objective", 1, "SyntaxError: invalid syntax (no_syntax.py, line 1)"),
        ("no_import:objective", 1, "ModuleNotFoundError: No module named 'no_such_package'"),
        ("corner.inner:objective", 2, "there is no module 'corner.inner'"),
        ("corner:leaves", 1, "corner:leaves raised SystemExit: no data"),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_line(factory: str, code: int, said: str) -> None:
    shown = run("sweep", factory, "--out", "x.zarr")
    assert is_one_line(shown)
    assert (shown.exit_code, said in shown.output) == (code, True), shown.output
    assert run("serve", "--catalogue", factory.partition(":")[0]).exit_code in (1, 2)


@pytest.mark.usefixtures("_modules")
def test_entries_of_matrices_are_axes() -> None:
    words = ("--directions", "axes", "--entries", "weight[0,1],bias[1]", "--points", "5")
    shown = run("sweep", "corner:entries", *words, "--out", "x.zarr")
    assert shown.exit_code == 0, shown.output
    assert open_landscape("x.zarr")["loss"].dims == ("weight[0,1]", "bias[1]")


def test_an_empty_folder_may_be_used_and_another_is_kept(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    assert f"{empty} is finished." in swept(empty).output
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    for place, said in ((full, "a place where nothing is yet"), (full / "notes.txt", "notes.txt is a file"),
                        (Path("."), "a place where nothing is yet")):  # fmt: skip
        shown = run("sweep", FACTORY, "--points", 5, "--out", place)
        assert is_one_line(shown)
        assert (shown.exit_code, said in shown.output) == (1, True), shown.output
    assert (full / "notes.txt").read_text() == "mine"


def test_hints_can_be_pasted(tmp_path: Path) -> None:
    path = tmp_path / "päth with spaces" / "ü's.zarr"
    lines = swept(path).output.splitlines()
    see, take = (next(line for line in lines if line.startswith(start)) for start in ("See it:", "Take it:"))
    assert shlex.split(see)[-1] == str(path.parent)
    assert shlex.split(take)[-2:] == [str(path), "ü's.html"]
    flip(path / "loss" / "c.0")
    shown = run("export", path, tmp_path / "x.csv")
    assert shlex.quote(str(path)) in shown.output
    assert in_shell(Path("-x.zarr")) == "./-x.zarr"


def test_a_single_plane_has_no_seed_to_choose(tmp_path: Path) -> None:
    swept(tmp_path / "x.zarr")
    shown = run("export", tmp_path / "x.zarr", tmp_path / "x.csv", "--seed", 1)
    assert is_one_line(shown)
    assert "holds one plane, so there is no seed to choose: leave --seed out" in shown.output


def test_settings_of_another_factory_are_named_as_they_are_given(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    swept(path, "--set", "depth=0.5")
    shown = run("sweep", FACTORY, "--points", 5, "--out", path)
    assert "another sweep. --set depth: the store has 0.5, asked for nothing. Use its words" in shown.output


def test_the_factory_comes_first_in_the_help() -> None:
    assert "sweep MODULE:FACTORY [OPTIONS]" in run("sweep", "--help").output


def test_a_bug_keeps_its_traceback_and_others_errors_do_not() -> None:
    with pytest.raises(TypeError), explained():
        read_settings(None)  # type: ignore[arg-type]
    with pytest.raises(click.ClickException, match=r"TypeError: no number \(.*test_edges"), explained():
        raise TypeError("no number")
    with pytest.raises(click.ClickException, match=r"^MemoryError"), explained():
        raise MemoryError
