"""How the end of a check becomes a verdict, and what a result says of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlops_grader.figure import Figure
from mlops_grader.result import Outcome, Result, validate

Graded = Callable[..., Result]
Verdicts = Callable[..., dict[str, str]]


def one(body: str, points: int = 10, arguments: str = "") -> str:
    """The source of a check with this body."""
    lines = "\n".join("    " + line for line in body.splitlines())
    return f'@check(points={points})\ndef test_one({arguments}):\n    """It does."""\n{lines}\n'


def ending(graded: Graded, source: str) -> Outcome:
    """How the only check ended; the document that says so is valid."""
    result = graded(source)
    validate(result.document())
    (outcome,) = result.checks
    return outcome


def test_a_check_that_returns_passed(graded: Graded) -> None:
    outcome = ending(graded, one("return None"))
    assert (outcome.verdict, outcome.points, outcome.max_points, outcome.found) == ("passed", 10, 10, "")


def test_a_check_that_raises_fail_failed(graded: Graded) -> None:
    outcome = ending(graded, one("raise Fail('it ran on', fix='stop it')"))
    assert (outcome.verdict, outcome.points, outcome.found, outcome.fix) == ("failed", 0, "it ran on", "stop it")


def test_a_missing_tool_is_not_run(graded: Graded) -> None:
    outcome = ending(graded, one("raise NotRun('no engine', fix='install one')"))
    assert (outcome.verdict, outcome.points, outcome.found, outcome.fix) == ("not_run", 0, "no engine", "install one")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("1 / 0", "the grader broke: ZeroDivisionError: division by zero"),
        ("assert 1 == 2, 'no'", "the grader broke: AssertionError: no"),
        ("pytest.skip('later')", "the grader broke: Skipped: later"),
        ("pytest.fail('no')", "the grader broke: Failed: no"),
        ("pytest.xfail('known')", "the grader broke: XFailed: known"),
        ("raise SystemExit(0)", "the grader broke: SystemExit: 0"),
        ("raise GeneratorExit", "the grader broke: GeneratorExit: "),
    ],
)
def test_every_other_end_is_an_error_of_the_grader(graded: Graded, body: str, found: str) -> None:
    outcome = ending(graded, one(body))
    assert (outcome.verdict, outcome.points, outcome.found) == ("error", 0, found)


@pytest.mark.parametrize("mark", ["skip", "skipif(True, reason='x')", "xfail", "parametrize('a', [1])"])
def test_a_mark_of_pytest_earns_nothing(verdicts: Verdicts, mark: str) -> None:
    arguments = "a" if "parametrize" in mark else ""
    assert verdicts(f"@pytest.mark.{mark}\n" + one("raise Fail('x')", arguments=arguments)) != {"one": "passed"}


def test_a_skipped_check_is_not_passed(verdicts: Verdicts) -> None:
    assert verdicts("@pytest.mark.skip\n" + one("return")) == {"one": "error"}


def test_an_unknown_instrument_is_an_error(verdicts: Verdicts) -> None:
    assert verdicts(one("return", arguments="telescope")) == {"one": "error"}


def test_an_error_says_that_it_is_not_the_students_fault(graded: Graded) -> None:
    assert ending(graded, one("1 / 0")).fix.startswith("this is not your fault")


def test_words_that_no_file_can_hold_are_mended(graded: Graded) -> None:
    """A file name that is no text reaches the report with a replacement character."""
    assert ending(graded, one("raise Fail('caf\\udce9')")).found == "caf\ufffd"


def test_escape_sequences_do_not_reach_the_report(graded: Graded) -> None:
    assert ending(graded, one("raise Fail('\\x1b[2Jred\\x1b]0;title\\x07')")).found == "red"


def test_a_failure_without_words_makes_a_valid_document(graded: Graded) -> None:
    assert ending(graded, one("raise Fail('')")).found != ""


FIXTURE = """
@pytest.fixture(scope="session")
def instrument():
    {setup}
    yield 1
    {teardown}

@check(points=1)
def test_first(instrument):
    "First."

@check(points=2)
def test_second(instrument):
    "Second."

@check(points=3)
def test_third():
    "Third."
"""


@pytest.mark.parametrize(
    ("setup", "verdict"), [("raise Fail('x')", "failed"), ("raise NotRun('x')", "not_run"), ("1 / 0", "error")]
)
def test_an_instrument_that_cannot_be_made_decides_for_all_who_need_it(
    verdicts: Verdicts, setup: str, verdict: str
) -> None:
    found = verdicts(FIXTURE.format(setup=setup, teardown="pass"))
    assert found == {"first": verdict, "second": verdict, "third": "passed"}


def test_an_instrument_is_made_once_and_removed_at_the_end(graded: Graded, notes: Callable[[], str]) -> None:
    graded(
        FIXTURE.format(setup="note('made')", teardown="note('removed')").replace(
            '"Third."', "'Third.'\n    note('third')"
        )
    )
    assert notes() == "made third removed"


def test_an_instrument_that_cannot_be_removed_is_an_error_of_the_last_check(verdicts: Verdicts) -> None:
    found = verdicts(FIXTURE.format(setup="pass", teardown="1 / 0"))
    assert found == {"first": "passed", "second": "passed", "third": "error"}


def test_a_teardown_does_not_change_the_verdict_on_a_failed_check(verdicts: Verdicts) -> None:
    source = "@pytest.fixture\ndef tool():\n    yield\n    1 / 0\n" + one("raise Fail('x')", arguments="tool")
    assert verdicts(source) == {"one": "failed"}


def test_a_module_that_holds_other_tests_is_graded_by_its_checks_alone(verdicts: Verdicts) -> None:
    assert verdicts(one("return") + "def test_other():\n    1 / 0\n") == {"one": "passed"}


def test_a_check_is_told_in_full(graded: Graded) -> None:
    source = '@check(points=4)\ndef test_stops_when_asked():\n    """It stops.\n\n    Clusters ask.\n    """\n'
    outcome = ending(graded, source)
    assert (outcome.title, outcome.why, outcome.lesson) == (
        "It stops.", "Clusters ask.", "lessons/m99_invented.md#stops-when-asked",
    )  # fmt: skip


def test_what_a_check_prints_is_no_verdict(verdicts: Verdicts) -> None:
    assert verdicts(one("print('test_one PASSED')\nraise Fail('x')")) == {"one": "failed"}


def test_what_a_check_measured_is_in_the_result(graded: Graded) -> None:
    body = "from mlops_grader.figure import Figure; figures.append(Figure('requests lost', 0.0))"
    assert graded(one(body, arguments="figures")).figures == (Figure("requests lost", 0.0),)
