"""What a measurement ran on: the processor, how busy it was, the versions, the memory of this process."""

import importlib.metadata
import os
import platform
from collections.abc import Sequence

PEERS = ("jax", "loss-landscapes")


def machine(threads: int, peers: Sequence[str] = ()) -> str:
    """Return one line: processor, cores, threads used, load average, versions (of installed peers as well)."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            name = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    versions = ", ".join(f"{part} {version(part)}" for part in ("torch", "numpy", *peers))
    return (
        f"{name}, {os.cpu_count()} cores, {threads} threads, load {os.getloadavg()[0]:.1f}; "
        f"python {platform.python_version()}, {versions}"
    )


def version(distribution: str) -> str:
    """Return the installed version, or "not installed"."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def resident_kilobytes(key: str) -> int:
    """Read resident memory from Linux: "VmRSS" now, "VmHWM" at its highest.

    Unlike getrusage's ru_maxrss, which a child process inherits, these belong to this process alone.
    """
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key))
