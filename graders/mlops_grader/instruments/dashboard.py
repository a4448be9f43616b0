"""A Grafana dashboard as a file: its panels, and their queries as Prometheus takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_grader.check import Fail
from mlops_grader.instruments.prometheus import compression
from mlops_grader.submission import Submission

if TYPE_CHECKING:
    from mlops_grader.instruments.watch import Watched

NO_UNIT = ("", "none")
RESOURCES = ("cpu", "memory", "fds", "progress", "inflight", "in_flight", "active", "queue", "thread", "connection")
# as Grafana writes variables, the groups of regular expressions ($1) left alone
VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::\w+)?\}|\$([A-Za-z_]\w*)|\[\[([A-Za-z_]\w*)(?::\w+)?\]\]")
INTERVALS = {
    "__range_ms": "1800000",
    "__rate_interval": "4m",
    "__interval": "1m",
    "__range": "30m",
    "__interval_ms": "60000",
    "__range_s": "1800",
}


@dataclass(frozen=True)
class Panel:
    """One picture. `queries` are in PromQL, variables filled in, in compressed time."""

    title: str
    unit: str
    queries: tuple[str, ...]


def load(submission: Submission, file: str) -> list[Panel]:
    """The panels that ask Prometheus. Raises Fail that names the file and what is wrong."""
    try:
        document = json.loads(submission.read(file))
    except (ValueError, RecursionError) as error:
        raise Fail(
            f"`{file}` is not JSON: {error}", fix="export the dashboard from Grafana, or mend that line"
        ) from None
    board = _mapping(_mapping(document).get("dashboard", document))
    variables = dict(_variables(board))
    panels = [_panel(panel, variables) for panel in _panels(board.get("panels"))]
    asking = [panel for panel in panels if panel.queries]
    if not asking:
        raise Fail(f"`{file}` has no panel with a query", fix="panels: [{title, targets: [{expr}], fieldConfig}]")
    return asking


def answered(watched: Watched, panels: Sequence[Panel], predicted: set[str]) -> dict[str, bool]:
    """For each of the five questions, whether a query gives what was the case. predicted: names of what holds the predictions."""
    by_name = {episode.name: episode for episode in watched.episodes}

    def value(query: str, name: str) -> float:
        return max((abs(sample.value) for sample in by_name[name].panels.get(query, ())), default=0.0)

    def total(query: str) -> float:
        return sum(sample.value for sample in by_name["quiet"].panels.get(query, ()))

    asked = [(panel, query) for panel in panels for query in panel.queries]
    timed_ = ("s", "ms", "µs", "dtdurations")
    return {
        "traffic": any("req" in p.unit or "ops" in p.unit for p, q in asked if 0.6 < total(q) / watched.rate < 1.4),
        "errors": any(value(q, "errors") > 0.05 + 2 * value(q, "quiet") for p, q in asked if p.unit not in timed_),
        "latency": any(p.unit in timed_ and value(q, "slow") > 3 * value(q, "quiet") > 0 for p, q in asked),
        "saturation": any(
            max(value(q, "pressure"), value(q, "slow")) > 1.3 * value(q, "quiet")
            for _, q in asked
            if any(word in q for word in RESOURCES)
        ),
        "the model": any(
            _moves(value(q, "quiet"), value(q, "wrong")) for _, q in asked if any(name in q for name in predicted)
        ),
    }


def _moves(quiet: float, wrong: float) -> bool:
    return quiet > 0 and abs(wrong - quiet) > 0.25 * quiet


def _panels(panels: Any) -> Iterator[Mapping[str, Any]]:
    """Panels, those inside of rows too."""
    for panel in _list(panels):
        if isinstance(panel, dict):
            yield panel
            yield from _panels(panel.get("panels"))


def _panel(panel: Mapping[str, Any], variables: Mapping[str, str]) -> Panel:
    queries = [target["expr"] for target in _list(panel.get("targets")) if _mapping(target).get("expr")]
    defaults = _mapping(_mapping(panel.get("fieldConfig")).get("defaults"))
    return Panel(str(panel.get("title", "")), str(defaults.get("unit", "")), tuple(_filled(queries, variables)))


def _filled(queries: Sequence[Any], variables: Mapping[str, str]) -> Iterator[str]:
    for query in queries:
        text = VARIABLE.sub(lambda found: _value(found[1] or found[2] or found[3], variables), str(query))
        yield compression.promql(text)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _value(name: str, variables: Mapping[str, str]) -> str:
    return {**variables, **INTERVALS}.get(name, ".*")


def _variables(board: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The current value of each variable; all values where it says all, or nothing."""
    for variable in _list(_mapping(board.get("templating")).get("list")):
        if _mapping(variable).get("name"):
            value = _mapping(variable.get("current")).get("value") or ".*"
            values = value if isinstance(value, list) else [value]
            text = "|".join(".*" if each == "$__all" else str(each) for each in values)
            yield str(variable["name"]), text
