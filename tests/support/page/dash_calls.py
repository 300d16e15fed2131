"""What Dash sends a page's server and gets from it, without a browser; and what it never would."""

from typing import Any

from flask.testing import FlaskClient
from hypothesis import strategies as st

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
"""Any JSON, and numbers that are none there."""


def body(output: str, question: str, value: object) -> dict[str, Any]:
    """Return what asks for an output ("map.data") when the store `question` has been given a value."""
    id, property = output.rsplit(".", 1)
    return {
        "output": output,
        "outputs": {"id": id, "property": property},
        "inputs": [{"id": question, "property": "data", "value": value}],
        "changedPropIds": [f"{question}.data"],
    }


def answer(client: FlaskClient, reply: str, question: str, value: object, *, prefix: str = "/") -> Any:
    """Return the data of the store `reply` when the store `question` has been given a value."""
    sent = body(f"{reply}.data", question, value)
    return client.post(f"{prefix}_dash-update-component", json=sent).get_json()["response"][reply]["data"]


def schema(client: FlaskClient, *, prefix: str = "/") -> Any:
    """Return what the server tells the scripts of a page when it opens."""
    layout = client.get(f"{prefix}_dash-layout").get_json()
    return next(each["props"]["data"] for each in layout["props"]["children"] if each["props"].get("id") == "schema")
