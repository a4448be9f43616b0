"""A project's rules and routing: read, checked by Prometheus's own tool, and followed to their runbooks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.prometheus import compression, promtool
from mlops_grader.submission import Submission

LARGEST = 50_000  # values in a file once its aliases are unfolded


@dataclass(frozen=True)
class AlertRule:
    """One alerting rule of a file."""

    name: str
    expression: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Rules:
    """The rule files of a project, as documents."""

    documents: Sequence[Any]

    @property
    def alerts(self) -> list[AlertRule]:
        """Every alerting rule."""
        return [
            AlertRule(
                str(rule["alert"]), str(rule.get("expr")), _texts(rule.get("labels")), _texts(rule.get("annotations"))
            )
            for rule in self._rules()
            if "alert" in rule
        ]

    def ranges(self, expression: str) -> set[int]:
        """The ranges in milliseconds that an expression looks back over, those of the recording rules that it names included."""
        recorded = self._recorded()
        texts, seen = [expression], set[str]()
        found = set[int]()
        while texts:
            text = texts.pop()
            found |= compression.ranges(text)
            named = {name for name in re.findall(r"[A-Za-z_:][\w:]*", text) if name in recorded} - seen
            seen |= named
            texts += [recorded[name] for name in named]
        return found

    def built_on(self, names: Collection[str]) -> set[str]:
        """These names, and those of the recording rules that are made of them."""
        found, before = set(names), set[str]()
        while found != before:
            before = set(found)
            found |= {name for name, text in self._recorded().items() if any(each in text for each in before)}
        return found

    def _recorded(self) -> dict[str, str]:
        return {str(rule["record"]): str(rule.get("expr")) for rule in self._rules() if "record" in rule}

    def _rules(self) -> Iterator[Mapping[str, Any]]:
        return (
            rule for document in self.documents for group in document["groups"] for rule in group.get("rules") or ()
        )


def load_rules(submission: Submission, files: Sequence[str]) -> Rules:
    """Read the rule files. Raises Fail with promtool's words for one that Prometheus would not load."""
    documents = []
    for file in files:
        document = read_yaml(submission, file)
        if words := promtool.check_rules(submission.path(file)):
            raise Fail(f"Prometheus does not load `{file}`: {words}", fix=f"promtool check rules {file}")
        if not isinstance(document, Mapping) or not document.get("groups"):
            found = f"`{file}` holds no groups of rules"
            raise Fail(found, fix="groups: [{name: ..., rules: [...]}]; a `prometheus.yml` is another file")
        documents.append(document)
    return Rules(documents)


def read_yaml(submission: Submission, file: str) -> Any:
    """The plain values of a YAML file. Raises Fail that names the file and what is wrong."""
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError
    except ModuleNotFoundError:
        raise NotRun(
            "the Python package ruamel.yaml is not installed", fix="uv pip install 'mlops-grader[monitoring]'"
        ) from None
    try:
        return _plain(YAML(typ="safe", pure=True).load(submission.read(file)), iter(range(LARGEST)))
    except StopIteration:
        raise Fail(f"`{file}` is too large once its aliases are unfolded", fix="write out what you mean") from None
    except (YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Fail(f"`{file}` is not valid YAML: {str(error)[:500]}", fix="mend that line") from None


def _plain(value: Any, budget: Iterator[int]) -> Any:
    """Mappings, lists, texts, numbers and truths, as JSON has them. Raises StopIteration when there are too many."""
    next(budget)
    if isinstance(value, Mapping):
        return {str(key): _plain(each, budget) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return list(map(partial(_plain, budget=budget), value))
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def must_lead_somewhere(
    submission: Submission, name: str, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> None:
    """Raise Fail unless an alert says how urgent it is and what is wrong, and its runbook is there."""
    for key, values in (("severity", labels), ("summary", annotations), ("runbook_url", annotations)):
        if not values.get(key, "").strip():
            raise Fail(f"the alert `{name}` has no `{key}`", fix="say how urgent it is, what is wrong, and what to do")
    runbook(submission, annotations["runbook_url"])


def runbook(submission: Submission, link: str) -> None:
    """Raise Fail unless a link, whole or within the project, leads to a file of it, and to a heading where it names one."""
    try:
        parts = urlsplit(link)
    except ValueError as error:
        raise Fail(f"the runbook `{link}` is no link: {error}", fix="name the page and its heading") from None
    path = unquote(parts.path).strip("/")
    steps = path.split("/")
    there = next((name for start in range(len(steps)) if (name := "/".join(steps[start:])) in submission.files), None)
    if not there:
        raise Fail(f"the runbook `{link}` leads to no file of the project", fix="commit the page that it names")
    text = submission.read(there)
    anchors = {_anchor(heading) for heading in re.findall(r"^#+\s+(.+?)\s*#*\s*$", text, re.MULTILINE)}
    if parts.fragment and parts.fragment not in anchors:
        raise Fail(f"`{there}` has no heading `#{parts.fragment}`", fix="give the alert's paragraph that heading")
    if len(text.split()) < 15:
        raise Fail(f"the runbook `{there}` says next to nothing", fix="what is wrong, how to see it, what to type")


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _texts(values: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in values.items()} if isinstance(values, Mapping) else {}
