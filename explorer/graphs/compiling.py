"""Compiling: a kernel turned into machine code in the background, where a compiler exists and it runs long enough."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

import torch
from torch import Tensor, fx

from explorer.graphs.refusals import UntraceableError
from explorer.graphs.tangent import rational_tanh

PAYS_AFTER = 20.0
"""Seconds that a kernel must have run before it is compiled, which takes 1 to 12 seconds of one core."""

_MOST_KNOWN = 64

Given = tuple[Tensor, ...]
Run = Callable[..., Any]

_log = logging.getLogger(__name__)
_known: dict[Hashable, "Compiling"] = {}
"""Kernels of this process: objectives of one structure share them, as data and planes are arguments."""


class Compiling:
    """A kernel that its compiled form replaces as soon as that is ready.

    Args:
        run: the kernel.
        whole: traces it for a compiler.
    """

    def __init__(self, run: Run, whole: Callable[[], fx.GraphModule]) -> None:
        self._run, self._whole = run, whole
        self._spent, self._begun = 0.0, False
        self._thread: threading.Thread | None = None
        self.compiled: Run | None = None
        """None while it is not ready, or if there is none."""

    def __call__(self, *given: Tensor) -> Any:
        if self.compiled is not None:
            return self.compiled(*given)
        began = time.perf_counter()
        found = self._run(*given)
        self._spent += time.perf_counter() - began
        if self._spent > PAYS_AFTER and not self._begun:
            self._begin(given)
        return found

    def wait(self) -> None:
        """Return when nothing is being compiled."""
        if self._thread is not None:
            self._thread.join()

    def _begin(self, given: Given) -> None:
        self._begun = True
        try:
            # Here, not in the thread: tracing changes what a call of a module does, for a moment and for all threads.
            whole = self._whole()
        except UntraceableError as error:
            _log.warning("a kernel could not be traced for the compiler: %s", error)
            return
        self._thread = threading.Thread(target=self._compile, args=(whole, given), daemon=True)
        self._thread.start()

    def _compile(self, whole: fx.GraphModule, given: Given) -> None:
        try:
            with torch.no_grad():
                made = _machine_code(whole, given)
                if _agree(made(*given), self._run(*given)):
                    self.compiled = made
        except Exception as error:
            # The kernel goes on as it is.
            _log.warning("a kernel could not be compiled: %s", error)


def in_background(key: Hashable, run: Run, whole: Callable[[], fx.GraphModule]) -> Run:
    """Return a kernel that compiles itself when it has run long enough; kernels of one key are one.

    Args:
        key: what makes two kernels the same.
        run: the kernel.
        whole: traces it anew, with elementwise operations where it has products, which a compiler fuses.
    """
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            del _known[next(iter(_known))]
        _known[key] = Compiling(run, whole)
    return _known[key]


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


def _machine_code(whole: fx.GraphModule, given: Given) -> Run:
    from torch._inductor import config
    from torch._inductor.compile_fx import compile_fx

    with config.patch({"cpp.enable_floating_point_contract_flag": "fast"}):
        compiled: Any = compile_fx(whole, list(given))
        compiled(*given)
    run: Run = compiled
    return run


def _agree(found: Any, expected: Any) -> bool:
    """Return whether the compiled form yields what the kernel yields, up to a few hundred roundings."""
    for name, value in expected.items():
        share = 512 * torch.finfo(value.dtype).eps
        scale = torch.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0).abs().max()
        if not torch.allclose(found[name], value, rtol=share, atol=float(share * scale), equal_nan=True):
            return False
    return True
