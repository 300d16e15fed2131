"""Compiling: a kernel turned into machine code in the background, where a compiler exists and it runs long enough.

In a process of its own, as tracing and compiling change PyTorch for all threads of a process while they last.
"""

import logging
import os
import shutil
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
from torch import Tensor, fx

from explorer.graphs.run.tanh import rational_tanh
from explorer.graphs.untraceable import UntraceableError

PAYS_AFTER = 20.0
"""Seconds that a kernel must have run before it is compiled, which takes one core about as long."""
_MOST_KNOWN = 64
_ROUNDINGS = 512
"""That compiled and interpreted sums may differ by."""

_PROGRAM = Path(__file__).with_name("compiler_process.py")
"""Not imported here: it needs parts of PyTorch that take a third of a second to load."""

Run = Callable[..., Any]
Kinds = Sequence[tuple[tuple[int, ...], torch.dtype]]

_log = logging.getLogger(__name__)
_known: dict[Hashable, "Compiling"] = {}
"""Kernels of this process: objectives of one structure share them, as data and planes are arguments."""


class Compiling:
    """A kernel that its compiled form replaces as soon as that is ready.

    Args:
        run: the kernel.
        whole: traces it for a compiler.
        kinds: shapes and types of its arguments.
    """

    def __init__(self, run: Run, whole: Callable[[], fx.GraphModule], kinds: Kinds) -> None:
        self._run, self._whole, self._kinds = run, whole, tuple(kinds)
        self._spent = 0.0
        self._compiler: Compiler | None = None
        self._tried = False
        self.compiled: Run | None = None
        """None while it is not ready, or if there is none."""

    def __call__(self, *given: Tensor) -> Any:
        if self.compiled is not None:
            return self.compiled(*given)
        began = time.perf_counter()
        found = self._run(*given)
        self._spent += time.perf_counter() - began
        if self._compiler is not None and self._compiler.is_done:
            self._adopt(self._compiler, given, found)
        elif self._spent > PAYS_AFTER and not self._tried:
            self._begin()
        return found

    def wait(self) -> None:
        """Return when nothing is being compiled; the next call takes what came of it."""
        if self._compiler is not None:
            self._compiler.process.wait()

    def _begin(self) -> None:
        self._tried = True
        try:
            self._compiler = Compiler(self._whole(), self._kinds)
        except (UntraceableError, OSError) as error:
            _log.warning("a kernel cannot be compiled: %s", error)

    def _adopt(self, compiler: "Compiler", given: Sequence[Tensor], expected: Any) -> None:
        """Take the compiled form if it yields what the kernel yields."""
        self._compiler = None
        try:
            made = compiler.result()
            if _agree(made(*given), expected):
                self.compiled = made
        except Exception as error:
            # Whatever it is: the kernel goes on as it is.
            _log.warning("a kernel could not be compiled: %s", error)


class Compiler:
    """A process that compiles one graph.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, graph: fx.GraphModule, kinds: Kinds) -> None:
        self._folder = Path(mkdtemp(prefix="landscape-kernel-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        torch.save((graph, kinds, torch.get_num_threads()), self._folder / "graph.pt")
        # -P: modules beside that file are not to be found by their short names.
        command = [sys.executable, "-P", str(_PROGRAM), "graph.pt", "kernel.pt2"]
        with open(self._folder / "log", "wb") as log:
            # One core for it, all others for the sweep.
            self.process = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"}
            )
        weakref.finalize(self, self.process.kill)

    @property
    def is_done(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.process.poll() is not None

    def result(self) -> Run:
        """Return the compiled form.

        Raises:
            RuntimeError: with the last words of the process, where there is none.
        """
        if self.process.returncode:
            raise RuntimeError((self._folder / "log").read_text(errors="replace").strip()[-300:])
        made: Run = torch._inductor.aoti_load_package(str(self._folder / "kernel.pt2"))
        return made


def in_background(key: Hashable, run: Run, whole: Callable[[], fx.GraphModule], kinds: Kinds) -> Run:
    """Return a kernel that is compiled when it has run long enough; kernels of one key are one.

    Args:
        key: what makes two kernels the same.
        run: the kernel.
        whole: traces it anew, with elementwise operations where it has products, which a compiler fuses.
        kinds: shapes and types of its arguments.
    """
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            del _known[next(iter(_known))]
        _known[key] = Compiling(run, whole, kinds)
    return _known[key]


def is_compiled(kernel: Run) -> bool:
    """Return whether a kernel runs as machine code; it then takes any number of points."""
    return getattr(kernel, "compiled", None) is not None


def wait_for_compilers() -> None:
    """Return when no kernel of this process is being compiled."""
    for kernel in list(_known.values()):
        kernel.wait()


def has_compiler(device: torch.device) -> bool:
    """Return whether machine code can be made for a device."""
    return device.type == "cpu" and shutil.which("g++") is not None


def decompositions(dtype: torch.dtype) -> dict[Any, Run]:
    """Return what replaces operations in a graph to be compiled: the compiler's own tanh takes five times as long."""
    return {torch.ops.aten.tanh.default: rational_tanh} if dtype is torch.float32 else {}


def _agree(found: Any, expected: Any) -> bool:
    for name, value in expected.items():
        share = _ROUNDINGS * torch.finfo(value.dtype).eps
        scale = torch.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0).abs().max()
        if not torch.allclose(found[name], value, rtol=share, atol=float(share * scale), equal_nan=True):
            return False
    return True
