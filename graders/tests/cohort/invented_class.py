"""An invented class of any size, the same each time: students, submissions, attempts and what people decided, as records."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops_grader.check import Check, Verdict, checks_in
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.records import Attempt, Change, Override, Settings, State, Student, Submission, Why
from mlops_grader.grading import module_named

MODULE = "m06_containers"
DEADLINE = datetime(2026, 11, 22, 22, tzinfo=UTC)
FIRST = "Ada Ben Cleo Dan Eva Finn Gül Hugo Ines Jan Kofi Lena Mia Noor Otto Pia Quinn Rosa Sami Tove Uma Vera Wim Ximena Yara Zoë".split()
LAST = "Abara Berg Costa Dietz Eriksen Farah García Haas Ito Jansen Kaya Lindqvist Meyer Novak Okafor Petrov Rossi Silva Tanaka".split()
HOSTILE = """</script></td><script>alert("x")</script><img src=x onerror=alert(1)> javascript:alert(1) 'quoted'"""
FINDINGS = {
    Verdict.FAILED: "still running 10 s after SIGTERM, killed\nexit code 137",
    Verdict.NOT_RUN: "no container engine answers on this machine",
    Verdict.ERROR: "the grader broke: TimeoutError: the engine did not answer",
}


@dataclass(frozen=True)
class InventedClass:
    """A class and what happened to it."""

    settings: Settings
    entries: tuple[Entry, ...]
    overrides: tuple[Override, ...]
    strays: tuple[str, ...] = ("unknown-7",)


def settings(**changes: Any) -> Settings:
    """What a run was started with."""
    known = {
        "run": "/srv/runs/containers",
        "module": MODULE,
        "seed": 1,
        "roster": "roster.csv",
        "submissions": "submissions",
        "started_at": DEADLINE,
        "deadline": DEADLINE,
        "late": "percent:10",
    }
    return Settings(**{**known, **changes})


def checks() -> tuple[Check, ...]:
    """The checks of the module that the class works on."""
    return checks_in(module_named(MODULE))


def document(
    verdicts: Mapping[str, Verdict], commit: str, found: str = "", known: Sequence[Check] = ()
) -> dict[str, Any]:
    """A result document with these verdicts by check; those that are not named failed, or wait for what they require."""
    outcomes: list[dict[str, Any]] = []
    seen: dict[str, Verdict] = {}
    for check in known or checks():
        blocker = next((name for name in check.requires if seen.get(name) is not Verdict.PASSED), None)
        verdict = Verdict.BLOCKED if blocker else verdicts.get(check.id, Verdict.FAILED)
        seen[check.id] = verdict
        outcomes.append(_outcome(check, verdict, blocker, found))
    return {
        "schema": "mlops-grader/result/v1",
        "grader": {"version": "0.1.0+9d1e77ab"},
        "submission": {"commit": commit, "tree": commit, "clean": True, "module": MODULE},
        "authority": "record",
        "seed": 4711,
        "started_at": "2026-11-23T08:00:00Z",
        "seconds": 61.5,
        "score": sum(each["points"] for each in outcomes),
        "max_score": sum(each["max_points"] for each in outcomes),
        "checks": outcomes,
    }


def _outcome(check: Check, verdict: Verdict, blocker: str | None, found: str) -> dict[str, Any]:
    passed = verdict is Verdict.PASSED
    words = "" if passed else "needs another check to pass first" if blocker else found or FINDINGS[verdict]
    return {
        "id": check.id,
        "title": check.title,
        "points": check.points if passed else 0,
        "max_points": check.points,
        "verdict": verdict,
        "found": words,
        "fix": "" if passed or blocker else 'start the server in exec form: CMD ["uvicorn", "..."]',
        "why": check.why,
        "lesson": f"lessons/{MODULE}.md#{check.anchor}",
        "blocked_by": blocker,
        "seconds": 1.5,
    }


def make(number: int, seed: int = 1) -> InventedClass:
    """A class of so many students: some late, some absent, some with errors, hostile names among them."""
    chance = random.Random(seed)  # noqa: S311  # it is to be the same each time
    entries = tuple(_entries(number, chance))
    overrides = tuple(entry.override for entry in entries if entry.override)
    return InventedClass(settings(), entries, overrides)


def _entries(number: int, chance: random.Random) -> Iterator[Entry]:
    attempts = 0
    for place in range(number):
        student = _student(place, chance)
        if chance.random() < 0.05:
            problem = "there is no folder for this login"
            yield Entry(
                student,
                Submission(student.id, "", problem=problem),
                None,
                (),
                None,
                100,
                timedelta(),
                0,
                None,
                None,
                "not handed in",
            )
            continue
        commits = [f"{chance.getrandbits(160):040x}" for _ in range(chance.choice((1, 1, 2, 3, 4)))]
        made = tuple(_attempts(student, commits, attempts, chance))
        attempts += len(made)
        yield _entry(student, made, chance)


def _student(place: int, chance: random.Random) -> Student:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    name = HOSTILE if place == 7 else f"{first} {last}"
    login = f"{first[0]}{last[:5]}{place}".lower().encode("ascii", "ignore").decode()
    return Student(
        login, login, name, f"{login}@students.example.org", chance.choice(("Monday", "Tuesday", "Thursday")), place + 2
    )


def _attempts(student: Student, commits: Sequence[str], before: int, chance: random.Random) -> Iterator[Attempt]:
    at, skill = DEADLINE - timedelta(days=5), chance.betavariate(2.2, 1.8)
    for place, commit in enumerate(commits):
        at += timedelta(hours=chance.uniform(1, 40))
        broken = chance.random() < 0.02
        known = {
            "number": before + place + 1,
            "student": student.id,
            "module": MODULE,
            "key": commit,
            "tries": 1,
            "commit": commit,
        }
        known |= {
            "why": Why.CHANGED if place else Why.FIRST,
            "queued_at": at,
            "started_at": at,
            "ended_at": at + timedelta(minutes=2),
        }
        known |= {"worker": "tcp://10.0.0.7:40001", "phases": {"image": 2.5, "grade": 61.5}, "log": "graded\n" * 5}
        if broken:
            yield Attempt(**known, state=State.ERROR, error="the worker ran out of memory", document=None)
            continue
        skill = min(1.0, skill + 0.1)
        verdicts = {check.id: _verdict(skill, chance) for check in checks()}
        found = HOSTILE if student.name == HOSTILE else ""
        yield Attempt(**known, state=State.GRADED, document=document(verdicts, commit, found))


def _verdict(skill: float, chance: random.Random) -> Verdict:
    if chance.random() < 0.01:
        return chance.choice((Verdict.NOT_RUN, Verdict.ERROR))
    return Verdict.PASSED if chance.random() < 0.45 + 0.55 * skill else Verdict.FAILED


def _entry(student: Student, attempts: tuple[Attempt, ...], chance: random.Random) -> Entry:
    current = next((each for each in reversed(attempts) if each.state is State.GRADED), None)
    late = timedelta(seconds=chance.randrange(60, 200_000)) if chance.random() < 0.12 else timedelta()
    changes = (
        (Change("noshow/service.py", "edited"), Change("tests/test_given.py", "deleted"))
        if chance.random() < 0.06
        else ()
    )
    place = "javascript:alert(1)" if student.name == HOSTILE else f"https://code.example.org/course/{student.login}"
    found = Submission(
        student.id,
        place,
        attempts[-1].commit,
        "0" * 40,
        DEADLINE + late - timedelta(hours=0 if late else 5),
        "1" * 40,
        late,
        changes,
    )
    measured = current.result.score if current and current.result else None
    less = 10 if late and measured else 0
    override = None
    if measured is not None and chance.random() < 0.02:
        override = Override(
            student.id,
            MODULE,
            min(measured + 5, 100),
            "the image was right, the registry was down",
            "Prof. Reyes",
            DEADLINE,
        )
    final = override.score if override else None if measured is None else max(measured - less, 0)
    status = "error" if attempts[-1].state is State.ERROR else "graded"
    words = "10 % for each started day" if less else ""
    return Entry(student, found, current, attempts, measured, 100, late, less, override, final, status, words)
