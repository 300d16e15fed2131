"""Colors: a map comes back from its codes, and a color stands for the value that it was made of."""

import base64

import numpy as np
import pytest
import torch
from flask.testing import FlaskClient
from playwright.sync_api import Page

from experiments import TARGETS
from tests.support.page.dash_calls import answer

DECODED = """(map) => {
    const { z } = explorer.colors.decode(map);
    return z.map((row) => Array.from(row, (share) => [share, explorer.colors.valueAt(share, map.scale)]));
}"""


@pytest.mark.parametrize("target", ["two_points", "outliers"])
def test_codes_are_the_loss(lesson: Page, client: FlaskClient, target: str) -> None:
    map = answer(client, "map", "scene", {"query": f"target={target}&loss=mse&n=33"})["maps"][0]
    low, high = map["scale"]["low"], map["scale"]["high"]
    chosen = TARGETS[target]
    (w_low, w_high), (b_low, b_high) = chosen.window["w"], chosen.window["b"]
    w = torch.linspace(w_low, w_high, map["shape"][1], dtype=torch.float64)
    b = torch.linspace(b_low, b_high, map["shape"][0], dtype=torch.float64)
    fitted = torch.tanh(w[None, :, None] * chosen.x + b[:, None, None])
    loss = ((fitted - chosen.y) ** 2).mean(-1).clip(low, high).numpy()
    shares, values = np.moveaxis(np.array(lesson.evaluate(DECODED, map)), -1, 0)
    # Half a step of 65,534 along the scale, which is logarithmic or not, and float32's own rounding.
    is_log = map["scale"]["kind"] == "log"
    expected = np.log(loss / low) / np.log(high / low) if is_log else (loss - low) / (high - low)
    assert np.abs(shares - expected).max() <= 0.5 / 65534 + 1e-7
    assert values == pytest.approx(loss, rel=1e-4 if is_log else None, abs=None if is_log else 1e-4 * (high - low))


def test_a_hole_is_no_number(lesson: Page) -> None:
    # Codes 0, 65535 (a hole), 65534, 1 in a row of four; differences of differences, low bytes first, then high ones.
    codes = np.array([0, 65535, 65534, 1], dtype=np.uint16)
    twice = np.diff(np.diff(codes, prepend=np.uint16(0)), prepend=np.uint16(0)).astype(np.uint16)
    halves = np.concatenate([twice & 255, twice >> 8]).astype(np.uint8)
    map = {"codes": base64.b64encode(halves.tobytes()).decode(), "shape": [1, 4]}
    first, hole, last, second = lesson.evaluate("(map) => Array.from(explorer.colors.decode(map).z[0])", map)
    assert (first, last) == (0, 1)
    assert np.isnan(hole)
    assert second == pytest.approx(1 / 65534, rel=1e-6)
