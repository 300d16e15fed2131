"""Contents: the tensors within anything that holds some: dicts, tuples, dataclasses, graphs, packed sequences."""

import copy
import hashlib
import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from explorer.errors import ObjectiveError

_PLAIN = (str, bytes, int, float, complex, type(None))


class _Finder(pickle.Pickler):
    """Walks through an object as pickle does, which knows how every kind of object is made, and writes nothing down."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), protocol=4)
        self.found: dict[int, Tensor] = {}
        self.arrays: dict[int, np.ndarray[Any, Any]] = {}
        self.lengths: set[int] = set()

    def persistent_id(self, item: Any) -> int | None:
        if isinstance(item, PackedSequence):
            # PyTorch wants the lengths of a packed sequence on the processor, wherever the sequence is.
            self.lengths.add(id(item.batch_sizes))
        if isinstance(item, np.ndarray):
            self.arrays.setdefault(id(item), item)
        if not isinstance(item, Tensor):
            return None
        self.found.setdefault(id(item), item)
        return id(item)


def tensors_of(batch: Any) -> list[Tensor]:
    """Return the tensors within a batch, each once, in the order in which pickle comes by them.

    Raises:
        ObjectiveError: it holds what cannot be pickled, and so be looked into, or nested tensors.
    """
    return list(_looked_into(batch).found.values())


def replaced(batch: Any, old: Sequence[Tensor], new: Sequence[Tensor]) -> Any:
    """Return a copy of a batch, of the same types, with new tensors for the old ones; the batch stays as it is."""
    # deepcopy takes for a copy what its memo holds under an object's id.
    return copy.deepcopy(batch, {id(before): after for before, after in zip(old, new, strict=True)})


def moved_copy(batch: Any, change: Callable[[Tensor, bool], Tensor]) -> Any:
    """Return a copy of a batch with each tensor changed by (tensor, whether it has to stay on the processor)."""
    finder = _looked_into(batch)
    old = list(finder.found.values())
    return replaced(batch, old, [change(tensor, id(tensor) in finder.lengths) for tensor in old])


def digest_of(batch: Any) -> bytes:
    """Return a SHA-256 of what a batch holds: its tensors, by name or place where these are plain to see, and plain
    values beside them.

    Raises:
        ObjectiveError: its tensors have no values (meta), or it contains itself.
    """
    digest = hashlib.sha256()
    try:
        _digest(batch, digest)
    except (RuntimeError, NotImplementedError, TypeError, ValueError) as error:  # RecursionError is one of the first.
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ObjectiveError(
            f"expected batches that hold tensors with values, and not themselves; {outline(batch)} cannot be read: "
            f"{why}"
        ) from error
    return digest.digest()


def outline(batch: Any) -> str:
    """Return in a few words what a batch is, for messages: `dict of ids [4, 7] int64, labels [4] int64`."""
    if isinstance(batch, Mapping):
        inner = ", ".join(f"{key} {_brief(value)}" for key, value in list(batch.items())[:6])
        return f"{type(batch).__name__} of {inner}"
    if isinstance(batch, (tuple, list)):
        return f"{type(batch).__name__} of ({', '.join(_brief(value) for value in batch[:6])})"
    return _brief(batch)


def _looked_into(batch: Any) -> _Finder:
    finder = _Finder()
    try:
        finder.dump(batch)
    except Exception as error:
        raise ObjectiveError(
            f"expected batches that pickle can look into, to find their tensors; {type(batch).__name__} raised "
            f"{error!r}: give batches without functions and open files"
        ) from error
    if any(tensor.is_nested for tensor in finder.found.values()):
        raise ObjectiveError(
            "expected batches of padded or packed tensors; got nested ones, which cannot be compared and counted: use "
            "torch.nested.to_padded_tensor, or a tensor beside its lengths"
        )
    return finder


def _digest(item: Any, digest: Any) -> None:
    digest.update(type(item).__name__.encode())
    if isinstance(item, Tensor):
        _digest_tensor(item, digest)
    elif isinstance(item, Mapping):
        # Some kinds give their keys in another order every time.
        for key in sorted(item.keys(), key=str):
            digest.update(str(key).encode())
            _digest(item[key], digest)
    elif isinstance(item, (tuple, list)):
        for each in item:
            _digest(each, digest)
    elif isinstance(item, _PLAIN):
        digest.update(repr(item).encode())
    else:
        finder, inner = _looked_into(item), []
        for tensor in finder.found.values():
            own = hashlib.sha256()
            _digest_tensor(tensor, own)
            inner.append(own.digest())
        for array in finder.arrays.values():
            own = hashlib.sha256()
            _digest_array(array, own)
            inner.append(own.digest())
        digest.update(b"".join(sorted(inner)))


def _digest_tensor(tensor: Tensor, digest: Any) -> None:
    plain = tensor.detach().cpu()
    if plain.layout != torch.strided:
        plain = plain.to_dense()
    digest.update(f"{plain.dtype}{tuple(plain.shape)}".encode())
    # A clone, because a view as bytes needs a stride of 1, which a single entry may not have.
    flat = plain.as_subclass(Tensor).resolve_conj().clone(memory_format=torch.contiguous_format).reshape(-1)
    digest.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")


def _digest_array(array: "np.ndarray[Any, Any]", digest: Any) -> None:
    digest.update(f"{array.dtype}{array.shape}".encode())
    # Objects have no bytes of their own.
    digest.update(repr(array.tolist()).encode() if array.dtype.hasobject else np.ascontiguousarray(array).tobytes())


def _brief(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{list(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    return type(value).__name__
