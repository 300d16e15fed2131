"""Stores of strangers: whatever is in the files, the numbers are right or a StoreError says what is wrong."""

import json
import os
import resource
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.errors import StoreError
from explorer.store import Store, open_landscape
from explorer.store.spec import digest
from tests.support.killed import writer

MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WHOLE = writer.values(np.arange(writer.POINTS))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "x.zarr"
    store = writer.make(path)
    for number in range(0, 30, 2):
        store.append(writer.piece(number), writer.values(writer.piece(number)))
    store.fail(writer.piece(1), "out of memory")
    store.append(writer.piece(3), writer.values(writer.piece(3)), 2)
    return path


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "x.zarr"))


def check(path: Path) -> None:
    """Read what can be read: what is called computed is right."""
    try:
        found = open_landscape(path)
    except StoreError:
        return
    computed = found["status"].values.reshape(-1) == 1
    for name, whole in WHOLE.items():
        if name in found:
            # Whoever signs another header has another grid: its points are those of this one as far as it goes.
            values = found[name].values.reshape(len(computed), *whole.shape[1:])
            np.testing.assert_array_equal(values[computed], whole[: len(computed)][computed])


def peak() -> int:
    """Bytes of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


# Metadata.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats() | st.text(max_size=8)
    | st.sampled_from([0, 1, 7, 137, 957, 1 << 40, "float64", "int64", "|O", "pickle", "zstd", "loss", "..", "/etc"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def places(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before] + [place for key, each in inner for place in places(each, (*before, key))]


def changed(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """The value with another one at a place, or with nothing there."""
    if not place:
        return new
    value = value.copy()
    if len(place) == 1 and new is ...:
        del value[place[0]]
    else:
        value[place[0]] = changed(value[place[0]], place[1:], new)
    return value


@MANY
@given(data=st.data(), new=JSON | st.just(...), signed=st.booleans())
def test_any_change_of_any_description_is_refused_or_harmless(copy: Path, data: Any, new: Any, signed: bool) -> None:
    file = data.draw(st.sampled_from(sorted(copy.rglob("zarr.json"))))
    original = file.read_text()
    document = json.loads(original)
    place = data.draw(st.sampled_from(places(document)[(new is ...) :]))
    document = changed(document, place, new)
    if signed and file.parent == copy and isinstance(document, dict):
        sign(document)
    try:
        file.write_bytes(json.dumps(document).encode("utf-8", "surrogatepass"))
        check(copy)
    finally:
        file.write_text(original)


def sign(document: Any) -> None:
    """Give a header the digest that its content asks for, as someone with intent would."""
    said = document.get("attributes")
    if isinstance(said, dict):
        with suppress(ValueError):
            said["sha256"] = digest({name: value for name, value in said.items() if name != "sha256"})


@MANY
@given(data=st.data())
def test_any_change_of_bytes_of_a_description_is_refused_or_harmless(copy: Path, data: Any) -> None:
    file = data.draw(st.sampled_from(sorted(copy.rglob("zarr.json"))))
    original = file.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    length = data.draw(st.integers(0, 8))
    try:
        file.write_bytes(original[:at] + data.draw(st.binary(max_size=8)) + original[at + length :])
        check(copy)
    finally:
        file.write_bytes(original)


@pytest.mark.parametrize(
    "name", [b"", b"null", b"[]", b"{", b"[" * 100_000, b"9" * 5000, b"\xff\xfe", b'{"attributes":1}']
)
def test_what_is_no_header_is_refused(copy: Path, name: bytes) -> None:
    (copy / "zarr.json").write_bytes(name)
    with pytest.raises(StoreError, match=r"zarr\.json"):
        Store.open(copy)


def anatomy_of(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """A change of the anatomy, with the hash and the arrays' descriptions that belong to it as far as they exist."""

    def act(path: Path) -> None:
        document = json.loads((path / "zarr.json").read_text())
        change(document["attributes"]["anatomy"])
        sign(document)
        (path / "zarr.json").write_text(json.dumps(document))

    return act


def axis(label: str, points: int) -> dict[str, Any]:
    return {"label": label, "dtype": "int8", "points": points}


