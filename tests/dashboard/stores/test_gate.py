"""The gate of /slice: no request makes a 5xx; stores are served only where asked for; every reply has its policy."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments import STUDIES
from explorer.dashboard import create_app
from tests.support.page import dash_calls
from tests.support.page.dash_calls import anything
from tests.support.slice_cases import make_store

OUTPUTS = {"opened.data": "address", "drawn.data": "scene", "point.data": "commit", "watched.data": "watch",
           "about.children": "about-query", "stores.children": "table-query", "listed.data": "list-query",
           "surface.figure": "surface-query", "downloaded.data": "download"}  # fmt: skip
CALLBACKS = "/slice/_dash-update-component"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stores")
    make_store(root, "x.zarr", points=(9, 7))
    make_store(root, "half.zarr", points=(9, 9), share=0.5, attrs={"model": "<script>alert(1)</script>"})
    make_store(root, "line.zarr", points=(9,), planes=2)
    make_store(root, "seeds.zarr", points=(5, 5), planes=2)
    make_store(root, "none.zarr", points=(9, 9), share=0)
    make_store(
        root, "strange.zarr", points=(5, 5), attrs=dict.fromkeys(("checkpoints", "basis", "report", "source"), "[{")
    )
    (root / "broken.zarr").mkdir()
    (root / "broken.zarr" / "zarr.json").write_text('{"zarr_format": 3')
    return root


@pytest.fixture(scope="module")
def client(stores: Path) -> FlaskClient:
    return create_app(STUDIES, stores=stores, trusted=("tests",)).server.test_client()


def asked(output: str, value: Any) -> dict[str, Any]:
    return dash_calls.body(output, OUTPUTS[output], value)


def post(client: FlaskClient, payload: Any) -> int:
    return client.post(CALLBACKS, json=payload).status_code


NAMES = ["x.zarr", "half.zarr", "line.zarr", "seeds.zarr", "none.zarr", "strange.zarr", "broken.zarr", "gone.zarr", ""]
keys = st.fixed_dictionaries(
    {"store": st.sampled_from(NAMES)},
    optional={
        "with": st.sampled_from(NAMES),
        "quantity": st.sampled_from(["loss", "accuracy", "gradient_norm", "status", "gradient", "terms", "?"]),
        "view": st.sampled_from(["map", "3d", "cuts", "x"]),
        "scale": st.sampled_from(["auto", "log", "linear"]),
        "seed": st.sampled_from(["1", "2", "99", "-1", "x"]),
        "a": st.sampled_from(["0", "-1", "1.5", "1e6", "-1e6", "nan", "1e-300"]),
        "b": st.sampled_from(["0", "-1", "1.5", "1e6", "x"]),
        "layers": st.sampled_from(["none", "checkpoints"]),
    },
)
queries = keys.map(lambda chosen: "&".join(f"{key}={value}" for key, value in chosen.items()))
sent = anything | st.fixed_dictionaries(
    {},
    optional={
        "query": queries | anything,
        "kind": st.sampled_from(["csv", "nc", "png", "vti", "h5"]) | anything,
        "at": anything,
    },
)
gently = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@gently
@given(output=st.sampled_from(list(OUTPUTS)), value=sent | st.fixed_dictionaries({"query": queries}))
def test_no_value_of_a_callback_makes_a_5xx(client: FlaskClient, output: str, value: Any) -> None:
    assert post(client, asked(output, value)) in (200, 204, 400)


@gently
@given(payload=anything)
def test_no_json_makes_a_5xx(client: FlaskClient, payload: Any) -> None:
    assert post(client, payload) == 400


@gently
@given(
    output=st.sampled_from(list(OUTPUTS)),
    key=st.sampled_from(["output", "outputs", "inputs", "changedPropIds", "state"]),
    value=anything,
)
def test_no_mutated_field_makes_a_5xx(client: FlaskClient, output: str, key: str, value: Any) -> None:
    assert post(client, asked(output, {"query": "store=x.zarr"}) | {key: value}) in (200, 204, 400)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(output=st.sampled_from(list(OUTPUTS)), value=sent)
def test_ten_thousand_bodies_make_no_5xx(client: FlaskClient, output: str, value: Any) -> None:
    assert post(client, asked(output, value)) in (200, 204, 400)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("output", list(OUTPUTS))
def test_every_store_is_answered(client: FlaskClient, output: str, name: str) -> None:
    assert post(client, asked(output, {"query": f"store={name}&a=9&b=9&view=3d", "kind": "csv"})) in (200, 204)


def test_every_callback_is_known_to_these_tests(client: FlaskClient) -> None:
    served = json.loads(client.get("/slice/_dash-dependencies").data)
    on_server = {each["output"] for each in served if not each.get("clientside_function")}
    assert on_server == set(OUTPUTS)


@pytest.mark.parametrize("path", ["/slice", "/slice/", "/slice/_dash-layout", "/slice/nowhere", "/slice?store=../x",
                                  "/slice/_dash-component-suites/os/x.py", "/slice/assets/nothing.js"])  # fmt: skip
def test_every_reply_carries_the_policy(client: FlaskClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code < 500
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in reply.headers["Content-Security-Policy"]
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


def test_the_two_pages_do_not_answer_each_others_callbacks(client: FlaskClient) -> None:
    assert client.post("/_dash-update-component", json=asked("drawn.data", {"query": ""})).status_code == 400
    assert post(client, dash_calls.body("map.data", "scene", {"query": ""})) == 400


def test_the_lesson_is_the_same_with_a_link_and_without_stores_there_is_none(client: FlaskClient) -> None:
    alone = create_app(STUDIES).server.test_client()
    assert "slice/_dash" not in alone.get("/slice/").get_data(as_text=True)
    assert "Slices" not in alone.get("/_dash-layout").get_data(as_text=True)
    assert "Slices" in client.get("/_dash-layout").get_data(as_text=True)
    scripts = [line for line in client.get("/").get_data(as_text=True).split('"') if "/assets/" in line]
    assert {each.split("/")[2] for each in scripts} == {"common", "lesson"}
    beside = [line for line in client.get("/slice").get_data(as_text=True).split('"') if "/assets/" in line]
    assert {each.split("/")[3] for each in beside} == {"common", "stores"}
    assert alone.get("/").headers["Content-Security-Policy"] == client.get("/").headers["Content-Security-Policy"]


def test_without_a_catalogue_only_slices_are_served_and_that_is_said(stores: Path) -> None:
    client = create_app({}, stores=stores).server.test_client()
    start = client.get("/")
    assert (start.status_code, start.headers["Location"]) == (302, "/slice")
    assert "only slices are served" in client.get("/slice/_dash-layout").get_data(as_text=True)
    assert client.get("/lesson").status_code == 404
    assert post(client, asked("drawn.data", {"query": "store=x.zarr"})) == 200
    with pytest.raises(ValueError, match="at least one study"):
        create_app({})
