"""Evaluation by the model's own code, at many points at once or one after another."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from explorer.objective import Objective
from explorer.objective.batching import Many
from explorer.objective.blocks import Part, add_share
from explorer.plane import Plane
from explorer.quantities import Wanted
from explorer.sweeps.evaluation.blocks_to_try import Blocks
from explorer.sweeps.evaluation.fields import Fields, joined


class OwnCode:
    """coords [N, K] -> fields.

    Args:
        objective, plane, wanted: what to measure where.
        many: all points together, or one after another.
        graph: whether autograd records even where no gradient is asked.
        blocks: of the data, to be measured.
    """

    def __init__(
        self, objective: Objective, plane: Plane, wanted: Wanted, many: Many, *, graph: bool, blocks: Blocks
    ) -> None:
        self._objective, self._plane, self._wanted = objective, plane, wanted
        self._batched, self._graph, self._blocks = many.batched, graph, blocks
        self._values = wanted.values.at_block(plane, many) if wanted.values else None
        self._summed = {quantity.name: quantity.at_block(plane, many) for quantity in wanted.summed}
        self._whole = {quantity.name: quantity.measure(objective, plane, many) for quantity in wanted.whole}
        self._dims = wanted.dims(objective, plane.labels)

    def __call__(self, coords: Tensor) -> Fields:
        groups = (coords,) if self._batched else torch.split(coords, 1)
        with torch.set_grad_enabled(self._graph):
            sums = self._points_inside(groups) if self._objective.streamed else map(self._sum, groups)
            return joined([self._finished(total, group) for total, group in zip(sums, groups, strict=True)])

    def _sum(self, coords: Tensor) -> Fields:
        total: Fields = {}
        thetas = self._plane.at(coords)
        for part in self._parts():
            add_share(total, part.share, self._at_block(part, thetas))
        return total

    def _points_inside(self, groups: Iterable[Tensor]) -> list[Fields]:
        """Go through the data once for all points: a pass over a stream costs more than forming theta again."""
        sums: list[Fields] = [{} for _ in groups]
        for part in self._parts():
            for total, group in zip(sums, groups, strict=True):
                add_share(total, part.share, self._at_block(part, self._plane.at(group)))
        return sums

    def _parts(self) -> Iterator[Part]:
        if self._wanted.over_blocks:
            yield from (part for _, part in self._blocks.of(self._objective.parts()))
        if self._values is not None:
            yield from (part for _, part in self._blocks.of(self._objective.test_parts()))

    def _at_block(self, part: Part, thetas: Tensor) -> Fields:
        fields = self._values(part, thetas) if self._values is not None else {}
        if part.trains:
            fields |= {name: measure(part, thetas).detach() for name, measure in self._summed.items()}
        return fields

    def _finished(self, total: Fields, coords: Tensor) -> Fields:
        fields = {name: total[name] for name in self._summed}
        if self._whole:
            thetas = self._plane.at(coords)
            fields |= {name: measure(thetas).detach().to(thetas) for name, measure in self._whole.items()}
        for name, field in fields.items():
            self._refuse_other_shape(name, field, len(coords))
        return self._wanted.values.finished(total, self._objective) | fields

    def _refuse_other_shape(self, name: str, field: Tensor, points: int) -> None:
        extra = self._dims[name]
        expected = (points, *(len(labels) for labels in extra.values()))
        if field.shape != expected:
            raise ValueError(
                f"expected {name!r} of shape {expected}, the points and its dims {list(extra)}; got "
                f"{tuple(field.shape)}: measure all thetas, or give it other dims"
            )
