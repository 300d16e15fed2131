"""Parcels: a recipe as bytes, named by their SHA-256, in which an objective with a source is its words."""

import hashlib
import io
import pickle
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from explorer.objective import Objective
from explorer.sweeps.executors.objective_words import ObjectiveWords, made_by, words_of
from explorer.sweeps.executors.recipe import Recipe


@dataclass(frozen=True)
class Parcel:
    """A recipe, packed once and sent once to every process."""

    content: bytes

    @cached_property
    def name(self) -> str:
        """The SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


def pack(recipe: Recipe) -> Parcel:
    """Return a recipe as bytes.

    Raises:
        ValueError: something in it cannot be pickled.
    """
    buffer = io.BytesIO()
    try:
        _packing()(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(recipe.packed())
    # A user's class may raise anything while it is pickled.
    except Exception as error:
        raise ValueError(
            "expected an objective and quantities that can be pickled, as other processes are to measure them; got "
            f"{type(error).__name__}: {error}: define functions and classes at the top of a module, give data that can "
            "be read again, or use the command line with module:factory"
        ) from error
    return Parcel(buffer.getvalue())


def unpack(parcel: Parcel, device: torch.device) -> Recipe:
    """Return the recipe, its objective made by its words on a device. Raises WorkerError as `made_by` does."""
    recipe: Recipe = _Unpacking(io.BytesIO(parcel.content), device).load()
    return recipe


def _packing() -> type[pickle.Pickler]:
    """Return the kind of pickler: that of cloudpickle where it is there, by which functions of a notebook travel."""
    try:
        from cloudpickle import Pickler
    except ImportError:
        from pickle import Pickler

    class Packing(Pickler):  # type: ignore[misc]
        def persistent_id(self, value: Any) -> ObjectiveWords | None:
            return words_of(value) if isinstance(value, Objective) and value.source else None

    return Packing


class _Unpacking(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, device: torch.device) -> None:
        super().__init__(file)
        self._device = device

    def persistent_load(self, words: Any) -> Objective:
        return made_by(words, self._device)
