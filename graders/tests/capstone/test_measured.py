"""From the verdicts of checks to the lines of a rubric, and the document that keeps them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mlops_grader.capstone import measured as measuring
from mlops_grader.capstone.lines import resolve, wanted
from mlops_grader.capstone.measured import Measured, document, measure, read, validate
from mlops_grader.capstone.rubric import Gate, Judge, LateRules, Line, PeerRules, Phase, Rubric
from mlops_grader.capstone.state import State
from mlops_grader.check import Verdict
from mlops_grader.figure import Figure
from mlops_grader.grading import Interrupted, Order, seed_of
from mlops_grader.result import Graded, Outcome, Result
from mlops_grader.submission import UsageError

TREE = "a" * 40
PARTS = ("serving", "containers")


def line(id: str, *checks: str, phase: str = "deployment", part: str = "", judge: Judge = Judge.CHECK) -> Line:  # noqa: A002
    """A line worth two points."""
    return Line(id, phase, 2, f"The claim of {id}.", judge, "the repository", "service", checks, part=part)


def rubric_of(*lines: Line) -> Rubric:
    """A rubric of those lines, with `runs` as its gate, which closes the phase of deployment."""
    keys = dict.fromkeys(each.phase for each in lines)
    phases = [(key, tuple(each for each in lines if each.phase == key)) for key in keys]
    made = tuple(Phase(key, key, sum(each.points for each in some), some) for key, some in phases)
    gate = Gate("runs", ("deployment",), reason="what nobody can run is no product")
    return Rubric("Capstone", "1.0", made, 10, gate, PeerRules(3, Fraction(21, 20)), LateRules(8, 24, 10, 50))


RUNS = line("runs", "m14_capstone/test_runs", phase="data")
STOPS = line("stops", "m06_containers/test_stops", "m06_containers/test_ready", part="containers")
ALERTS = line("alerts", "m09_monitoring/test_alerts", part="monitoring")
SPEAKS = line("speaks", phase="expo", judge=Judge.STAFF)
RUBRIC = rubric_of(RUNS, STOPS, ALERTS, SPEAKS)


def outcome(id: str, verdict: Verdict = Verdict.PASSED, blocked_by: str | None = None) -> Outcome:  # noqa: A002
    """How a check ended, with words that name it."""
    passed = verdict is Verdict.PASSED
    found, fix = ("", "") if passed else (f"found by {id}", f"mend {id}")
    return Outcome(id, "It works.", 5 if passed else 0, 5, verdict, found, fix, "why", "lessons", blocked_by, 1.0)


def result(key: str, *outcomes: Outcome) -> Result:
    """The grade of a module with those outcomes."""
    graded = Graded("b" * 40, TREE, clean=True, module=key)
    figures = (Figure("requests answered", 12.0),)
    return Result("0+abc", graded, "advisory", 1, "2026-11-29T12:00:00Z", 1.0, outcomes, figures=figures)


def results(stops: Outcome, ready: Outcome, runs: Outcome) -> Mapping[str, Result]:
    """Results of both modules that the rubric needs of this product."""
    return {"m14_capstone": result("m14_capstone", runs), "m06_containers": result("m06_containers", ready, stops)}


def states(stops: Outcome, ready: Outcome, runs: Outcome) -> dict[str, State]:
    """The state of each line by its id."""
    return {each.id: each.state for each in resolve(RUBRIC, PARTS, results(stops, ready, runs))}


PASSED = (outcome("test_stops"), outcome("test_ready"), outcome("test_runs"))


def test_a_line_is_earned_when_all_its_checks_pass() -> None:
    """Every check that the line names counts."""
    assert states(*PASSED)["stops"] is State.EARNED


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.FAILED, State.NOT_EARNED),
        (Verdict.ERROR, State.UNKNOWN),
        (Verdict.NOT_RUN, State.UNKNOWN),
    ],
)
def test_one_check_that_did_not_pass_decides(verdict: Verdict, state: State) -> None:
    """What could not be measured is unknown, and never lost in silence."""
    assert states(outcome("test_stops", verdict), outcome("test_ready"), outcome("test_runs"))["stops"] is state


def test_a_failure_outweighs_what_is_not_known() -> None:
    """Whatever the other check would have said, the line is lost."""
    ends = (outcome("test_stops", Verdict.NOT_RUN), outcome("test_ready", Verdict.FAILED), outcome("test_runs"))
    assert states(*ends)["stops"] is State.NOT_EARNED


@pytest.mark.parametrize(("verdict", "state"), [(Verdict.FAILED, State.NOT_EARNED), (Verdict.NOT_RUN, State.UNKNOWN)])
def test_a_blocked_check_says_what_the_one_before_it_says(verdict: Verdict, state: State) -> None:
    """Blocked by a failure is lost; blocked by what could not run is unknown."""
    blocked = outcome("test_stops", Verdict.BLOCKED, "test_ready")
    lines = resolve(RUBRIC, PARTS, results(blocked, outcome("test_ready", verdict), outcome("test_runs")))
    stops = next(each for each in lines if each.id == "stops")
    assert (stops.state, stops.because, stops.fix) == (state, "found by test_ready", "mend test_ready")


def test_a_check_without_a_verdict_is_unknown() -> None:
    """The grader's own fault costs nobody points."""
    lines = resolve(RUBRIC, PARTS, {"m14_capstone": result("m14_capstone", outcome("test_runs"))})
    assert {each.id: each.state for each in lines}["stops"] is State.UNKNOWN


