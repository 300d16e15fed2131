"""Trial: what is tried on a new objective, one thing after another, as each rests on those before."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.numerics.rounding import eps_of
from explorer.objective.attributes import refuse_used_again
from explorer.objective.backward_graph import coarsest_on_the_way
from explorer.objective.blocks import given, in_blocks
from explorer.objective.data import Data
from explorer.objective.loaders.batch_data import Batch, Batches
from explorer.objective.loaders.readers import Reader
from explorer.objective.model import Binding, Evaluate
from explorer.objective.placements import Placement, placement_of
from explorer.objective.samples import Samples
from explorer.objective.terms import Composite, Metric, Outcome, Problem
from explorer.objective.trials.additivity import refuse_not_made_of_blocks
from explorer.objective.trials.masks import refuse_unmasked
from explorer.objective.trials.on_batches import admitted_counts, refuse_unsound, tried
from explorer.objective.trials.on_samples import admit, elsewhere, nearby, probe_of
from explorer.objective.trials.refusals import (
    refuse_kept,
    refuse_other_kind,
    refuse_other_when_trained,
    refuse_outside,
    refuse_still,
)


@dataclass
class Trial:
    """The parts of an objective. What is unsound is refused; what is found out on the way becomes theirs."""

    binding: Binding
    problem: Problem
    data: Data | Batches | None
    test_data: Data | Batches | None
    whole: bool
    """Whether all data are evaluated at once, as BatchNorm's statistics of them ask for."""
    roundings: dict[str, float] = field(default_factory=dict)
    """Of the terms and metrics that are less exact than theta's dtype is."""

    def admit(self, reader: Reader | None) -> None:
        """Try the parts, and choose how much data to evaluate at once.

        Args:
            reader: of the data; None for an objective that was admitted before, on another device or in another dtype.

        Raises:
            ObjectiveError: they do not make one scalar that is the same at every evaluation.
        """
        if self.whole and any(_is_several(data) for data in (self.data, self.test_data)):
            raise ObjectiveError(
                'batchnorm="recompute" evaluates all data at once, and these do not fit in memory, or are batches of '
                "their own: give fewer samples, or one batch"
            )
        if reader is not None:
            self.binding.placement = self._placement()
        if isinstance(self.problem, Composite) and not self.problem.term_names:
            batch = next(self._probes()) if isinstance(self.data, Batches) else None
            assert not isinstance(batch, Samples)
            found = tried(lambda each: self.binding.call(self._theta, self.problem, *given(each)), batch)
            self.problem = self.problem.named(tuple(found.terms))
        self.roundings = self._roundings()
        # Statistics are those of all training data, so these stay in one block.
        self.data = self._admitted(self.data, self.problem, reader, whole=self.whole)
        if self.test_data is not None:
            self.test_data = self._admitted(self.test_data, tested(self.problem, self.data, whole=self.whole), reader)

    def refuse_apart(self, users: Collection[Tensor], kept: Mapping[str, Tensor], unused: nn.Module) -> None:
        """Refuse what is computed of something else than theta: of another model, or of what the model has kept.

        Args:
            users: the parameters of the model that was given, of which this one is a copy.
            kept: name -> tensor that the copy holds, which the given model had computed.
            unused: the binding's, from before the first evaluation.
        """
        for probe in self._probes():
            self._refuse_apart(probe, users, kept, unused)

    @property
    def _theta(self) -> Tensor:
        return self.binding.theta.clone()

    def _probes(self) -> Iterator[Samples | Batch | None]:
        """Yield a few samples, or a few batches, to try things on; None where terms hold their own."""
        if isinstance(self.data, Batches):
            # In memory of their own: it is not known yet whether they are written to.
            yield from (batch.cloned() for batch in self.data.probes)
        else:
            yield None if self.data is None else probe_of(self.data)

    def _refuse_apart(
        self, probe: Samples | Batch | None, users: Collection[Tensor], kept: Mapping[str, Tensor], unused: nn.Module
    ) -> None:
        at, roundings = elsewhere(self._theta), self.roundings

        def terms(theta: Tensor) -> dict[str, Tensor]:
            return self.binding.call(theta, self.problem, *given(probe)).terms

        refuse_outside(self._by_leaves(probe), [*users, *self.binding.model.parameters()])
        refuse_used_again(kept, lambda: terms(at), roundings)
        refuse_kept(terms(at), self.binding.anew(unused, at, self.problem, *given(probe)).terms, roundings)
        refuse_other_when_trained(terms, self._theta, roundings)
        refuse_still(terms, (self._theta, at))

    def _placement(self) -> Placement:
        """Return how theta is to be put under the model: the most that any of the probes asks for."""
        order = list(Placement)
        found = []
        for probe in self._probes():

            def terms(theta: Tensor, probe: Samples | Batch | None = probe) -> Tensor:
                return torch.stack(list(self.binding.call(theta, self.problem, *given(probe)).terms.values()))

            found.append(placement_of(self.binding, terms, self.binding.layout, nearby(self._theta)))
        return max(found, key=order.index)

    def _by_leaves(self, probe: Samples | Batch | None, **metrics: Metric) -> dict[str, Tensor]:
        """Return the terms at the model's own theta with their graphs; none where the user's code raises: the trials
        that come after tell it."""
        problem = replace(self.problem, metrics=metrics)
        try:
            found: Outcome = self.binding.under_leaves(self._theta, lambda model, _: problem(model, *given(probe)))
        except Exception:
            return {}
        return {name: value for name, value in found.terms.items() if isinstance(value, Tensor)}

    def _roundings(self) -> dict[str, float]:
        """Return the relative rounding of each term and metric that is coarser than that of theta's dtype. Metrics have
        at least that of what they are computed from, the model of the coarsest term."""
        raw: dict[str, float] = {}
        noted = {name: partial(_noted, raw, name, metric) for name, metric in self.problem.metrics.items()}
        terms = self._by_leaves(next(self._probes()), **noted)
        found = {name: coarsest_on_the_way(value) for name, value in terms.items()}
        coarsest = max(found.values(), default=0.0)
        found |= {name: max(coarsest, raw.get(name, 0.0)) for name in noted}
        found |= {f"test_{name}": eps for name, eps in {"loss": coarsest, **found}.items()}
        return {name: eps for name, eps in found.items() if eps > eps_of(self.binding.theta)}

    def _admitted(
        self, data: Data | Batches | None, evaluate: Evaluate, reader: Reader | None, *, whole: bool = False
    ) -> Data | Batches | None:
        theta, roundings = self._theta, self.roundings

        def measure(at: Tensor, samples: Samples | Batch | None) -> Outcome:
            return self.binding.call(at, evaluate, *given(samples))

        if isinstance(data, Batches):
            refuse_unsound(measure, theta, data, roundings)
            return data if reader is None else admitted_counts(measure, theta, data, roundings, reader)
        if data is None:
            admit(measure, theta, None, roundings)
            return None
        refuse_other_kind(data.first[:1], self.binding.dtypes, theta.device)
        before, data = len(data.first), data if whole else in_blocks(self.binding, data, evaluate)
        admit(measure, theta, data, roundings)
        for share, samples in data.shared():
            if share and samples.masked:
                outcome = measure(theta.clone(), samples)
                refuse_unmasked(outcome.terms | outcome.metrics, samples)
        if len(data.first) < len(data) and (reader is not None or before == len(data)):
            refuse_not_made_of_blocks(measure, theta, data, roundings)
        return data


def tested(problem: Problem, data: Data | Batches | None, *, whole: bool) -> Evaluate:
    """Return how test data are measured: after the training data, where BatchNorm takes the statistics of all of these.

    Raises:
        ObjectiveError: it does, and a batch loss decides what it sees.
    """
    before = None
    if whole and data is not None:
        if isinstance(problem, Composite):
            raise ObjectiveError('expected no test_data beside batchnorm="recompute" where there is a batch_loss')
        before = data.first.given[0]
    return partial(problem.test, before=before)


def _is_several(data: Data | Batches | None) -> bool:
    return data is not None and (data.streamed or (isinstance(data, Batches) and len(data) > 1))


def _noted(raw: dict[str, float], name: str, metric: Metric, *given: Any) -> Any:
    value = metric(*given)
    if isinstance(value, Tensor) and value.is_floating_point():
        raw[name] = eps_of(value)
    return value
