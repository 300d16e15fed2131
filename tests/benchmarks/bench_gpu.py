"""Points per second on a CUDA device: sweeps in three precisions, loops, and the share of the device's peak.

python -m tests.benchmarks.bench_gpu

Takes at most about four minutes. Without CUDA it says so.
"""

import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch

from explorer import sweep
from tests.benchmarks.harness.contenders import Floats, UnavailableError, share_of_log_range
from tests.benchmarks.harness.machine import version
from tests.benchmarks.work import gpu_work
from tests.benchmarks.work.gpu_work import Workload
from tests.benchmarks.work.network_work import strategy

SECONDS = 200.0
"""For all workloads together; what is late gets fewer rounds, then none."""
ROUNDS = 3
LOOPS = ("Li-style loop", "resident loop")
SWEEPS: dict[str, tuple[bool, torch.dtype | None]] = {
    "sweep, float32": (False, None),
    "sweep, TF32": (True, None),
    "sweep, bfloat16": (False, torch.bfloat16),
}
"""Name -> (whether float32 products may be rounded to TF32, dtype asked for)."""
WORKLOADS: tuple[Callable[[str], Workload], ...] = (
    partial(gpu_work.neuron, points=512),
    partial(gpu_work.neuron, points=2048),
    gpu_work.network,
    gpu_work.convolution,
    gpu_work.attention,
)


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    """Let products and convolutions of float32 be rounded to TF32, or not (cuDNN's own default is yes)."""
    with warnings.catch_warnings():
        # Newer versions of torch announce other names for these two; these are known to old ones as well.
        warnings.simplefilter("ignore")
        try:
            _allow(products=allowed, convolutions=allowed)
            yield
        finally:
            _allow(products=False, convolutions=True)


def _allow(*, products: bool, convolutions: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = products
    torch.backends.cudnn.allow_tf32 = convolutions


def synchronize(device: str) -> None:
    """Wait for the device."""
    if device == "cuda":
        torch.cuda.synchronize()


def peak(device: str, dtype: torch.dtype, allow: bool, size: int, repeats: int = 10) -> float:
    """Return operations per second of a product of two size x size matrices, the best of three tries."""
    a = torch.randn(size, size, device=device).to(dtype)
    best = float("inf")
    with tf32(allow):
        for _ in range(4):
            synchronize(device)
            began = time.perf_counter()
            for _ in range(repeats):
                a @ a
            synchronize(device)
            best = min(best, (time.perf_counter() - began) / repeats)
    return 2 * size**3 / best


def peaks(device: str, size: int) -> dict[str, float]:
    """Return the peak for each kind of sweep."""
    return {name: peak(device, dtype or torch.float32, allow, size) for name, (allow, dtype) in SWEEPS.items()}


def run_sweep(work: Workload, name: str) -> tuple[Floats, str]:
    """Return losses at the compared points and how they were computed; objective included, plane not.

    Raises:
        UnavailableError: no mixed precision in this sweep, or it fails on this device.
    """
    allow, dtype = SWEEPS[name]
    with tf32(allow):
        try:
            found = sweep(
                work.objective(), work.plane, work.grid, quantities=("loss",), dtype=dtype, progress=False, report=False
            )
        except (ValueError, TypeError, RuntimeError) as reason:
            raise UnavailableError(str(reason).splitlines()[0]) from reason
    if dtype is not None and "mixed_precision_error" not in found.attrs:
        raise UnavailableError("this sweep has no mixed precision")
    how = f"{strategy(found)}, chunk {found.attrs['chunk_size']}"
    return found.loss.values.reshape(-1)[work.positions].astype(np.float64), how


def run_loop(work: Workload, name: str) -> tuple[Floats, str]:
    """Return the same of a loop, in float32 proper."""
    with tf32(False):
        losses = work.usual_loop() if name == LOOPS[0] else work.resident_loop()
    return losses, f"{len(losses)} points"


def measured(work: Workload, device: str, until: float) -> Iterator[tuple[str, float, float, str]]:
    """Yield (name, points per second or 0, error, how), all warmed up, in turn, within the time there is."""
    runs = {name: partial(run_loop, work, name) for name in LOOPS}
    runs |= {name: partial(run_sweep, work, name) for name in SWEEPS}
    told: dict[str, tuple[float, str]] = {}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(1 + ROUNDS):
        for name, run in runs.items():
            late = turn > 1 and time.perf_counter() > until
            if late or (turn and not np.isfinite(told[name][0])):
                continue
            try:
                synchronize(device)
                began = time.perf_counter()
                losses, how = run()
                seconds = time.perf_counter() - began
            except UnavailableError as reason:
                told[name] = float("nan"), f"not available: {reason}"
                continue
            if turn == 0:
                told[name] = share_of_log_range(losses, work.reference), how
            else:
                points = len(work.positions) if name in LOOPS else work.grid.size
                times[name].append(points / seconds)
    for name, (error, how) in told.items():
        yield name, statistics.median(times[name] or [0.0]), error, how


def lines(device: str, size: int, workloads: tuple[Callable[[str], Workload], ...] = WORKLOADS) -> Iterator[str]:
    """Measure everything and yield the lines as they come; `size` is that of the matrices for the peak."""
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    yield f"{name}; python {platform.python_version()}, torch {version('torch')}, CUDA {torch.version.cuda}"
    ends = time.perf_counter() + SECONDS
    best = peaks(device, size)
    yield "peak, TFLOP/s: " + ", ".join(f"{name[7:]} {value / 1e12:.1f}" for name, value in best.items())
    for i, make in enumerate(workloads):
        work = make(device)
        now = time.perf_counter()
        products = f"{work.operations / 1e9:.3g} GFLOP a point" if work.operations else "no matrix products"
        yield f"{work.name}; {products}"
        yield f"{'':18}{'points/s':>12}{'x Li':>9}{'x resident':>12}{'TFLOP/s':>9}{'of peak':>9}{'error':>9}"
        rates: dict[str, float] = {}
        for name, rate, error, how in measured(work, device, now + (ends - now) / (len(workloads) - i)):
            rates[name] = rate
            own = best.get(name, best["sweep, float32"])
            yield f"{name:18}{_figures(rates, name, work.operations, own, error)}  {how}"


def _figures(rates: dict[str, float], name: str, operations: int, best: float, error: float) -> str:
    rate, (usual, resident) = rates[name], (rates.get(loop, float("nan")) for loop in LOOPS)
    if not rate:
        return f"{'-':>12}{'':48}"
    worked = rate * operations
    speed = f"{worked / 1e12:9.2f}{worked / best:9.1%}" if operations else f"{'':18}"
    return f"{rate:12.4g}{rate / usual:9.2f}{rate / resident:12.2f}{speed}{error:9.1e}"


if __name__ == "__main__":
    if not torch.cuda.is_available():
        print("No CUDA device: nothing to measure here.")
    else:
        for line in lines("cuda", 8192):
            print(line, flush=True)
