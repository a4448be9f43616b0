"""An invented rubric, class and set of scores, small enough to add up by hand."""

from __future__ import annotations

from fractions import Fraction

from mlops_grader.capstone.lines import CheckEnd
from mlops_grader.capstone.measured import Figure, Measured, MeasuredLine, State
from mlops_grader.capstone.rubric import Gate, Judge, LateRules, Line, PeerRules, Phase, Rubric
from mlops_grader.check import Verdict
from mlops_grader.result import Graded

COMMIT, TREE = "3f9a2c1b04" * 4, "8c4a11d0ff" * 4


def line(key: str, phase: str, points: int, judge: Judge, owner: str = "product", **more: object) -> Line:
    """A line with words made from its id."""
    checks = (f"m06_containers/test_{key.replace('-', '_')}",) if judge is Judge.CHECK else ()
    facts = {"claim": f"The claim of {key} holds.", "evidence": f"a link to {key}", "owner": owner, "checks": checks}
    return Line(id=key, phase=phase, points=points, judge=judge, **{**facts, **more})  # type: ignore[arg-type]


SCOPING = (line("scope-complete", "scoping", 4, Judge.CHECK), line("scope-value", "scoping", 6, Judge.STAFF))
DEPLOYMENT = (
    line("deploy-reproducible", "deployment", 5, Judge.CHECK, "operations"),
    line("deploy-stops", "deployment", 20, Judge.CHECK, "service"),
    line("deploy-canary", "deployment", 4, Judge.STAFF, "operations", bonus=True),
)
EXPO = (
    line("expo-demo", "expo", 40, Judge.EXPO),
    line("expo-readme", "expo", 15, Judge.PEER),
    line("expo-oral", "expo", 10, Judge.STAFF, individual=True),
)
RUBRIC = Rubric(
    title="The capstone",
    version="1.0",
    phases=(
        Phase("scoping", "Scoping", 10, SCOPING),
        Phase("deployment", "Deployment and operation", 25, DEPLOYMENT),
        Phase("expo", "Expo and oral", 65, EXPO),
    ),
    bonus_cap=3,
    gate=Gate("deploy-reproducible", ("deployment",), "what runs nowhere else is not deployed"),
    peers=PeerRules(1, Fraction(21, 20)),
    late=LateRules(8, 24, 10, 50),
)


def measured(
    stops: State = State.EARNED, gate: State = State.EARNED, found: str = "still running 10 s after SIGTERM, killed"
) -> Measured:
    """What checks say of a product: the scoping line is earned, the others as asked."""
    states = {"scope-complete": State.EARNED, "deploy-reproducible": gate, "deploy-stops": stops}
    return Measured(
        product="triage",
        parts=("serving",),
        submission=Graded(COMMIT, TREE, True, "m14_capstone"),
        grader="0.1.0",
        authority="record",
        seed=7,
        started_at="2026-11-29T12:00:00Z",
        seconds=61.5,
        rubric=RUBRIC.version,
        gate_line="deploy-reproducible",
        gate_open=gate is not State.NOT_EARNED,
        lines=tuple(_measured(key, state, found) for key, state in states.items()),
        figures=(Figure("requests answered while stopping", 12.0), Figure("time to become ready", 2.25, "s")),
        results=(),
    )


def _measured(key: str, state: State, found: str) -> MeasuredLine:
    verdict = {State.EARNED: Verdict.PASSED, State.NOT_EARNED: Verdict.FAILED, State.UNKNOWN: Verdict.ERROR}[state]
    check = RUBRIC.line(key).checks[0].partition("/")
    words = ("its check passed", "") if state is State.EARNED else (found, "start the server in exec form")
    return MeasuredLine(key, state, *words, (CheckEnd(check[0], check[2], verdict, *words),))
