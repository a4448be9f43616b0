"""Which series count, time and describe is found by how they move, whatever a student calls them."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_grader.instruments.exposition import Exposition, Series, moved
from mlops_grader.instruments.measured import Requests, distributions, request_counters, timed, totals

PLAIN = """# TYPE http_requests_total counter
http_requests_total{method="POST",path="/predict",status="200"} 20
http_requests_total{method="POST",path="/predict",status="422"} 5
http_requests_total{method="GET",path="unmatched",status="404"} 7
"""
# the default of prometheus-fastapi-instrumentator: `handler`, and the status in groups
GROUPED = """# TYPE http_requests_total counter
http_requests_total{handler="/predict",method="POST",status="2xx"} 20
http_requests_total{handler="/predict",method="POST",status="4xx"} 5
http_requests_total{handler="none",method="GET",status="4xx"} 7
"""
# two methods of one path, two codes of one kind
SPLIT = """# TYPE served_total counter
served_total{verb="POST",route="/predict",code="200"} 12
served_total{verb="PUT",route="/predict",code="201"} 8
served_total{verb="POST",route="/predict",code="422"} 3
served_total{verb="POST",route="/predict",code="400"} 2
served_total{verb="GET",route="other",code="404"} 4
served_total{verb="HEAD",route="other",code="405"} 3
"""
# no counter, but a histogram with the status: its count is one
TIMED = """# TYPE took_seconds histogram
took_seconds_bucket{path="/predict",status="200",le="+Inf"} 20
took_seconds_count{path="/predict",status="200"} 20
took_seconds_sum{path="/predict",status="200"} 1.5
took_seconds_count{path="/predict",status="422"} 5
took_seconds_sum{path="/predict",status="422"} 0.25
took_seconds_count{path="other",status="404"} 7
took_seconds_sum{path="other",status="404"} 0.1
"""
COUNTED = {"2": 20, "4": 5}


def changes(text: str) -> dict[Series, float]:
    """What moved when everything was new."""
    return moved(Exposition(""), Exposition(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PLAIN, "http_requests_total"),
        (GROUPED, "http_requests_total"),
        (GROUPED.replace("xx", "XX"), "http_requests_total"),
        (SPLIT, "served_total"),
        (TIMED, "took_seconds_count"),
    ],
    ids=["method, path, status", "grouped", "capitals", "split", "histogram"],
)
def test_requests_are_counted_in_several_styles(text: str, name: str) -> None:
    """By the first digit of the status for the path, and what was not found anywhere else."""
    assert request_counters(changes(text), "/predict") == [Requests(name, COUNTED, 7)]


def test_several_counters_are_told_apart() -> None:
    """Each with its own numbers."""
    found = request_counters(changes(PLAIN + TIMED), "/predict")
    assert [each.family for each in found] == ["http_requests_total", "took_seconds_count"]


@pytest.mark.parametrize(
    "text",
    [
        '# TYPE a_total counter\na_total{path="/predict"} 5\n',
        '# TYPE a_total counter\na_total{status="200"} 5\n',
        '# TYPE a_total counter\na_total{path="/predict",status="ok"} 5\n',
        '# TYPE a_total counter\na_total{path="/predict",status="2000"} 5\n',
        '# TYPE a_total counter\na_total{path="/predict",status="600"} 5\n',
        '# TYPE a_total counter\na_total{path="/predict/",status="200"} 5\n',
        '# TYPE a gauge\na{path="/predict",status="200"} 5\n',
        "",
    ],
)
def test_what_lacks_path_or_status_counts_no_requests(text: str) -> None:
    """Nor do a gauge, and a status that is none."""
    assert request_counters(changes(text), "/predict") == []


def test_only_what_was_not_found_is_elsewhere() -> None:
    """Scrapes and other requests that are answered count for another path."""
    text = PLAIN + 'http_requests_total{method="GET",path="/metrics",status="200"} 3\n'
    assert request_counters(changes(text), "/predict")[0].elsewhere == 7


def test_server_errors_are_counted_for_the_path() -> None:
    """A status of 503 is one of the fives."""
    text = '# TYPE a_total counter\na_total{path="/predict",status="503"} 2\n'
    assert request_counters(changes(text), "/predict") == [Requests("a_total", {"5": 2}, 0)]


def test_histograms_with_the_path_are_timed() -> None:
    """How many and how long, over every status; buckets and other paths do not add."""
    assert timed(changes(TIMED), "/predict") == {"took_seconds": (25, 1.75)}


@pytest.mark.parametrize("path", ["/elsewhere", "/pred"])
def test_no_histogram_times_another_path(path: str) -> None:
    """A path that is no label's value is not timed."""
    assert timed(changes(TIMED), path) == {}


def test_a_summary_and_a_counter_are_no_histogram() -> None:
    """Quantiles of several workers cannot be added up."""
    assert timed(changes(TIMED.replace("histogram", "summary") + PLAIN), "/predict") == {}


@pytest.mark.parametrize(
    ("values", "expected"), [((), (32, 1.85)), (("/predict",), (25, 1.75)), (("/predict", "422"), (5, 0.25))]
)
def test_totals_are_those_of_the_labels(values: tuple[str, ...], expected: tuple[int, float]) -> None:
    """Over all series of the family that carry them."""
    count, seconds = totals(changes(TIMED), "took_seconds", *values)
    assert (count, round(seconds, 9)) == expected


@pytest.mark.parametrize(
    ("count", "total", "found"),
    [
        (4, 1.25, ["risk_ratio"]),
        (4, 1.25 + 3e-6, ["risk_ratio"]),
        (4, 1.25 + 5e-6, []),
        (3, 1.25, []),
        (4, 1.5, []),
    ],
)
def test_a_distribution_is_found_by_count_and_sum(count: int, total: float, found: list[Any]) -> None:
    """Over all its series; what rounding takes from a sum does not hide it."""
    text = """# TYPE risk_ratio histogram
risk_ratio_bucket{model="a",le="+Inf"} 3
risk_ratio_count{model="a"} 3
risk_ratio_sum{model="a"} 1
risk_ratio_count{model="b"} 1
risk_ratio_sum{model="b"} 0.25
# TYPE risk_summary summary
risk_summary_count 4
risk_summary_sum 1.25
"""
    assert distributions(changes(text), count, total) == found
