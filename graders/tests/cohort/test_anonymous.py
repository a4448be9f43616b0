"""Nothing in an anonymous dashboard says who is who: no name, no place, no commit, no text of anybody, no order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cohort import invented_class
from cohort.invented_class import document, settings
from mlops_grader.check import Verdict
from mlops_grader.cohort.dashboard import site
from mlops_grader.cohort.dashboard.anonymous import anonymous, nameless
from mlops_grader.cohort.dashboard.site import Board
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.records import Attempt, Change, Override, State, Student, Submission, Why

AT = datetime(2026, 11, 3, 14, 15, 9, tzinfo=UTC)
CANARY = "canary-5f1d0c"


def _marked(text: str) -> str:
    return f"{text} {CANARY}"


def _entry(number: int) -> Entry:
    """A student in whom every text that could be anybody's holds a canary."""
    name, login, commit = (
        f"Zephyrine{number} Quastenflosser{number}",
        f"zq-login-{number}",
        f"{number:03}beefcafe" + "7" * 29,
    )
    one = f"id-{login}"
    told = document({"test_image_builds": Verdict.PASSED}, commit, found=_marked(f"/home/{login}/x is {name}'s"))
    for check in told["checks"]:
        check.update(fix=_marked("fix"), title=_marked("title"), why=_marked("why"), lesson=_marked("lesson"))
    told["figures"] = [{"name": _marked("figure"), "value": 1.5, "unit": CANARY}]
    known: dict[str, Any] = {
        "student": one,
        "module": invented_class.MODULE,
        "key": _marked("key"),
        "tries": 1,
        "commit": commit,
    }
    known |= {
        "queued_at": AT,
        "started_at": AT,
        "ended_at": AT,
        "worker": _marked("worker"),
        "log": _marked("log"),
        "phases": {CANARY: 1.0},
    }
    graded = Attempt(number * 2 + 7001, why=Why.FIRST, state=State.GRADED, document=told, **known)
    failed = Attempt(number * 2 + 7002, why=Why.CHANGED, state=State.ERROR, error=_marked("error"), **known)
    found = Submission(
        one, _marked(f"https://code.example.org/{login}"), commit, commit, AT, commit, timedelta(hours=1, seconds=7),
        (Change(_marked("path"), "edited"),), (_marked("note"),), _marked("problem"), _marked("parcel"),
    )  # fmt: skip
    override = Override(one, invented_class.MODULE, 55, _marked(f"because {name}"), _marked("Professor Krill"), AT)
    student = Student(
        one, login, name, f"{login}@example.org", _marked("Section"), 9000 + number, {"github_id": CANARY}
    )
    return Entry(
        student,
        found,
        graded,
        (graded, failed),
        10,
        100,
        found.late,
        3,
        override,
        55,
        "error",
        _marked("words"),
        look=(_marked("look"),),
    )


SECRETS = ("Zephyrine", "Quastenflosser", "zq-login", "beefcafe", "@example.org", "Krill", CANARY, "/home/", "code.example.org",
           "14:15", "2026-11-03", "2026-11-22", "srv", "roster.csv", "4711", "700", "9001")  # fmt: skip


def _board(entries: tuple[Entry, ...]) -> Board:
    told = settings(run=_marked("run"), seed=4711, roster="/srv/roster.csv", handout=_marked("handout"))
    made = datetime(2030, 1, 1, tzinfo=UTC)
    return Board(nameless(told), tuple(anonymous(entries)), anonymous=True, made_at=made)


def test_no_file_holds_anything_of_anybody() -> None:
    """Not in its text and not in its name."""
    entries = tuple(_entry(number) for number in range(20))
    for name, text in site.files(_board(entries)).items():
        if name.endswith((".css", ".js")):
            continue
        body = str(text).partition("<script>")[0]
        assert [secret for secret in SECRETS if secret in body or secret in name] == [], name


def test_the_secrets_are_found_where_names_are_shown() -> None:
    """So that the test above can fail: the same class with names holds every one of them, or nearly."""
    entries = tuple(_entry(number) for number in range(3))
    board = replace(_board(entries), anonymous=False, settings=settings(), entries=entries)
    whole = "".join(map(str, site.files(board).values()))
    missing = [secret for secret in SECRETS if secret not in whole]
    assert {"roster.csv", "4711", "9001", "srv"} >= set(missing)


def test_the_records_hold_nothing_either() -> None:
    """A page that is written next year can only show what is in them."""
    held = repr(anonymous([_entry(number) for number in range(5)])) + repr(
        nameless(settings(run=CANARY, roster="/srv/roster.csv", seed=4711))
    )
    assert [secret for secret in SECRETS if secret in held] == []


def test_the_order_says_nothing() -> None:
    """It is drawn anew each time: in forty drawings the same student is not always at the same place."""
    entries = [replace(_entry(number), final=number) for number in range(10)]
    places = {next(place for place, one in enumerate(anonymous(entries)) if one.final == 3) for _ in range(40)}
    assert len(places) > 3


def test_scores_and_verdicts_stay_as_they_are() -> None:
    """They are what the class is to see."""
    (one,) = anonymous([_entry(1)])
    assert (one.student.name, one.measured, one.final, one.status) == ("Student 1", 10, 55, "error")
    assert one.attempt
    assert one.attempt.result
    passed = [outcome.id for outcome in one.attempt.result.checks if outcome.verdict is Verdict.PASSED]
    assert passed == ["test_image_builds"]
    assert timedelta(hours=2) == one.late


def test_attempts_are_numbered_by_student() -> None:
    """Numbers that run through the whole class follow its roster."""
    (one,) = anonymous([_entry(5)])
    assert [attempt.number for attempt in one.attempts] == [1, 2]


@pytest.mark.parametrize("field", ["place", "commit", "tree", "graded_tree", "parcel"])
def test_a_submission_loses_its_place_and_its_commit(field: str) -> None:
    """A commit is found in a second by whoever can search the code host."""
    (one,) = anonymous([_entry(1)])
    assert one.submission
    assert getattr(one.submission, field) == ""
