"""The address of /slice: every state has one, every address has a state."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.dashboard.stores.state import HIDEABLE, KEYS, LAYERS, SCALES, VIEWS, State, parse

names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,20}\Z")
numbers = st.floats(-1e6, 1e6)
states = st.builds(
    State,
    store=names,
    beside=names,
    quantity=st.sampled_from(["loss", "accuracy", "initial condition & more", "∂u=0", "a,b"]),
    view=st.sampled_from(VIEWS),
    scale=st.sampled_from(SCALES),
    seed=st.integers(0, 2**53),
    a=numbers,
    b=numbers,
    layers=st.sets(st.sampled_from(LAYERS)).map(lambda chosen: tuple(name for name in LAYERS if name in chosen)),
    hide=st.sets(st.sampled_from(HIDEABLE)).map(lambda chosen: tuple(name for name in HIDEABLE if name in chosen)),
)


@given(states)
def test_an_address_opens_the_state_that_wrote_it(state: State) -> None:
    assert parse(state.query()) == (state, ())


def test_defaults_are_left_out_and_unknown_keys_ignored() -> None:
    assert State(store="x.zarr", beside="y.zarr", a=0.5).query() == "store=x.zarr&with=y.zarr&a=0.5"
    assert parse("?store=x.zarr&later=1") == (State(store="x.zarr"), ())
    assert "beside" not in KEYS


@pytest.mark.parametrize(
    "query",
    ["store=../x", "store=.hidden", "with=a/b", "store=a%00b", "quantity=", "quantity=%01", "view=4d", "scale=cubic",
     "seed=1.5", "seed=-3", "a=nan", "b=1e9", "a=1_0", "layers=gold", "mode=neon", "hide=all", "quantity=" + "x" * 81],
)  # fmt: skip
def test_what_cannot_be_shown_keeps_its_default_and_is_told(query: str) -> None:
    state, notes = parse(query)
    assert state == State()
    assert len(notes) == 1
    assert notes[0].startswith(f"{query.partition('=')[0]}: ")
    assert notes[0].endswith("instead.")


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from([*KEYS, "x"]), st.text(max_size=30)), st.text(max_size=60))
def test_no_address_fails(given: dict[str, str], rest: str) -> None:
    for query in ("&".join(f"{key}={quote(value)}" for key, value in given.items()), rest):
        state, _ = parse(query)
        assert parse(state.query())[0] == state
