"""A page served by another process."""

import socket
import time
import urllib.request


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetched(url: str) -> bytes:
    """Return what is served there."""
    with urllib.request.urlopen(url, timeout=20) as reply:
        content: bytes = reply.read()
        return content


def answered(url: str, seconds: float = 30) -> bytes:
    """Return what is served there as soon as it is; a server needs some seconds to start."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return fetched(url)
        except OSError:
            assert time.monotonic() < deadline, "the server never answered"
            time.sleep(0.1)
