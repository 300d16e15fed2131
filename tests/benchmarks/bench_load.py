"""How the page holds under a class: learners at once, each with a page of its own, beside the goals.

Run: python -m tests.benchmarks.bench_load [--learners 50] [--seconds 60] [--descents]

Each learner opens the page as a browser does (its scripts, layout, first answers), then commits a point every two to
four seconds, and changes the loss every twenty. With --descents each also has four optimizers of 200 steps in its
address. The learners are threads of this process, on the same machine as the server: their own work is in the times.
"""

import gzip
import http.client
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from tests.benchmarks.harness.machine import machine
from tests.support.page.dash_calls import body
from tests.support.page.other_process import answered, free_port

GOALS = {"point": 0.5, "map": 1.5, "first load": 3.0}
"""Seconds within which 95 of 100 are answered, two cores."""
DESCENTS = ("gd", "momentum", "adam", "lbfgs")
TARGETS = ("two_points", "outliers", "noisy")
LOSSES = ("mse", "mae", "huber", "log_cosh")

NONE: Mapping[str, str] = {}


@dataclass
class Found:
    """Seconds and errors by kind of request."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float, error: str = "") -> None:
        with self._lock:
            self.seconds[kind].append(seconds)
            if error:
                self.errors[f"{kind}: {error}"] += 1


class Learner:
    """One page, on one connection that stays open."""

    def __init__(self, port: int, number: int, found: Found, has_descents: bool) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._random = random.Random(number)
        self._found = found
        self._target, self._loss = self._random.choice(TARGETS), "mse"
        self._has_descents = has_descents

    def learn(self, until: float, delay: float) -> None:
        """Open the page after a while, and use it."""
        time.sleep(delay)
        self._open()
        change = time.perf_counter() + 20
        while time.perf_counter() < until:
            time.sleep(self._random.uniform(2, 4))
            self._commit()
            if time.perf_counter() > change:
                change += 20
                self._loss = self._random.choice(LOSSES)
                self._ask("map", "map.data", "scene", self._query(-1.5, 1.5))
                self._ask("minima", "minima.data", "minima-query", self._query(-1.5, 1.5))
        self._connection.close()

    def _open(self) -> None:
        began = time.perf_counter()
        page = self._request("GET /", "GET", "/").decode(errors="replace")
        for address in re.findall(r'(?:src|href)="(/[^"]*(?:\.js|\.css)[^"]*)"', page):
            self._request("asset", "GET", address)
        for path in ("/_dash-layout", "/_dash-dependencies"):
            self._request("layout", "GET", path)
        query = self._query(-1.5, 1.5)
        self._ask("opened", "opened.data", "address", query)
        self._ask("map", "map.data", "scene", query)
        self._ask("minima", "minima.data", "minima-query", query)
        self._ask("point", "point.data", "commit", query)
        self._found.note("first load", time.perf_counter() - began)

    def _commit(self) -> None:
        w, b = self._random.uniform(-3, 3), self._random.uniform(-3, 3)
        self._ask("point", "point.data", "commit", self._query(w, b))
        if self._has_descents:
            for name in DESCENTS:
                self._request("path", "GET", f"/path?{self._query(w, b, name)}")
            self._ask("reasons", "reasons.data", "reasons-query", self._query(w, b))

    def _query(self, w: float, b: float, optimizers: str = ",".join(DESCENTS)) -> str:
        descents = f"&opt={optimizers}&steps=200" if self._has_descents else ""
        return f"target={self._target}&loss={self._loss}&w={w:.3f}&b={b:.3f}{descents}"

    def _ask(self, kind: str, output: str, question: str, query: str) -> None:
        sent = json.dumps(body(output, question, {"query": query}))
        self._request(kind, "POST", "/_dash-update-component", sent, {"Content-Type": "application/json"})

    def _request(
        self, kind: str, method: str, path: str, sent: str | None = None, headers: Mapping[str, str] = NONE
    ) -> bytes:
        began, error, content = time.perf_counter(), "", b""
        try:
            while True:
                self._connection.request(method, path, sent, {"Accept-Encoding": "gzip", **headers})
                reply = self._connection.getresponse()
                content = reply.read()
                if reply.headers["Content-Encoding"] == "gzip":
                    content = gzip.decompress(content)
                if reply.status != 503:
                    break
                # As the page does: told to come again, it does.
                self._found.note("503", 0.0)
                time.sleep(float(reply.headers["Retry-After"]))
            error = str(reply.status) if reply.status >= 400 else ""
        except (OSError, http.client.HTTPException) as failed:
            error = repr(failed)[:80]
            self._connection.close()
        self._found.note(kind, time.perf_counter() - began, error)
        return content


@contextmanager
def server() -> Iterator[tuple[int, int]]:
    """Yield the port and the process of a server that is ready."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "explorer", "serve", "--port", str(port)],
                               stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        answered(f"http://127.0.0.1:{port}/")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def loaded(port: int, learners: int, seconds: float, has_descents: bool) -> Found:
    """Return what so many learners found; they come within the first eight seconds, as a class does."""
    found, until = Found(), time.perf_counter() + seconds
    threads = [
        threading.Thread(
            target=Learner(port, number, found, has_descents).learn, args=[until, 8 * number / learners], daemon=True
        )
        for number in range(learners)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 120)
    return found


def lines(found: Found) -> Iterator[str]:
    """Yield a line a kind of request: how many, p50, p95, the slowest; beside the goals."""
    for kind, seconds in found.seconds.items():
        ordered = sorted(seconds)
        p95 = ordered[round(0.95 * (len(ordered) - 1))]
        goal = GOALS.get(kind)
        verdict = "" if goal is None else f"  goal {goal:g} s: {'MET' if p95 <= goal else 'MISSED'}"
        yield (
            f"{kind:12} {len(seconds):6}  p50 {1e3 * ordered[len(ordered) // 2]:8.0f} ms  p95 {1e3 * p95:8.0f} ms  "
            f"max {1e3 * ordered[-1]:8.0f} ms{verdict}"
        )
    yield f"errors: {dict(found.errors) or 'none'}"


def taken(pid: int) -> str:
    """Return the resident memory and the open files of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    memory = re.search(r"VmRSS:\s+(\d+)", status)
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return f"{int(memory[1]) >> 10 if memory else 0} MiB, {files} files"


@click.command()
@click.option("--learners", default=50, show_default=True)
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--descents", is_flag=True, help="Four optimizers of 200 steps in each address.")
def main(learners: int, seconds: float, descents: bool) -> None:
    """Serve, load, and print what was found."""
    print(machine(1))
    with server() as (port, pid):
        before = taken(pid)
        found = loaded(port, learners, seconds, descents)
        print(f"{learners} learners, {seconds:g} s{', four optimizers each' if descents else ''}; server {before} -> "
              f"{taken(pid)}")  # fmt: skip
        for line in lines(found):
            print(line)


if __name__ == "__main__":
    main()
