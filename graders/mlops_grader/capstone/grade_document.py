"""A team's grade as data, with its published schema; for staff, because everybody's grade is in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema

from mlops_grader.capstone.agreement import Agreement
from mlops_grader.capstone.contributions import Contributions
from mlops_grader.capstone.lateness import Account, HandIn
from mlops_grader.capstone.person import state
from mlops_grader.capstone.rubric import Judge, Rubric
from mlops_grader.capstone.standing import Judged, PersonGrade, TeamGrade
from mlops_grader.capstone.steps import Step, shown
from mlops_grader.capstone.sums import PhaseSum
from mlops_grader.capstone.totals import Total
from mlops_grader.plain import plain

SCHEMA = "mlops-grader/capstone-grade/v1"


def document(grade: TeamGrade) -> dict[str, Any]:
    """The grade as plain data, valid against the schema. Numbers that are computed with are fractions, such as `21/20`."""
    inputs, measured = grade.inputs, grade.inputs.measured
    graded = measured.submission
    told = {
        "schema": SCHEMA,
        "rubric": {"title": inputs.rubric.title, "version": inputs.rubric.version},
        "inputs": [asdict(source) for source in inputs.sources],
        "team": _team(grade),
        "submission": {"commit": graded.commit, "tree": graded.tree, "clean": graded.clean},
        "measured": {
            "grader": measured.grader,
            "authority": measured.authority,
            "seed": measured.seed,
            "started_at": measured.started_at,
        },
        "score": _total(grade.total),
        "gate": _gate(grade),
        "lines": [_line(judged) for judged in grade.lines],
        "disputed": [judged.line.id for judged in grade.disputed],
        "agreement": _agreements(grade.agreement),
        "gaps": list(grade.gaps),
        "late": _account(grade.late),
        "people": [_person(own) for own in grade.people],
        "contributions": _contributions(inputs.evidence),
    }
    cleaned: dict[str, Any] = _clean(told)
    validate(cleaned)
    return cleaned


def as_json(grade: TeamGrade) -> str:
    """The document as text."""
    return json.dumps(document(grade), indent=2, ensure_ascii=False) + "\n"


def rubric_text(rubric: Rubric) -> str:
    """All that a rubric says, in one fixed form, to be hashed."""
    return json.dumps(asdict(rubric), default=str, sort_keys=True)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    text = files("mlops_grader.capstone").joinpath("grade-v1.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def validate(told: Any) -> None:
    """Raise jsonschema.ValidationError unless this is such a document."""
    jsonschema.validate(told, schema(), cls=jsonschema.Draft202012Validator)


def _clean(value: Any) -> Any:
    """Without characters in it that nobody can see or no encoding can write."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(str(key)): _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


def _number(value: Fraction) -> dict[str, str]:
    return {"exact": str(value), "shown": shown(value)}


def _team(grade: TeamGrade) -> dict[str, Any]:
    team = grade.inputs.team
    members = [{"id": member.id, "name": member.name} for member in team.members]
    return {"name": team.name, "product": team.product, "members": members, "owners": dict(team.owners)}


def _total(total: Total) -> dict[str, Any]:
    return {
        "points": None if total.points is None else _number(total.points),
        "least": _number(total.least.points),
        "most": _number(total.most.points),
        "possible": total.possible,
        "missing": list(total.missing),
        "phases": [_phase(*both) for both in zip(total.least.phases, total.most.phases, strict=True)],
        "steps": _steps(total.least.rows),
        "steps_most": _steps(total.most.rows) if total.provisional else [],
    }


def _phase(low: PhaseSum, high: PhaseSum) -> dict[str, Any]:
    phase = {"key": low.phase.key, "title": low.phase.title, "points": low.phase.points}
    return {**phase, "least": _number(low.points), "most": _number(high.points)}


def _steps(steps: Iterable[Step]) -> list[dict[str, str]]:
    return [
        {"words": s.words, "left": str(s.left), "operation": s.operation.value, "right": str(s.right), "result": str(s.result)}
        for s in steps
    ]  # fmt: skip


def _gate(grade: TeamGrade) -> dict[str, Any]:
    gate = grade.inputs.rubric.gate
    standing = next((each.standing for each in grade.lines if each.line.id == gate.line), None)
    return {"line": gate.line, "closes": list(gate.closes), "reason": gate.reason, "state": standing}


def _line(judged: Judged) -> dict[str, Any]:
    line, item, measured = judged.line, judged.item, judged.measured
    return {
        "id": line.id,
        "phase": line.phase,
        "points": line.points,
        "claim": line.claim,
        "judge": line.judge.value,
        "owner": line.owner,
        "bonus": line.bonus,
        "state": judged.standing.value,
        "least": _number(judged.least),
        "most": _number(judged.most),
        "judges": [{"judge": s.judge, "verdict": s.mark.value, "note": s.note} for s in judged.scores],
        "mean": str(item.mean) if item else None,
        "spread": round(item.spread, 6) if item else None,
        "because": measured.because if measured else "",
        "fix": measured.fix if measured else "",
        "checks": [f"{end.module}/{end.id}: {end.verdict.value}" for end in measured.checks] if measured else [],
    }


def _agreements(found: Mapping[Judge, Agreement]) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind.value,
            "judges": list(one.judges),
            "lines": len(one.items),
            "mean": _maybe(one.mean),
            "spread": None if one.spread is None else round(one.spread, 6),
            "pairs": _maybe(one.pairs),
            "coefficients": [
                {"name": each.name, "value": None if each.value is None else round(each.value, 6), "why": each.why}
                for each in one.coefficients
            ],
        }
        for kind, one in found.items()
    ]


def _maybe(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _account(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    hand_ins = [_hand_in(one) for one in account.hand_ins]
    return {"tokens_left": account.left, "hand_ins": hand_ins, "steps": _steps(account.steps)}


def _hand_in(one: HandIn) -> dict[str, Any]:
    record = one.record
    return {
        "milestone": record.milestone,
        "due": record.due.isoformat(),
        "handed_in": record.handed_in.isoformat(),
        "resubmission": record.resubmission,
        "tokens": one.tokens,
        "percent": one.percent,
        "counts": one.counts,
        "words": one.words,
    }


def _person(own: PersonGrade) -> dict[str, Any]:
    late = next((account for account in own.late if account.owner == own.member.id), None)
    return {
        "id": own.member.id,
        "name": own.member.name,
        "state": state(own),
        "grade": _total(own.total),
        "multiplier": {"least": _number(own.multiplier.least), "most": _number(own.multiplier.most)},
        "lacks": list(own.total.lacks),
        "notes": list(own.total.notes),
        "reviewed": list(own.reviews.complete),
        "late": _account(late),
        "lines": [_line(judged) for judged in own.own_lines],
    }


def _contributions(told: Contributions) -> dict[str, Any]:
    return {
        "commit": told.commit,
        "people": [{**asdict(person), "places": [list(place) for place in person.places]} for person in told.people],
        "strangers": [asdict(each) for each in told.strangers],
        "given": told.given,
        "left_out": [asdict(each) for each in told.left_out],
        "notes": list(told.notes),
    }
