"""What a service tells Prometheus: the series at its metrics endpoint, and how they moved."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import httpx

from mlops_grader.check import Fail
from mlops_grader.instruments.client import Client, plain

ACCEPT = "text/plain;version=0.0.4"


@dataclass(frozen=True)
class Series:
    """One sample of a family, `type` being the family's: counter, gauge, histogram, summary or untyped."""

    name: str
    labels: tuple[tuple[str, str], ...]
    family: str
    type: str

    @property
    def values(self) -> set[str]:
        """The values of its labels."""
        return {value for _, value in self.labels}

    def without(self, label: str) -> tuple[tuple[str, str], ...]:
        """Its labels but one."""
        return tuple(pair for pair in self.labels if pair[0] != label)


@dataclass(frozen=True)
class Exposition:
    """One answer of the metrics endpoint."""

    text: str
    content_type: str = ACCEPT

    @cached_property
    def series(self) -> Mapping[Series, float]:
        """Every sample by its name and labels. Raises Fail when the text cannot be read."""
        return dict(_parse(self.text))


def scrape(client: Client) -> Exposition:
    """Read the metrics endpoint. Raises Fail when there is no answer that Prometheus could take."""
    path = client.service.metrics
    try:
        answer = httpx.get(f"{client.address}{path}", headers={"Accept": ACCEPT}, timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        raise Fail(f"GET {path} got no answer: {plain(error)}", fix=_SERVE) from None
    if answer.status_code != httpx.codes.OK:
        raise Fail(f"GET {path} answered {answer.status_code}", fix=_SERVE)
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("text/plain"):
        raise Fail(f"GET {path} answers `{kind}`, which Prometheus does not take for text", fix=_SERVE)
    return Exposition(answer.text, kind)


def moved(before: Exposition, after: Exposition) -> dict[Series, float]:
    """By how much each series rose; one that is new rose from 0. Those that did not change are left out."""
    changes = {series: value - before.series.get(series, 0.0) for series, value in after.series.items()}
    return {series: change for series, change in changes.items() if change != 0 and math.isfinite(change)}


def counts(changes: Mapping[Series, float], *values: str) -> Iterator[tuple[Series, float]]:
    """The counters that moved, histograms' and summaries' counts included, and carry all these values as labels."""
    for series, change in changes.items():
        counting = series.type == "counter" or series.name.endswith("_count")
        if counting and not series.name.endswith("_created") and series.values >= set(values):
            yield series, change


def _parse(text: str) -> Iterable[tuple[Series, float]]:
    from prometheus_client.parser import text_string_to_metric_families

    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = tuple(sorted(sample.labels.items()))
                yield Series(sample.name, labels, family.name, family.type), float(sample.value)
    except (ValueError, KeyError, IndexError) as error:
        raise Fail(f"the metrics cannot be read: {error}", fix=_SERVE) from None


_SERVE = "answer with prometheus_client's generate_latest() and its CONTENT_TYPE_LATEST"
