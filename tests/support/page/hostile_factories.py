"""Functions that a store may name, each of which does what no server should suffer."""

import os
import time

from explorer import Objective
from tests.support.slice_cases import network


def hangs() -> Objective:
    time.sleep(600)
    return network()


def leaves() -> Objective:
    raise SystemExit(3)


def dies() -> Objective:
    os._exit(7)


def eats() -> Objective:
    eaten = []
    while True:
        eaten.append(bytearray(b"x" * (16 << 20)))


def talks() -> Objective:
    print('{"found": {"values": {"loss": 0.0}}}')
    return network()


def writes(marker: str) -> None:
    """No factory: it does not say that it returns an Objective, and it returns none."""
    open(marker, "w").close()


def needs(seed: int = 0, kinds: list[str] | None = None) -> Objective:
    return network(seed=seed)
