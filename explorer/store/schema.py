"""Schema: which arrays a store holds, of what shape and type, within limits that no reader need fear."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from explorer.errors import StoreError
from explorer.store.layout import DTYPES, Layout, empty_of

MOST_POINTS = 1 << 22
MOST_CHUNKS = 1 << 16
"""That the points of a grid fill."""
MOST_CHUNK_BYTES = 16 << 20
MOST_BYTES = 1 << 29
"""Of all fields together: what a reader of the whole landscape needs."""
MOST_TENSOR = 1 << 40
MOST_REASON = 2000
"""Bytes of UTF-8 that say why points failed."""
_MOST_NUMBERS = 1 << 17
_MOST_READ = 1 << 33
"""Bytes of all chunks that can be appended: what a reader may have to read, one by one."""
_MOST_ARRAYS = 64
_MOST_LABELS = 256
_LONGEST_NAME = 128
_AXIS_CHUNK = 1 << 20

INDEX, STATUS, REASON = "index", "status", "reason"
"""What belongs to a chunk beside its fields: the flat grid position of each of its points, -1 beyond the last; their
status; and, if they failed, why."""


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
    """Points for which a chunk has room."""
    capacity: int = 1
    """Chunks that can ever be appended. Those that are not there take no room."""

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_names(self)

    @property
    def points(self) -> int:
        """N, the number of grid points."""
        return math.prod(points for _, points in self.axes.values())

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(points for _, points in self.axes.values())

    @property
    def labels(self) -> dict[str, list[str]]:
        """Extra dimension -> its labels, over all fields."""
        return {dim: list(labels) for spec in self.fields.values() for dim, labels in spec.extra.items()}

    @property
    def constants(self) -> dict[str, Layout]:
        """Folder -> array that is written once, when the store is made: the axes, which are numbered as their labels
        need not be names of files; and the tensors."""
        axes = {
            axis_folder(number): Layout((n,), (min(n, _AXIS_CHUNK),), dtype, (f"axis_{number}",), empty_of(dtype))
            for number, (dtype, n) in enumerate(self.axes.values())
        }
        return axes | {name: _tensor(dtype, shape) for name, (dtype, shape) in self.tensors.items()}

    @property
    def chunked(self) -> dict[str, Layout]:
        """Folder -> array of which every chunk of points has one chunk."""
        rows, room = self.capacity * self.chunk, self.chunk
        found = {
            name: Layout((rows, *of.shape), (room, *of.shape), of.dtype, ("point", *of.extra), empty_of(of.dtype))
            for name, of in self.fields.items()
        }
        return found | {
            STATUS: Layout((rows,), (room,), "int8", ("point",), 0),
            REASON: Layout((self.capacity, MOST_REASON), (1, MOST_REASON), "uint8", ("chunk", "byte"), 0),
            INDEX: Layout((rows,), (room,), "int64", ("point",), -1),
        }

    @property
    def arrays(self) -> dict[str, Layout]:
        """Folder -> array."""
        return self.constants | self.chunked

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
            "capacity": self.capacity,
        }

    def with_room(self) -> "Anatomy":
        """Return it with the capacity that a new store gets: for many more chunks than its points fill, as some are
        going to have few points, and some to come to nothing."""
        return replace(self, capacity=min(_MOST_NUMBERS, _MOST_READ // _bytes_of_chunk(self)))

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
                described["capacity"],
            )
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"expected a description of the store's arrays; got {error!r}: it is damaged") from None


def axis_folder(number: int) -> str:
    """Return where the points of an axis lie."""
    return f"axis_{number}"


def _tensor(dtype: str, shape: tuple[int, ...]) -> Layout:
    """Cut along the last dimension, the parameters, into chunks of at most 16 MiB."""
    last = max(1, min(shape[-1], MOST_CHUNK_BYTES // DTYPES[dtype]))
    names = ("seed", "direction", "parameter")[-len(shape) :]
    return Layout(shape, (1,) * (len(shape) - 1) + (last,), dtype, names, empty_of(dtype))


def _check_sizes(anatomy: Anatomy) -> None:
    dtypes = [dtype for dtype, _ in (*anatomy.axes.values(), *anatomy.tensors.values())]
    for dtype in dtypes + [spec.dtype for spec in anatomy.fields.values()]:
        _expect(isinstance(dtype, str) and dtype in DTYPES, f"a type among {', '.join(DTYPES)}", dtype)
    for label, (_, points) in anatomy.axes.items():
        _expect(_is_count(points, MOST_POINTS), f"1 to {MOST_POINTS} points along {label!r}", points)
    _expect(_is_count(anatomy.points, MOST_POINTS), f"at most {MOST_POINTS} points", anatomy.points)
    _expect(_is_count(anatomy.chunk, MOST_POINTS), "a chunk of at least 1 point", anatomy.chunk)
    chunks = -(-anatomy.points // anatomy.chunk)
    _expect(chunks <= MOST_CHUNKS, f"at most {MOST_CHUNKS} chunks, so larger ones", chunks)
    _expect(_is_count(anatomy.capacity, _MOST_NUMBERS), f"room for 1 to {_MOST_NUMBERS} chunks", anatomy.capacity)
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
    for name, spec in anatomy.fields.items():
        most = MOST_CHUNK_BYTES // _bytes_of(spec)
        _expect(anatomy.chunk <= most, f"chunks of at most {most} points for {name!r}", anatomy.chunk)
    together = sum(_bytes_of(spec) for spec in anatomy.fields.values()) * anatomy.points
    _expect(together <= MOST_BYTES, f"fields of at most {MOST_BYTES} bytes together", together)
    read = anatomy.capacity * _bytes_of_chunk(anatomy)
    _expect(read <= _MOST_READ, f"chunks of at most {_MOST_READ} bytes together", read)


def _check_folders(anatomy: Anatomy) -> None:
    own = {INDEX, STATUS, REASON, "done", *(axis_folder(number) for number in range(len(anatomy.axes)))}
    names = [*anatomy.fields, *anatomy.tensors]
    for name in names:
        fine = _is_text(name) and not set(name) & set('/\\:*?"<>|') and name[0] not in ".~ "
        _expect(fine and len(name.encode()) <= _LONGEST_NAME, "a quantity's name that can be a folder's", name)
        _expect(name.casefold() not in own, f"a quantity's name other than {', '.join(sorted(own))}", name)
        _expect(name not in anatomy.axes, "a quantity's name that is no axis' label", name)
    _expect(len({name.casefold() for name in names}) == len(names), "names that differ in more than case", names)


def _bytes_of(spec: FieldSpec) -> int:
    """Return the bytes of a field at one point."""
    return math.prod(spec.shape) * DTYPES[spec.dtype]


def _bytes_of_chunk(anatomy: Anatomy) -> int:
    beside = DTYPES["int64"] + DTYPES["int8"]
    return anatomy.chunk * (beside + sum(map(_bytes_of, anatomy.fields.values())))


def _is_count(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_NAME and value.isprintable()


def _expect(fine: Any, expected: str, got: Any) -> None:
    if not fine:
        raise StoreError(f"expected {expected} in a store; got {str(got)[:200]!r}")
