"""sweep, export and verify: from a factory to files, stopped and continued; errors are one line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer import directions, open_landscape, report
from explorer.cli.factories import read_settings
from explorer.store import Store
from tests.support.command_line import FACTORY, checkpoint, run, swept
from tests.support.store_cases import filled, flip

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", ["sweep", "export", "report", "verify", "serve"])
def test_help_teaches_by_example(command: str) -> None:
    shown = run(command, "--help")
    assert shown.exit_code == 0
    assert f"python -m explorer {command} " in shown.output


def test_a_sweep_prints_the_report_and_leaves_a_store(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "x.zarr"
    shown = swept(path, "--points", "7x5", "--radius", 0.5, "--set", "depth=0.25")
    assert "The model's own loss is 7.25" in shown.output
    assert f"{path} is finished." in shown.output
    found = open_landscape(path)
    assert dict(found["loss"].sizes) == {"alpha": 7, "beta": 5}
    assert found["alpha"].values[[0, -1]].tolist() == [-0.5, 0.5]
    assert float(found["loss"].sel(alpha=0, beta=0)) == 7.25
    assert json.loads(found.attrs["source"]) == {"factory": FACTORY, "kwargs": {"depth": 0.25}}


def test_the_same_words_return_at_once_and_others_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    swept(path)
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*")}
    shown = swept(path)
    assert f"{path} was finished already, all 25 points." in shown.output
    assert before == {file: file.stat().st_mtime_ns for file in path.rglob("*")}
    for words, said in (
        (("--seed", 1), "directions.0.seed: the store has 0, asked for 1"),
        (("--points", 6), "points.alpha: the store has 5, asked for 6"),
        (("--quantities", "loss,gradient"), 'quantities: the store has ["loss"], asked for ["gradient", "loss"]'),
        (("--set", "depth=1"), "x.zarr holds another sweep. --set depth: the store has nothing, asked for 1. Use"),
        (("--dtype", "float32"), 'dtype: the store has "float64", asked for "float32"'),
    ):
        shown = run("sweep", FACTORY, "--points", 5, *words, "--out", path)
        assert shown.exit_code == 1, shown.output
        assert said in shown.output
        assert "Traceback" not in shown.output


def test_a_store_keeps_its_quantities(tmp_path: Path) -> None:
    swept(tmp_path / "x.zarr", "--quantities", "loss,gradient")
    assert "was finished already, all 25 points." in swept(tmp_path / "x.zarr").output
    assert run("sweep", FACTORY, "--out", tmp_path / "x.zarr", "--dry-run").exit_code == 0


def test_the_report_is_none_quick_or_full(tmp_path: Path) -> None:
    shown = swept(tmp_path / "x.zarr", "--report", "none").output
    assert "The model's own loss" not in shown
    assert "report" not in open_landscape(tmp_path / "x.zarr").attrs
    assert "x.zarr is finished." in swept(tmp_path / "x.zarr").output
    shown = swept(tmp_path / "x.zarr", "--report", "full").output
    assert "over all directions" in " ".join(shown.split())
    assert str(report(open_landscape(tmp_path / "x.zarr"))) in shown


def test_the_seconds_are_told_before(tmp_path: Path) -> None:
    shown = run("sweep", FACTORY, "--points", "11x7", "--seed", "0,1", "--dry-run")
    assert shown.exit_code == 0
    assert shown.output.startswith("154 points, about ")
    assert list(tmp_path.iterdir()) == []


def test_several_seeds_are_several_planes(tmp_path: Path) -> None:
    swept(tmp_path / "x.zarr", "--count", 1, "--seed", "0,3")
    found = open_landscape(tmp_path / "x.zarr")
    assert found["loss"].dims == ("seed", "alpha")
    assert found["seed"].values.tolist() == [0, 3]
    shown = run("export", tmp_path / "x.zarr", tmp_path / "x.h5")
    assert shown.exit_code == 1
    assert "select one" in shown.output
    assert run("export", tmp_path / "x.zarr", tmp_path / "x.h5", "--seed", 3).exit_code == 0
    assert "among [0, 3]" in run("export", tmp_path / "x.zarr", tmp_path / "x.h5", "--seed", 1).output


def test_a_line_between_checkpoints_shows_both(tmp_path: Path) -> None:
    a, b = checkpoint(tmp_path / "a.safetensors", 1, 0, 0), checkpoint(tmp_path / "b.safetensors", 0, 0, 1)
    swept(tmp_path / "x.zarr", "--directions", "between", "--checkpoints", a, b, "--points", 13)
    found = open_landscape(tmp_path / "x.zarr")
    np.testing.assert_allclose(found["alpha"].values[[0, -1]], [-0.25, 1.25])
    t = found["alpha"].values
    # 1 (1 - t)^2 + 4 t^2; a few roundings of numbers of order 10.
    np.testing.assert_allclose(found["loss"], (1 - t) ** 2 + 4 * t**2, rtol=1e-14)
    assert [each["name"] for each in json.loads(found.attrs["checkpoints"])] == ["a", "b"]


def test_a_plane_through_three_checkpoints_shows_all(tmp_path: Path) -> None:
    names = [checkpoint(tmp_path / f"{i}.safetensors", *row) for i, row in enumerate(torch.eye(3).tolist())]
    swept(tmp_path / "x.zarr", "--directions", "through", "--checkpoints", *names)
    found = open_landscape(tmp_path / "x.zarr")
    for each in json.loads(found.attrs["checkpoints"]):
        assert all(
            found[label].min() < at < found[label].max()
            for label, at in zip(found["loss"].dims, each["at"], strict=True)
        )
        assert each["loss"] == pytest.approx(each["plane_loss"], rel=1e-12)


def test_a_trajectory_spans_a_plane_and_is_drawn_on_it(tmp_path: Path) -> None:
    (tmp_path / "epochs").mkdir()
    for epoch in range(5):
        checkpoint(tmp_path / "epochs" / f"epoch_{epoch}.safetensors", 2.0**-epoch, 3.0**-epoch, 0)
    swept(tmp_path / "x.zarr", "--directions", "principal", "--trajectory", tmp_path / "epochs")
    found = open_landscape(tmp_path / "x.zarr")
    path = json.loads(found.attrs["checkpoints"])
    assert len(path) == 5
    assert all(each["path"] and each["offset"] < 1e-12 for each in path)
    assert all(found["alpha"].min() < each["at"][0] < found["alpha"].max() for each in path)


def test_several_trajectories_span_a_plane_together(tmp_path: Path) -> None:
    for name, factor in (("slow", 0.8), ("fast", 0.5)):
        (tmp_path / name).mkdir()
        for epoch in range(3):
            checkpoint(tmp_path / name / f"epoch_{epoch}.safetensors", factor**epoch, factor ** (2 * epoch), 1)
    where = [tmp_path / "slow", tmp_path / "fast"]
    swept(tmp_path / "x.zarr", "--directions", "principal", "--trajectory", *where)
    found = open_landscape(tmp_path / "x.zarr")
    path = json.loads(found.attrs["checkpoints"])
    assert [(each["run"], each["step"]) for each in path] == [(name, i) for name in ("slow", "fast") for i in range(3)]
    assert [each["name"] for each in path][3:] == ["fast, step 0", "fast, step 1", "fast, step 2"]
    assert json.loads(found.attrs["basis"])["made"]["runs"] == [3, 3]
    # Both lie in the plane of the first two entries of theta.
    assert all(each["offset"] < 1e-12 for each in path)
    for axis, number in (("alpha", 0), ("beta", 1)):
        assert all(found[axis].min() < each["at"][number] < found[axis].max() for each in path)
    report = {each["name"]: each["text"] for each in json.loads(found.attrs["report"])}
    assert "100 % of the spread of 2 trajectories together; 2 random walks from one start" in report["trajectory"]


def test_checkpoints_are_projected_onto_random_planes(tmp_path: Path) -> None:
    a = checkpoint(tmp_path / "a.safetensors", 1, 0, 0)
    swept(tmp_path / "x.zarr", "--checkpoints", a, "--normalize", "none")
    [each] = json.loads(open_landscape(tmp_path / "x.zarr").attrs["checkpoints"])
    assert each["name"] == "a"
    assert each["offset"] > 0
    assert each["loss"] == 1.0


def test_hessian_directions_are_not_searched_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept(tmp_path / "x.zarr", "--directions", "hessian", "--quantities", "loss,curvature")
    monkeypatch.setattr(directions, "hessian", None)
    assert "was finished already" in swept(tmp_path / "x.zarr", "--directions", "hessian", "--quantities",
                                           "loss,curvature").output  # fmt: skip


def test_entries_are_axes_with_their_names(tmp_path: Path) -> None:
    swept(tmp_path / "x.zarr", "--directions", "axes", "--entries", "theta[0],theta[2]", "--radius", 2)
    found = open_landscape(tmp_path / "x.zarr")
    assert found["loss"].dims == ("theta[0]", "theta[2]")
    assert float(found["loss"][0, -1]) == 4 + 2 + 16


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("no_such:objective",), 2, "there is no module 'no_such'"),
        (("tests.support.killed.train",), 2, "expected module:function"),
        (("tests.support.killed.train:nothing",), 2, "expected a function 'nothing'"),
        (
            ("tests.support.killed.train:raises",),
            1,
            "raised RuntimeError: the data are on another machine (" + str(ROOT),
        ),
        (("tests.support.killed.train:returns",), 1, "expected to return an explorer.Objective"),
        ((FACTORY, "--set", "size=3"), 2, "tests.support.killed.train:objective takes (depth: float = 0.0"),
        ((FACTORY, "--set", "size"), 2, "expected key=value"),
        ((FACTORY, "--points", "5x5x5"), 2, "expected 51 or 51x41"),
        ((FACTORY, "--points", "1"), 2, "at least 2"),
        ((FACTORY, "--count", "1", "--points", "5x5"), 2, "expected 51, each"),
        ((FACTORY, "--radius", "0"), 2, "0"),
        ((FACTORY, "--radius", "nan"), 2, "whose double is finite too"),
        ((FACTORY, "--radius", "1e308"), 2, "whose double is finite too"),
        ((FACTORY, "--points", "9999999x9999999"), 2, "at most 4,194,304 in all; got 9999999 x 9999999"),
        ((FACTORY, "--points", "2048", "--seed", "0,1"), 2, "2048 x 2048 on 2 planes"),
        ((FACTORY, "--seed", "9" * 19), 2, "from 0 to 9223372036854775807"),
        ((FACTORY, "--seed", "9" * 5000), 2, "whole numbers from 0"),
        ((FACTORY, "--seed", "-1"), 2, "whole numbers from 0"),
        ((FACTORY, "--skip", "foo"), 2, "kinds of parameters among bias, norm, vector, each once; or none; got 'foo'"),
        ((FACTORY, "--quantities", "accuracy"), 2, "metrics come by themselves with loss, terms and gradient"),
        ((FACTORY, "--quantities", ""), 2, "expected quantities among"),
        ((FACTORY, "--quantities", "loss,loss"), 2, "each once"),
        ((FACTORY, "--device", "foo"), 2, "expected a device, such as cpu, cuda or cuda:1; got 'foo'"),
        ((FACTORY, "--device", "meta"), 2, "expected a device"),
        ((FACTORY, "--device", "cuda:99"), 1, "there is no device 'cuda:99' here"),
        ((".train:objective",), 2, "expected the name of a module"),
        (("train.py:objective",), 2, "without .py"),
        (("tests..killed:objective",), 2, "expected the name of a module"),
        ((FACTORY, "--directions", "between", "--checkpoints", "c0", "./c0"), 2, "each file once; c0 is given 2 times"),
        ((FACTORY, "--checkpoints", "a", "b", "a"), 2, "each file once; a is given 2 times"),
        (("--checkpoints", "a", "b", FACTORY), 2, "so the factory comes before it: sweep train:objective"),
        ((FACTORY, "--entries", "w"), 2, "--entries does nothing with --directions gaussian: leave it out"),
        ((FACTORY, "--directions", "through", "--checkpoints", *"abc", "--count", "1"), 2, "--count does nothing"),
        ((FACTORY, "--directions", "between", "--checkpoints", "a", "b", "--seed", "0"), 2, "--seed does nothing"),
        ((FACTORY, "--directions", "hessian", "--normalize", "layer"), 2, "--normalize does nothing"),
        ((FACTORY, "--directions", "hessian", "--skip", "none"), 2, "--skip does nothing"),
        ((FACTORY, "--seed", "a"), 2, "such as 0 or 0,1,2"),
        ((FACTORY, "--seed", "1,1"), 2, "different seeds"),
        ((FACTORY, "--seed", "0,1", "--directions", "hessian"), 2, "several seeds are for"),
        ((FACTORY, "--directions", "between", "--checkpoints", "a.pt"), 2, "takes 2 --checkpoints; got 1"),
        ((FACTORY, "--directions", "through"), 2, "takes 3 --checkpoints; got 0"),
        ((FACTORY, "--directions", "principal"), 2, "takes --trajectory"),
        ((FACTORY, "--directions", "axes"), 2, "takes one or two --entries"),
        ((FACTORY, "--checkpoints", "a.pt", "--trajectory", "x"), 2, "not both"),
        ((FACTORY, "--trajectory", "x", "x"), 2, "--trajectory takes each folder once; x is given 2 times"),
        (("--trajectory", "a", FACTORY), 2, "--trajectory takes all words after it"),
        ((FACTORY, "--quantities", "los"), 2, "expected quantities among loss, terms"),
        ((FACTORY, "--checkpoints", "no-such-file.pt"), 1, "no-such-file.pt"),
        ((FACTORY, "--directions", "axes", "--entries", "w"), 1, "w"),
    ],
)
def test_errors_are_one_line_with_their_code(tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    shown = run("sweep", *words, "--out", tmp_path / "x.zarr")
    assert (shown.exit_code, said in shown.output) == (code, True), shown.output
    assert "Traceback" not in shown.output
    assert len([line for line in shown.output.splitlines() if line.startswith("Error")]) == 1
    assert not (tmp_path / "x.zarr").exists()


def test_a_place_to_write_to_is_asked_for() -> None:
    shown = run("sweep", FACTORY)
    assert shown.exit_code == 2
    assert "Missing option '--out': the store to write, such as runs/x.zarr" in shown.output


def test_what_is_no_store_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    shown = run("sweep", FACTORY, "--out", tmp_path)
    assert shown.exit_code == 1
    assert "zarr.json" in shown.output
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_settings_are_json_where_they_can_be() -> None:
    words = ["depth=20", "rate=1e-3", "name=resnet", "flag=true", "sizes=[1, 2]", 'text="20"', "path=a=b", "none=null"]
    assert read_settings(words) == {"depth": 20, "rate": 1e-3, "name": "resnet", "flag": True, "sizes": [1, 2],
                                    "text": "20", "path": "a=b", "none": None}  # fmt: skip


@pytest.mark.parametrize("suffix", ["nc", "h5", "vti", "csv", "html"])
def test_export_writes_what_the_ending_says(tmp_path: Path, suffix: str) -> None:
    swept(tmp_path / "x.zarr", "--quantities", "loss")
    shown = run("export", tmp_path / "x.zarr", tmp_path / f"x.{suffix}")
    assert shown.exit_code == 0, shown.output
    assert "25 of 25 points" in shown.output
    assert (tmp_path / f"x.{suffix}").stat().st_size > 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "missing.zarr", "x.csv"), "there is none at missing.zarr"),
        (("export", "{store}", "x.pdf"), "one of .nc, .h5, .vti, .csv, .html; got '.pdf'"),
        (("export", "{store}", "/no/such/folder/x.csv"), "choose another place"),
        (("verify", "missing.zarr"), "there is none at missing.zarr"),
        (("report", "missing.zarr"), "there is none at missing.zarr"),
    ],
)
def test_export_and_verify_say_what_is_wrong(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    swept(tmp_path / "x.zarr")
    shown = run(*(word.format(store=tmp_path / "x.zarr") for word in words))
    assert shown.exit_code == 1
    assert said in shown.output
    assert "Traceback" not in shown.output


def test_the_report_of_a_finished_store_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    swept(path, "--report", "none")
    shown = run("report", path)
    assert shown.exit_code == 1
    assert shown.output == (
        f"Error: there is no report in {path}: run the sweep's own words again, with --report quick or full\n"
    )
    swept(path, "--report", "quick")
    shown = run("report", path)
    assert (shown.exit_code, shown.output) == (0, f"{report(open_landscape(path))}\n")
    assert shown.output.startswith("ok    ")
    assert run("report").exit_code == run("report", path, "--seed", 0).exit_code == 2
    flip(path / "loss" / "c.0")
    shown = run("report", path)
    assert shown.exit_code == 0
    assert f"damaged and left out: python -m explorer verify {path}" in shown.output


def test_an_unfinished_store_says_that_its_report_is_still_to_come(tmp_path: Path) -> None:
    path = filled(tmp_path / "x.zarr", 4).path
    shown = run("report", path)
    assert shown.exit_code == 1
    assert f"Error: {path} holds" in shown.output
    assert "the report comes at the end: run the sweep's own words on" in shown.output


def test_verify_queues_again_and_the_same_words_mend(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    swept(path)
    chunks = len(Store.open(path).numbers)
    assert run("verify", path).output.endswith(f"{'1 chunk is' if chunks == 1 else f'{chunks} chunks are'} sound\n")
    before = open_landscape(path)
    flip(path / "loss" / "c.0")
    shown = run("export", path, tmp_path / "x.csv")
    assert f"damaged and left out: python -m explorer verify {path}" in shown.output
    shown = run("verify", path)
    assert shown.exit_code == 1
    assert f"1 of {chunks} chunks of {path} are damaged (0) and taken out" in shown.output
    left = 25 - int(open_landscape(path).attrs["done_points"])
    assert left > 0
    assert f" sound; {left} of 25 points are not computed" in run("verify", path).output
    swept(path)
    np.testing.assert_array_equal(open_landscape(path)["loss"], before["loss"])
    assert run("verify", path).output.endswith(" sound\n")


# Stopped in the middle, in processes of their own.

SLOW = ("--points", "21", "--set", "wait=0.008")


def start(path: Path) -> subprocess.Popen[str]:
    words = ["sweep", FACTORY, *SLOW, "--out", str(path)]
    return subprocess.Popen([sys.executable, "-m", "explorer", *words], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"},
                            # A job in the background of a shell would not hear it.
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))  # fmt: skip


def done(path: Path) -> int:
    return Store.open(path).settled if path.exists() else 0


def wait_for(path: Path, points: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while done(path) < points:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def test_ctrl_c_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    process = start(path)
    try:
        wait_for(path, 1, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"of 441 points are in {path}. Run the same words again to go on." in said
    assert "Traceback" not in said
    assert 1 <= done(path) < 441
    assert_goes_on(path)


@pytest.mark.slow
def test_sigkill_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    for _ in range(2):
        saved = done(path)
        process = start(path)
        try:
            wait_for(path, saved + 1, process)
        finally:
            process.kill()
            process.communicate(timeout=60)
        assert saved < done(path) < 441
    assert_goes_on(path)


def assert_goes_on(path: Path) -> None:
    """The same words finish the store, compute nothing twice, and leave what one sweep leaves."""
    stamps = {file: file.stat().st_mtime_ns for file in (path / "loss").glob("c.*")}
    assert f"{path} is finished." in swept(path, *SLOW).output
    assert stamps.items() <= {file: file.stat().st_mtime_ns for file in (path / "loss").glob("c.*")}.items()
    whole = path.with_name("whole.zarr")
    swept(whole, "--points", 21)
    # One way batches points, the other does not: a few roundings of a sum of three squares.
    np.testing.assert_allclose(open_landscape(path)["loss"], open_landscape(whole)["loss"], rtol=1e-14)
