"""What GitHub wants of a workflow and its schema cannot say."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlops_grader.instruments.workflow.document import Document, Key, Problem
from mlops_grader.instruments.workflow.wording import did_you_mean

_STEP_KEYS = set("id if name uses run working-directory shell with env continue-on-error timeout-minutes".split())
_NOT_RUN_HERE = ("wait", "wait-all", "cancel", "parallel", "background")
_NAME = re.compile(r"(?!__)[A-Za-z_][\w-]{0,99}", re.ASCII)
_FILTERS = ("branches", "tags", "paths")


def workflow(document: Document) -> Iterator[Problem]:
    """The problems of a workflow beyond its schema, whatever shape it has."""
    jobs = {key: job for key, job in mapping(document.data, "jobs").items() if isinstance(job, dict)}
    yield from _needs(document, jobs)
    for key, job in jobs.items():
        if not {"steps", "uses"} & job.keys():
            yield document.problem(("jobs", key), "has neither `steps` nor `uses`, so there is nothing to run")
        yield from _steps(document, ("jobs", key, "steps"), job.get("steps"))
    yield from _triggers(document)


def action(document: Document) -> Iterator[Problem]:
    """The problems of an action beyond its schema, whatever shape it has."""
    runs = mapping(document.data, "runs")
    steps = runs.get("steps")
    if runs.get("using") != "composite" or not isinstance(steps, list):
        return
    yield from _steps(document, ("runs", "steps"), steps)
    for position, step in enumerate(steps):
        if isinstance(step, dict) and "run" in step and "shell" not in step:
            yield document.problem(
                ("runs", "steps", position, "shell"), "is missing; in an action each `run` names one"
            )


def mapping(data: Any, *keys: str) -> Mapping[str, Any]:
    """The mapping behind these keys, empty when there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _needs(document: Document, jobs: Mapping[str, Any]) -> Iterator[Problem]:
    keys = {key.casefold(): key for key in jobs}
    graph: dict[str, set[str]] = {}
    for key, job in jobs.items():
        for need in needed(job):
            if need.casefold() in keys:
                graph.setdefault(key, set()).add(keys[need.casefold()])
            else:
                words = f"there is no job `{need}`; {did_you_mean(need, jobs.keys() - {key})}"
                yield document.problem(("jobs", key, "needs"), words)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle = error.args[1][::-1]
        words = f"the jobs wait for each other: {' needs '.join(f'`{each}`' for each in circle)}"
        yield document.problem(("jobs", circle[0], "needs"), words)


def needed(job: Mapping[str, Any]) -> list[str]:
    """The names under `needs`, which may be one name or a list."""
    needs = job.get("needs")
    listed = needs if isinstance(needs, list) else [] if needs is None else [needs]
    return [str(need) for need in listed if not isinstance(need, dict | list)]


def _steps(document: Document, key: Key, steps: Any) -> Iterator[Problem]:
    lines: dict[str, int | None] = {}
    for position, step in enumerate(steps if isinstance(steps, list) else ()):
        if not isinstance(step, dict):
            continue
        where = (*key, position)
        yield from _step(document, where, step)
        name = step.get("id")
        if not isinstance(name, str):
            continue
        if not _NAME.fullmatch(name):
            words = f"`{name}` is no id; use letters, digits, `-` and `_`, and begin with a letter or one `_`"
            yield document.problem((*where, "id"), words)
        if name.casefold() in lines:
            words = f"`{name}` is taken by the step in line {lines[name.casefold()]}"
            yield document.problem((*where, "id"), words)
        lines.setdefault(name.casefold(), document.line((*where, "id")))


def _step(document: Document, where: Key, step: Mapping[str, Any]) -> Iterator[Problem]:
    special = [name for name in _NOT_RUN_HERE if name in step]
    if special:
        yield document.problem((*where, special[0]), "this grader does not run steps side by side")
    elif {"run", "uses"} <= step.keys():
        yield document.problem(where, "has both `run` and `uses`; make two steps of it")
    elif not {"run", "uses"} & step.keys() and step.keys() <= _STEP_KEYS:
        yield document.problem(where, "has neither `run` nor `uses`")
    elif "run" in step and "with" in step:
        yield document.problem((*where, "with"), "is for actions; give values to `run` through `env`")


def _triggers(document: Document) -> Iterator[Problem]:
    for event, filters in mapping(document.data, "on").items():
        if not isinstance(filters, dict):
            continue
        for name in _FILTERS:
            patterns = filters.get(name)
            if isinstance(patterns, list) and patterns and all(str(each).startswith("!") for each in patterns):
                words = f"every pattern begins with `!`, so nothing matches; use `{name}-ignore` without `!`"
                yield document.problem(("on", event, name), words)
    for name, facts in mapping(document.data, "on", "workflow_dispatch", "inputs").items():
        if isinstance(facts, dict) and facts.get("type") == "choice" and "options" not in facts:
            yield document.problem(("on", "workflow_dispatch", "inputs", name, "options"), "is missing for a choice")
