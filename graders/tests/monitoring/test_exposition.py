"""The metrics endpoint: what it says is read, what it should not say is told, and what moved is found."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Summary,
    generate_latest,
)

from mlops_grader.check import Fail
from mlops_grader.contract import Service
from mlops_grader.instruments.client import Client, free_port
from mlops_grader.instruments.exposition import Exposition, Series, counts, moved, scrape

Told = Callable[[Callable[[], object]], str]
Serve = Callable[[Callable[[BaseHTTPRequestHandler, bytes], tuple[int, str, bytes]]], Client]

TEXT = """# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{path="/predict",status="200"} 3
requests_total{status="404",path="other"} 1
# TYPE age_seconds gauge
age_seconds 7.5
# TYPE seconds histogram
seconds_bucket{le="0.5"} 1
seconds_bucket{le="+Inf"} 2
seconds_count 2
seconds_sum 1.5
stray 1
"""


def says(status: int, kind: str, body: bytes) -> Any:
    """Always the same answer."""
    return lambda *_: (status, kind, body)


def test_series_are_read_with_labels_and_types() -> None:
    """Labels are in order of their names, families have their types, and what says none is untyped."""
    series = Exposition(TEXT).series
    found = [(each.name, dict(each.labels), each.type, value) for each, value in series.items()]
    assert found == [
        ("requests_total", {"path": "/predict", "status": "200"}, "counter", 3),
        ("requests_total", {"path": "other", "status": "404"}, "counter", 1),
        ("age_seconds", {}, "gauge", 7.5),
        ("seconds_bucket", {"le": "0.5"}, "histogram", 1),
        ("seconds_bucket", {"le": "+Inf"}, "histogram", 2),
        ("seconds_count", {}, "histogram", 2),
        ("seconds_sum", {}, "histogram", 1.5),
        ("stray", {}, "unknown", 1),
    ]
    assert {each.family for each in series if each.name.startswith("seconds")} == {"seconds"}


def test_the_order_of_labels_makes_no_other_series() -> None:
    """Prometheus knows none."""
    assert [*Exposition('a{b="1",c="2"} 1').series] == [*Exposition('a{c="2",b="1"} 1').series]


def test_a_series_tells_its_labels() -> None:
    """The values of all, and all but one."""
    series = Series("a", (("le", "1"), ("path", "/predict")), "a", "histogram")
    assert (series.values, series.without("le")) == ({"1", "/predict"}, (("path", "/predict"),))


@pytest.mark.parametrize(
    "text",
    [
        "<html><body>hello</body></html>",
        '{"requests": 3}',
        "a{",
        "a one",
        "a",
        'a{b="1} 1',
        "a{b=1} 1",
        "# TYPE a counter\na_total",
        "# TYPE a strange\na 1",
        "# TYPE a counter\n# TYPE a gauge\na 1",
        "{} 1",
        'a{b="1"} 1 2 3',
        "\0",
        "[" * 5000,
        "a " + "1" * 5000,
    ],
)
def test_text_that_cannot_be_read_is_told(told: Told, text: str) -> None:
    """It is the student's failure and no other exception; what Python's parser forgives is none."""
    words = told(lambda: Exposition(text).series)
    assert words == "" or words.startswith("the metrics cannot be read: ")


@pytest.mark.parametrize("text", ["a{", "a one", '{"requests": 3}'])
def test_broken_text_is_not_taken(text: str) -> None:
    """What Prometheus would not take either."""
    with pytest.raises(Fail, match="the metrics cannot be read: "):
        assert Exposition(text).series


def test_nothing_is_no_series() -> None:
    """An empty page can be read."""
    assert dict(Exposition("").series) == {}


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; version=0.0.4; charset=utf-8", CONTENT_TYPE_LATEST])
def test_the_endpoint_is_read(serve: Serve, kind: str) -> None:
    """The path is the contract's, and the text format is asked for."""
    asked: list[tuple[str, str]] = []

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, str, bytes]:
        asked.append((request.path, request.headers["Accept"]))
        return 200, kind, TEXT.encode()

    client = serve(answer)
    exposition = scrape(Client(client.port, Service(metrics="/internal/metrics"), client.alive))
    assert (exposition.text, exposition.content_type) == (TEXT, kind)
    assert asked == [("/internal/metrics", "text/plain;version=0.0.4")]


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (404, "text/plain", "GET /metrics answered 404"),
        (500, "text/plain", "GET /metrics answered 500"),
        (307, "text/plain", "GET /metrics answered 307"),
        (204, "text/plain", "GET /metrics answered 204"),
        (200, "application/json", "GET /metrics answers `application/json`, which"),
        (200, "text/html; charset=utf-8", "GET /metrics answers `text/html; charset=utf-8`, which"),
        (200, "application/openmetrics-text; version=1.0.0", "GET /metrics answers `application/openmetrics-text"),
        (200, "", "GET /metrics answers ``, which"),
    ],
)
def test_an_endpoint_that_is_none_is_told(serve: Serve, status: int, kind: str, words: str) -> None:
    """Another status or another type of content is not what Prometheus takes."""
    with pytest.raises(Fail) as raised:
        scrape(serve(says(status, kind, TEXT.encode() if status != 204 else b"")))
    assert (raised.value.found.startswith(words), "CONTENT_TYPE_LATEST" in raised.value.fix) == (True, True)


