"""Each skill that was shown as a credential in the form of Open Badges 3.0: evidence, unsigned, and it says so.

Form: 1EdTech, Open Badges Specification 3.0, OpenBadgeCredential with AchievementSubject and Achievement.
"""

from __future__ import annotations

import uuid
from typing import Any

from mlops_grader.capstone.portfolio.evidence import Evidence, Fact, Finding, Run, Standing
from mlops_grader.capstone.portfolio.skills import Skill, Skills
from mlops_grader.capstone.portfolio.subject import Subject
from mlops_grader.capstone.wording import AUTHORITIES, listed, moment
from mlops_grader.plain import plain

CONTEXT = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
UNSIGNED = (
    "This credential is not signed and was made by the person or team that it is about: it proves nothing by itself. "
    "The evidence names a commit and a command by which anybody can find out whether it is true."
)


def credentials(evidence: Evidence, subject: Subject, skills: Skills) -> dict[str, dict[str, Any]]:
    """A document for each skill that was shown, by the id of the skill; of a person in a team, in the own areas only."""
    shown = (finding for finding in evidence.findings if finding.standing is Standing.SHOWN and subject.own(finding))
    return {finding.skill.id: _credential(finding, subject, skills) for finding in shown}


def _credential(finding: Finding, subject: Subject, skills: Skills) -> dict[str, Any]:
    skill = finding.skill
    commits = sorted({fact.run.graded.tree for fact in finding.passed})
    authority = AUTHORITIES[finding.authority]
    return {
        "@context": list(CONTEXT),
        "id": _urn("credential", skill.id, _key(subject), *commits),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": skill.title,
        "description": f"{UNSIGNED} Authority of the grade: {authority}.",
        "issuer": _issuer(subject),
        "validFrom": finding.since,
        "credentialSubject": {
            "id": _urn("subject", _key(subject)),
            "type": ["AchievementSubject"],
            "identifier": [_identity(subject)],
            "narrative": _narrative(subject),
            "achievement": _achievement(skill, skills),
        },
        "evidence": [_evidence(fact, subject) for fact in finding.passed],
    }


def _achievement(skill: Skill, skills: Skills) -> dict[str, Any]:
    criteria = ", and ".join(" or ".join(f"`{name}`" for name in group) for group in skill.checks)
    return {
        "id": _urn("skill", skill.id),
        "type": ["Achievement"],
        "achievementType": "Competency",
        "name": skill.title,
        "description": f"In job ads: {skill.asked}.",
        "criteria": {"narrative": f"These checks of the course ran the product itself and passed: {criteria}."},
        "tag": [role.title for role in skills.roles if role.id in skill.roles],
    }


def _evidence(fact: Fact, subject: Subject) -> dict[str, Any]:
    run = fact.run
    place = {"id": subject.place(run)} if subject.place(run) else {}
    return {
        **place,
        "type": ["Evidence"],
        "name": plain(fact.title),
        "description": f"Check `{fact.name}` passed {moment(run.started_at)}; {AUTHORITIES[run.authority]}.",
        "narrative": f"Graded: {graded(run)}. Grader {run.grader}, seed {run.seed}. To repeat it: `{run.command}`",
        "genre": "automated check",
    }


def graded(run: Run) -> str:
    """What was graded, exactly, in words."""
    commit = run.graded.commit or "none"
    return (
        f"commit {commit}"
        if run.repeatable
        else f"changes that were not committed (commit {commit}, tree {run.graded.tree})"
    )


def _issuer(subject: Subject) -> dict[str, Any]:
    about = "Issued by the person or team that it is about, without a signature."
    return {"id": _urn("issuer", _key(subject)), "type": ["Profile"], "name": plain(subject.name), "description": about}


def _identity(subject: Subject) -> dict[str, Any]:
    """By name: an address would tell more than the page does."""
    return {"type": "IdentityObject", "hashed": False, "identityHash": plain(subject.name), "identityType": "ext:name"}


def _narrative(subject: Subject) -> str:
    if subject.team is None:
        return "The work of one person, by their own word."
    if subject.member is None:
        return "The work of a team."
    did = f"answered for {listed(subject.areas)}" if subject.areas else "was a member"
    return plain(
        f"The work of the team {subject.team.name}, in which {subject.name} {did}. "
        "The checks judge the team's product, and not who wrote which part."
    )


def _key(subject: Subject) -> str:
    return f"{subject.team.name if subject.team else ''}/{subject.member.id if subject.member else subject.name}"


def _urn(*parts: str) -> str:
    """A name that is the same for the same parts, and that leads nowhere."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("mlops-grader", *parts))).urn
