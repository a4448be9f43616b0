"""What a worker's answer means: a grade, an error for a person, or a reason to try once more."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import jsonschema
from distributed import Future, KilledWorker

from mlops_grader import result
from mlops_grader.cohort.records import Attempt, Returned, Submission
from mlops_grader.cohort.task import WORKER

GATHER = 60  # seconds for an answer to arrive once it is there


def of(future: Future[object]) -> Returned | str:
    """What a task that is done answered; a fault when it did not come to an end."""
    try:
        said = future.result(timeout=GATHER)
    except KilledWorker:
        return Returned(None, "its worker died", retry=True)
    except Exception as error:  # a lost worker, a task that cannot be unpickled there: all mean one more try
        return Returned(None, f"the worker did not answer: {type(error).__name__}: {error}", retry=True)
    if isinstance(said, Returned | str):
        return said
    return Returned(None, f"the worker answered with {type(said).__name__}", retry=True)


def is_loss(future: Future[object]) -> bool:
    """Whether a task is done since its worker is gone."""
    return future.status in ("cancelled", "lost") or isinstance(future.exception(timeout=GATHER), KilledWorker)


def timed(said: Returned | str, waited: float, seconds: float) -> Returned:
    """The answer with the seconds that it waited in the queue, and those that it was on its way to a worker and back."""
    if isinstance(said, str):
        said = Returned(None, f"the worker answered with `{said[:80]}`", retry=True)
    way = max(0.0, seconds - said.phases.get(WORKER, 0.0))
    return dataclasses.replace(said, phases={"queue": waited, **said.phases, "way": way})


def judged(
    said: Returned, attempt: Attempt, submission: Submission, seed: int, below: Callable[[], Collection[str]] = tuple
) -> Returned:
    """The answer, or a fault when its document is no grade of record of what was sent.

    below: asked for the trees of the topmost folders of what was sent, one of which may hold the project.
    """
    if said.document is None:
        return said
    if not (wrong := _unfit(said.document, attempt, submission, seed, below)):
        return said
    return dataclasses.replace(
        said, document=None, error=f"the grader's document is no grade of this: {wrong}", retry=True
    )


def given_up(said: Returned, places: Sequence[str]) -> Returned:
    """The last of several failures, in words for a person."""
    words = f"failed {len(places)} times, at {', '.join(dict.fromkeys(places))}; at last: {said.error}"
    return dataclasses.replace(said, error=words, retry=False)


def _unfit(
    document: Mapping[str, Any],
    attempt: Attempt,
    submission: Submission,
    seed: int,
    below: Callable[[], Collection[str]],
) -> str:
    try:
        result.validate(dict(document))
    except jsonschema.ValidationError as error:
        return f"{error.json_path}: {error.message[:300]}"
    tree = document["submission"]["tree"]
    facts = {
        "module": (document["submission"]["module"], attempt.module),
        "tree": (tree, submission.graded_tree if tree == submission.graded_tree or tree not in below() else tree),
        "authority": (document["authority"], "record"),
        "seed": (document["seed"], seed),
    }
    return "; ".join(f"its {name} is {told} and not {asked}" for name, (told, asked) in facts.items() if told != asked)