def test_a_line_of_a_part_that_is_not_there_is_not_earned() -> None:
    """The words say which part, and what to do."""
    lines = resolve(RUBRIC, PARTS, results(*PASSED))
    alerts = next(each for each in lines if each.id == "alerts")
    assert (alerts.state, alerts.because, alerts.checks) == (
        State.NOT_EARNED,
        "this product has no part `monitoring`",
        (),
    )
    assert '"monitoring"' in alerts.fix


def test_lines_that_people_judge_are_not_measured() -> None:
    """Only lines with checks are in the document."""
    assert [each.id for each in resolve(RUBRIC, PARTS, results(*PASSED))] == ["runs", "stops", "alerts"]


def test_a_closed_gate_takes_the_lines_of_its_phases() -> None:
    """Lines behind it are lost although their checks passed, and say so."""
    lines = resolve(RUBRIC, PARTS, results(PASSED[0], PASSED[1], outcome("test_runs", Verdict.FAILED)))
    stops = next(each for each in lines if each.id == "stops")
    assert (stops.state, stops.fix) == (State.NOT_EARNED, "mend test_runs")
    assert "gate is closed" in stops.because
    assert [end.verdict for end in stops.checks] == [Verdict.PASSED, Verdict.PASSED]


def test_a_gate_that_is_not_known_takes_nothing() -> None:
    """It is missing itself, and what other checks found stays."""
    found = states(PASSED[0], PASSED[1], outcome("test_runs", Verdict.ERROR))
    assert found == {"runs": State.UNKNOWN, "stops": State.EARNED, "alerts": State.NOT_EARNED}


def test_the_gate_leaves_other_phases_alone() -> None:
    """It closes only what the rubric names."""
    other = rubric_of(RUNS, replace(STOPS, phase="model"))
    lines = resolve(other, PARTS, results(PASSED[0], PASSED[1], outcome("test_runs", Verdict.FAILED)))
    assert {each.id: each.state for each in lines} == {"runs": State.NOT_EARNED, "stops": State.EARNED}


def test_each_module_runs_once_with_the_checks_that_are_needed() -> None:
    """Two lines that name one check ask for it once; a part that is not there asks for nothing."""
    twice = rubric_of(RUNS, STOPS, line("again", "m06_containers/test_ready", part="containers"), ALERTS)
    assert wanted(twice, PARTS) == {
        "m06_containers": ("test_stops", "test_ready"),
        "m14_capstone": ("test_runs",),
    }


def test_without_a_contract_only_lines_of_every_product_are_measured() -> None:
    """No part is believed to be there."""
    assert wanted(RUBRIC, None) == {"m14_capstone": ("test_runs",)}
    lines = resolve(RUBRIC, None, {"m14_capstone": result("m14_capstone", outcome("test_runs"))})
    assert "`product.toml` cannot be read" in next(each for each in lines if each.id == "stops").because


CONTRACT = 'name = "triage"\nparts = ["serving", "containers"]\n'


class Grades:
    """Stands in for the engine: remembers what was ordered, and answers with results that were made up."""

    def __init__(self, tree: str | None = None, stops_at: str = "") -> None:
        self.orders: list[Order] = []
        self.tree, self.stops_at = tree, stops_at

    def __call__(self, order: Order, _: Any) -> Result:
        """One grade."""
        from mlops_grader.submission import git

        self.orders.append(order)
        names = order.only or ("test_runs",)
        made = result(order.key, *(outcome(name) for name in names))
        if order.key == self.stops_at:
            raise Interrupted(made)
        tree = self.tree or git(order.project, "rev-parse", "HEAD^{tree}").strip()
        return replace(made, submission=replace(made.submission, tree=tree))


