"""Questions about how a product is run: its alerts, its image, its pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlops_grader.capstone.questions import Question, cut, get, listed, matching, text_of, until, yaml_of
from mlops_grader.check import Fail
from mlops_grader.submission import Submission

RULES = "monitoring/rules.yml"
DOCKERFILE = "Dockerfile"


_ALERT = (
    "what users notice while it fires, in their words",
    "what the expression measures, and why this threshold and this length of time",
    "the first place to look, and what would be seen there when it is true and when it is a false alarm",
    "how the harm is stopped before its cause is known: roll back, switch off, fall back on the baseline",
    "who else has to know, and what is written down for the morning",
)


def alerts(submission: Submission) -> Iterator[Question]:
    """One about each alert of the rules that the contract names."""
    for file in _rule_files(submission):
        document = yaml_of(submission, file)
        text = text_of(submission, file)
        for key, name in _alert_rules(document.data if document else None):
            first = (document.line(key) if document else None) or 1
            last = until(text, first)
            ask = f'It is 3 in the morning and the alert "{name}" fires. Walk me through what you do.'
            yield Question("alert", "operations", ask, _ALERT, file, first, last, cut(text, first, last))


def _rule_files(submission: Submission) -> list[str]:
    try:
        return submission.contract().monitoring.rules
    except Fail:
        return [RULES]


def _alert_rules(data: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for group, rules in enumerate(listed(get(data, "groups"))):
        for number, rule in enumerate(listed(get(rules, "rules"))):
            if isinstance(get(rule, "alert"), str):
                yield ("groups", group, "rules", number), rule["alert"]


# --- the image ---

_INSTRUCTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "FROM": (
        "Why this base and this version of it? What do you do on the day on which it gets a security fix?",
        (
            "why not a larger or a smaller one",
            "what the tag or digest fixes and what it does not",
            "how the new one gets into service, and who notices",
        ),
    ),
    "USER": (
        "What could somebody who breaks into the service do if this line was not there?",
        ("what root in a container may still do", "which files this user can write", "how it was tried"),
    ),
    "HEALTHCHECK": (
        "When does this say healthy although nobody gets an answer?",
        ("the difference between living and ready", "what happens when it fails three times", "what it costs to ask"),
    ),
    "CMD": (
        "Which process is number 1, and what happens to the requests in flight when SIGTERM arrives?",
        ("exec form and shell form", "how long stopping takes and who kills it after that", "what clients see"),
    ),
    "COPY": (
        "What in this folder must not reach the image, and where is that said? What is built anew after a change of one file?",
        (
            "the ignore file of the build context",
            "the order of layers and the cache",
            "how they looked inside the image",
        ),
    ),
    "RUN": (
        "When is this line carried out again and when is it not? What would be different in a year?",
        (
            "the cache of layers",
            "what is fixed by a lock and what is not",
            "what stays in the layer though it is deleted later",
        ),
    ),
    "ENV": (
        "Which of these values must differ between your laptop and production, and how do they?",
        ("settings come from the environment", "what is a secret and where those are", "the default is safe"),
    ),
}
_SAME = {"ENTRYPOINT": "CMD", "ADD": "COPY", "ARG": "ENV"}


def instructions(submission: Submission) -> Iterator[Question]:
    """One about each instruction of the Dockerfile that there is something to say about."""
    file = _dockerfile(submission)
    text = text_of(submission, file)
    for first, last in _statements(text):
        line = text.splitlines()[first - 1]
        word = line.split()[0].upper()
        ask, good = _INSTRUCTIONS.get(_SAME.get(word, word), ("", ()))
        if ask:
            yield Question("image", "service", ask, good, file, first, last, cut(text, first, last))


def _dockerfile(submission: Submission) -> str:
    try:
        return submission.contract().image.dockerfile
    except Fail:
        return DOCKERFILE


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """First and last line of each instruction: neither blank nor a comment, and as long as lines end with a backslash."""
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        first = first or number
        if not line.rstrip().endswith("\\"):
            yield first, number
            first = 0


# --- the pipeline ---

_JOB = (
    "what it proves, and which fault reaches users if it is switched off",
    "how a fault of the code is told from a fault of the machine or of the network",
    "how it is repeated on a laptop",
    "what it waits for, what waits for it, and what it may do with the repository",
    "why it is not skipped, whatever the hour",
)


def jobs(submission: Submission) -> Iterator[Question]:
    """One about each job of each workflow."""
    for file in sorted(submission.files):
        if not re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", file):
            continue
        document, text = yaml_of(submission, file), text_of(submission, file)
        jobs = get(document.data, "jobs") if document else None
        for name in jobs if isinstance(jobs, Mapping) else ():
            # the line of a value is that of its first key: the job's name stands above it
            first = next(matching(text, rf"\s+['\"]?{re.escape(str(name))}['\"]?\s*:"), 1)
            last = until(text, first)
            ask = f'The job "{name}" is red on the main branch, an hour before the demo. What do you do, step by step?'
            yield Question("pipeline", "operations", ask, _JOB, file, first, last, cut(text, first, last))
