"""Memory: keep what has been freed, where the C library gives it back too eagerly."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3), from malloc.h."""
_KEEP = 1 << 30
_MMAP_AFTER, _TRIM_AFTER = 32 << 20, 64 << 20
"""Where glibc's own adjustment would have settled on 64-bit machines after blocks of that size (mallopt(3))."""


@contextmanager
def keep_heap() -> Iterator[None]:
    """Keep freed blocks up to 1 GiB in the process while the context lasts; does nothing without glibc.

    glibc hands large freed blocks back to the kernel, so that every temporary of a sweep is faulted in page by page
    again. This changes the allocator of the whole process, which is why nobody does it for you. On leaving, free memory
    is returned and the thresholds become those at which glibc's own adjustment ends; that adjustment stays off.
    """
    library = _glibc()
    if library is None:
        yield
        return
    _set_thresholds(library, _KEEP, _KEEP)
    try:
        yield
    finally:
        _set_thresholds(library, _MMAP_AFTER, _TRIM_AFTER)
        library.malloc_trim(0)


def _set_thresholds(library: ctypes.CDLL, mmap: int, trim: int) -> None:
    library.mallopt(_M_MMAP_THRESHOLD, mmap)
    library.mallopt(_M_TRIM_THRESHOLD, trim)


def _glibc() -> ctypes.CDLL | None:
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):
        return None
    return ctypes.CDLL(None) if version else None
