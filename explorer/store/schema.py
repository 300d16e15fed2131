"""Anatomy: which arrays a store holds, of what shape and type, within limits that no reader need fear."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explorer.errors import StoreError

DTYPES = {"float16": 2, "float32": 4, "float64": 8, "int8": 1, "uint8": 1, "int32": 4, "int64": 8}
"""What may be stored -> bytes of one entry."""
MOST_POINTS = 1 << 22
MOST_CHUNKS = 1 << 16
MOST_CHUNK_BYTES = 16 << 20
MOST_BYTES = 1 << 29
"""Of all fields together: what a reader of the whole landscape needs."""
MOST_TENSOR = 1 << 40
_MOST_ARRAYS = 64
_MOST_LABELS = 256
_LONGEST_NAME = 128
_INDEX_CHUNK = 1 << 20

INDEX, DONE, STATUS = "index", "done", "status"
"""Of the flat grid position of every point, in visiting order; of the flag of every chunk; of the status of every
point, in stores whose chunks may hold points of several."""


@dataclass(frozen=True)
class FieldSpec:
    """One quantity at every point."""

    dtype: str
    """A key of DTYPES."""
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Its dimensions beside those of the grid -> their labels."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Entries along each extra dimension."""
        return tuple(len(labels) for labels in self.extra.values())


@dataclass(frozen=True)
class Layout:
    """One Zarr array."""

    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    dtype: str
    names: tuple[str, ...]
    """Of its dimensions."""

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a chunk in memory; every chunk is stored in full, uncompressed."""
        return math.prod(self.chunk) * DTYPES[self.dtype]

    @property
    def document(self) -> dict[str, Any]:
        """The array's zarr.json. No compression: a file's size is known before it is read, and losses barely shrink."""
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.shape),
            "data_type": self.dtype,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(self.chunk)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
            "fill_value": "NaN" if self.dtype.startswith("float") else 0,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
            "attributes": {},
            "dimension_names": list(self.names),
            "storage_transformers": [],
        }


@dataclass(frozen=True)
class Anatomy:
    """Everything about a store's arrays but their content.

    Raises:
        StoreError: a name, type or size beyond the limits.
    """

    axes: Mapping[str, tuple[str, int]]
    """Label -> (dtype, points), in the order of the grid's dimensions."""
    fields: Mapping[str, FieldSpec]
    tensors: Mapping[str, tuple[str, tuple[int, ...]]]
    """Name -> (dtype, shape)."""
    chunk: int
    """Points that are evaluated, saved and marked done together."""

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_names(self)

    @property
    def points(self) -> int:
        """N, the number of grid points."""
        return math.prod(points for _, points in self.axes.values())

    @property
    def chunks(self) -> int:
        """The number of chunks of points."""
        return -(-self.points // self.chunk)

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(points for _, points in self.axes.values())

    @property
    def labels(self) -> dict[str, list[str]]:
        """Extra dimension -> its labels, over all fields."""
        return {dim: list(labels) for spec in self.fields.values() for dim, labels in spec.extra.items()}

    @property
    def arrays(self) -> dict[str, Layout]:
        """Folder -> array. Axes are numbered, because their labels need not be names of files."""
        points, chunks = self.points, self.chunks
        found = {
            INDEX: Layout((points,), (min(points, _INDEX_CHUNK),), "int64", ("point",)),
            DONE: Layout((chunks,), (1,), "uint8", ("chunk",)),
        }
        for number, (dtype, count) in enumerate(self.axes.values()):
            found[axis_folder(number)] = Layout((count,), (min(count, _INDEX_CHUNK),), dtype, (f"axis_{number}",))
        for name, spec in self.fields.items():
            shape = ((points, *spec.shape), (self.chunk, *spec.shape))
            found[name] = Layout(*shape, spec.dtype, ("point", *spec.extra))
        return found | {name: _tensor(dtype, shape) for name, (dtype, shape) in self.tensors.items()}

    def describe(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "axes": [{"label": label, "dtype": dtype, "points": n} for label, (dtype, n) in self.axes.items()],
            "fields": [
                {"name": name, "dtype": spec.dtype, "extra": [[dim, list(names)] for dim, names in spec.extra.items()]}
                for name, spec in self.fields.items()
            ],
            "tensors": [
                {"name": name, "dtype": dtype, "shape": list(shape)} for name, (dtype, shape) in self.tensors.items()
            ],
            "chunk": self.chunk,
        }

    @classmethod
    def of(cls, described: Any) -> "Anatomy":
        """Return what `describe` described.

        Raises:
            StoreError: it is not like that.
        """
        try:
            return cls(
                {each["label"]: (each["dtype"], each["points"]) for each in described["axes"]},
                {each["name"]: FieldSpec(each["dtype"], dict(each["extra"])) for each in described["fields"]},
                {each["name"]: (each["dtype"], tuple(each["shape"])) for each in described["tensors"]},
                described["chunk"],
            )
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"expected a description of the store's arrays; got {error!r}: it is damaged") from None


