"""What Dash sends a page's server and gets from it, without a browser."""

from typing import Any

from flask.testing import FlaskClient


def answer(client: FlaskClient, reply: str, question: str, value: object, *, prefix: str = "/") -> Any:
    """Return the data of the store `reply` when the store `question` has been given a value."""
    sent = {
        "output": f"{reply}.data",
        "outputs": {"id": reply, "property": "data"},
        "inputs": [{"id": question, "property": "data", "value": value}],
        "changedPropIds": [f"{question}.data"],
    }
    return client.post(f"{prefix}_dash-update-component", json=sent).get_json()["response"][reply]["data"]


def schema(client: FlaskClient, *, prefix: str = "/") -> Any:
    """Return what the server tells the scripts of a page when it opens."""
    layout = client.get(f"{prefix}_dash-layout").get_json()
    return next(each["props"]["data"] for each in layout["props"]["children"] if each["props"].get("id") == "schema")
