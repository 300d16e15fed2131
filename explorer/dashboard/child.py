"""Child: a process of its own that answers one question at a time, within limits of time and memory."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.errors import ExplorerError

LONGEST = 1 << 24
"""Bytes of an answer."""
_BEAT = 0.1
"""Seconds between two looks at what a child takes."""


class ChildError(ExplorerError):
    """Raised when a child gives no answer: it took too long, too much memory, or ended. It is gone then."""


@dataclass(frozen=True)
class Limits:
    """What a child may take."""

    seconds: float = 60.0
    """For one answer."""
    memory: int = 4 << 30
    """Bytes that are resident, where the system tells (Linux)."""


class Child:
    """A Python module that is run in another process, and is asked in JSON, a line each.

    What it prints goes to this process's standard error. It ends with this process, however that ends.

    Args:
        module: that calls `answer_lines` when it is run.
        limits: what it may take.
    """

    def __init__(self, module: str, limits: Limits) -> None:
        self.limits = limits
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
            # Ctrl-C in a terminal is for the server; and what a child starts can be ended with it.
            start_new_session=True,
        )
        threading.Thread(target=self._read, name="child reader", daemon=True).start()

    def ask(self, question: Any) -> Any:
        """Return the answer to a question; both are what JSON takes.

        Raises:
            ChildError: there is none within the limits.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise ChildError(self._ended()) from None
        return json.loads(self._line(time.monotonic() + self.limits.seconds))

    def close(self) -> None:
        """Let it end after what it does now; `kill` where that may take long."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"null\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            self.kill()

    def kill(self) -> None:
        """End it, and what it has started."""
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()

    def _line(self, deadline: float) -> bytes:
        while True:
            try:
                line = self._answers.get(timeout=_BEAT)
            except queue.Empty:
                self._refuse_excess(deadline)
                continue
            if not line.endswith(b"\n"):
                raise ChildError(self._ended())
            return line

    def _refuse_excess(self, deadline: float) -> None:
        if _resident(self._process.pid) > self.limits.memory:
            self.kill()
            raise ChildError(f"it took more than {self.limits.memory / (1 << 30):.3g} GiB of memory")
        if time.monotonic() > deadline:
            self.kill()
            raise ChildError(f"it took longer than {self.limits.seconds:g} seconds")

    def _ended(self) -> str:
        self.kill()
        code = self._process.returncode
        return f"its process ended ({'signal' if code < 0 else 'exit code'} {abs(code)})"

    def _read(self) -> None:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline(LONGEST):
            self._answers.put(line)
        self._answers.put(b"")
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


def answer_lines(answer: Any) -> None:
    """Answer what `Child.ask` asks of this process, by a function of the question, until it is closed."""
    # Whatever code of the user's prints must not be read as an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        while line := sys.stdin.buffer.readline():
            questions.put(line)
        # Who asked is gone: nobody waits, whatever is being done.
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while (question := json.loads(questions.get())) is not None:
        answers.write(json.dumps(answer(question)).encode() + b"\n")
        answers.flush()
    os._exit(0)


def _resident(pid: int) -> int:
    """Return the bytes of a process that are resident, 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