def test_where_nobody_listens_there_are_no_metrics() -> None:
    """The words say that there was no answer."""
    with pytest.raises(Fail, match="GET /metrics got no answer: "):
        scrape(Client(free_port(), Service(), lambda: None))


def test_bytes_that_are_no_text_are_told(serve: Serve) -> None:
    """They break nothing."""
    exposition = scrape(serve(says(200, "text/plain", b"\xff\xfe\x00\x01 {")))
    with pytest.raises(Fail, match="the metrics cannot be read: "):
        assert exposition.series


def rises(before: str, after: str) -> dict[str, float]:
    """By how much each name rose."""
    return {series.name: change for series, change in moved(Exposition(before), Exposition(after)).items()}


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("a 1", "a 3", {"a": 2}),
        ("a 3", "a 1", {"a": -2}),
        ("a 1", "a 1", {}),
        ("", "a 2", {"a": 2}),
        ("", "a 0", {}),
        ("a 1", "", {}),
        ("a 1\nb 1", "a 1\nb 2", {"b": 1}),
        ("a NaN", "a NaN", {}),
        ("a +Inf", "a +Inf", {}),
    ],
)
def test_only_what_changed_has_moved(before: str, after: str, changes: dict[str, float]) -> None:
    """New series rose from 0; those that are gone, or as before, did not move."""
    assert rises(before, after) == changes


def test_labels_tell_series_apart() -> None:
    """One of two moves."""
    before, after = Exposition('a{b="1"} 1\na{b="2"} 1'), Exposition('a{b="1"} 1\na{b="2"} 5')
    assert [(series.values, change) for series, change in moved(before, after).items()] == [({"2"}, 4)]


def counted() -> dict[Series, float]:
    """What moves when each kind of metric is used once."""
    registry = CollectorRegistry()
    Counter("asked", "Help.", ["path", "status"], registry=registry).labels("/predict", "200").inc()
    Gauge("under_way", "Help.", ["path"], registry=registry).labels("/predict").inc()
    Histogram("took_seconds", "Help.", ["path"], registry=registry).labels("/predict").observe(1.5)
    Summary("size_bytes", "Help.", ["path"], registry=registry).labels("/predict").observe(7)
    return moved(Exposition(""), Exposition(generate_latest(registry).decode()))


def test_counters_and_the_counts_of_observations_count() -> None:
    """Gauges, sums, buckets and the moments of creation do not."""
    assert {series.name: change for series, change in counts(counted())} == {
        "asked_total": 1,
        "took_seconds_count": 1,
        "size_bytes_count": 1,
    }


def test_the_moment_of_creation_does_not_count() -> None:
    """Where a parser takes it for a part of its counter neither."""
    changes = {Series(name, (), "a", "counter"): 1.0 for name in ("a_total", "a_created")}
    assert [series.name for series, _ in counts(changes)] == ["a_total"]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (("/predict", "200"), ["asked_total"]),
        (("200",), ["asked_total"]),
        (("/predict", "404"), []),
        (("/pre",), []),
    ],
)
def test_only_those_with_all_the_values_count(values: tuple[str, ...], names: list[str]) -> None:
    """Each value is a label's whole value, of whatever name."""
    assert [series.name for series, _ in counts(counted(), *values)] == names
