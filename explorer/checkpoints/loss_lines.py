"""Loss lines: losses.csv as it is written, a line a step, each whole or not there."""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from explorer.checkpoints.recording_format import LOSSES
from explorer.errors import CheckpointError


class LossLines:
    """The losses of a recording, open for writing, held against a second recorder.

    Raises:
        CheckpointError: another recorder writes to the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO = (folder / LOSSES).open("ab", buffering=0)
        if not _held(self._file):
            self._file.close()
            raise CheckpointError(
                f"expected a folder that nothing else records to; another recorder is writing to {folder}: let it end, "
                "or choose another folder"
            )

    def write(self, step: int, loss: float) -> None:
        """Write the loss of a step.

        Raises:
            CheckpointError: the disk does not take it; nothing of it is there then.
        """
        line = f"{step},{loss!r}\n".encode()
        before = os.fstat(self._file.fileno()).st_size
        try:
            done, why = self._file.write(line) == len(line), "No space left on device"
        except OSError as error:
            done, why = False, error.strerror or str(error)
        if not done:
            # A part of a line would be read as another loss.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), before)
            raise CheckpointError(
                f"cannot write the loss of step {step} to {self._folder} ({why}): free some room, and go on with "
                "resume=; what was recorded before is kept"
            )

    def close(self) -> None:
        """Let others record."""
        self._file.close()


def _held(file: BinaryIO) -> bool:
    """Return whether this recorder is the only one, where the system can tell: the hold ends with the process."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A network share without locks.
        return True
    return True
