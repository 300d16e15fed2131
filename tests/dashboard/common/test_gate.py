"""The gate: no request makes a 5xx, foreign hosts are refused, every reply carries its policy."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments import STUDIES
from explorer.dashboard import create_app
from tests.support.page import dash_calls
from tests.support.page.dash_calls import anything

OUTPUTS = {"point.data": "commit", "map.data": "scene", "minima.data": "minima-query", "opened.data": "address",
           "total-contours.data": "weight-query", "surface.figure": "surface-query", "pasted.data": "paste",
           "verdict.data": "check", "file.data": "download", "picture.data": "download",
           "basins-reply.data": "basins-query", "reasons.data": "reasons-query",
           "influence.data": "influence-query", "lesson-text.children": "lesson-query"}  # fmt: skip


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(STUDIES).server.test_client()


def body(output: str, value: Any) -> dict[str, Any]:
    return dash_calls.body(output, OUTPUTS[output], value)


def post(client: FlaskClient, payload: Any) -> int:
    return client.post("/_dash-update-component", json=payload).status_code


queries = st.sampled_from(["", "w=1", "study=reaction", "view=compare&n=17", "target=own&points=1_2", "loss=hidden-1",
                           "target=own&points=1_1~1_2~1_100", "delta=-1", "n=99999", "w=1000&b=-1000",
                           "opt=gd@100,lbfgs&steps=5"])  # fmt: skip
sent = anything | st.fixed_dictionaries(
    {},
    optional={"query": queries | anything, "from": queries | anything, "to": queries | anything,
              "text": anything, "activity": anything, "visits": anything,
              "answer": anything, "kind": st.sampled_from(["csv", "nc", "png", "race"]) | anything, "seen": anything},
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(output=st.sampled_from(list(OUTPUTS)), value=sent)
def test_no_value_of_a_callback_makes_a_5xx(client: FlaskClient, output: str, value: Any) -> None:
    assert post(client, body(output, value)) in (200, 204, 400)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=anything)
def test_no_json_makes_a_5xx(client: FlaskClient, payload: Any) -> None:
    assert post(client, payload) == 400


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    output=st.sampled_from(list(OUTPUTS)),
    key=st.sampled_from(["output", "outputs", "inputs", "changedPropIds", "state"]),
    value=anything,
)
def test_no_mutated_field_makes_a_5xx(client: FlaskClient, output: str, key: str, value: Any) -> None:
    assert post(client, body(output, {"query": "n=17"}) | {key: value}) in (200, 204, 400)


@pytest.mark.parametrize("text", ["", "[", "{}", '{"output": 1e400}', "[" * 5_000, "[" * 100_000, "\x00", '"a"'])
def test_no_text_makes_a_5xx(client: FlaskClient, text: str) -> None:
    reply = client.post("/_dash-update-component", data=text, content_type="application/json")
    assert 400 <= reply.status_code < 500


def test_what_a_script_computes_is_not_asked_for_here(client: FlaskClient) -> None:
    asked = {"outputs": {"id": "schema", "property": "modified_timestamp"}, "output": "schema.modified_timestamp"}
    inputs = [{"id": "schema", "property": "data", "value": {}}]
    assert post(client, {**asked, "inputs": inputs, "changedPropIds": ["schema.data"]}) == 400


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    assert post(client, body("pasted.data", {"text": "1" * 100_000})) == 413


def test_a_foreign_host_is_refused(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "localhost:8050"}).status_code == 200


def test_a_host_that_was_asked_for_is_served() -> None:
    client = create_app(STUDIES, hosts=("*",)).server.test_client()
    assert client.get("/", headers={"Host": "lab.example"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/lesson", "/_dash-layout", "/_dash-component-suites/os/x.py", "/nowhere"])
def test_every_reply_carries_the_policy(client: FlaskClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code < 500
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_every_callback_is_known_to_these_tests(client: FlaskClient) -> None:
    served = json.loads(client.get("/_dash-dependencies").data)
    on_server = {each["output"] for each in served if not each.get("clientside_function")}
    assert on_server == set(OUTPUTS)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(output=st.sampled_from(list(OUTPUTS)), value=sent)
def test_ten_thousand_bodies_make_no_5xx(client: FlaskClient, output: str, value: Any) -> None:
    assert post(client, body(output, value)) in (200, 204, 400)


@pytest.mark.parametrize("output", ["point.data", "map.data", "minima.data", "surface.figure", "total-contours.data"])
@pytest.mark.parametrize(
    "query",
    ["target=own&points=1_2", "target=own&points=-2e-313_100~0_0", "target=own&points=0_0", "study=reaction",
     "target=own&points=" + "~".join(["1_1"] * 40), "view=compare&n=17&loss=hidden-2", "w=1000&b=-1000&loss=log_cosh"],
)  # fmt: skip
def test_edges_are_answered(client: FlaskClient, output: str, query: str) -> None:
    assert post(client, body(output, {"query": query + "&n=17"})) == 200


@pytest.mark.parametrize(("host", "status"), [("[::1]:8050", 200), ("[::1]", 200), ("LOCALHOST:1", 200),
                                              ("", 400), ("127.0.0.1.evil", 400)])  # fmt: skip
def test_hosts(client: FlaskClient, host: str, status: int) -> None:
    assert client.get("/lesson", headers={"Host": host}).status_code == status


def test_a_hidden_loss_is_in_no_file_and_no_figure(client: FlaskClient) -> None:
    for output, kind in (("file.data", "html"), ("picture.data", "svg"), ("file.data", "csv")):
        sent = {"query": "loss=hidden-1&target=outliers&n=17", "kind": kind}
        text = client.post("/_dash-update-component", json=body(output, sent)).get_data(as_text=True)
        assert "uber(" not in text
        assert "outliers" in text


def test_a_catalogue_of_terms_alone_and_a_study_without_stages_are_served() -> None:
    from dataclasses import replace

    plain = replace(STUDIES["neuron"], stages=None, program=None, minima=None, kinks=None, script=None)
    for studies in ({"reaction": STUDIES["reaction"]}, {"neuron": plain}):
        client = create_app(studies).server.test_client()
        for output in ("point.data", "map.data", "minima.data"):
            assert post(client, body(output, {"query": "n=17"})) == 200
