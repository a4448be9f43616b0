"""A dashboard's panels: found wherever Grafana puts them, variables filled in, and no file breaks the grader."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.dashboard import Panel, load
from mlops_grader.submission import Submission

Told = Callable[[Callable[[], object]], str]
Submit = Callable[[Mapping[str, str | bytes]], Submission]
Panels = Callable[[Any], list[Panel]]

ODD: list[Any] = [None, 0, 5, 1.5, True, "text", "", [], [1], ["text"], [None], [[]], {}, {"a": 1}, {"a": None}]


@pytest.fixture
def panels(submit: Submit) -> Panels:
    """The panels of this document, or of this text."""

    def read(document: Any) -> list[Panel]:
        text = document if isinstance(document, str | bytes) else json.dumps(document)
        return load(submit({"board.json": text}), "board.json")

    return read


def panel(expression: Any = "up", title: str = "A", unit: str = "s") -> dict[str, Any]:
    """A panel with one query."""
    return {"title": title, "fieldConfig": {"defaults": {"unit": unit}}, "targets": [{"expr": expression}]}


def board(*found: Any, **more: Any) -> dict[str, Any]:
    """A dashboard of these panels."""
    return {"title": "Noshow", "panels": list(found), **more}


def variable(value: Any, name: str = "job", **more: Any) -> dict[str, Any]:
    """The part of a dashboard that holds one variable."""
    return {"list": [{"name": name, "current": {"value": value}, **more}]}


def test_panels_are_read(panels: Panels) -> None:
    """Title, unit and queries, in their order."""
    two = {**panel("up", "B", "reqps"), "targets": [{"expr": "up"}, {"expr": "down"}]}
    assert panels(board(panel(), two)) == [Panel("A", "s", ("up",)), Panel("B", "reqps", ("up", "down"))]


def test_panels_inside_of_rows_are_read(panels: Panels) -> None:
    """A row that is folded up holds its panels; one that is not is followed by them."""
    row = {"type": "row", "title": "Row", "panels": [panel(title="inside")]}
    found = panels(board({"type": "row", "title": "Open", "panels": []}, panel(title="after"), row))
    assert [each.title for each in found] == ["after", "inside"]


def test_the_wrapper_of_an_export_is_taken_off(panels: Panels) -> None:
    """Grafana's API gives the dashboard with what it knows of it."""
    wrapped = {"meta": {"slug": "noshow"}, "dashboard": board(panel())}
    assert panels(wrapped) == [Panel("A", "s", ("up",))]


def test_panels_without_a_query_are_left_out(panels: Panels) -> None:
    """Texts and rows ask nothing."""
    others = [{"type": "text", "title": "T"}, {"title": "E", "targets": []}, {"title": "X", "targets": [{"expr": ""}]}]
    assert [each.title for each in panels(board(*others, panel()))] == ["A"]


def test_a_panel_without_a_unit_has_none(panels: Panels) -> None:
    """Its title may be missing too."""
    assert panels(board({"targets": [{"expr": "up"}]})) == [Panel("", "", ("up",))]


def test_queries_are_compressed(panels: Panels) -> None:
    """They are asked of a Prometheus in which an hour is a minute."""
    assert panels(board(panel("rate(x[5m] offset 1h)")))[0].queries == ("rate(x[5000ms] offset 60000ms)",)


@pytest.mark.parametrize(
    ("query", "filled"),
    [
        ("rate(x[$__rate_interval])", "rate(x[4000ms])"),
        ("rate(x[${__rate_interval}])", "rate(x[4000ms])"),
        ("rate(x[$__interval])", "rate(x[1000ms])"),
        ("increase(x[$__range])", "increase(x[30000ms])"),
        ("increase(x[${__range_s}s])", "increase(x[30000ms])"),
        ("increase(x[${__range_ms}ms])", "increase(x[30000ms])"),
        ("rate(x[${__interval_ms}ms])", "rate(x[1000ms])"),
        (
            "max_over_time(rate(x[$__rate_interval])[$__range:$__interval])",
            "max_over_time(rate(x[4000ms])[30000ms:1000ms])",
        ),
    ],
)
def test_grafanas_own_variables_are_filled_in(panels: Panels, query: str, filled: str) -> None:
    """As for half an hour on a screen."""
    assert panels(board(panel(query)))[0].queries == (filled,)


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("noshow", "noshow"),
        (["noshow"], "noshow"),
        (["a", "b"], "a|b"),
        ("$__all", ".*"),
        (["$__all"], ".*"),
        ("", ".*"),
        ([], ".*"),
        (None, ".*"),
        (5, "5"),
        ([5, "a"], "5|a"),
        (r"a\1b", r"a\1b"),
    ],
)
@pytest.mark.parametrize("written", ["$job", "${job}", "${job:regex}", "${job:pipe}"])
def test_a_variable_has_its_current_value(panels: Panels, value: Any, filled: str, written: str) -> None:
    """One, several, or all; all too where it says nothing."""
    found = panels(board(panel(f'x{{job=~"{written}"}}'), templating=variable(value)))
    assert found[0].queries == (f'x{{job=~"{filled}"}}',)


