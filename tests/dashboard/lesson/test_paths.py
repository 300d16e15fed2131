"""Paths on the page: what torch.optim does, told to the last digit; no more often than asked."""

import json
import math
from dataclasses import replace
from functools import partial

import pytest
import torch

from experiments import STUDIES
from explorer.dashboard import create_app
from explorer.dashboard.lesson import cached_descents, paths, race_file
from explorer.dashboard.lesson.answers import Callbacks
from explorer.dashboard.lesson.objectives import objective_of
from explorer.dashboard.lesson.state import State, parse
from explorer.dashboard.worker import WORKER
from explorer.descent import OPTIMIZERS, SCHEDULES, descend
from explorer.figures.theme import RACERS
from explorer.study import Study
from tests.support.page.path_cases import LINE
from tests.support.page.programs import path_in, printed

NEURON, REACTION = STUDIES["neuron"], STUDIES["reaction"]


def state(query: str, study: Study = NEURON) -> State:
    found, notes = parse(query, {study.name: study})
    assert notes == ()
    return found


@pytest.mark.parametrize("query", ["opt=adam", "opt=gd,momentum@0.1&steps=50", "opt=lbfgs&loss=huber",
                                   "opt=rmsprop&batch=3&seed=7&target=noisy&steps=40",
                                   "opt=gd&schedule=cosine&steps=30&w=0.5&b=-2",
                                   "opt=nesterov@0.05&target=own&points=-1_0.3~1_2&steps=20"])  # fmt: skip
def test_a_path_is_that_of_descend_to_the_last_digit(query: str) -> None:
    asked = state(query)
    which = len(asked.opt) - 1
    name, _, rate = asked.opt[which].partition("@")
    path = descend(
        objective_of(asked, NEURON), torch.tensor([asked.w, asked.b], dtype=torch.float64), name,
        float(rate or asked.lr), asked.steps, scheduler=SCHEDULES[asked.schedule](asked.steps),
        batch_size=asked.batch or None, seed=asked.seed, tolerance=cached_descents.TOLERANCE,
    )  # fmt: skip
    told = json.loads(json.dumps(paths.path_numbers(asked, NEURON, which)))
    # repr and back is exact for float64.
    assert told["thetas"] == path.thetas.tolist()
    assert told["losses"] == path.losses.tolist()
    assert told["norms"] == path.gradient_norms.tolist()
    assert (told["outcome"], told["lr"]) == (path.outcome, float(rate or asked.lr))


def test_a_term_study_walks_too_with_all_its_data() -> None:
    asked = state("study=reaction&opt=gd&weight=3&steps=5&batch=2", REACTION)
    told = paths.path_numbers(asked, REACTION)
    objective = objective_of(asked, REACTION)
    theta = torch.tensor([asked.w, asked.b], dtype=torch.float64)
    for row in told["thetas"]:
        # The same operations in the same order: equal.
        assert row == theta.tolist()
        theta = theta - asked.lr * torch.func.grad(objective)(theta)


def test_there_is_within_1e_minus_8_of_the_lowest_certified_minimum() -> None:
    # The valley of the lesson at its best constant rate, 2 / (λmin + λmax), from (w* + 1, b*): 231 steps.
    lowest = paths.minima(state("target=short_baseline"), NEURON)[0]["points"][0]
    w, b = lowest["theta"]
    low, high = lowest["eigenvalues"]
    told = paths.path_numbers(
        state(f"target=short_baseline&opt=gd@{2 / (low + high)!r}&w={w + 1!r}&b={b!r}&steps=300"), NEURON
    )
    assert told["least"] == lowest["loss"]
    assert told["reached"] == 231


def test_without_a_certified_minimum_the_lowest_of_the_path_counts() -> None:
    told = paths.path_numbers(state("target=step_labels&opt=gd&steps=30"), NEURON)
    assert told["least"] is None
    assert told["losses"][told["reached"]] <= min(told["losses"]) + paths.CLOSE < told["losses"][told["reached"] - 1]


def test_a_diverged_path_says_where_and_keeps_json_finite() -> None:
    asked = state("opt=gd@3&w=1&b=1&steps=5000", LINE)
    told = paths.path_numbers(asked, LINE)
    why = paths.reason(asked, LINE, 0)
    # w grows by |1 - 3 * 8| = 23 a step: the first k at which 4 * 23^2k leaves float64. b, by 5 a step, adds nothing.
    k = math.ceil(math.log(torch.finfo(torch.float64).max / 4) / 2 / math.log(23))
    assert told["outcome"] == why["kind"] == "diverged"
    assert len(told["losses"]) - 1 == k
    assert told["losses"][-1] is None
    assert f"diverged at step {k}" in why["sentence"]
    json.dumps(told, allow_nan=False)


def test_limits_are_those_of_the_hessian_at_the_point() -> None:
    found = paths.limits_at(state("w=3&b=-2", LINE), LINE)
    # diag(8, 2): products with it are exact here, the eigensolver is right to a few ulp.
    assert (found["stable_rate"], found["best_rate"], found["condition"]) == pytest.approx((0.25, 0.2, 4), rel=1e-14)
    saddle = paths.limits_at(state(""), NEURON)
    assert (saddle["best_rate"], saddle["condition"]) == (None, None)


