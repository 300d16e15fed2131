"""Exports: five formats, each read back by other code than what wrote it, bit for bit."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from explorer.errors import ExplorerError
from explorer.exports import SUFFIXES, encode, export
from tests.support.disk import files_up_to

ODD = (np.nan, np.inf, -np.inf, 5e-324, -0.0, 1.7976931348623157e308, 0.1)


def plane(alphas: int = 5, betas: int = 4) -> xr.Dataset:
    """L = 100 alpha + beta at integers, so that no axis is taken for the other; odd values in a corner of `odd`."""
    alpha, beta = np.arange(alphas) - 2.0, np.arange(betas) * 0.5
    loss = 100 * alpha[:, None] + beta
    odd = loss.copy()
    odd.reshape(-1)[: len(ODD)] = ODD
    gradient = np.stack([np.full_like(loss, 100.0), np.full_like(loss, 1.0)], axis=-1)
    over = ("alpha", "beta")
    return xr.Dataset(
        {
            "loss": (over, loss),
            "odd": (over, odd),
            "single": (over, np.sqrt(np.abs(loss)).astype("float32")),
            "accuracy": (over, (loss - loss.min()) / np.ptp(loss)),
            "gradient": ((*over, "direction"), gradient),
            "terms": ((*over, "term"), gradient / 2),
            "curvature": ((*over, "direction", "direction_2"), np.einsum("abi,abj->abij", gradient, gradient)),
            "status": (over, np.ones(loss.shape, dtype=np.int8)),
        },
        {
            "alpha": alpha,
            "beta": beta,
            "direction": ["alpha", "beta"],
            "direction_2": ["alpha", "beta"],
            "term": ["ic", "pde"],
        },
        {
            "labels": json.dumps(over),
            "model": "Net",
            "seconds": 1.5,
            "parameters": 10,
            "report": json.dumps([{"name": "center", "status": "warn", "text": "Off by 3 < 4 & more.", "values": {}}]),
        },
    )


def line() -> xr.Dataset:
    return plane().isel(beta=0, drop=True).assign_attrs(labels='["alpha"]')


def rows_of(text: bytes) -> dict[str, list[float]]:
    head, *rows = csv.reader(io.StringIO(text.decode()))
    return {name: [float(row[i]) for row in rows] for i, name in enumerate(head)}


def read_vti(content: bytes) -> tuple[ElementTree.Element, dict[str, np.ndarray]]:
    """A reader of our own: the XML before the appended data, and every array [points, components]."""
    head, tail = content.split(b'<AppendedData encoding="raw">\n_', 1)
    root = ElementTree.fromstring(head + b"</VTKFile>")
    found = {}
    for array in root.iter("DataArray"):
        if array.get("format") == "appended":
            at = int(array.get("offset", ""))
            size = int.from_bytes(tail[at : at + 8], "little")
            values = np.frombuffer(tail[at + 8 : at + 8 + size], "<f8")
            found[array.get("Name", "")] = values.reshape(-1, int(array.get("NumberOfComponents", "1")))
    assert tail.endswith(b"\n</AppendedData>\n</VTKFile>\n")
    return root, found


def test_netcdf_comes_back_whole(tmp_path: Path) -> None:
    for landscape in (plane(), line(), plane().expand_dims(seed=[0, 1])):
        back = xr.load_dataset(export(landscape, tmp_path / "x.nc"), engine="h5netcdf")
        xr.testing.assert_identical(back, landscape)
        assert back["odd"].values.tobytes() == landscape["odd"].values.tobytes()


def test_hdf5_is_what_li_et_al_read(tmp_path: Path) -> None:
    """plot_2D.py takes x and y from meshgrid, so that values [iy, ix] belong to (x[iy, ix], y[iy, ix])."""
    with h5py.File(export(plane(), tmp_path / "x.h5")) as file:
        x, y = np.meshgrid(file["xcoordinates"][:], file["ycoordinates"][:])
        assert file["train_loss"].shape == (4, 5)
        np.testing.assert_array_equal(file["train_loss"][:], 100 * x + y)
        assert file["train_acc"][:].max() == 100.0
        np.testing.assert_array_equal(file["odd"][:], plane()["odd"].values.T)
        assert json.loads(file["provenance"][()]) == plane().attrs


def test_hdf5_holds_a_line_and_keeps_percents(tmp_path: Path) -> None:
    landscape = line().assign(accuracy=line()["accuracy"] * 100)
    with h5py.File(export(landscape, tmp_path / "x.h5")) as file:
        assert "ycoordinates" not in file
        np.testing.assert_array_equal(file["train_loss"][:], line()["loss"])
        np.testing.assert_array_equal(file["train_acc"][:], landscape["accuracy"])


def test_vti_comes_back_bit_for_bit(tmp_path: Path) -> None:
    landscape = plane()
    root, found = read_vti(export(landscape, tmp_path / "x.vti").read_bytes())
    image = root.find("ImageData")
    assert image is not None
    assert image.attrib == {"WholeExtent": "0 4 0 3 0 0", "Origin": "-2.0 0.0 0.0", "Spacing": "1.0 0.5 1.0"}
    for name in ("loss", "odd", "single", "status"):
        # The first label varies fastest.
        expected = landscape[name].values.T.astype("<f8").reshape(-1, 1)
        assert found[name].tobytes() == expected.tobytes()
    assert found["gradient"].tolist() == [[100.0, 1.0]] * 20
    assert found["curvature"].tolist() == [[1e4, 100.0, 100.0, 1.0]] * 20
    names = {array.get("Name"): array.get("ComponentName1") for array in root.iter("DataArray")}
    assert names["terms"] == "pde"
    assert names["curvature"] == "alpha beta"


def test_vti_says_where_it_comes_from(tmp_path: Path) -> None:
    root, _ = read_vti(encode(plane(), ".vti"))
    [text] = [array.text for array in root.iter("DataArray") if array.get("type") == "String"]
    codes = [int(code) for code in (text or "").split()]
    assert codes.pop() == 0
    assert json.loads(bytes(codes)) == plane().attrs


def test_vti_takes_a_line_and_refuses_uneven_points() -> None:
    root, found = read_vti(encode(line(), ".vti"))
    assert root.find("ImageData").get("WholeExtent") == "0 4 0 0 0 0"  # type: ignore[union-attr]
    np.testing.assert_array_equal(found["loss"][:, 0], line()["loss"])
    with pytest.raises(ExplorerError, match=r"evenly spaced points along 'beta'.* 0.25 away"):
        encode(plane().assign_coords(beta=[0.0, 0.75, 1.0, 1.5]), ".vti")


def test_csv_comes_back_bit_for_bit() -> None:
    landscape = plane()
    found = rows_of(encode(landscape, ".csv"))
    assert list(found)[:6] == ["alpha", "beta", "status", "loss", "odd", "single"]
    for name in ("loss", "odd", "single", "accuracy"):
        values = landscape[name].values
        assert np.array(found[name]).astype(values.dtype).tobytes() == values.tobytes()
    np.testing.assert_array_equal(100 * np.array(found["alpha"]) + np.array(found["beta"]), found["loss"])
    assert set(found["gradient[alpha]"]) == {100.0}
    assert set(found["terms[pde]"]) == {0.5}
    assert set(found["curvature[alpha][beta]"]) == {100.0}


def test_csv_has_the_seed_and_no_formulas() -> None:
    two = xr.concat([plane(), plane()], xr.Variable("seed", [3, 7]), combine_attrs="override")
    found = rows_of(encode(two, ".csv"))
    assert list(found)[:4] == ["seed", "alpha", "beta", "status"]
    assert len(found["seed"]) == 40
    odd = line().rename(alpha="=cmd()").assign_attrs(labels='["=cmd()"]')
    assert encode(odd, ".csv").startswith(b"'=cmd(),status,")


def test_html_is_one_page_with_the_report_and_provenance() -> None:
    page = encode(plane(), ".html").decode()
    assert "Loss landscape of Net over alpha and beta" in page
    assert "Points: 5 alpha x 4 beta." in page
    assert "Off by 3 &lt; 4 &amp; more." in page
    assert "<th>parameters</th><td>10</td>" in page
    assert "Plotly.newPlot" in page
    # Scripts inside, and leave for nothing else: plotly's own code names addresses that are never asked.
    assert "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:" in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page.split("<script", 1)[0])
    assert not re.search(r"<script[^>]+src=", page)


def test_html_draws_lines_seeds_and_unfinished_planes() -> None:
    unfinished = plane()
    unfinished["status"][:, 1:] = 0
    assert "25 % of them computed" in encode(unfinished, ".html").decode()
    assert "over alpha</h1>" in encode(line(), ".html").decode()
    two = xr.concat([line(), line()], xr.Variable("seed", [3, 7]), combine_attrs="override")
    assert "Points: 2 seed x 5 alpha" in encode(two, ".html").decode()


def test_html_lets_nothing_of_a_stranger_run() -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    report = json.dumps([{"name": evil, "status": evil, "text": evil, "values": {}}])
    checkpoints = json.dumps([{"name": evil, "at": [0.0, 0.5], "offset": 0.0, "loss": 1.0, "plane_loss": 1.0,
                               "path": False}])  # fmt: skip
    attrs = {"model": evil, "loss_name": evil, evil: evil, "report": report, "checkpoints": checkpoints}
    page = encode(plane().assign_attrs(attrs), ".html").decode()
    assert "alert(1)" in page
    assert evil not in page
    assert "<img" not in page.rsplit("</script>", 1)[1]


def test_a_quantity_with_a_dimension_of_its_own_is_no_third_axis() -> None:
    split = plane()
    split["halves"] = (("alpha", "beta", "half"), np.stack([split["loss"], -split["loss"]], axis=-1))
    split = split.assign_coords(half=["first", "second"])
    rows = list(csv.DictReader(io.StringIO(encode(split, ".csv").decode())))
    assert len(rows) == split["loss"].size
    assert all(float(row["halves[second]"]) == -float(row["loss"]) for row in rows)
    for suffix in (".vti", ".h5", ".html"):
        assert len(encode(split, suffix)) > 1000


JUNK = ["", "{", "7", "null", "[1, null, []]", '[{"at": 3}]', '["alpha", "gamma"]', "[" * 100_000, "\0", "é" * 70_000]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", JUNK)
@pytest.mark.parametrize("name", ["labels", "report", "checkpoints", "model", "a/b", "\0"])
def test_attributes_of_strangers_break_nothing(suffix: str, text: str, name: str) -> None:
    try:
        assert len(encode(plane(3, 3).assign_attrs({name: text, "flag": True}), suffix)) > 100
    except ExplorerError:
        assert suffix == ".nc"
        assert "\0" in name + text or "/" in name


@pytest.mark.parametrize("suffix", [".h5", ".vti", ".html"])
def test_several_planes_are_refused_where_one_fits(suffix: str) -> None:
    with pytest.raises(ExplorerError, match=r"one line or one plane .* seed x alpha x beta: .*isel\(seed=0\)"):
        encode(plane().expand_dims(seed=[0, 1]), suffix)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_transposed_landscapes_are_written_the_same(suffix: str) -> None:
    turned = plane().transpose("beta", "alpha", ...)
    if suffix == ".csv":
        assert encode(turned, suffix) == encode(plane(), suffix)
    elif suffix == ".vti":
        assert read_vti(encode(turned, suffix))[1]["loss"].tobytes() == plane()["loss"].values.T.tobytes()
    elif suffix == ".h5":
        with h5py.File(io.BytesIO(encode(turned, suffix))) as file:
            np.testing.assert_array_equal(file["train_loss"][:], plane()["loss"].values.T)


@pytest.mark.parametrize("name", ["x", "x.pdf", "x.NC.txt"])
def test_another_suffix_is_refused_naming_the_five(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExplorerError, match=r"\.nc, \.h5, \.vti, \.csv, \.html; got"):
        export(plane(), tmp_path / name)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("before")
    with files_up_to(100), pytest.raises(ExplorerError, match="choose another place"):
        export(plane(), path)
    assert path.read_text() == "before"
    assert export(plane(), path) == path
    assert path.read_text().startswith("alpha,beta,status,loss")
    with pytest.raises(ExplorerError, match="No such file or directory: choose another place"):
        export(plane(), tmp_path / "missing" / "x.csv")
    assert [found.name for found in tmp_path.iterdir()] == ["x.csv"]


WITHOUT_LOSS: list[tuple[Callable[[xr.Dataset], xr.Dataset], str, str]] = [
    (lambda found: found.drop_vars("loss"), ".h5", "with a loss"),
    (lambda found: found.rename(odd="a/b"), ".nc", "names without '/'"),
]


@pytest.mark.parametrize(("change", "suffix", "said"), WITHOUT_LOSS)
def test_what_a_format_cannot_hold_is_said(change: Callable[[xr.Dataset], xr.Dataset], suffix: str, said: str) -> None:
    with pytest.raises(ExplorerError, match=said):
        encode(change(plane()), suffix)
