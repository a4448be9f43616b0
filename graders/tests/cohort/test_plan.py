"""Who is graded for which reason, and what makes a grade worth doing again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cohort.turns import SETTINGS, Bench, bench_of
from mlops_grader.cohort import plan
from mlops_grader.cohort.plan import Keys, asked, chosen, last, renew, seed_of
from mlops_grader.cohort.records import Returned, State, Student, Submission, Why
from mlops_grader.submission import UsageError

KEYS = Keys(SETTINGS, "image")
ADA = Submission("ada", "in/ada", commit="c", graded_tree="t", parcel="parcels/ada.bundle")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A class of two."""
    with bench_of(tmp_path, None) as made:
        made.its.hand_in(al={}, bo={})
        made.log.begin(SETTINGS, [Student(name, name, name) for name in ("al", "bo")])
        made.log.take_in([replace(ADA, student="al"), replace(ADA, student="bo")])
        yield made


def lived(bench: Bench, history: str) -> None:
    """What became of the attempts of al: q waits, r runs, g graded, G graded when something was otherwise, e an error."""
    for step in history:
        submission = bench.log.submissions()["al"]
        key = "another" if step == "G" else KEYS(submission)
        bench.log.queue([(submission, key, Why.FIRST)], SETTINGS.module)
        number = bench.log.outline("al")[-1].number
        if step != "q":
            bench.log.start(number, "worker")
        if step in "gGe":
            bench.log.end(number, Returned(None if step == "e" else {"score": 1}, "broken"))


HISTORIES = ("", "q", "r", "g", "e", "ge", "eg", "G", "gG", "Gg", "gq", "eq")


@pytest.mark.parametrize(
    ("why", "wanted"),
    [
        (Why.FIRST, {""}),
        (Why.CHANGED, {"", "e", "G", "gG"}),
        (Why.FAILED, {"e", "ge"}),
        (Why.REGRADE, {"", "g", "e", "ge", "eg", "G", "gG", "Gg"}),
    ],
)
@pytest.mark.parametrize("history", HISTORIES)
def test_who_is_graded(bench: Bench, why: Why, wanted: set[str], history: str) -> None:
    """By what became of the attempts before; who waits or is being graded never is asked for again."""
    lived(bench, history)
    found = asked(bench.log, KEYS, why, ["al"])
    assert [each.student for each, _, _ in found] == ["al"] * (history in wanted)
    assert [reason for _, _, reason in found] == [why if history else Why.FIRST] * (history in wanted)


@pytest.mark.parametrize("without", [{"problem": "two folders"}, {"parcel": ""}])
def test_who_handed_in_nothing_is_not_graded(bench: Bench, without: dict[str, str]) -> None:
    """Nor anybody who was not named."""
    bench.log.take_in([replace(ADA, student="al", **without)])
    assert [each.student for each, _, _ in asked(bench.log, KEYS, Why.REGRADE, ["al", "bo"])] == ["bo"]
    assert asked(bench.log, KEYS, Why.REGRADE, ["al"]) == []


def test_what_waits_is_graded_as_it_is_now(bench: Bench) -> None:
    """What runs or has ended keeps what it was graded with."""
    lived(bench, "gq")
    old = bench.log.outline("al")[0]
    bench.log.take_in([replace(ADA, student="al", commit="new", graded_tree="other")])
    renew(bench.log, KEYS)
    ended, waits = bench.log.outline("al")
    assert (ended.key, ended.commit) == (old.key, old.commit)
    assert (waits.key, waits.commit) == (KEYS(bench.log.submissions()["al"]), "new")
    assert waits.key != old.key


@pytest.mark.parametrize(("history", "state"), [("geq", State.ERROR), ("egr", State.GRADED)])
def test_the_last_attempt_is_one_that_has_ended(bench: Bench, history: str, state: State) -> None:
    """One that waits or runs says nothing yet."""
    lived(bench, history)
    assert last(bench.log)["al"].state is state


@pytest.mark.parametrize(
    "other",
    [
        (Keys(SETTINGS, "image"), replace(ADA, graded_tree="u")),
        (Keys(SETTINGS, "image"), replace(ADA, commit="d")),
        (Keys(replace(SETTINGS, module="m05_serving"), "image"), ADA),
        (Keys(replace(SETTINGS, seed=8), "image"), ADA),
        (Keys(SETTINGS, "image:2"), ADA),
    ],
    ids=["files", "history", "module", "seed", "image"],
)
def test_all_that_decides_the_outcome_is_in_the_key(other: tuple[Keys, Submission]) -> None:
    """And a place or a note is not."""
    keys, submission = other
    assert keys(submission) != KEYS(ADA)
    assert KEYS(replace(ADA, place="elsewhere", notes=("x",))) == KEYS(ADA)


def test_another_grader_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checks may judge otherwise."""
    before = KEYS(ADA)
    monkeypatch.setattr(plan, "identity", lambda: "another")
    assert KEYS(ADA) != before


def test_seeds_are_of_one_student_and_these_files() -> None:
    """The same files again have the same inputs; what a seed says about others is nothing."""
    settings = [SETTINGS, replace(SETTINGS, seed=8), replace(SETTINGS, module="m05_serving")]
    submissions = [ADA, replace(ADA, student="ben"), replace(ADA, graded_tree="u")]
    seeds = [seed_of(each, one) for each in settings for one in submissions]
    assert len(set(seeds)) == 9
    assert seed_of(SETTINGS, replace(ADA, commit="d", place="elsewhere")) == seeds[0]


PEOPLE = (Student("ada", "Ada", "Ada"), Student("row-3", "", "Grace"))


@pytest.mark.parametrize(
    ("names", "ids"), [([], {"ada", "row-3"}), (["ADA"], {"ada"}), (["row-3"], {"row-3"}), (["ada", "Ada"], {"ada"})]
)
def test_students_are_named_by_login_or_id(names: list[str], ids: set[str]) -> None:
    """In any letters; who names nobody means all."""
    assert chosen(PEOPLE, names) == ids


def test_a_name_that_nobody_has() -> None:
    """A guess where one is near."""
    with pytest.raises(UsageError, match="did you mean ada"):
        chosen(PEOPLE, ["adda"])
    with pytest.raises(UsageError, match="the run knows 2 students"):
        chosen(PEOPLE, ["zzzzzz"])
