"""Files: written whole or not at all, read without following links or swallowing bombs."""

import errno
import os
import stat
import time
import uuid
from pathlib import Path

from explorer.errors import StoreError
from explorer.warned import warn

STALE = 3600.0
"""Seconds after which nobody can still be writing a temporary file."""
_CANNOT = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""What a system says that has no fsync for a file or folder."""
_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file so that a reader, a kill or a power cut finds the old content or the new, never a part.

    Raises:
        OSError: the disk is full, or the folder is gone; no temporary file stays behind.
    """
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            # Before the rename: a name must never come back after a power cut without its bytes.
            sync(file.fileno(), path.parent)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file, which may be no link, no pipe, and no longer than `most`.

    Raises:
        StoreError: it is none, or longer.
        OSError: it is not there, or cannot be read.
    """
    # O_NOFOLLOW: a link could lead out of the store; O_NONBLOCK: a pipe would wait for ever.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    # Closed here: of a folder no file object can be made, and 1,000 of them left open end a server.
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            raise StoreError(f"expected {path} to be a regular file of at most {most} bytes; got {found.st_size} bytes")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)


def is_real_folder(path: Path) -> bool:
    """Return whether the path is a folder itself, not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power cut, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        sync(descriptor, folder)
    finally:
        os.close(descriptor)


def sync(descriptor: int, folder: Path) -> None:
    """Make what was written last through a power cut; in a folder that cannot, as on some network shares, say so once.

    Raises:
        OSError: the disk is full, or broken.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        warn(f"{folder} cannot promise to keep what was written through a power cut ({error.strerror}); all else works")


def sweep_partials(folder: Path) -> None:
    """Remove the temporary files that killed writers left in a folder more than an hour ago."""
    before = time.time() - STALE
    for entry in os.scandir(folder):
        if entry.name.endswith(".partial") and entry.is_file(follow_symlinks=False) and _changed(entry) < before:
            Path(entry.path).unlink(missing_ok=True)


def disk_error(error: OSError, what: str, cure: str) -> StoreError:
    """Return the sentence for a failed write: what could not be written, why, and what to do."""
    if error.errno in _FULL:
        return StoreError(f"no room on the disk for {what} ({error.strerror}): free some. {cure}")
    return StoreError(f"expected to write {what}; got {error}. {cure}")


def _changed(entry: "os.DirEntry[str]") -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return float("inf")
