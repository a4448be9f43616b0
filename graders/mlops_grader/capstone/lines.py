"""What the verdicts of the checks say about the lines of the rubric."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from mlops_grader.capstone.rubric import Judge, Line, Rubric
from mlops_grader.capstone.state import State
from mlops_grader.check import Verdict
from mlops_grader.contract import FILE
from mlops_grader.result import Outcome, Result

BROKEN = (Verdict.ERROR, Verdict.NOT_RUN)  # nothing is known about the submission


@dataclass(frozen=True)
class CheckEnd:
    """How one check that a line names ended."""

    module: str
    id: str
    verdict: Verdict
    found: str
    fix: str


@dataclass(frozen=True)
class MeasuredLine:
    """One line of the rubric that checks judge: its state, why, and what to do about it."""

    id: str
    state: State
    because: str
    fix: str
    checks: tuple[CheckEnd, ...]


def measured_by_checks(rubric: Rubric) -> tuple[Line, ...]:
    """The lines of the rubric that checks judge, in its order."""
    return tuple(line for line in rubric.lines if line.judge is Judge.CHECK)


def wanted(rubric: Rubric, parts: Collection[str] | None) -> dict[str, tuple[str, ...]]:
    """The ids of the checks to run, by module: those of the lines whose part the product has.

    parts: None when the contract cannot be read; then no part is there.
    """
    chosen: dict[str, dict[str, None]] = {}
    for line in measured_by_checks(rubric):
        if _has(line, parts):
            for name in line.checks:
                module, _, check = name.partition("/")
                chosen.setdefault(module, {})[check] = None
    return {module: tuple(checks) for module, checks in sorted(chosen.items())}


def resolve(rubric: Rubric, parts: Collection[str] | None, results: Mapping[str, Result]) -> tuple[MeasuredLine, ...]:
    """The state of every line that checks judge. results: by module.

    A gate that failed takes the lines of the phases that it closes; one about which nothing is known takes none.
    """
    lines = tuple(_line(line, parts, results) for line in measured_by_checks(rubric))
    gate = next((line for line in lines if line.id == rubric.gate.line), None)
    if gate is None or gate.state is not State.NOT_EARNED:
        return lines
    closed = {line.id for phase in rubric.phases if phase.key in rubric.gate.closes for line in phase.lines}
    return tuple(_behind(gate, line) if line.id in closed - {gate.id} else line for line in lines)


def _behind(gate: MeasuredLine, line: MeasuredLine) -> MeasuredLine:
    """A line of a phase that the gate closes; one that is lost anyway keeps its own words."""
    if line.state is State.NOT_EARNED:
        return line
    words = f"the gate is closed, and with it all lines of this phase: `{gate.id}` is not earned"
    return replace(line, state=State.NOT_EARNED, because=words, fix=gate.fix)


def _has(line: Line, parts: Collection[str] | None) -> bool:
    return not line.part or (parts is not None and line.part in parts)


def _line(line: Line, parts: Collection[str] | None, results: Mapping[str, Result]) -> MeasuredLine:
    if not _has(line, parts):
        return MeasuredLine(line.id, State.NOT_EARNED, *_lacks(line, parts), ())
    ends = tuple(_end(name, results) for name in line.checks)
    causes = [_cause(end, results) for end in ends if end.verdict is not Verdict.PASSED]
    broken = [cause for cause in causes if cause.verdict in BROKEN]
    if len(causes) > len(broken):  # one that failed settles it, whatever the others would have said
        return _because(line, State.NOT_EARNED, next(each for each in causes if each not in broken), ends)
    return _because(line, State.UNKNOWN, broken[0], ends) if broken else _earned(line, ends)


def _because(line: Line, state: State, cause: CheckEnd, ends: tuple[CheckEnd, ...]) -> MeasuredLine:
    return MeasuredLine(line.id, state, cause.found, cause.fix, ends)


def _earned(line: Line, ends: Sequence[CheckEnd]) -> MeasuredLine:
    words = "its check passed" if len(ends) == 1 else f"its {len(ends)} checks passed"
    return MeasuredLine(line.id, State.EARNED, words, "", tuple(ends))


def _lacks(line: Line, parts: Collection[str] | None) -> tuple[str, str]:
    if parts is None:
        return f"`{FILE}` cannot be read, so nothing says that there is {line.part}", f"mend `{FILE}` first"
    return f"this product has no part `{line.part}`", f'build it, then add "{line.part}" to `parts` in `{FILE}`'


def _end(name: str, results: Mapping[str, Result]) -> CheckEnd:
    module, _, check = name.partition("/")
    outcome = _outcome(check, results.get(module))
    if outcome is None:
        words = f"the grader has no verdict for `{name}`"
        return CheckEnd(module, check, Verdict.ERROR, words, "report it: this is not your fault")
    return CheckEnd(module, check, outcome.verdict, outcome.found, outcome.fix)


def _cause(end: CheckEnd, results: Mapping[str, Result]) -> CheckEnd:
    """The end of the check that stands at the beginning of a row of blocked ones."""
    result = results.get(end.module)
    outcome = _outcome(end.id, result)
    while outcome is not None and outcome.blocked_by:
        outcome = _outcome(outcome.blocked_by, result)
    if outcome is None or outcome.id == end.id:
        return end
    return CheckEnd(end.module, outcome.id, outcome.verdict, outcome.found, outcome.fix)


def _outcome(check: str, result: Result | None) -> Outcome | None:
    return next((each for each in result.checks if each.id == check), None) if result else None
