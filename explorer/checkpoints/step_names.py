"""What the names of checkpoints tell: which of a folder belong to a path, and at which steps.

Lightning names files epoch=3-step=400-val_loss=0.31.ckpt, Hugging Face's Trainer folders checkpoint-400 and shards
model-00001-of-00003.safetensors; loops of one's own write epoch_3.pt, beside best.pt, last.pt and optimizer.pt.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

_DIGITS = re.compile(r"(\d+)", re.ASCII)
_TOLD = [re.compile(rf"{words}(\d+)", re.ASCII | re.IGNORECASE) for words in ("step=", "epoch=", "checkpoint-")]
_BESIDE = {"best", "last", "latest", "optimizer", "optim", "scheduler", "scaler", "rng"}
"""Words in the name of what is a copy of another checkpoint, or none."""
_SHARD = re.compile(r"\d+-of-\d+", re.ASCII)


def on_the_path(paths: Sequence[Path]) -> list[Path]:
    """Return the files of a folder that are checkpoints of a path, in order of their steps, else of their names with
    numbers as numbers (epoch_2 before epoch_10)."""
    kept = sorted((path for path in paths if not _is_beside(path)), key=_natural)
    steps = _told(kept)
    return (
        kept if steps is None else [path for _, path in sorted(zip(steps, kept, strict=True), key=lambda pair: pair[0])]
    )


def steps_of(paths: Sequence[Path]) -> list[int] | None:
    """Return the step of each file, increasing: what all names tell after step=, epoch= or checkpoint-, else the last
    number in each; None where there are none in order."""
    told = _told(paths)
    numbers = [_DIGITS.findall(path.stem) for path in paths]
    steps = told or ([int(each[-1]) for each in numbers] if all(numbers) else [])
    return steps if steps and all(before < after for before, after in pairwise(steps)) else None


def _told(paths: Sequence[Path]) -> list[int] | None:
    for pattern in _TOLD:
        found = [pattern.search(path.name) for path in paths]
        if found and all(found):
            return [int(match[1]) for match in found if match]
    return None


def _is_beside(path: Path) -> bool:
    words = re.split(r"[^a-z]+", path.stem.lower())
    return not _BESIDE.isdisjoint(words) or _SHARD.search(path.stem) is not None


def _natural(path: Path) -> list[tuple[str, int]]:
    # Names split into text and number by turns.
    pieces = [*_DIGITS.split(path.name), "0"]
    return [(text, int(number)) for text, number in zip(pieces[::2], pieces[1::2], strict=True)]