@pytest.mark.parametrize("written", ["[[job]]"])
def test_the_old_way_to_write_a_variable(panels: Panels, written: str) -> None:
    """Grafana reads it still."""
    found = panels(board(panel(f'x{{job=~"{written}"}}'), templating=variable("noshow")))
    assert found[0].queries == ('x{job=~"noshow"}',)


@pytest.mark.parametrize(
    ("described", "filled"),
    [
        ({"type": "interval", "current": {"text": "5m", "value": "5m"}, "query": "1m,5m"}, "rate(x[5000ms])"),
        ({"type": "custom", "current": {"text": "1h", "value": "1h"}, "query": "5m,1h"}, "rate(x[60000ms])"),
        ({"type": "textbox", "current": {"value": "30m"}, "query": ""}, "rate(x[30000ms])"),
        ({"type": "constant", "current": {"value": "2m"}, "query": "2m", "hide": 2}, "rate(x[2000ms])"),
    ],
)
def test_variables_of_each_kind(panels: Panels, described: dict[str, Any], filled: str) -> None:
    """A range in a variable is compressed too."""
    listed = {"list": [{"name": "window", **described}]}
    assert panels(board(panel("rate(x[$window])"), templating=listed))[0].queries == (filled,)


def test_a_data_source_and_a_filter_are_no_trouble(panels: Panels) -> None:
    """Variables that no query names."""
    listed = [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {"value": "Prometheus"}},
        {"name": "Filters", "type": "adhoc"},
        {"type": "query"},
    ]
    assert panels(board(panel(), templating={"list": listed}))[0].queries == ("up",)


def test_an_unknown_variable_is_everything(panels: Panels) -> None:
    """As a regular expression."""
    assert panels(board(panel('x{job=~"$nobody"}')))[0].queries == ('x{job=~".*"}',)


@pytest.mark.parametrize(
    "query",
    [
        'label_replace(x, "a", "$1", "b", "(.*)")',
        'label_replace(x, "a", "${1}", "b", "(.*)")',
        'x{path=~"/predict$"}',
        'x{path=~"^(/a|/b)$"} > 1',
    ],
)
def test_dollars_of_regular_expressions_stay(panels: Panels, query: str) -> None:
    """A number is no variable, and an end is none."""
    assert panels(board(panel(query)))[0].queries == (query,)


def test_a_variable_does_not_hide_grafanas_own(panels: Panels) -> None:
    """The interval is ours, whatever a file calls so."""
    found = panels(board(panel("rate(x[$__rate_interval])"), templating=variable("7m", "__rate_interval")))
    assert found[0].queries == ("rate(x[4000ms])",)


@pytest.mark.parametrize(
    "text", ["", "{", "panels: []", "{'panels': []}", b"\xff\xfe", "[" * 100_000, "1" * 5000 + "x"]
)
def test_what_is_no_json_is_told(panels: Panels, text: str | bytes) -> None:
    """By the name of the file."""
    with pytest.raises(Fail, match=r"`board\.json` is not "):
        panels(text)


def test_a_missing_file_is_told(submit: Submit) -> None:
    """By its name."""
    with pytest.raises(Fail, match=r"there is no `board\.json`"):
        load(submit({"other.json": "{}"}), "board.json")


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("place", ["whole", "dashboard", "panels"])
def test_a_document_of_another_shape_has_no_panel(panels: Panels, told: Told, odd: Any, place: str) -> None:
    """The words say so."""
    document = odd if place == "whole" else {place: odd}
    assert told(lambda: panels(json.dumps(document))) == "`board.json` has no panel with a query"


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["targets", "fieldConfig", "defaults", "title", "unit", "panels", "panel", "target"])
def test_a_panel_of_another_shape_breaks_nothing(panels: Panels, odd: Any, key: str) -> None:
    """What is beside it is read all the same."""
    wrong: Any = {"panel": odd, "target": {**panel(), "targets": [odd]}}.get(key, {**panel(), key: odd})
    if key in ("defaults", "unit"):
        wrong = {**panel(), "fieldConfig": {"defaults": odd if key == "defaults" else {"unit": odd}}}
    found = panels(board(wrong, panel("up", "B")))
    assert Panel("B", "s", ("up",)) in found


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["templating", "list", "variable", "name", "current", "value"])
def test_a_variable_of_another_shape_breaks_nothing(panels: Panels, odd: Any, key: str) -> None:
    """Queries that need none are as they were."""
    listed: Any = {"name": "job", "current": {"value": "a"}}
    listed = {"variable": odd, "value": {**listed, "current": {"value": odd}}}.get(key, {**listed, key: odd})
    templating = {"templating": odd, "list": {"list": odd}}.get(key, {"list": [listed]})
    assert panels(board(panel(), templating=templating)) == [Panel("A", "s", ("up",))]


@pytest.mark.parametrize("odd", [5, 1.5, True, ["up"], {"a": "up"}], ids=repr)
def test_a_query_that_is_no_text_breaks_nothing(panels: Panels, odd: Any) -> None:
    """Prometheus will refuse it in words."""
    assert "B" in [each.title for each in panels(board(panel(odd), panel(title="B")))]


def test_rows_inside_of_rows_end(panels: Panels) -> None:
    """A file of a hundred levels is read."""
    nested = panel(title="deep")
    for _ in range(100):
        nested = {"type": "row", "panels": [nested]}
    assert [each.title for each in panels(board(nested))] == ["deep"]
