"""Compressed time: an hour of rules and routes passes in a minute, so that a grade can wait for an alert.

Every duration of the rules and of the routing is divided by the same factor, and targets are scraped that much more often. What is
compared with `time()` is left alone: an age is an age.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FACTOR = 60
SCRAPE_SECONDS = 30 / FACTOR

RULE_DURATIONS = frozenset({"for", "keep_firing_for", "interval", "query_offset"})
TEXTS = frozenset({"labels", "annotations"})  # what stands in them is for people
ROUTE_DURATIONS = frozenset({"group_wait", "group_interval", "repeat_interval", "resolve_timeout"})
MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}

_PART = rf"(\d+)({'|'.join(sorted(MILLISECONDS, key=len, reverse=True))})"
_DURATION = re.compile(rf"(?:{_PART})+")
# strings and comments of PromQL stay as they are; durations stand in brackets and after `offset`
_TOKEN = re.compile(
    r"""(?P<kept>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\#[^\n]*)|(?P<time>\[[^\]]*\]|\boffset\s+-?\s*\w+)""",
    re.IGNORECASE,
)


def duration(text: str) -> str:
    """A duration such as `1h30m`, compressed, in whole milliseconds and at least one. Raises ValueError for other text."""
    if not _DURATION.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is not a duration such as 5m or 1h30m")
    return f"{max(1, round(milliseconds(text) / FACTOR))}ms"


def milliseconds(text: str) -> int:
    """How long a duration of Prometheus is: `1h30m` is 5,400,000."""
    return sum(int(number) * MILLISECONDS[unit] for number, unit in re.findall(_PART, text))


def promql(expression: str) -> str:
    """An expression with its ranges, steps and offsets compressed."""

    def compress(token: re.Match[str]) -> str:
        if token["kept"]:
            return token["kept"]
        return _DURATION.sub(lambda found: duration(found[0]), token["time"])

    return _TOKEN.sub(compress, expression)


def ranges(expression: str) -> set[int]:
    """The ranges over which an expression looks back, in milliseconds; steps of subqueries are none."""
    times = (token["time"] or "" for token in _TOKEN.finditer(expression))
    looked = (time.strip("[] ").partition(":")[0] for time in times if time.startswith("["))
    return {milliseconds(text) for text in looked if _DURATION.fullmatch(text.strip())}


def rules(document: Any) -> Any:
    """A rule file, as YAML gives it, with every duration compressed."""
    return _compress(document, RULE_DURATIONS)


def routing(document: Any) -> Any:
    """A configuration of Alertmanager with every duration compressed."""
    return _compress(document, ROUTE_DURATIONS)


def _compress(value: Any, names: frozenset[str], name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: each if key in TEXTS else _compress(each, names, str(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_compress(each, names) for each in value]
    if isinstance(value, str) and name in names and _DURATION.fullmatch(value.strip()):
        return duration(value)
    if isinstance(value, str) and name == "expr":
        return promql(value)
    return value
