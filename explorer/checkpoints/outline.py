"""Outline: where the weights lie in a file that is not read, as it holds objects of code that reading would run.

The file's pickle is gone through with blanks in the place of all that it names: no class of it is looked up, and
nothing of it is called.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DEPTH = 3
_MOST = 64 << 20
"""Bytes of an outline: tensors lie in files beside it."""
_TENSORS = ("torch._utils._rebuild_", "torch._tensor._rebuild_")
_OF_MODULES = ("_parameters", "_buffers", "_modules")


def weights_within(path: Path) -> str | None:
    """Return where in what `torch.load` gives of a file a model or its weights are, such as "" for the whole or
    "['net']"; None where that cannot be told."""
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = [each for each in archive.namelist() if each.endswith("/data.pkl")]
            if archive.getinfo(name).file_size > _MOST:
                return None
            found = _Outliner(io.BytesIO(archive.read(name))).load()
        count, where = _weights_in(found)
        return where if count else None
    # A file of another kind, or damaged.
    except Exception:
        return None


class _Blank:
    """Stands for an object, and keeps what it was made of."""

    name = ""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, *_: Any) -> None: ...

    def append(self, _: Any) -> None: ...

    def extend(self, _: Any) -> None: ...


class _Outliner(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        return type("_Named", (_Blank,), {"name": f"{module}.{name}"})

    def persistent_load(self, _: Any) -> Any:
        return _Blank()


def _weights_in(found: Any, depth: int = _DEPTH) -> tuple[int, str]:
    """Return how many tensors the largest model or mapping of weights within holds, and where it is."""
    own = _tensors_in(found)
    if own or not depth or not isinstance(found, Mapping):
        return own, ""
    # Under numbers lie the states of optimizers.
    within = {key: _weights_in(each, depth - 1) for key, each in found.items() if isinstance(key, str)}
    return max(((count, f"[{key!r}]{where}") for key, (count, where) in within.items()), default=(0, ""))


def _tensors_in(found: Any) -> int:
    """Return how many tensors a model or a mapping of tensors holds; 0 for what is neither."""
    state = getattr(found, "state", None)
    if isinstance(state, Mapping) and all(isinstance(state.get(each), Mapping) for each in _OF_MODULES):
        own = sum(_is_tensor(each) for each in state["_parameters"].values())
        return own + sum(map(_tensors_in, state["_modules"].values()))
    if isinstance(found, Mapping) and all(_is_tensor(each) for each in found.values()):
        return len(found)
    return 0


def _is_tensor(found: Any) -> bool:
    return isinstance(found, _Blank) and found.name.startswith(_TENSORS)
