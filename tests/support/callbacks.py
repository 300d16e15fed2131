"""What a page sends to its server, and what it never would."""

from typing import Any

from hypothesis import strategies as st

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
"""Any JSON, and numbers that are none there."""


def body(output: str, asking: str, value: Any) -> dict[str, Any]:
    """Return the body with which Dash asks for an output ("map.data") when the store that asks for it has a value."""
    id, property = output.rsplit(".", 1)
    return {
        "output": output,
        "outputs": {"id": id, "property": property},
        "inputs": [{"id": asking, "property": "data", "value": value}],
        "changedPropIds": [f"{asking}.data"],
    }