STATUS_SPEC = FieldSpec("int8")
"""What a field of statuses is like."""


def axis_folder(number: int) -> str:
    """Return where the points of an axis lie."""
    return f"axis_{number}"


def _tensor(dtype: str, shape: tuple[int, ...]) -> Layout:
    """Cut along the last dimension, the parameters, into chunks of at most 16 MiB."""
    last = max(1, min(shape[-1], MOST_CHUNK_BYTES // DTYPES[dtype]))
    names = ("seed", "direction", "parameter")[-len(shape) :]
    return Layout(shape, (1,) * (len(shape) - 1) + (last,), dtype, names)


def _check_sizes(anatomy: Anatomy) -> None:
    dtypes = [dtype for dtype, _ in (*anatomy.axes.values(), *anatomy.tensors.values())]
    for dtype in dtypes + [spec.dtype for spec in anatomy.fields.values()]:
        _expect(isinstance(dtype, str) and dtype in DTYPES, f"a type among {', '.join(DTYPES)}", dtype)
    for label, (_, points) in anatomy.axes.items():
        _expect(_is_count(points, MOST_POINTS), f"1 to {MOST_POINTS} points along {label!r}", points)
    _expect(_is_count(anatomy.points, MOST_POINTS), f"at most {MOST_POINTS} points", anatomy.points)
    _expect(_is_count(anatomy.chunk, MOST_POINTS), "a chunk of at least 1 point", anatomy.chunk)
    _expect(anatomy.chunks <= MOST_CHUNKS, f"at most {MOST_CHUNKS} chunks, so larger ones", anatomy.chunks)
    for name, (_, shape) in anatomy.tensors.items():
        fine = 1 <= len(shape) <= 3 and all(_is_count(n, MOST_TENSOR) for n in shape)
        _expect(fine, f"a tensor {name!r} of one to three dimensions", shape)
    count = len(anatomy.axes) + len(anatomy.fields) + len(anatomy.tensors)
    _expect(anatomy.axes and anatomy.fields and count <= _MOST_ARRAYS, f"1 to {_MOST_ARRAYS} axes and fields", count)


def _check_names(anatomy: Anatomy) -> None:
    for name, spec in anatomy.fields.items():
        for dim, labels in spec.extra.items():
            fine = isinstance(labels, list | tuple) and 1 <= len(labels) <= _MOST_LABELS
            _expect(fine and all(_is_text(label) for label in labels), f"labels along {dim!r}", labels)
            _expect(_is_text(dim) and dim not in anatomy.axes, f"a name of its own for a dimension of {name!r}", dim)
            _expect(list(labels) == anatomy.labels[dim], f"the same labels of {dim!r} in every field", labels)
    for label in anatomy.axes:
        _expect(_is_text(label), "text as the label of an axis", label)
    _check_folders(anatomy)
    bytes_of_fields = 0
    for name, spec in anatomy.fields.items():
        each = math.prod(spec.shape) * DTYPES[spec.dtype]
        bytes_of_fields += each * anatomy.points
        most = MOST_CHUNK_BYTES // each
        _expect(anatomy.chunk <= most, f"chunks of at most {most} points for {name!r}", anatomy.chunk)
    _expect(bytes_of_fields <= MOST_BYTES, f"fields of at most {MOST_BYTES} bytes together", bytes_of_fields)


def _check_folders(anatomy: Anatomy) -> None:
    own = {INDEX, DONE, "failures", *(axis_folder(number) for number in range(len(anatomy.axes)))}
    status = anatomy.fields.get(STATUS, STATUS_SPEC)
    _expect(status == STATUS_SPEC and STATUS not in anatomy.tensors, f"{STATUS!r} to be that of points", status)
    names = [*anatomy.fields, *anatomy.tensors]
    for name in names:
        fine = _is_text(name) and not set(name) & set('/\\:*?"<>|') and name[0] not in ".~ "
        _expect(fine and len(name.encode()) <= _LONGEST_NAME, "a quantity's name that can be a folder's", name)
        _expect(name not in own, f"a quantity's name other than {', '.join(sorted(own))}", name)
        _expect(name not in anatomy.axes, "a quantity's name that is no axis' label", name)
    _expect(len({name.casefold() for name in names}) == len(names), "names that differ in more than case", names)


def _is_count(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_NAME and value.isprintable()


def _expect(fine: Any, expected: str, got: Any) -> None:
    if not fine:
        raise StoreError(f"expected {expected} in a store; got {str(got)[:200]!r}")
