"""A class whose grades cost nothing: what was handed in says what its grade does. Workers import this by name.

Run as a program it is `cohort grade` on such a class, in a process that can be killed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from mlops_grader import grading, result
from mlops_grader.check import Verdict
from mlops_grader.cohort import grade as step
from mlops_grader.cohort.doors import Doors, Graders
from mlops_grader.cohort.records import CellOrder, Returned, Student, Submission
from mlops_grader.cohort.roster import Roster
from mlops_grader.grading import identity
from mlops_grader.submission import UsageError

MODULE = "m01_environment"
NOTE = "`roster.txt`, row 9: Tom teaches here and is left out"
SETTINGS = {"run": "r0", "module": MODULE, "seed": 7, "roster": "roster.txt", "submissions": "in"}


@dataclass(frozen=True)
class Collected:
    """What an intake found."""

    submissions: list[Submission]
    strays: list[str]


@dataclass(frozen=True)
class Class:
    """Folders of a class: the roster, what was handed in, the run, and the witnesses that grades leave."""

    folder: Path

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.folder / "run"

    @property
    def witnesses(self) -> Path:
        """A file for each grade that began."""
        return self.folder / "witnesses"

    def hand_in(self, **does: Mapping[str, Any]) -> None:
        """Put something there for each student, and write the roster of all who have something."""
        for folder in (self.folder / "in", self.witnesses):
            folder.mkdir(parents=True, exist_ok=True)
        for student, what in does.items():
            told = {"does": "pass", "witnesses": str(self.witnesses), **what}
            (self.folder / "in" / student).write_text(json.dumps(told), encoding="utf-8")
        names = sorted(path.name for path in (self.folder / "in").iterdir())
        (self.folder / "roster.txt").write_text("\n".join(names), encoding="utf-8")

    def arguments(self, *more: str) -> list[str]:
        """The command line of a start."""
        sources = [
            "--roster",
            str(self.folder / "roster.txt"),
            "--submissions",
            str(self.folder / "in"),
            "--module",
            MODULE,
        ]
        return ["--out", str(self.run), *sources, "--memory", "64MiB", *more]

    def grade(self, *more: str, console: Console | None = None, doors: Doors | None = None) -> int:
        """`cohort grade` in this process."""
        parser = argparse.ArgumentParser()
        step.arguments(parser)
        return step.run(parser.parse_args(self.arguments(*more)), console or Console(), doors or DOORS)

    def begun(self) -> list[str]:
        """The students whose grades began, one entry for each time."""
        return sorted(path.name.rsplit("-", 1)[0] for path in self.witnesses.iterdir())


def roster(path: Path) -> Roster:
    """A student for each line."""
    names = path.read_text(encoding="utf-8").split()
    return Roster(tuple(Student(name, name, name.title(), row=row) for row, name in enumerate(names, 1)), (NOTE,))


def collect(
    source: Path, students: Sequence[Student], _settings: object, _handout: object, run: Path, _told: object
) -> Collected:
    """What each student handed in, as it is."""
    found = []
    for student in students:
        path = source / student.id
        if path.is_file():
            content = path.read_bytes()
            tree, parcel = (
                hashlib.sha1(content, usedforsecurity=False).hexdigest(),
                Path("parcels") / f"{student.id}.bundle",
            )
            (run / parcel).parent.mkdir(exist_ok=True)
            (run / parcel).write_bytes(content)
            found.append(Submission(student.id, str(path), tree, tree, graded_tree=tree, parcel=str(parcel)))
        else:
            found.append(Submission(student.id, "", problem="nothing was handed in"))
    return Collected(found, [])


def grade(parcel: bytes, order: CellOrder) -> Returned:
    """Do what the parcel says, after leaving a witness."""
    what = json.loads(parcel)
    witness = Path(what["witnesses"]) / f"{order.student}-{uuid.uuid4().hex}"
    witness.touch()
    first = len(list(witness.parent.glob(f"{order.student}-*"))) == 1
    time.sleep(what.get("seconds", 0))
    return DOES[what.get("first", what["does"]) if first else what["does"]](parcel, order, what)


def document(parcel: bytes, order: CellOrder, points: int) -> dict[str, Any]:
    """A grade of record with two checks."""
    outcomes = [_outcome("test_one", 40, points >= 40), _outcome("test_two", 60, points >= 100)]
    tree = hashlib.sha1(parcel, usedforsecurity=False).hexdigest()
    graded = result.Graded(tree, tree, clean=True, module=order.module)
    found = result.Result(identity(), graded, "record", order.seed, "2026-10-01T12:00:00Z", 1.0, tuple(outcomes))
    return found.document()


def _outcome(name: str, points: int, passed: bool) -> result.Outcome:  # of a test's own
    verdict, found = (Verdict.PASSED, "") if passed else (Verdict.FAILED, "not there")
    return result.Outcome(
        name, name, points if passed else 0, points, verdict, found, "add it", "", "lesson", None, 0.5
    )


def _pass(parcel: bytes, order: CellOrder, what: Mapping[str, Any]) -> Returned:
    return Returned(document(parcel, order, what.get("points", 100)), phases={"grade": 0.5}, log="graded")


def _raise(*_: object) -> Returned:
    raise RuntimeError("the grader's own fault")


def _die(*_: object) -> Returned:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _hang(*_: object) -> Returned:
    os.kill(os.getpid(), signal.SIGSTOP)
    raise AssertionError("nobody goes on")


def _tampered(parcel: bytes, order: CellOrder, what: Mapping[str, Any]) -> Returned:
    found = document(parcel, order, 100)
    part = found["submission"] if what["field"] in found["submission"] else found
    part[what["field"]] = what["value"]
    return Returned(found)


DOES: Mapping[str, Callable[..., Any]] = {
    "pass": _pass,
    "raise": _raise,
    "die": _die,
    "hang": _hang,
    "quit": lambda *_: sys.exit(3),
    "wait": lambda *_: time.sleep(600),
    "tampered": _tampered,
    "error": lambda *_: Returned(None, "a person must look at this", log="its log"),
    "fault": lambda *_: Returned(None, "the engine is away", retry=True),
    "number": lambda *_: 42,
    "rubbish": lambda *_: Returned({"schema": "something else"}),
    "no data": lambda *_: Returned({"schema": object()}),
    "surrogate": lambda *_: Returned({"schema": "\ud800"}),
    "huge": lambda *_: Returned({"schema": "x" * 9 * 2**20}),
}


def prepare(_module: str, _disposable: bool) -> None:
    """Every worker is fit."""


def prepare_not(_module: str, _disposable: bool) -> None:
    """No worker is."""
    raise UsageError("no engine here: start one")


def forget(run: str) -> None:
    """Nothing is left by a run."""


def forget_one(run: str, student: str) -> None:
    """Nothing is left by a grade."""


def image() -> str:
    """The image is always the same."""
    return "image:1"


def image_2() -> str:
    """Another one."""
    return "image:2"


def handout(folder: Path) -> Path:
    """A handout is its folder."""
    return folder


def become(release: str | None) -> None:
    """Be a worker with another release of the grader; with None, with this one again."""
    grading.identity = (lambda: release) if release else identity  # type: ignore[assignment]


GRADERS = Graders(grade, prepare, forget, forget_one, image)
DOORS = Doors(roster, collect, handout, GRADERS)

if __name__ == "__main__":
    import fake_class  # so that workers find the functions by this name, and not in the program that was started

    own = fake_class.Class(Path(sys.argv[1]))
    raise SystemExit(own.grade(*sys.argv[2:], doors=fake_class.DOORS))
