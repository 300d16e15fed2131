"""The address is the state: it round-trips, and nothing that stands in it can break the page."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import STUDIES
from explorer.dashboard.common.address import MODES
from explorer.dashboard.lesson.readers import HIDEABLE, LAYERS, MOST_PATHS, MOST_POINTS, VIEWS, read_points
from explorer.dashboard.lesson.state import State, fields_of, parse, query, start
from explorer.descent import OPTIMIZERS, SCHEDULES
from explorer.errors import StateError
from tests.support.page.lesson_states import lesson_state

NEURON = STUDIES["neuron"]
coordinate = st.floats(-100, 100, allow_nan=False)


def subset(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(names)).map(lambda chosen: tuple(name for name in names if name in chosen))


own = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=MOST_POINTS).map(tuple)
rate = st.floats(0.001, 100).map(lambda value: f"@{repr(value).removesuffix('.0')}")
optimizer = st.builds(lambda name, rate: name + rate, st.sampled_from(list(OPTIMIZERS)), st.just("") | rate)
states = st.builds(
    State,
    study=st.just("neuron"),
    target=st.sampled_from(list(NEURON.targets)),
    loss=st.sampled_from([*NEURON.losses, *NEURON.hidden]),
    parameters=st.tuples(st.tuples(st.just("delta"), st.floats(0.01, 10))),
    w=st.floats(-1000, 1000),
    b=st.floats(-1000, 1000),
    n=st.integers(17, 513),
    view=st.sampled_from(VIEWS),
    layers=subset(LAYERS),
    hide=subset((*HIDEABLE, "delta")),
    mode=subset(MODES),
    lr=st.floats(0.001, 100),
    opt=st.lists(optimizer, max_size=MOST_PATHS, unique=True).map(tuple),
    steps=st.integers(1, 5000),
    batch=st.integers(0, 1000),
    seed=st.integers(0, 9999),
    schedule=st.sampled_from(list(SCHEDULES)),
    at=st.integers(-1, 5000),
    activity=st.sampled_from(["", *(activity.name for activity in NEURON.activities)]),
)


@settings(max_examples=200, deadline=None)
@given(states)
def test_every_state_survives_its_address(state: State) -> None:
    assert parse(query(state, STUDIES), STUDIES) == (state, ())


@settings(max_examples=100, deadline=None)
@given(own)
def test_own_points_survive_to_the_last_digit(points: tuple[tuple[float, float], ...]) -> None:
    state = lesson_state(target="own", points=points)
    assert parse("?" + query(state, STUDIES), STUDIES) == (state, ())


def test_the_default_state_has_an_empty_address() -> None:
    assert query(start(STUDIES), STUDIES) == ""


def test_forty_points_fit_into_an_address() -> None:
    state = lesson_state(target="own", points=tuple((-99.125 + i, 0.125 * i) for i in range(MOST_POINTS)))
    assert len(query(state, STUDIES)) < 1000


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    state, _ = parse(text, STUDIES)
    assert parse(query(state, STUDIES), STUDIES)[0] == state


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([field.key for field in fields_of(STUDIES)]), st.text(max_size=30))
def test_a_value_is_taken_or_named_never_silently_replaced(key: str, text: str) -> None:
    from urllib.parse import quote

    state, notes = parse(f"target=two_points&{key}={quote(text)}", STUDIES)
    default = parse("target=two_points", STUDIES)[0]
    assert state != default or notes or parse(query(state, STUDIES), STUDIES)[0] == default
    assert all(note.startswith(f"{key}:") or key == "points" for note in notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("w=abc", "w: a number was expected, 'abc' came"),
        ("w=nan", "w: a finite number was expected"),
        ("b=1e999", "b: a finite number was expected"),
        ("delta=-5", "delta: a number from 0.01 to 10 was expected, -5 came"),
        ("loss=<script>", "loss: one of mse, mae, huber, log_cosh"),
        ("n=100000", "n: a number from 17 to 513"),
        ("n=20.5", "n: a whole number"),
        ("target=own", "none came"),
        ("points=1_1~2_2", "points: they belong to target=own"),
        ("w=1_0", "w: a number was expected, '1_0' came"),
        ("target=own&points=1_2_3", "points: a number was expected, '2_3' came"),
        ("target=own&points=1_2~x_3", "points: a number was expected, 'x' came"),
        ("target=own&points=" + "~".join(["1_1"] * 41), "points: at most 40 points were expected, 41 came"),
        ("opt=sgd", "opt: one of gd, momentum"),
        ("opt=gd@0", "opt: a number from 0.001 to 100 was expected, 0 came"),
        ("opt=gd@", "opt: a number was expected, '' came"),
        ("opt=" + ",".join(f"gd@{i}" for i in range(1, 10)), "opt: at most 8 optimizers were expected, 9 came"),
        ("steps=0", "steps: a number from 1 to 5000 was expected, 0 came"),
        ("batch=1.5", "batch: a whole number"),
        ("schedule=linear", "schedule: one of none, step"),
        ("at=-2", "at: a number from -1 to 5000"),
        ("layers=clouds", "layers: one of contours"),
    ],
)
def test_what_cannot_be_taken_is_said(text: str, said: str) -> None:
    state, notes = parse(text, STUDIES)
    assert any(said in note for note in notes), notes
    assert all(math.isfinite(value) for value in (state.w, state.b, *dict(state.parameters).values()))


def test_an_optimizer_stands_once_with_its_rate_as_the_page_writes_it() -> None:
    state, notes = parse("opt=gd,adam@0.1,gd@1.0,gd@1,adam@.10", STUDIES)
    assert (state.opt, notes) == (("gd", "adam@0.1", "gd@1"), ())
    assert query(state, STUDIES) == "opt=gd,adam@0.1,gd@1"
    assert parse("opt=none", STUDIES) == (start(STUDIES), ())


def test_unknown_keys_of_later_versions_are_ignored() -> None:
    assert parse("zoom=3&w=1.5", STUDIES) == (lesson_state(w=1.5), ())


def test_an_activity_alone_sets_its_scene_and_with_more_the_address_rules() -> None:
    activity = next(each for each in NEURON.activities if "target" in each.setup)
    state, notes = parse(f"activity={activity.name}", STUDIES)
    assert notes == ()
    assert state.target == activity.setup["target"]
    assert parse(f"activity={activity.name}&target=noisy", STUDIES)[0] == lesson_state(
        target="noisy", activity=activity.name
    )
    dark, _ = parse(f"activity={activity.name}&mode=dark", STUDIES)
    assert (dark.target, dark.mode) == (activity.setup["target"], ("dark",))


def test_every_scene_of_an_activity_is_an_address_without_complaints() -> None:
    for activity in NEURON.activities:
        assert parse(f"activity={activity.name}", STUDIES)[1] == (), activity.name


def test_points_need_both_coordinates() -> None:
    with pytest.raises(StateError, match="x_y"):
        read_points("1~2")
