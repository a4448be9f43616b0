"""Compressed time: every duration is a sixtieth of what it was, and nothing but durations changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments.prometheus import compression


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("1m", "1000ms"),
        ("5m", "5000ms"),
        ("1h30m", "90000ms"),
        ("1d", "1440000ms"),
        ("1w", "10080000ms"),
        ("1y", "525600000ms"),
        ("90s", "1500ms"),
        ("500ms", "8ms"),
        ("1m500ms", "1008ms"),
        (" 5m ", "5000ms"),
        ("1ms", "1ms"),
        ("0s", "1ms"),
    ],
)
def test_a_duration_is_divided(long: str, short: str) -> None:
    """It comes in whole milliseconds; Prometheus refuses a range of none, so one is the least."""
    assert compression.duration(long) == short


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "1.5h", "-5m", "5M", "5min", "1h-30m", "rate5m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """The words say what a duration looks like."""
    with pytest.raises(ValueError, match="is not a duration such as 5m or 1h30m"):
        compression.duration(text)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1ms", 1),
        ("1s", 1_000),
        ("1m", 60_000),
        ("1h", 3_600_000),
        ("1d", 86_400_000),
        ("1w", 604_800_000),
        ("1y", 31_536_000_000),
        ("1h30m", 5_400_000),
        ("2m3ms", 120_003),
    ],
)
def test_units_are_those_of_prometheus(text: str, milliseconds: int) -> None:
    """`ms` is not minutes, and parts are added."""
    assert compression.milliseconds(text) == milliseconds


@pytest.mark.parametrize(
    ("expression", "compressed"),
    [
        ("rate(x[5m])", "rate(x[5000ms])"),
        ("rate(x[1h30m])", "rate(x[90000ms])"),
        ("rate(x[ 5m ])", "rate(x[ 5000ms ])"),
        ("max_over_time(rate(x[5m])[1h:30s])", "max_over_time(rate(x[5000ms])[60000ms:500ms])"),
        ("max_over_time(x[1h:])", "max_over_time(x[60000ms:])"),
        ("x offset 1h", "x offset 60000ms"),
        ("x offset -5m", "x offset -5000ms"),
        ("x offset - 5m", "x offset - 5000ms"),
        ("x OFFSET 5m", "x OFFSET 5000ms"),
        ("rate(x[5m] offset 1d)", "rate(x[5000ms] offset 1440000ms)"),
        ("rate(x[5m]\n  offset\n  1d)", "rate(x[5000ms]\n  offset\n  1440000ms)"),
        ("rate(x[5m]) > rate(x[1h])", "rate(x[5000ms]) > rate(x[60000ms])"),
        ('x{a="]"}[5m]', 'x{a="]"}[5000ms]'),
        ('x{a="#"}[5m]', 'x{a="#"}[5000ms]'),
        ("x # don't\n[5m]", "x # don't\n[5000ms]"),
    ],
)
def test_ranges_steps_and_offsets_are_compressed(expression: str, compressed: str) -> None:
    """Wherever PromQL has a duration it is divided, after strings and comments too."""
    assert compression.promql(expression) == compressed


@pytest.mark.parametrize(
    "expression",
    [
        "job:errors:rate5m > 0.1",
        "job:errors:ratio_rate1h",
        'x{window="[5m]"}',
        "x{window='[5m]'}",
        "x{window=`[5m]`}",
        r'x{window="\"[5m]"}',
        r"x{window='\'[5m]'}",
        'x{window="offset 5m"}',
        'x{path=~"/[a-z]5m"}',
        "x # over [5m] offset 5m",
        "sum by (offset) (x)",
        'x{offset="5m"}',
        "my_offset",
        "time() - x > 30 * 24 * 3600",
        "x > 5e3",
        "x @ 1609746000",
    ],
)
def test_names_strings_comments_and_ages_stay(expression: str) -> None:
    """What only looks like a duration is none."""
    assert compression.promql(expression) == expression


def test_rules_are_compressed_as_a_whole() -> None:
    """`for`, `keep_firing_for`, intervals, `query_offset` and expressions, in every group."""
    group = {
        "name": "a",
        "interval": "1m",
        "query_offset": "30s",
        "rules": [
            {"record": "x:rate5m", "expr": "rate(x[5m])"},
            {"alert": "A", "expr": "x:rate5m > 1", "for": "5m", "keep_firing_for": "10m"},
        ],
    }
    compressed = {
        "name": "a",
        "interval": "1000ms",
        "query_offset": "500ms",
        "rules": [
            {"record": "x:rate5m", "expr": "rate(x[5000ms])"},
            {"alert": "A", "expr": "x:rate5m > 1", "for": "5000ms", "keep_firing_for": "10000ms"},
        ],
    }
    assert compression.rules({"groups": [group, group]}) == {"groups": [compressed, compressed]}


@pytest.mark.parametrize("part", ["labels", "annotations"])
@pytest.mark.parametrize("name", ["window", "summary", "for", "interval", "expr"])
def test_labels_and_annotations_stay(part: str, name: str) -> None:
    """They are texts of the author, also those that are called as a duration is."""
    document = {"groups": [{"rules": [{"alert": "A", "expr": "x", part: {name: "5m", "also": "[5m]"}}]}]}
    assert compression.rules(document) == document


def test_an_annotation_called_expr_keeps_its_query() -> None:
    """Some show the query of an alert in its message."""
    document = {"groups": [{"rules": [{"alert": "A", "expr": "x", "annotations": {"expr": "rate(x[5m])"}}]}]}
    assert compression.rules(document) == document


def test_routing_is_compressed_in_every_route() -> None:
    """The waiting and repeating of routes inside of routes, and when silence means that all is well."""
    route = {"receiver": "a", "group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
    short = {"receiver": "a", "group_wait": "500ms", "group_interval": "5000ms", "repeat_interval": "240000ms"}
    document = {"global": {"resolve_timeout": "5m"}, "route": {**route, "routes": [{**route, "routes": [route]}]}}
    assert compression.routing(document) == {
        "global": {"resolve_timeout": "5000ms"},
        "route": {**short, "routes": [{**short, "routes": [short]}]},
    }


def test_the_rest_of_a_routing_stays() -> None:
    """Matchers, groups, inhibitions, times of day and receivers are no durations."""
    document = {
        "route": {"receiver": "5m", "group_by": ["interval"], "matchers": ['window="5m"'], "match": {"repeat": "5m"}},
        "inhibit_rules": [{"source_matchers": ['for="5m"'], "equal": ["job"]}],
        "time_intervals": [{"name": "night", "time_intervals": [{"times": [{"start_time": "22:00"}]}]}],
        "receivers": [{"name": "5m", "webhook_configs": [{"url": "http://localhost/5m", "max_alerts": 5}]}],
    }
    assert compression.routing(document) == document


@pytest.mark.parametrize("value", ["soon", "", 5, None, ["5m"], {"a": "5m"}])
def test_what_stands_for_a_duration_and_is_none_stays(value: Any) -> None:
    """Prometheus has its own words for it."""
    document = {"groups": [{"interval": value}]}
    assert compression.rules(document) == document


def test_the_document_that_is_read_is_not_changed() -> None:
    """Checks read the rules after a compressed copy was made."""
    document = {"groups": [{"interval": "5m", "rules": [{"expr": "rate(x[5m])"}]}]}
    compression.rules(document)
    assert document == {"groups": [{"interval": "5m", "rules": [{"expr": "rate(x[5m])"}]}]}


def test_a_scrape_every_half_minute_is_one_every_half_second() -> None:
    """Targets are scraped sixty times as often."""
    assert (compression.FACTOR, compression.SCRAPE_SECONDS) == (60, 0.5)


def test_the_project_holds_the_same_file() -> None:
    """What a student sees in `monitoring/watch.py --faster` is what the grader does."""
    given = Path(__file__).parents[3] / "templates/m09_monitoring/{{cookiecutter.repo_name}}/monitoring/compression.py"
    assert given.read_text(encoding="utf-8") == Path(str(compression.__file__)).read_text(encoding="utf-8")
