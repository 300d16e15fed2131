"""The program of a child that does as it is told."""

import os
import time
from typing import Any

from explorer.dashboard.child import answer_lines


def answer(asked: dict[str, Any]) -> Any:
    if "pid" in asked:
        return os.getpid()
    if "print" in asked:
        print(asked["print"], flush=True)
    if "sleep" in asked:
        time.sleep(asked["sleep"])
    if "eat" in asked:
        eaten = bytearray(b"x" * asked["eat"])
        time.sleep(60)
        return len(eaten)
    if "exit" in asked:
        os._exit(asked["exit"])
    if "kill" in asked:
        os.kill(os.getpid(), asked["kill"])
    return asked


if __name__ == "__main__":
    answer_lines(answer)