def test_a_class_of_the_catalogue_walks_under_its_name_and_a_refusal_is_told() -> None:
    class Fussy(torch.optim.SGD):
        """Takes no rate above 1."""

        def __init__(self, parameters, lr: float) -> None:  # type: ignore[no-untyped-def]
            if lr > 1:
                raise ValueError("rate above 1")
            super().__init__(parameters, lr)

    study = replace(NEURON, optimizers={"nadam": torch.optim.NAdam, "fussy": Fussy})
    asked = state("opt=nadam@0.1,fussy@2&steps=10", study)
    told = paths.path_numbers(asked, study)
    assert (told["title"], len(told["thetas"])) == ("NAdam", 11)
    assert "rate above 1" in paths.path_numbers(asked, study, 1)["refused"]
    assert paths.reason(asked, study, 1)["kind"] == "refused"


def test_a_path_is_walked_once_whatever_else_is_shown() -> None:
    asked = state("opt=gd,adam&target=mirror&steps=20")
    paths.path_numbers(asked, NEURON, 1)
    before = cached_descents._walk.cache_info().misses
    paths.path_numbers(replace(asked, opt=("adam",), view="race", at=3, hide=("tape",), n=33), NEURON)
    assert cached_descents._walk.cache_info().misses == before


def test_a_walk_pauses_between_steps_with_a_schedule_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_descents, "SPELL", 0.0)
    for schedule in SCHEDULES:
        pauses: list[int] = []
        monkeypatch.setattr(WORKER, "pause", partial(pauses.append, 1))
        asked = state(f"opt=adagrad&schedule={schedule}&target=noisy&steps=65&w=2.125")
        told = paths.path_numbers(asked, NEURON)
        assert len(told["losses"]) == 66
        assert len(pauses) == 65


def test_a_hidden_loss_is_not_told_by_a_program() -> None:
    asked = state(f"opt=gd&loss={next(iter(NEURON.hidden))}&steps=3")
    assert paths.reason(asked, NEURON, 0)["program"] == ""


@pytest.mark.parametrize(("query", "study"), [("opt=momentum@0.1&steps=7", NEURON),
                                               ("study=reaction&opt=adam@0.1&steps=7&weight=3", REACTION)])  # fmt: skip
def test_the_copied_program_walks_the_path_on_the_page(query: str, study: Study) -> None:
    asked = state(query, study)
    trace = path_in(printed(paths.reason(asked, study, 0)["program"]))
    told = paths.path_numbers(asked, study)
    assert trace[:, 2:].tolist() == told["thetas"]
    assert trace[:, 1].tolist() == told["losses"]


def test_an_optimizer_of_a_catalogue_that_no_program_can_import_has_none() -> None:
    class Own(torch.optim.SGD):
        pass

    study = replace(NEURON, optimizers={"own": Own})
    found = paths.reason(state("opt=own@0.1&steps=3", study), study, 0)
    assert found["program"] == ""
    assert found["sentence"]


def test_the_callbacks_take_whatever_comes() -> None:
    answers = Callbacks({"neuron": NEURON})
    assert answers.path({"query": "opt=adam@0.1&steps=3"})["title"] == "Adam"
    assert answers.path({"query": "opt=oops"}) == {"query": "opt=oops"}
    assert answers.path(None) == {"query": ""}
    found = answers.reasons({"query": "opt=adam,gd&steps=3"})
    assert len(found["paths"]) == 2
    assert found["limits"]["lambda_max"] > 0


def test_the_route_answers_an_address_and_fails_for_none() -> None:
    client = create_app({"neuron": NEURON, "line": LINE}).server.test_client()
    told = client.get("/path?study=line&opt=gd@0.2&w=1&b=1&steps=2")
    # w (1 - 0.2 * 8)^k and b (1 - 0.2 * 2)^k: a rounding or two a step.
    expected = [[(-0.6) ** k, 0.6**k] for k in range(3)]
    assert [value for row in told.get_json()["thetas"] for value in row] == pytest.approx(
        [value for row in expected for value in row], rel=1e-14
    )
    for query in ("", "opt=%ff", "opt=gd,adam&steps=1&w=%00", "\xff\xfe", "opt=gd@9e999"):
        assert client.get("/path", environ_overrides={"QUERY_STRING": query}).status_code == 200
    assert client.post("/path").status_code == 405


def test_every_path_has_a_style_of_its_own_and_an_optimizer_keeps_its() -> None:
    assert race_file.styles(tuple(OPTIMIZERS)) == list(range(8))
    mixed = race_file.styles(("gd", "gd@5", "adam", "gd@7", "nadam", "lbfgs", "gd@8", "gd@9"))
    assert sorted(mixed) == list(range(8))
    assert (mixed[0], mixed[2], mixed[5]) == (0, 5, 7)
    assert [len({*each}) for each in zip(*RACERS, strict=True)] == [8, 8]
