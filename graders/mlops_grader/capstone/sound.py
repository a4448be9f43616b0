"""What must hold between the lines of a rubric: sums, names that exist, and who can judge what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mlops_grader.capstone.misread import meant
from mlops_grader.capstone.rubric import AREAS, PARTS, TOTAL, Judge, Line, Rubric


def problems(rubric: Rubric) -> Iterator[str]:
    """Everything that is wrong between the lines, each in one sentence with the way out."""
    yield from _repeated("phase", [phase.key for phase in rubric.phases])
    yield from _repeated("line", [line.id for line in rubric.lines])
    for line in rubric.lines:
        yield from _line(line)
    yield from _sums(rubric)
    yield from _gate(rubric)
    yield from _questions(rubric)


def unknown_checks(rubric: Rubric, *, modules_to_come: tuple[str, ...] = ()) -> list[str]:
    """The check ids that lines name and no module has, each in one sentence with the way out.

    modules_to_come: keys of modules whose checks nobody can know yet. Imports the checks, so it is not done at every load.
    """
    return [
        f"line `{line.id}` names the check `{check}`, which does not exist: {meant(check, _checks())}"
        for line in rubric.lines
        for check in line.checks
        if check not in _checks() and check.partition("/")[0] not in modules_to_come
    ]


def _checks() -> list[str]:
    from mlops_grader.check import checks_in
    from mlops_grader.grading import module_named, modules

    return [f"{key}/{check.id}" for key in modules() for check in checks_in(module_named(key))]


def _repeated(kind: str, names: list[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} {kind}s are called `{name}`: give each a name of its own"


def _line(line: Line) -> Iterator[str]:
    if line.owner not in AREAS:
        yield f"line `{line.id}` has the unknown owner `{line.owner}`: {meant(line.owner, AREAS)}"
    if line.part and line.part not in PARTS:
        yield f"line `{line.id}` has the unknown part `{line.part}`: {meant(line.part, PARTS)}"
    if line.judge is Judge.CHECK and not line.checks:
        yield f'line `{line.id}` is judged by checks and names none: add checks = ["m06_containers/test_..."]'
    if line.judge is not Judge.CHECK and line.checks:
        yield f'line `{line.id}` is judged by {line.judge} and names checks: leave them out, or write judge = "check"'
    for check, count in Counter(line.checks).items():
        if count > 1:
            yield f"line `{line.id}` names the check `{check}` {count} times: once is enough"
    if line.individual and line.judge is not Judge.STAFF:
        yield f'line `{line.id}` is scored for each person, which only staff can do: write judge = "staff"'
    if line.individual and line.bonus:
        yield f"line `{line.id}` is a bonus line, which a team earns together: leave out individual or bonus"


def _sums(rubric: Rubric) -> Iterator[str]:
    for phase in rubric.phases:
        found = sum(line.points for line in phase.lines if not line.bonus)
        if found != phase.points:
            yield f"phase `{phase.key}` is worth {phase.points} points, but its must lines add up to {found}: mend either"
    total = sum(phase.points for phase in rubric.phases)
    if total != TOTAL:
        yield f"the phases add up to {total} points, not {TOTAL}: mend their points"


def _gate(rubric: Rubric) -> Iterator[str]:
    gates = {line.id: line for line in rubric.lines}
    if rubric.gate.line not in gates:
        yield f"[gate] names the line `{rubric.gate.line}`, which does not exist: {meant(rubric.gate.line, gates)}"
    elif gates[rubric.gate.line].judge is not Judge.CHECK or gates[rubric.gate.line].bonus:
        yield f"[gate] names the line `{rubric.gate.line}`: a gate is a must line that checks judge, so name such a line"
    keys = [phase.key for phase in rubric.phases]
    for key in rubric.gate.closes:
        if key not in keys:
            yield f"[gate] closes the phase `{key}`, which does not exist: {meant(key, keys)}"


def _questions(rubric: Rubric) -> Iterator[str]:
    oral = [line.id for line in rubric.lines if line.individual]
    for question in rubric.questions:
        if question.line not in oral:
            yield f"a question belongs to `{question.line}`, which is no individual line: {meant(question.line, oral)}"
        if question.area not in AREAS:
            yield f"a question of `{question.line}` has the unknown area `{question.area}`: {meant(question.area, AREAS)}"
