"""Planes: the words --directions, --checkpoints, --trajectory -> planes, and what is shown on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import click

from explorer import directions
from explorer.checkpoints import Checkpoint, Trajectory, own_checkpoint, read_trajectory
from explorer.directions.gaussian_planes import Normalize
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.store import Store
from explorer.store.create import is_free
from explorer.sweeps.resume import planes_of

KINDS: Mapping[str, tuple[str, ...]] = {
    "gaussian": ("count", "seed", "normalize", "skip"),
    "hessian": ("count", "seed"),
    "principal": ("count",),
    "between": (),
    "through": (),
    "axes": ("entries",),
}
"""Kind of plane -> the options of OF_SOME that it understands."""
OF_SOME = ("count", "seed", "normalize", "skip", "entries")


@dataclass(frozen=True)
class Words:
    """What was asked for."""

    kind: str
    count: int
    seeds: tuple[int, ...]
    normalize: Normalize
    skip: tuple[str, ...]
    checkpoints: tuple[Path, ...]
    trajectory: tuple[Path, ...]
    entries: tuple[str, ...]
    key: str | None
    """Which of several sets of weights in a file."""
    given: frozenset[str]
    """Names of the options of OF_SOME that were given, not left at their defaults."""

    def __post_init__(self) -> None:
        wanted = {"between": 2, "through": 3}.get(self.kind)
        if wanted is not None and len(self.checkpoints) != wanted:
            raise click.UsageError(
                f"--directions {self.kind} takes {wanted} --checkpoints; got {len(self.checkpoints)}"
            )
        if self.kind == "principal" and not self.trajectory:
            raise click.UsageError("--directions principal takes --trajectory, a folder of checkpoints, or several")
        if self.kind == "axes" and not 1 <= len(self.entries) <= 2:
            raise click.UsageError('--directions axes takes one or two --entries, such as "w,b" or "fc.weight[0,1]"')
        if len(self.seeds) > 1 and self.kind != "gaussian":
            raise click.UsageError(f"several seeds are for --directions gaussian; --directions {self.kind} has one")
        for option in OF_SOME:
            if option in self.given and option not in KINDS[self.kind]:
                raise click.UsageError(f"--{option} does nothing with --directions {self.kind}: leave it out")
        for what, paths in (("--checkpoints takes each file", self.checkpoints),
                            ("--trajectory takes each folder", self.trajectory)):  # fmt: skip
            twice = [str(path) for path in paths if paths.count(path) > 1]
            if twice:
                raise click.UsageError(f"{what} once; {twice[0]} is given {len(twice)} times")
        if self.trajectory and self.checkpoints and wanted is None:
            raise click.UsageError("give --checkpoints or --trajectory, not both")


@dataclass(frozen=True)
class Chosen:
    """The planes of an objective that the words mean, and what is projected onto the first."""

    objective: Objective
    words: Words
    store: Path | None
    """That may hold Hessian directions, which take long to find, and differ in the last digits each time."""

    @cached_property
    def planes(self) -> tuple[Plane, ...]:
        """One plane for each seed."""
        ways: Mapping[str, Callable[[], Plane]] = {
            "hessian": self._hessian,
            "principal": lambda: directions.principal(self.trajectories, count=self.words.count),
            "between": partial(self._laid_through, directions.between),
            "through": partial(self._laid_through, directions.through),
            "axes": partial(directions.axes, self.objective, *self.words.entries),
        }
        if self.words.kind in ways:
            return (ways[self.words.kind](),)
        drawn = partial(directions.gaussian, self.objective, self.words.count, normalize=self.words.normalize)
        return tuple(drawn(seed=seed, skip=self.words.skip) for seed in self.words.seeds)

    @cached_property
    def saved(self) -> dict[str, Checkpoint]:
        """Name -> each checkpoint."""
        named = _named(self.words.checkpoints)
        return {name: own_checkpoint(self.objective, path, key=self.words.key) for name, path in named.items()}

    @cached_property
    def trajectories(self) -> dict[str, Trajectory]:
        """Name -> each trajectory that was given, by its folder."""
        named = _named(self.words.trajectory)
        return {name: read_trajectory(self.objective, path, key=self.words.key) for name, path in named.items()}

    @property
    def shown(self) -> Mapping[str, Checkpoint | Trajectory] | Trajectory | None:
        """What is projected onto the plane beside its ends; a single trajectory has no need of a name."""
        if len(self.trajectories) == 1:
            return next(iter(self.trajectories.values()))
        beside = {} if self.words.kind in ("between", "through") else self.saved
        return self.trajectories or beside or None

    def _laid_through(self, way: Callable[..., Plane]) -> Plane:
        """Return the plane through the checkpoints, which keep the names of their files."""
        plane = way(*(each.theta for each in self.saved.values()))
        return replace(plane, ends=self.saved)

    def _hessian(self) -> Plane:
        seed = self.words.seeds[0]
        stored = None if self.store is None or is_free(self.store) else Store.open(self.store)
        same = {"kind": "hessian", "which": "largest", "seed": seed}
        if stored is not None and stored.spec.get("directions") == [same]:
            # The rest of the spec, theta and data among it, is compared when the sweep begins.
            plane = planes_of(stored.path)[0]
            if len(plane.basis) == self.words.count and len(plane.origin) == len(self.objective.theta):
                return plane.to(device=self.objective.device, dtype=self.objective.dtype)
        return directions.hessian(self.objective, count=self.words.count, seed=seed)


def _named(paths: tuple[Path, ...]) -> dict[str, Path]:
    """Return the paths by their last parts, where these tell them apart."""
    stems = [path.stem for path in paths]
    return dict(zip(stems if len(set(stems)) == len(stems) else map(str, paths), paths, strict=True))
