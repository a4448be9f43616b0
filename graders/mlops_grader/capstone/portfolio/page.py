"""The page of a portfolio: no scripts, nothing loaded, nothing unescaped."""

from __future__ import annotations

from mlops_grader.capstone import rendering
from mlops_grader.capstone.portfolio.credentials import UNSIGNED, graded
from mlops_grader.capstone.portfolio.evidence import Evidence, Standing
from mlops_grader.capstone.portfolio.section import commands
from mlops_grader.capstone.portfolio.subject import Standings, Subject
from mlops_grader.capstone.wording import AUTHORITIES


def page(subject: Subject, evidence: Evidence, roles: tuple[Standings, ...], credentials: tuple[str, ...]) -> str:
    """The page as HTML. credentials: ids of the skills that have a file beside it."""
    shown = [finding for finding in evidence.findings if finding.standing is Standing.SHOWN]
    pages = rendering.environment(__package__)
    return pages.get_template("portfolio.html.jinja").render(
        style=rendering.source(__package__, "style.css"),
        subject=subject,
        evidence=evidence,
        roles=roles,
        own=[finding for finding in shown if subject.own(finding)],
        others=[finding for finding in shown if not subject.own(finding)],
        left=[finding for finding in evidence.findings if finding.standing is not Standing.SHOWN],
        credentials=credentials,
        advisory=any(run.authority != "record" for run in evidence.runs),
        authorities=AUTHORITIES,
        unsigned=UNSIGNED,
        graded=graded,
        commands=tuple(commands(evidence, subject)),
        repository=rendering.link(subject.repository),
    )
