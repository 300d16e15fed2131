"""Several terms, as in a PINN: the weight redraws the total from what was swept."""

import pytest

from experiments import STUDIES
from explorer.dashboard.lesson import maps
from explorer.dashboard.lesson.state import parse
from explorer.figures.scale import color_scale
from tests.browser.screen import Screen


def test_three_maps_and_a_total_that_is_not_evaluated_again(screen: Screen) -> None:
    screen.open("study=reaction")
    assert len(screen.page.locator(".map-title:visible").all_inner_texts()) == 3
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.post_data or ""))
    before = screen.evaluate("document.querySelector('#landscape .js-plotly-plot').data[0].z[10][10]")
    screen.page.fill("#weight", "13.5877")
    screen.page.press("#weight", "Enter")
    screen.settled()
    assert screen.evaluate("document.querySelector('#landscape .js-plotly-plot').data[0].z[10][10]") != before
    assert not [body for body in asked if '"map.data"' in body]


def test_kappa_falls_to_one_at_the_balancing_weight(screen: Screen) -> None:
    screen.open("study=reaction&weight=1")
    assert float(screen.page.get_attribute("#terms-says", "data-kappa") or 0) == pytest.approx(13.5877, abs=1e-4)
    balance = screen.evaluate("explorer.study().facts.lambda_balance")
    screen.open(f"study=reaction&weight={balance}")
    assert float(screen.page.get_attribute("#terms-says", "data-kappa") or 0) == pytest.approx(1, abs=1e-9)
    low, high = screen.open(f"study=reaction&weight={balance}&w=2.5&b=-1.4722194895832204").evaluate(
        "explorer.reply.point.curvature.eigenvalues"
    )
    assert high / low == pytest.approx(1, abs=1e-6)


def test_the_plateau_that_looks_converged_is_named(screen: Screen) -> None:
    screen.open("study=reaction&w=0&b=-4.9")
    screen.says("terms-says", "plateau")
    assert screen.value("readout-loss") == pytest.approx(0.0025, rel=0.02)


def test_the_preview_of_the_terms_agrees_with_torch(screen: Screen) -> None:
    for w, b in [(0.5, 0.5), (5, -3), (-1, 1)]:
        screen.open(f"study=reaction&weight=3&w={w}&b={b}&n=17")
        preview = screen.evaluate("""() => { const { loss, gradient } = explorer.preview.reaction.at(explorer.theta(),
            explorer.data(), { weight: 3, facts: explorer.study().facts }); return [loss, ...gradient]; }""")
        shown = [screen.value(f"readout-{name}") for name in ("loss", "dw", "db")]
        assert preview == pytest.approx(shown, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("weight", [0.05, 1.0, 40.0])
def test_the_total_is_coloured_by_the_rule_of_every_other_map(screen: Screen, weight: float) -> None:
    # Before the page asks for anything: torch numbers the levels of its forward mode per process, not per thread.
    state, _ = parse(f"study=reaction&weight={weight}&n=65", STUDIES)
    terms = maps.landscape(state, STUDIES["reaction"], 65, ("terms",))["terms"]
    total = weight * terms.sel(term="ic").values + terms.sel(term="pde").values
    expected = color_scale(total)
    shown = screen.open(f"study=reaction&weight={weight}&n=65").evaluate("""() => {
        const maps = explorer.reply.map.maps.map(explorer.colors.decode);
        return explorer.colors.total(maps, explorer.state.weight).scale;
    }""")
    assert shown["kind"] == expected.kind
    # The browser sums terms sent in float32: 6e-8 relative, and as much again in the quantiles.
    for name in ("low", "high", "floor", "decades"):
        assert shown[name] == pytest.approx(getattr(expected, name), rel=1e-6)