@pytest.fixture
def triage(project: Callable[..., Path]) -> Path:
    """A committed product with two parts."""
    return project({"product.toml": CONTRACT})


def grades(monkeypatch: pytest.MonkeyPatch, **more: Any) -> Grades:
    """Put made-up grades in the place of the engine."""
    made = Grades(**more)
    monkeypatch.setattr(measuring, "grade", made)
    monkeypatch.setattr(measuring, "module_named", lambda key: __import__("types").ModuleType(key))
    return made


def test_all_modules_are_graded_with_one_seed_and_authority(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The capstone's own module whole, the others only with what the rubric names."""
    made = grades(monkeypatch)
    measured = measure(triage, RUBRIC, authority="record")
    asked = [(order.key, order.only, order.seed, order.authority) for order in made.orders]
    seed = seed_of(measured.submission.tree, "m14_capstone")
    assert asked == [
        ("m14_capstone", (), seed, "record"),
        ("m06_containers", ("test_stops", "test_ready"), seed, "record"),
    ]
    assert (measured.product, measured.parts, measured.seed) == ("triage", PARTS, seed)


def test_figures_of_all_results_are_collected(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two modules left a figure each."""
    grades(monkeypatch)
    assert [figure.value for figure in measure(triage, RUBRIC).figures] == [12.0, 12.0]


def test_a_project_that_changes_meanwhile_is_refused(triage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of two different trees never stand in one document."""
    grades(monkeypatch, tree="c" * 40)
    with pytest.raises(UsageError, match="changed while it was measured"):
        measure(triage, RUBRIC)


def test_a_document_is_read_as_it_was_written(triage: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is lost on the way through the file."""
    grades(monkeypatch)
    measured = measure(triage, RUBRIC)
    plain = document(measured)
    validate(plain)
    (tmp_path / "m.json").write_text(json.dumps(plain), encoding="utf-8")
    assert document(read(tmp_path / "m.json")) == plain
    assert plain["gate"] == {"line": "runs", "open": True, "found": ""}


@pytest.mark.parametrize(
    ("verdict", "is_open", "found"),
    [
        (Verdict.FAILED, False, "found by test_runs"),
        (Verdict.ERROR, True, "found by test_runs"),
        (Verdict.PASSED, True, ""),
    ],
)
def test_the_document_says_whether_the_gate_is_open(
    verdict: Verdict, is_open: bool, found: str, triage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed only by a failure; the words say what is missing where nothing is known."""
    made = grades(monkeypatch)

    def graded(order: Order, watcher: Any) -> Result:
        done = made(order, watcher)
        return replace(done, checks=tuple(outcome(each.id, verdict) for each in done.checks))

    monkeypatch.setattr(measuring, "grade", graded)
    gate = document(measure(triage, RUBRIC))["gate"]
    assert (gate["open"], gate["found"]) == (is_open, found)


def options(project: Path, target: Path) -> argparse.Namespace:
    """What somebody typed."""
    parser = argparse.ArgumentParser()
    measuring.arguments(parser)
    return parser.parse_args([str(project), "--json", str(target)])


def test_the_command_writes_the_document_and_shows_the_lines(
    triage: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The terminal has a row for each line, the file all of it."""
    grades(monkeypatch)
    monkeypatch.setattr(measuring.rubrics, "load", lambda _: RUBRIC)
    console = Console(record=True, width=100)
    assert measuring.run(options(triage, tmp_path / "m.json"), console) == 0
    assert isinstance(read(tmp_path / "m.json"), Measured)
    shown = console.export_text()
    assert "2 of 3 lines earned, 0 not known; the gate is open" in shown
    assert "this product has no part `monitoring`" in shown


def test_nothing_is_written_when_it_is_stopped(triage: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ctrl-C in the second module leaves no half document, and no other file."""
    grades(monkeypatch, stops_at="m06_containers")
    monkeypatch.setattr(measuring.rubrics, "load", lambda _: RUBRIC)
    folder = tmp_path / "out"
    with pytest.raises(Interrupted):
        measuring.run(options(triage, folder / "m.json"), Console(quiet=True))
    assert not folder.exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "cannot be read"), ("{}", "is no document of `capstone measure`"), (None, "there is no")],
)
def test_what_is_no_document_is_refused_by_name(text: str | None, says: str, tmp_path: Path) -> None:
    """The file and the fault are named."""
    path = tmp_path / "m.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=says) as refused:
        read(path)
    assert "m.json" in str(refused.value)
