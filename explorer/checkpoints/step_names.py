"""What the names of checkpoints tell: which of a folder belong to a path, in which order, and at which steps.

Lightning names files epoch=3-step=400-val_loss=0.31.ckpt, and epoch=3-v1.ckpt where there is one already; Hugging
Face's Trainer folders checkpoint-400 and shards model-00001-of-00003.safetensors; loops of one's own write
resnet20_e3.pt, beside resnet20_init.pt, best.pt, last.pt and optimizer.pt.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from explorer.checkpoints.numerals import Numeral, numbers_in
from explorer.warned import warn

_WORDS = ("step=", "epoch=", "checkpoint-", "steps?[_.-]?", "(?<![a-z])iter(?:ation)?s?[_.-]?", "epochs?[_.-]?")
_TOLD = [re.compile(rf"{words}(-?)(?=\d)", re.ASCII | re.IGNORECASE) for words in _WORDS]
"""What stands before a step, the surest first."""
_BESIDE = {"best", "last", "latest", "optimizer", "optim", "scheduler", "scaler", "rng"}
"""Words in the name of what is a copy of another checkpoint, or none."""
_FIRST = {"init", "initial", "initialized", "initialization", "initialised", "initialisation", "untrained"}
"""Words in the name of what training began with."""
_SHARD = re.compile(r"\d+-of-\d+", re.ASCII)
_VERSION = re.compile(r"-v(\d{1,9})$", re.ASCII)
_ENDING = re.compile(r"(\.(safetensors|pt|pth|bin|ckpt|t7|tar))+$", re.IGNORECASE)


@dataclass(frozen=True)
class _Name:
    path: Path

    @cached_property
    def text(self) -> str:
        """The name without ending and version."""
        return _VERSION.sub("", _ENDING.sub("", self.path.name))

    @cached_property
    def version(self) -> int:
        """Which later save of the same step it is; 0 for the first."""
        match = _VERSION.search(_ENDING.sub("", self.path.name))
        return int(match[1]) if match else 0

    @cached_property
    def numbers(self) -> tuple[Numeral, ...]:
        """The numbers in it, without that of the version."""
        return numbers_in(self.text)

    @cached_property
    def words(self) -> set[str]:
        """The words in it."""
        return set(re.split(r"[^a-z]+", self.text.lower()))

    def after(self, words: re.Pattern[str]) -> Decimal | None:
        """Return the number after some words."""
        match = words.search(self.text)
        if match is None:
            return None
        number = numbers_in(self.text[match.end() :])[0]
        return None if number.kind == "moment" else -number.value if match[1] else number.value


@dataclass(frozen=True)
class _Reading:
    """What names tell."""

    steps: list[Decimal | None]
    """Of each name; None of one that tells no step."""
    is_told: bool
    """Whether by a word, and not only by being the last number."""

    @property
    def known(self) -> int:
        """How many tell a step."""
        return sum(step is not None for step in self.steps)

    @property
    def is_of_most(self) -> bool:
        """Whether most names tell a step, and not all of them the same."""
        return self.known > 1 and len(self.steps) < 2 * self.known and len({*self.steps} - {None}) > 1


def on_the_path(paths: Sequence[Path]) -> list[Path]:
    """Return the files of a folder that are checkpoints of a path, in the order that `read_trajectory` tells of, with a
    warning of those that are left out as they tell no step, and of several at one step."""
    kept = [name for name in map(_Name, paths) if _BESIDE.isdisjoint(name.words) and not _SHARD.search(name.text)]
    first, others = _first_and_others(kept)
    reading = _read(others)
    left = [each for each, step in zip(others, reading.steps, strict=True) if step is None and reading.is_of_most]
    if left:
        names = ", ".join(each.path.name for each in left[:3]) + (", ..." if left[3:] else "")
        warn(f"left out, as their names tell no step beside others that do: {names}; list the checkpoints to take them")
    by_name = dict(zip(others, _by_numbers(others), strict=True))
    steps = {name: step for name, step in zip(others, reading.steps, strict=True) if name not in left}
    told = {name: step or Decimal(0) if reading.is_told else Decimal(0) for name, step in steps.items()}
    ordered = sorted(steps, key=lambda name: (told[name], by_name[name], name.version))
    _tell_same([(name, steps[name], "" if reading.is_told else name.text) for name in ordered])
    begin = zip(_by_numbers(first), first, strict=True)
    return [name.path for name in [*(name for _, name in sorted(begin, key=lambda pair: pair[0])), *ordered]]


def steps_of(paths: Sequence[Path]) -> list[int] | None:
    """Return the step of each file, increasing; None where names tell none, or not in order."""
    names = [_Name(path) for path in paths]
    first, others = _first_and_others(names)
    told = iter(_read(others).steps)
    steps = [Decimal(0) if name in first else next(told) for name in names]
    whole = [int(step) for step in steps if step is not None and abs(step) < 2**63 and step == step.to_integral_value()]
    if not whole or len(whole) < len(steps):
        return None
    return whole if all(before < after for before, after in pairwise(whole)) else None


def _first_and_others(names: Sequence[_Name]) -> tuple[list[_Name], list[_Name]]:
    """Return what training began with, beside what came later; where all are called so, none is."""
    first = [name for name in names if not _FIRST.isdisjoint(name.words)]
    others = [name for name in names if _FIRST.isdisjoint(name.words)]
    return (first, others) if others else ([], first)


def _read(names: Sequence[_Name]) -> _Reading:
    """Return the steps that all names tell by a word, or most of them, else their last numbers."""
    told = [_Reading([name.after(words) for name in names], is_told=True) for words in _TOLD]
    of_all = [each for each in told if None not in each.steps and (len(names) == 1 or each.is_of_most)]
    of_most = [each for each in told if each.is_of_most]
    return [*of_all, *of_most, _last_numbers(names)][0]


def _last_numbers(names: Sequence[_Name]) -> _Reading:
    """Return the last number of each name; where most have it after the same letters, of these alone: beside 1, 2, 3
    the 20 of resnet20 is no step."""
    last = []
    for varied in _varied(names):
        whole = [each for each in varied if each.kind == "whole"]
        others = [each for each in varied if each.kind == "measured"]
        last.append([None, *others, *whole][-1])
    if not any(last):
        # What differs may be the version alone.
        versions = [Decimal(name.version) for name in names]
        return _Reading([*versions] if any(versions) else [None] * len(names), is_told=False)
    word, count = Counter(each.word for each in last if each is not None).most_common(1)[0]
    of_most = count > 1 and len(names) < 2 * count
    steps = [each.value if each is not None and (each.word == word or not of_most) else None for each in last]
    return _Reading([*steps], is_told=False)


def _varied(names: Sequence[_Name]) -> list[list[Numeral]]:
    """Return the numbers of each name without those that are in all, such as an architecture's; of a single name
    without those that stand directly after a letter."""
    least = min((len(name.numbers) for name in names), default=0)
    same = {i for i in range(least) if len({(name.numbers[i].before, name.numbers[i].value) for name in names}) == 1}
    if len(names) == 1:
        same = {i for i in same if names[0].numbers[i].before[-1:].isalpha()}
    return [[each for i, each in enumerate(name.numbers) if i not in same] for name in names]


def _by_numbers(names: Sequence[_Name]) -> list[list[tuple[str, Decimal]]]:
    """Return what names are sorted by: text and number by turns, numbers as numbers. Where whole ones count, what was
    measured beside them, such as an accuracy, comes last."""
    varied = _varied(names)
    counted = all(any(each.kind == "whole" for each in numbers) for numbers in varied)
    keys = []
    for name in names:
        measured = [each for each in name.numbers if counted and each.kind == "measured"]
        told = [each for each in name.numbers if each not in measured]
        keys.append([*((each.before, each.value) for each in told), (name.text, Decimal(0)),
                     *((each.before, each.value) for each in measured)])  # fmt: skip
    return keys


def _tell_same(ordered: Sequence[tuple[_Name, Decimal | None, str]]) -> None:
    """Warn of checkpoints that are at one step: nothing tells whether they are of one training."""
    pairs = [(one[0], other[0]) for one, other in pairwise(ordered) if one[1] is not None and one[1:] == other[1:]]
    if pairs:
        names = f"{pairs[0][0].path.name} and {pairs[0][1].path.name}"
        more = f", and {len(pairs) - 1} more" if pairs[1:] else ""
        all_taken = "all are taken, later versions as later saves, and steps are 0, 1, 2, ..."
        warn(f"{names} are of one step{more}: {all_taken}; of several trainings, list the checkpoints of one")
