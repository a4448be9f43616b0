"""The commit that counts: deadlines, late policies, and dates that cannot be right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cohort.handed_in import DEADLINE, DUE, EARLY, EVE, LATE, LATER, SETTINGS, Desk, commit, git, repository
from mlops_grader.cohort.recording import instant, when


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder of submissions, and a run."""
    (tmp_path / "in").mkdir()
    return Desk(tmp_path)


def history(desk: Desk, *instants: datetime) -> list[str]:
    """The commits of ada, made at these instants."""
    ada = repository(desk.source / "ada", at=instants[0])
    return [
        git(ada, "rev-parse", "HEAD"),
        *(commit(ada, {"more.py": str(at)}, at) for at in instants[1:]),
    ]


def test_without_a_deadline_the_last_commit_counts(desk: Desk) -> None:
    """And nothing is late."""
    names = history(desk, EARLY, LATE)
    found = desk.one()
    assert (found.commit, found.committed_at, found.late, found.notes[:-1]) == (names[-1], LATE, timedelta(), ())


def test_the_last_commit_in_time_counts(desk: Desk) -> None:
    """What came later is told."""
    names = history(desk, EARLY, EVE, LATE, LATER)
    found = desk.one(settings=DUE)
    assert (found.commit, found.late) == (names[1], timedelta())
    assert found.notes[0] == "2 commits after the one that counts, the last at 2026-03-04 10:00 UTC"


@pytest.mark.parametrize(("second", "counts"), [(0, True), (1, False)])
def test_a_deadline_is_the_last_second(desk: Desk, second: int, counts: bool) -> None:
    """A commit of that second is in time."""
    names = history(desk, EARLY, DEADLINE + timedelta(seconds=second))
    assert (desk.one(settings=DUE).commit == names[1]) is counts


def test_nothing_in_time(desk: Desk) -> None:
    """Is told with the date of the first commit."""
    history(desk, LATE, LATER)
    found = desk.one(settings=DUE)
    assert found.problem == "no commit was made in time: the first is of 2026-03-03 10:00 UTC"


def test_with_a_late_policy_late_work_counts(desk: Desk) -> None:
    """`late` is its time after the deadline."""
    names = history(desk, EARLY, LATE)
    found = desk.one(settings=replace(DUE, late="percent:10"))
    assert (found.commit, found.late) == (names[1], timedelta(hours=22))


def test_late_work_counts_until(desk: Desk) -> None:
    """What is later than that does not."""
    names = history(desk, EARLY, LATE, LATER)
    found = desk.one(settings=replace(DUE, late="flag", until=LATE))
    assert (found.commit, found.late) == (names[1], timedelta(hours=22))
    assert found.notes[0] == "1 commit after the one that counts, the last at 2026-03-04 10:00 UTC"


def test_a_deadline_in_another_zone(desk: Desk) -> None:
    """Is the same instant."""
    names = history(desk, EARLY, EVE, LATE)
    east = DEADLINE.astimezone(tz=__import__("zoneinfo").ZoneInfo("Asia/Tokyo"))
    assert desk.one(settings=replace(DUE, deadline=east)).commit == names[1]


def test_the_date_of_the_committer_counts(desk: Desk) -> None:
    """That of the author stays when work is amended."""
    ada = repository(desk.source / "ada")
    first = git(ada, "rev-parse", "HEAD")
    git(ada, "commit", "--quiet", "--allow-empty", "--message=x", f"--date={EVE.isoformat()}", at=LATE)
    assert desk.one(settings=DUE).commit == first


def test_work_on_a_branch_that_was_merged_late(desk: Desk) -> None:
    """The last commit in time counts; another one in time that it does not hold is told."""
    ada = repository(desk.source / "ada")
    git(ada, "checkout", "--quiet", "-b", "side")
    commit(ada, {"side.py": "x"}, EVE - timedelta(hours=1))
    git(ada, "checkout", "--quiet", "main")
    last = commit(ada, {"main.py": "x"}, EVE)
    git(ada, "merge", "--quiet", "--no-edit", "side", at=LATE)
    found = desk.one(settings=DUE)
    assert found.commit == last
    assert found.notes[:2] == (
        "1 commit after the one that counts, the last at 2026-03-03 10:00 UTC",
        "1 commit in time on a branch that was merged later: not in what counts",
    )


def test_work_on_another_branch_does_not_count(desk: Desk) -> None:
    """The default branch is what is handed in."""
    ada = repository(desk.source / "ada")
    first = git(ada, "rev-parse", "HEAD")
    git(ada, "checkout", "--quiet", "-b", "side")
    commit(ada, {"side.py": "x"}, EVE)
    git(ada, "checkout", "--quiet", "main")
    assert desk.one().commit == first


def test_dates_that_go_backwards_are_told(desk: Desk) -> None:
    """Whoever commits sets the clock: a person looks at it."""
    names = history(desk, EARLY, LATE, EVE)
    found = desk.one(settings=DUE)
    assert found.commit == names[2]
    doubt = f"dates go backwards: 1 commit dated before the one it builds on, such as `{names[2][:10]}`"
    assert doubt in found.notes


def test_clocks_of_two_machines_may_differ_a_little(desk: Desk) -> None:
    """A minute is no reason to doubt."""
    history(desk, EVE, EVE - timedelta(minutes=1))
    assert not any("backwards" in note for note in desk.one().notes)


def test_dates_of_the_future_are_told(desk: Desk) -> None:
    """They have not come yet."""
    future = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    names = history(desk, EARLY, future)
    found = desk.one()
    assert found.notes[0] == f"1 commit dated in the future, such as `{names[1][:10]}` at {when(future)}"


@pytest.mark.parametrize("seconds", [2**62, 253402300800, 0])
def test_dates_outside_the_calendar(desk: Desk, seconds: int) -> None:
    """git stores any number; it is no reason to fail."""
    ada = repository(desk.source / "ada")
    tree = git(ada, "rev-parse", "HEAD^{tree}")
    who = f"A <a@example.org> {seconds} +0000"
    raw = f"tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n".encode()
    name = git(ada, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)
    git(ada, "update-ref", "refs/heads/main", name)
    found = desk.one(settings=replace(SETTINGS, deadline=DEADLINE, late="flag"))
    assert (found.problem, found.commit, found.committed_at) == ("", name, instant(seconds))
