"""Addresses: what the scripts write the server reads, and the server's reading is written as the same address."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from tests.support.page.dash_calls import answer, schema

WRITTEN = "([schema, state]) => { explorer.schema = schema; return explorer.query(state); }"
LESSON = [
    "",
    "w=0.1234567890123&b=-17.5",
    "target=outliers&loss=huber&delta=0.125&w=1e-7",
    "target=own&points=-1_0.5~2.25_-3e-5~0_0",
    "layers=none&hide=step,tape&mode=dark,projector",
    "opt=gd,momentum@0.1,adam@0.002&steps=20&at=3&schedule=cosine",
    "view=basins&window=-1.5_2.5_-3_1&basin=adam&show=loss&across=rates",
    "study=reaction&weight=0.2&view=3d&n=81",
    "target=two_points&loss=mse&activity=predict_arrow",
]
STORES = [
    "",
    "store=run-1.zarr&with=other_2.zarr",
    "store=x.zarr&quantity=%C3%A9rreur%20%26%20%CE%B8&scale=log&seed=3",
    "store=x.zarr&a=-0.25&b=1e-9&layers=arrow&mode=light&at=40&run=a%20run%3D1",
]


def opened(client: FlaskClient, prefix: str, query: str) -> Any:
    """Return the state that the server reads from an address, and what it could not take."""
    return answer(client, "opened", "address", {"query": query}, prefix=prefix)


def keys(query: str) -> list[str]:
    return sorted(pair.split("=")[0] for pair in query.split("&"))


@pytest.mark.parametrize("query", LESSON)
def test_an_address_of_the_lesson_comes_back(lesson: Page, client: FlaskClient, query: str) -> None:
    read = opened(client, "/", query)
    written = lesson.evaluate(WRITTEN, [schema(client), read["state"]])
    # The same digits, though not always in the same notation: the server reads both alike.
    assert opened(client, "/", written) == read
    assert keys(written) == keys(query)
    assert read["notes"] == []


@pytest.mark.parametrize("query", STORES)
def test_an_address_of_the_stores_comes_back(stores: Page, client: FlaskClient, query: str) -> None:
    read = opened(client, "/slice/", query)
    written = stores.evaluate(WRITTEN, [schema(client, prefix="/slice/"), read["state"]])
    assert opened(client, "/slice/", written) == read
    assert keys(written) == keys(query)
    assert read["notes"] == []


def test_a_key_that_an_answer_does_not_depend_on_is_left_out(lesson: Page, client: FlaskClient) -> None:
    state = opened(client, "/", "w=1&b=2&lr=0.1")["state"]
    script = "([schema, state]) => { explorer.schema = schema; return explorer.query(state, ['w', 'lr']); }"
    assert lesson.evaluate(script, [schema(client), state]) == "b=2"