BOMBS = {
    "ten million squared": anatomy_of(lambda a: a.update(axes=[axis(label, 10**7) for label in "ab"])),
    "points beyond the limit": anatomy_of(lambda a: a["axes"][0].update(points=1 << 23)),
    "many axes": anatomy_of(lambda a: a.update(axes=[axis(str(number), 2) for number in range(64)])),
    "a chunk of gigabytes": anatomy_of(lambda a: a.update(chunk=1 << 40)),
    "a chunk of nothing": anatomy_of(lambda a: a.update(chunk=0)),
    "a chunk of true": anatomy_of(lambda a: a.update(chunk=True)),
    "room for chunks without end": anatomy_of(lambda a: a.update(capacity=1 << 40)),
    "room for chunks of terabytes": anatomy_of(lambda a: a.update(chunk=1 << 19)),
    "room for no chunk": anatomy_of(lambda a: a.update(capacity=0)),
    "labels without end": anatomy_of(lambda a: a["fields"][0].update(extra=[["d", ["x"] * 300]])),
    "dimensions without end": anatomy_of(
        lambda a: a["fields"][0].update(extra=[[str(i), [str(j) for j in range(200)]] for i in range(20)])
    ),
    "fields without end": anatomy_of(
        lambda a: a.update(fields=[{"name": f"f{i}", "dtype": "int8", "extra": []} for i in range(1000)])
    ),
    "a field outside": anatomy_of(lambda a: a["fields"][0].update(name="../../etc")),
    "a field at the root": anatomy_of(lambda a: a["fields"][0].update(name="/etc")),
    "a field with a NUL": anatomy_of(lambda a: a["fields"][0].update(name="x\0y")),
    "objects": anatomy_of(lambda a: a["fields"][0].update(dtype="object")),
    "a tensor of four dimensions": anatomy_of(lambda a: a["tensors"][0].update(shape=[1, 1, 1, 1])),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_before_they_cost_memory(copy: Path, bomb: str) -> None:
    BOMBS[bomb](copy)
    before = peak()
    with pytest.raises(StoreError, match="expected"):
        open_landscape(copy)
    assert peak() - before < 64 << 20


def test_a_tensor_of_terabytes_costs_nothing_until_its_files_are_there(copy: Path) -> None:
    shape = [1 << 40]
    anatomy_of(lambda a: a.update(tensors=[{"name": "origin", "dtype": "float64", "shape": shape}]))(copy)
    file = copy / "origin" / "zarr.json"
    document = json.loads(file.read_text())
    document["shape"], document["chunk_grid"]["configuration"]["chunk_shape"] = shape, [1 << 21]
    file.write_text(json.dumps(document))
    before = peak()
    store = Store.open(copy)
    check(copy)
    for act in (lambda: store.tensor("origin"), store.verify):
        with pytest.raises(StoreError, match=r"expected 16777220 bytes in .*/origin/c\.0; got 44"):
            act()
    assert peak() - before < 64 << 20


# Files.


def sparse(file: Path) -> None:
    os.truncate(file, 1 << 40)


def linked(file: Path) -> None:
    secret = file.parent.parent.parent / "secret"
    shutil.copy(file, secret)
    file.unlink()
    file.symlink_to(secret)


def piped(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def foldered(file: Path) -> None:
    file.unlink()
    file.mkdir()


HARM = [sparse, linked, piped, foldered, Path.unlink]


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", ["loss/c.4", "gradient/c.4.0", "status/c.4"])
def test_a_chunk_that_is_no_plain_file_of_its_size_is_damage(
    copy: Path, harm: Callable[[Path], None], name: str
) -> None:
    harm(copy / name)
    before = peak()
    found = open_landscape(copy)
    assert json.loads(found.attrs["damaged"]) == [4]
    check(copy)
    assert Store.open(copy).verify() == [4]
    assert peak() - before < 64 << 20


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", ["zarr.json", "loss/zarr.json", "axis_0/c.0", "index/zarr.json"])
def test_other_files_that_are_no_plain_files_are_refused(copy: Path, harm: Callable[[Path], None], name: str) -> None:
    harm(copy / name)
    before = peak()
    with pytest.raises(StoreError):
        open_landscape(copy)
    assert peak() - before < 64 << 20


@pytest.mark.parametrize("harm", HARM)
def test_a_part_of_the_index_that_is_no_plain_file_of_its_size_is_no_chunk(
    copy: Path, harm: Callable[[Path], None]
) -> None:
    harm(copy / "index" / "c.4")
    before = peak()
    found = open_landscape(copy)
    assert (found["status"].values.reshape(-1)[writer.piece(8)] == 0).all()
    check(copy)
    Store.open(copy, write=True).verify()
    assert peak() - before < 64 << 20


@pytest.mark.parametrize("harm", [linked, piped, foldered])
def test_a_claim_that_is_no_plain_file_is_a_number_taken(copy: Path, harm: Callable[[Path], None]) -> None:
    (copy / "index" / "c.17.claim").write_bytes(b"")
    harm(copy / "index" / "c.17.claim")
    (copy / "index" / "c.18.claim").symlink_to(copy.parent / "elsewhere")
    store = Store.open(copy, write=True)
    assert store.append(writer.piece(5), writer.values(writer.piece(5))) == 19
    assert not (copy.parent / "elsewhere").exists()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts the open files of a process as Linux lists them")
@pytest.mark.parametrize("name", ["zarr.json", "loss/zarr.json", "loss/c.4", "status/c.4", "axis_0/c.0"])
def test_a_folder_in_place_of_a_file_leaves_no_file_open(copy: Path, name: str) -> None:
    foldered(copy / name)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with suppress(StoreError):
            open_landscape(copy)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


@pytest.mark.parametrize("name", ["loss", "reason", "index"])
def test_a_folder_that_leads_out_of_the_store_is_refused(copy: Path, name: str) -> None:
    (copy / name).rename(copy.parent / "elsewhere")
    (copy / name).symlink_to(copy.parent / "elsewhere")
    with pytest.raises(StoreError, match="it is damaged"):
        Store.open(copy)


def test_names_in_the_index_mean_nothing_unless_they_are_ours(copy: Path) -> None:
    before = Store.open(copy).numbers
    for name in ("c.3x", "c.-3", "c.033", "c.٣", "c.99999999999999999999", "c.131072", "3", "c.40.partial", "c.",
                 "c.41.claim.x"):  # fmt: skip
        (copy / "index" / name).write_bytes(b"")
    (copy / "index" / "c.50").symlink_to("/etc/passwd")
    (copy / "index" / "c.70").mkdir()
    store = Store.open(copy, write=True)
    assert store.numbers == before == list(range(17))
    check(copy)
    assert store.append(writer.piece(5), writer.values(writer.piece(5))) == 17


INDICES = {
    "beyond the grid": [0, 1, writer.POINTS, -1, -1, -1, -1],
    "below nowhere": [0, 1, -2, -1, -1, -1, -1],
    "a gap": [0, -1, 1, -1, -1, -1, -1],
    "no point": [-1] * 7,
    "far beyond": [1 << 62] * 7,
}


@pytest.mark.parametrize("index", INDICES)
def test_positions_that_make_no_sense_are_damage(copy: Path, index: str) -> None:
    forge(copy / "index" / "c.4", np.array(INDICES[index], "int64"))
    assert json.loads(open_landscape(copy).attrs["damaged"]) == [4]
    assert Store.open(copy).settled == Store.open(copy).landscape().attrs["done_points"] + writer.CHUNK
    assert Store.open(copy, write=True).verify() == [4]
    assert Store.open(copy).verify() == []


@pytest.mark.parametrize("status", [[1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1, 4], [-1] * 7, [127] * 7])
def test_a_status_that_makes_no_sense_is_damage(copy: Path, status: list[int]) -> None:
    forge(copy / "status" / "c.4", np.array(status, "int8"))
    assert json.loads(open_landscape(copy).attrs["damaged"]) == [4]
    check(copy)


def forge(file: Path, values: np.ndarray) -> None:
    """Write a chunk with a right checksum."""
    raw = values.tobytes()
    file.write_bytes(raw + google_crc32c.value(raw).to_bytes(4, "little"))


@pytest.mark.parametrize("words", [b"\xff" * 2000, b"\0" * 2000, b"\0why".ljust(2000, b"\0")])
def test_words_that_are_no_text_spoil_nothing_else(copy: Path, words: bytes) -> None:
    forge(copy / "reason" / "c.15.0", np.frombuffer(words, "uint8"))
    found = open_landscape(copy)
    assert list(json.loads(found.attrs["failed"])) == ["15"]
    check(copy)


def test_a_point_twice_in_a_chunk_is_there_once(copy: Path) -> None:
    at = np.array([5, 5, 5, 6, 6, 6, 7])
    Store.open(copy, write=True).append(at, writer.values(at))
    check(copy)


@MANY
@given(data=st.data())
def test_any_change_of_bytes_of_a_chunk_is_damage_or_harmless(copy: Path, data: Any) -> None:
    files = sorted(file for file in copy.rglob("c.*") if file.suffix != ".claim")
    file = data.draw(st.sampled_from(files))
    original = file.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    length = data.draw(st.integers(0, 8))
    try:
        file.write_bytes(original[:at] + data.draw(st.binary(max_size=8)) + original[at + length :])
        check(copy)
    finally:
        file.write_bytes(original)
