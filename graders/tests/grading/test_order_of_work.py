"""`requires`, `--only`, seeds and commits: which checks run, in what order, on which inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mlops_grader.grading import Order, Watcher, grade, module_named, seed_of
from mlops_grader.result import Result
from mlops_grader.submission import UsageError

Graded = Callable[..., Result]
Verdicts = Callable[..., dict[str, str]]
Notes = Callable[[], str]

CHAIN = """
@check(points=10)
def test_builds():
    "It builds."
    note("builds")
    {builds}

@check(points=10, requires=test_builds)
def test_starts():
    "It starts."
    note("starts")
    {starts}

@check(points=10, requires=test_starts)
def test_answers():
    "It answers."
    note("answers")

@check(points=10)
def test_alone():
    "It stands alone."
    note("alone")
"""


def chain(builds: str = "pass", starts: str = "pass") -> str:
    """Three checks that need each other, and one that needs nothing."""
    return CHAIN.format(builds=builds, starts=starts)


def test_checks_run_in_the_order_of_the_file(graded: Graded, notes: Notes) -> None:
    graded(chain())
    assert notes() == "builds starts answers alone"


@pytest.mark.parametrize("end", ["raise Fail('x')", "raise NotRun('x')", "1 / 0"])
def test_what_needs_a_check_that_did_not_pass_is_blocked(verdicts: Verdicts, end: str) -> None:
    found = verdicts(chain(starts=end))
    assert (found["builds"], found["answers"], found["alone"]) == ("passed", "blocked", "passed")


def test_being_blocked_goes_on_along_the_chain(verdicts: Verdicts) -> None:
    assert verdicts(chain(builds="raise Fail('x')")) == {
        "builds": "failed", "starts": "blocked", "answers": "blocked", "alone": "passed",
    }  # fmt: skip


def test_a_blocked_check_is_not_tried(graded: Graded, notes: Notes) -> None:
    graded(chain(builds="raise Fail('x')"))
    assert notes() == "builds alone"


def test_a_blocked_check_names_what_blocks_it(graded: Graded) -> None:
    outcome = graded(chain(builds="raise Fail('x')")).checks[1]
    assert (outcome.blocked_by, outcome.found) == ("test_builds", "needs `Builds` to pass first")


def test_a_blocked_check_makes_no_instrument(graded: Graded, notes: Notes) -> None:
    source = chain(builds="raise Fail('x')") + (
        "@pytest.fixture\ndef costly():\n    note('costly')\n"
        "@check(points=1, requires=test_builds)\ndef test_dear(costly):\n    'Dear.'\n"
    )
    graded(source)
    assert notes() == "builds alone"


def test_only_runs_one_check_and_what_it_requires(graded: Graded, notes: Notes) -> None:
    graded(chain(), "test_starts")
    assert notes() == "builds starts"


def test_the_rest_is_not_run_and_counts(graded: Graded) -> None:
    result = graded(chain(), "alone")
    assert [str(outcome.verdict) for outcome in result.checks] == ["not_run", "not_run", "not_run", "passed"]
    assert (result.score, result.max_score) == (10, 40)


def test_several_checks_can_be_asked_for(verdicts: Verdicts) -> None:
    assert list(verdicts(chain(), "alone", "test_builds").values()) == ["passed", "not_run", "not_run", "passed"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("strats", "there is no check `test_strats`: did you mean starts?"),
        ("zzz", "there is no check `test_zzz`: the checks are builds, starts, answers, alone"),
    ],
)
def test_an_unknown_check_is_wrong_use(graded: Graded, name: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        graded(chain(), name)
    assert str(raised.value) == words


@pytest.mark.parametrize(
    ("name", "hint"), [("m06_container", "did you mean m06_containers? "), ("xyz", "")], ids=["close", "far"]
)
def test_an_unknown_module_is_wrong_use(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        module_named(name)
    assert str(raised.value).startswith(f"there is no module `{name}`: {hint}The modules are m")


RANDOM = """
@check(points=1)
def test_a(random):
    "A."
    raise Fail(f"{random.random()} {random.random()}")

@check(points=1)
def test_b(random):
    "B."
    raise Fail(str(random.random()))
"""


def found(result: Result) -> list[str]:
    """What each check found."""
    return [outcome.found for outcome in result.checks]


def test_the_same_files_get_the_same_numbers(graded: Graded) -> None:
    first, second = graded(RANDOM), graded(RANDOM)
    assert (first.seed, found(first)) == (second.seed, found(second))


def test_numbers_depend_on_the_seed(graded: Graded) -> None:
    assert found(graded(RANDOM, seed=1)) != found(graded(RANDOM, seed=2))


def test_a_grade_can_be_repeated_by_its_seed(graded: Graded, small_project: Path) -> None:
    before = graded(RANDOM)
    (small_project / "app.py").write_text("changed\n", "utf-8")
    assert found(graded(RANDOM, seed=before.seed)) == found(before)


def test_numbers_do_not_depend_on_what_else_runs(graded: Graded) -> None:
    assert found(graded(RANDOM, "b"))[1] == found(graded(RANDOM))[1]


def test_checks_get_different_numbers(graded: Graded) -> None:
    a, b = found(graded(RANDOM))
    assert a.split()[0] != b


def test_every_change_brings_another_seed(graded: Graded, small_project: Path) -> None:
    before = graded(RANDOM).seed
    (small_project / "app.py").write_text("changed\n", "utf-8")
    assert graded(RANDOM).seed != before


def test_modules_have_different_seeds() -> None:
    assert seed_of("a" * 40, "m01") != seed_of("a" * 40, "m02")


def test_a_commit_can_be_graded(graded: Graded, small_project: Path, git: Callable[..., str]) -> None:
    (small_project / "app.py").write_text("changed\n", "utf-8")
    submission = graded(chain(), commit="HEAD").submission
    assert (submission.clean, submission.commit) == (True, git(small_project, "rev-parse", "HEAD"))


def test_who_watches_is_told_of_each_check(invented: Callable[[str], ModuleType], small_project: Path) -> None:
    told: list[tuple[str, str]] = []
    watcher = Watcher(
        started=lambda check: told.append((check.id, "")),
        ended=lambda check, ended: told.append((check.id, str(ended.verdict))),
    )
    grade(Order(small_project, invented(chain(starts="raise Fail('x')")), ("starts",)), watcher)
    assert told == [("test_builds", ""), ("test_builds", "passed"), ("test_starts", ""), ("test_starts", "failed")]


def test_a_known_result_is_the_answer_and_nothing_runs(
    graded: Graded, invented: Callable[[str], ModuleType], small_project: Path, notes: Notes
) -> None:
    first, noted = graded(chain()), notes()
    asked: list[tuple[str, int]] = []

    def known(tree: str, seed: int) -> Result:
        asked.append((tree, seed))
        return first

    again = grade(Order(small_project, invented(chain())), known=known)
    assert (again is first, asked, notes()) == (True, [(first.submission.tree, first.seed)], noted)
