"""A topology in VTK's PolyData, read back by a reader of its own."""

import re

import numpy as np
import pytest
import xarray as xr

from explorer import topology
from explorer.errors import ExplorerError
from explorer.exports import SUFFIXES, encode, export


def landscape_of(shape):
    draw = np.random.default_rng(len(shape))
    axes = {label: np.linspace(-1.0, 2.0, n) for label, n in zip("abcd", shape, strict=False)}
    return xr.Dataset({"loss": (tuple(axes), draw.normal(size=shape))}, axes, {"model": "a < b & c"})


def arrays_of(content: bytes) -> dict[str, np.ndarray]:
    """Section/name -> values, as the appended data of a VTK file hold them."""
    head, _, data = content.partition(b'<AppendedData encoding="raw">\n_')
    found = {}
    for section in ("PointData", "Points", "Verts", "Lines"):
        (inside,) = re.findall(rf"<{section}[ >].*?</{section}>", head.decode(), re.DOTALL)
        for kind, name, offset in re.findall(r'type="(\w+)" Name="(\w+)" [^/]*offset="(\d+)"', inside):
            start = int(offset)
            size = int.from_bytes(data[start : start + 8], "little")
            code = {"Float64": "<f8", "Int64": "<i8"}[kind]
            found[f"{section}/{name}"] = np.frombuffer(data[start + 8 : start + 8 + size], code)
    return found


@pytest.mark.parametrize("shape", [(40,), (14, 9), (6, 7, 5)])
def test_minima_and_passes_are_points_and_pairs_are_lines(shape):
    tree = topology(landscape_of(shape), error=0.3)
    minima, pairs, axes = tree.sizes["minimum"], tree.sizes["pair"], len(shape)
    assert 0 < int(tree.certified.sum()) < pairs
    read = arrays_of(encode(tree, ".vtp"))
    points = read["Points/Points"].reshape(-1, 3)
    np.testing.assert_array_equal(points[:minima, :axes], tree.minimum_at)
    np.testing.assert_array_equal(points[minima:, :axes], tree.pass_at)
    assert not points[:, axes:].any()
    lines = read["Lines/connectivity"].reshape(-1, 3)
    assert read["Lines/offsets"].tolist() == [3 * (i + 1) for i in range(pairs)]
    np.testing.assert_array_equal(lines, np.stack([tree.basin_a, minima + np.arange(pairs), tree.basin_b], axis=1))
    assert read["Verts/connectivity"].tolist() == list(range(minima + pairs))
    np.testing.assert_array_equal(read["PointData/value"], [*tree.value, *tree.death])
    np.testing.assert_array_equal(read["PointData/persistence"][minima:], tree.persistence)
    np.testing.assert_array_equal(read["PointData/persistence"][tree.younger], tree.persistence)
    np.testing.assert_array_equal(read["PointData/certified"][tree.younger], tree.certified)
    endless = np.setdiff1d(np.arange(minima), tree.younger)
    assert (read["PointData/certified"][endless] == 1).all()
    assert np.isnan(read["PointData/persistence"][endless]).all()


def test_the_file_tells_how_many_and_where_from(tmp_path):
    tree = topology(landscape_of((9, 9)), error=0.0)
    text = export(tree, tmp_path / "tree.vtp").read_bytes().partition(b"<AppendedData")[0].decode()
    counts = dict(re.findall(r'(NumberOf\w+)="(\d+)"', text[text.index("<Piece") :].partition(">")[0]))
    points = str(tree.sizes["minimum"] + tree.sizes["pair"])
    assert counts == {"NumberOfPoints": points, "NumberOfVerts": points, "NumberOfLines": str(tree.sizes["pair"]),
                      "NumberOfStrips": "0", "NumberOfPolys": "0"}  # fmt: skip
    (codes,) = re.findall(r'format="ascii">([\d ]+)<', text)
    assert '"model": "a < b & c"' in bytes(map(int, codes.split()[:-1])).decode()


def test_what_the_surface_itself_has_stands_beside_the_grid(tmp_path):
    tree = topology(landscape_of((9, 9)), error=0.0)
    known = tree.assign(refined_value=2 * tree.value, refined_death=2 * tree.death)
    np.testing.assert_array_equal(
        arrays_of(encode(known, ".vtp"))["PointData/refined_value"], 2 * np.array([*tree.value, *tree.death])
    )


def test_a_topology_comes_back_from_netcdf_and_other_formats_say_what_they_take(tmp_path):
    tree = topology(landscape_of((9, 9)), error=0.1)
    again = xr.load_dataset(export(tree, tmp_path / "tree.nc"))
    xr.testing.assert_equal(again, tree)
    for suffix in {*SUFFIXES} - {".nc"}:
        with pytest.raises(ExplorerError, match=r"a file for a topology that ends in one of \.nc, \.vtp"):
            encode(tree, suffix)


def test_what_is_no_topology_is_refused():
    with pytest.raises(ExplorerError, match="a file for a landscape that ends in one of"):
        encode(landscape_of((4, 4)), ".vtp")
    with pytest.raises(ExplorerError, match=r"what explorer\.topology returns for \.vtp"):
        encode(landscape_of((4, 4)).assign_attrs(kind="topology"), ".vtp")
    with pytest.raises(ExplorerError, match="at most three axes"):
        encode(topology(landscape_of((3, 3, 3, 3))), ".vtp")
