"""The report as a reader sees it."""

import json
from dataclasses import asdict
from html import unescape

import pytest
import xarray as xr

import explorer
from explorer.checklist import findings
from tests.support.cases import neuron

GRID = explorer.Grid({"w": (-1, 1, 5), "b": (-1, 1, 5)})


def landscape_with(report):
    return xr.Dataset(attrs={"report": report})


def entry(status, text):
    return {"name": "data", "status": status, "text": text, "values": {}}


def test_it_prints_as_the_lines_that_the_attribute_holds():
    objective = neuron().objective
    where = objective, explorer.directions.axes(objective, "w", "b"), GRID
    landscape = explorer.sweep(*where, progress=False, report="full")
    told = explorer.report(landscape)
    expected = findings(*where, landscape)
    assert [asdict(entry) for entry in told] == expected
    assert len(told) == len(expected)
    flat = " ".join(str(told).split())
    assert all(finding["text"] in flat for finding in expected)
    assert str(told).startswith("ok    The model's own loss is")
    assert repr(told) == str(told) == told.text(100)


def test_it_shows_as_a_table_and_nothing_in_it_is_markup():
    evil = "<script>alert(1)</script>"
    found = explorer.report(landscape_with(json.dumps([entry("warn", evil), entry(evil, "fine & well")])))
    shown = found._repr_html_()
    assert shown.count("<tr>") == 2
    assert "<script" not in shown
    assert ">look</th>" in shown
    assert ">note</th>" in shown
    assert "fine &amp; well" in shown


@pytest.mark.parametrize("attrs", [{}, {"report": "[]"}])
def test_a_landscape_without_a_report_says_how_to_get_one(attrs):
    found = explorer.report(xr.Dataset(attrs=attrs))
    assert len(found) == 0
    assert found.text() == ""
    assert "no report on this landscape: sweep(..., report=True) writes one" in str(found)
    assert str(found) in unescape(found._repr_html_())


@pytest.mark.parametrize("attribute", ["", "[{", "null", '{"text": "a"}', "[1, null, []]", 3])
def test_a_damaged_report_is_told_from_none(attribute):
    found = explorer.report(landscape_with(attribute))
    assert len(found) == 0
    assert "attribute `report` is damaged" in str(found)
    assert str(found) in unescape(found._repr_html_())


def test_an_entry_without_words_is_an_entry_in_both_forms():
    found = explorer.report(landscape_with(json.dumps([entry("ok", "")])))
    assert "no report" not in str(found)
    assert found._repr_html_().count("<tr>") == 1


@pytest.mark.parametrize("other", [3, "runs/x.zarr", None])
def test_what_is_no_landscape_is_refused(other):
    with pytest.raises(TypeError, match=rf"expected a landscape.*got {type(other).__name__}: open a "):
        explorer.report(other)


def test_what_is_not_as_agreed_is_shown_as_far_as_it_goes():
    assert str(explorer.report(landscape_with('[{"text": 3, "name": "a"}, {"text": "b"}]'))) == "\nnote  b"
