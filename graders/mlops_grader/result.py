"""The result document: what a grade says, as data, with its published schema."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema

from mlops_grader import timeline as timelines
from mlops_grader.check import Verdict
from mlops_grader.figure import Figure
from mlops_grader.timeline import Timeline

SCHEMA = "mlops-grader/result/v1"
NOT_ASKED = "it was not asked for"


@dataclass(frozen=True)
class Outcome:
    """How one check ended, in words that a student can act on. Seconds are wall time."""

    id: str
    title: str
    points: int
    max_points: int
    verdict: Verdict
    found: str
    fix: str
    why: str
    lesson: str
    blocked_by: str | None
    seconds: float


@dataclass(frozen=True)
class Graded:
    """What was graded: `commit` is None when the tree was never committed; `tree` is git's hash of it."""

    commit: str | None
    tree: str
    clean: bool
    module: str


@dataclass(frozen=True)
class Result:
    """A whole grade. `authority` is `record` on an instructor's machine, else `advisory`."""

    grader: str
    submission: Graded
    authority: str
    seed: int
    started_at: str
    seconds: float
    checks: tuple[Outcome, ...]
    timeline: Timeline | None = None
    figures: tuple[Figure, ...] = ()

    @property
    def asked(self) -> tuple[Outcome, ...]:
        """The checks that were to run: all of them, unless some were chosen."""
        return tuple(outcome for outcome in self.checks if outcome.found != NOT_ASKED)

    @property
    def complete(self) -> bool:
        """Whether every check that was asked for could be run on this machine."""
        return not {Verdict.NOT_RUN, Verdict.ERROR} & {outcome.verdict for outcome in self.asked}

    @property
    def score(self) -> int:
        """Points earned."""
        return sum(outcome.points for outcome in self.checks)

    @property
    def max_score(self) -> int:
        """Points that the grader's own list of checks is worth."""
        return sum(outcome.max_points for outcome in self.checks)

    @property
    def next_step(self) -> Outcome | None:
        """The first check, in the order of work, that did not pass and that no other check blocks.

        One that could not be run comes after all that can be mended in the project itself.
        """
        left = [o for o in self.checks if o.verdict is not Verdict.PASSED and not o.blocked_by]
        return next((o for o in left if o.verdict is not Verdict.NOT_RUN), next(iter(left), None))

    def document(self) -> dict[str, Any]:
        """The result as plain data, valid against the schema."""
        told: dict[str, Any] = {"timeline": self.timeline.document()} if self.timeline else {}
        if self.figures:
            told["figures"] = [asdict(figure) for figure in self.figures]
        return {
            "schema": SCHEMA,
            "grader": {"version": self.grader},
            "submission": asdict(self.submission),
            "authority": self.authority,
            "seed": self.seed,
            "started_at": self.started_at,
            "seconds": round(self.seconds, 3),
            "score": self.score,
            "max_score": self.max_score,
            "checks": [{**asdict(outcome), "seconds": round(outcome.seconds, 3)} for outcome in self.checks],
            **told,
        }


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the result document."""
    text = files("mlops_grader").joinpath("result-v1.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def validate(document: Any) -> None:
    """Raise jsonschema.ValidationError unless the document is a result of version 1."""
    if error := jsonschema.exceptions.best_match(_validator().iter_errors(document)):
        raise error


@cache
def _validator() -> jsonschema.Draft202012Validator:
    """The schema ready for use: looking at the schema itself takes longer than at a document, and a class has thousands."""
    return jsonschema.Draft202012Validator(schema())


def from_document(document: dict[str, Any]) -> Result:
    """The result that a valid document describes. Raises jsonschema.ValidationError for any other."""
    validate(document)
    outcomes = tuple(Outcome(**{**entry, "verdict": Verdict(entry["verdict"])}) for entry in document["checks"])
    return Result(
        grader=document["grader"]["version"],
        submission=Graded(**document["submission"]),
        authority=document["authority"],
        seed=document["seed"],
        started_at=document["started_at"],
        seconds=document["seconds"],
        checks=outcomes,
        timeline=timelines.from_document(document["timeline"]) if "timeline" in document else None,
        figures=tuple(Figure(**entry) for entry in document.get("figures", ())),
    )


def write(results: Sequence[Result], path: Path) -> None:
    """Write one result as a document, several as a list of documents; whole or not at all."""
    documents = [result.document() for result in results]
    for document in documents:
        validate(document)
    write_text(
        path, json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False) + "\n"
    )


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step, so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
