"""A basin map in a store: walked from where an earlier run stopped, labelled when every start is done."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from explorer.descent.basin_map.dataset import blank, extra_dims, provenance, told
from explorer.descent.basin_map.reached_minima import NONE
from explorer.descent.basin_map.starts import RATE
from explorer.descent.basin_map.walks import END, Walks, ends_of
from explorer.landscape import STATUS, Status, count_nonfinite
from explorer.numerics.fingerprint import sha256
from explorer.store import FieldSpec, Store
from explorer.store.create import is_free
from explorer.store.layout import DTYPES
from explorer.store.schema import MOST_CHUNK_BYTES, MOST_CHUNKS
from explorer.sweeps.dataset import as_array
from explorer.sweeps.keep import InStore
from explorer.sweeps.provenance import spec_of
from explorer.sweeps.resume import sound_landscape

_MOST_ENDS = 64 << 20
"""Bytes of thetas that are kept in a store until minima are found among them."""
_MOST_PARAMETERS = 256
"""Labels that a dimension of a store may have."""


class StoredMap:
    """The store of a map, made where there is none, and the keep that walks fill.

    Args:
        path, walks: where, and what is walked.

    Raises:
        StoreError: it holds something else, is damaged beyond repair, or its disk is full.
        ValueError: ends are too large to be kept until minima are found among them.
    """

    def __init__(self, path: Path, walks: Walks) -> None:
        # First, as it takes nothing: whether a chunk of starts fits is found by trying.
        there = None if is_free(path) else Store.open(path, write=True)
        _refuse_large_ends(walks)
        self.walks = walks
        self.store = _created(path, walks) if there is None else _continued(there, walks)
        self.keep = InStore(self.store, min(walks.chunk, self.store.chunk_size))

    @property
    def finished(self) -> bool:
        """Whether every start is done and labelled."""
        return self.keep.done == self.store.points and "minima" in self.store.attrs

    def conclude(self, seconds: float = 0.0) -> xr.Dataset:
        """Label the descents, if all of them are done; return the map as far as it is.

        Args:
            seconds: that this run took, told beside those of the runs before.
        """
        if not self.finished:
            spent = float(self.store.attrs.get("seconds", 0.0)) + seconds
            self.store.set_attrs({"strategy": self.walks.name, "chunk_size": self.walks.chunk, "seconds": spent})
        landscape = self.store.landscape()
        if self.keep.done == self.store.points and not self.finished:
            self._label(landscape)
            landscape = self.store.landscape()
        return _as_map(landscape)

    def _label(self, landscape: xr.Dataset) -> None:
        """Append every start once more with its label: of two chunks that know a point the later is right."""
        minima, store = self.walks.minima, self.store
        if END in store.fields:
            shapes = {name: (store.points, *spec.shape) for name, spec in store.fields.items()}
            fields = {name: landscape[name].values.reshape(shape) for name, shape in shapes.items()}
            ends = ends_of({name: torch.from_numpy(values) for name, values in fields.items()})
            minima.find(ends)
            fields["minimum"] = minima.labels(ends).numpy()
            for positions in np.split(np.arange(store.points), range(store.chunk_size, store.points, store.chunk_size)):
                store.append(positions, {name: values[positions] for name, values in fields.items()})
        store.set_attrs(told(minima))


def _continued(store: Store, walks: Walks) -> Store:
    store.refuse_other(_spec(walks))
    sound_landscape(store)
    return store


def _created(path: Path, walks: Walks) -> Store:
    starts = walks.starts
    specs = _fields(walks)
    widest = max(math.prod(spec.shape) * DTYPES[spec.dtype] for spec in specs.values())
    chunk = max(-(-starts.size // MOST_CHUNKS), min(walks.chunk, MOST_CHUNK_BYTES // widest))
    plane = starts.job.plane
    return Store.create(
        path,
        spec=_spec(walks),
        attrs=provenance(starts),
        dims=starts.dims,
        fields=specs,
        chunk=min(starts.size, chunk),
        tensors={"origin": as_array(plane.origin), "basis": as_array(plane.basis)},
    )


def _fields(walks: Walks) -> dict[str, FieldSpec]:
    starts = walks.starts
    theta = starts.job.objective.theta
    extra = dict(extra_dims(starts))
    dtypes = {name: as_array(field[:0]).dtype.name for name, field in blank(starts).items()}
    if not walks.minima.complete:
        dtypes[END], extra[END] = as_array(theta).dtype.name, {"parameter": [str(n) for n in range(len(theta))]}
    return {name: FieldSpec(dtype, extra.get(name, {})) for name, dtype in dtypes.items()}


def _spec(walks: Walks) -> dict[str, Any]:
    """Return everything that decides the numbers of a map, but for rounding; JSON-ready."""
    words: Mapping[str, Any] = provenance(walks.starts)
    asked = {name: words[name] for name in ("kind", "optimizer", RATE, "steps", "options", "tolerance")}
    known = sha256(*(point.theta for point in walks.minima.points)) if walks.minima.complete else "to be found"
    return spec_of(walks.starts.job) | asked | {"minima": known}


def _as_map(landscape: xr.Dataset) -> xr.Dataset:
    """Return what a store holds as `basins` returns it: without ends, and nothing reached where nothing is known."""
    unknown = landscape[STATUS] != Status.EVALUATED
    labels = {name: landscape[name].where(~unknown, NONE) for name in ("minimum", "steps_to_tolerance")}
    counted = count_nonfinite({"final_loss": landscape["final_loss"].values[~unknown.values]})
    known = landscape.drop_vars([END, "parameter"], errors="ignore").assign(labels)
    return known.assign_attrs({"minima": "[]", **landscape.attrs, "nonfinite": counted})


def _refuse_large_ends(walks: Walks) -> None:
    theta, size = walks.starts.job.objective.theta, walks.starts.size
    if not walks.minima.complete and (len(theta) > _MOST_PARAMETERS or size * theta.nbytes > _MOST_ENDS):
        raise ValueError(
            f"expected ends of at most {_MOST_PARAMETERS} parameters and {_MOST_ENDS >> 20} MiB in all, to find minima "
            f"among those in a store; got {len(theta)} parameters and {size * theta.nbytes >> 20} MiB: give "
            "minima=..., or leave store out"
        )
