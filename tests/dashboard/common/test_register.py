"""A page is a record: what it asks is answered below its prefix, its own scripts are served, its stores are there."""

from dataclasses import replace
from pathlib import Path

import flask
import pytest
from dash import html
from flask.testing import FlaskClient

from explorer.dashboard.common.page import Answer, Page
from explorer.dashboard.common.register import add_page

PAGE = Page(
    prefix="/mine/",
    title="A third page",
    assets="mine",
    layout=(html.Main(id="main"), html.Div(id="drawn")),
    schema={"known": 1},
    answers=(
        Answer("ask", "told.data", lambda sent: {"sent": sent}),
        Answer("ask", "drawn.children", lambda sent: f"drawn {sent}", told=False),
    ),
    routes={"hello": lambda: flask.Response("hello")},
    kind="third",
)


def client_of(page: Page) -> FlaskClient:
    server = flask.Flask("explorer.dashboard", static_folder=None)
    add_page(server, page)
    return server.test_client()


def test_questions_are_answered_below_the_prefix() -> None:
    client = client_of(PAGE)
    for output, expected in (("told.data", {"sent": 7}), ("drawn.children", "drawn 7")):
        id, _, name = output.partition(".")
        body = {"output": output, "outputs": {"id": id, "property": name}, "changedPropIds": ["ask.data"],
                "inputs": [{"id": "ask", "property": "data", "value": 7}]}  # fmt: skip
        reply = client.post("/mine/_dash-update-component", json=body).get_json()
        assert reply["response"] == {id: {name: expected}}
    assert client.get("/mine/hello").get_data(as_text=True) == "hello"


def test_it_is_drawn_with_the_stores_of_its_questions_and_of_what_its_script_is_told() -> None:
    whole = client_of(PAGE).get("/mine/_dash-layout").get_json()["props"]
    assert (whole["id"], whole["className"]) == ("page", "third")
    stores = {child["props"]["id"]: child["props"].get("data") for child in whole["children"][:-2]}
    assert stores == {"schema": {"known": 1}, "ask": None, "told": None}


def test_it_loads_what_is_common_and_nothing_of_other_pages() -> None:
    text = client_of(PAGE).get("/mine").get_data(as_text=True)
    assert "/mine/assets/common/" in text
    assert "/assets/lesson/" not in text
    assert "/assets/stores/" not in text


def test_scripts_from_elsewhere_are_served_and_nothing_else_is(tmp_path: Path) -> None:
    script = tmp_path / "own.js"
    script.write_text("let own = 1;")
    (tmp_path / "other.js").write_text("let other = 1;")
    client = client_of(replace(PAGE, scripts=(script,)))
    assert "/mine/scripts/own.js?m=" in client.get("/mine/").get_data(as_text=True)
    reply = client.get("/mine/scripts/own.js")
    assert (reply.get_data(as_text=True), reply.mimetype) == ("let own = 1;", "text/javascript")
    assert client.get("/mine/scripts/other.js").status_code == 404
    assert "let other" not in client.get("/mine/scripts/..%2Fother.js").get_data(as_text=True)


def test_two_scripts_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected scripts of different names; got .*: rename one"):
        client_of(replace(PAGE, scripts=(tmp_path / "own.js", tmp_path / "further" / "own.js")))
