"""The section for a README: between two marks, so that it can be made anew without touching what stands around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mlops_grader.capstone.portfolio.credentials import graded
from mlops_grader.capstone.portfolio.evidence import Evidence, Finding, Standing
from mlops_grader.capstone.portfolio.subject import Standings, Subject
from mlops_grader.capstone.wording import AUTHORITIES, amount, listed, moment
from mlops_grader.reports.unmarked import code, inline
from mlops_grader.submission import UsageError

BEGIN, END = "<!-- portfolio: begin, made by mlops-grader -->", "<!-- portfolio: end -->"
AUTHORITY = {"record": "of record", "advisory": "advisory"}


def section(evidence: Evidence, subject: Subject, standings: tuple[Standings, ...]) -> str:
    """The section as Markdown, with its marks."""
    return "\n".join([BEGIN, *_lines(evidence, subject, standings), END, ""])


def renewed(readme: str, made: str, name: str) -> str:
    """A README with the section in the place of its earlier one, or at its end. Raises UsageError when the marks are not a pair."""
    newline = "\r\n" if "\r\n" in readme else "\n"
    made = made.rstrip("\n").replace("\n", newline)
    begins, ends = readme.count(BEGIN), readme.count(END)
    if not begins and not ends:
        gap = newline * 2 if readme.strip() else ""
        return f"{readme.rstrip()}{gap}{made}{newline}"
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if (begins, ends) != (1, 1) or not end:
        raise UsageError(
            f"`{name}` must hold the line `{BEGIN}` once and, after it, the line `{END}` once: mend that by hand"
        )
    return f"{before}{made}{after}"


def renew(path: Path, made: str) -> bytes:
    """What that README is to hold. Raises UsageError when it cannot be read."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"`{path}` cannot be read as UTF-8 text: {error}") from None
    return renewed(text, made, path.name).encode()


def _lines(evidence: Evidence, subject: Subject, standings: tuple[Standings, ...]) -> Iterator[str]:
    yield from ("## What was shown to work", "", _intro(subject), "")
    if evidence.numbers:
        for each in evidence.numbers:
            yield f"* **{inline(amount(each.figure))}** {inline(each.figure.name)}"
        yield ""
    shown = [finding for finding in evidence.findings if finding.standing is Standing.SHOWN]
    if shown:
        yield from ("| skill | shown by | authority | commit |", "|---|---|---|---|")
        yield from (_row(finding) for finding in sorted(shown, key=lambda each: not subject.own(each)))
    else:
        yield "No skill is shown as a whole yet."
    yield from ("", "### For which roles it counts", "")
    for role in standings:
        yield f"* {role.role.title}: {len(role.shown)} of {len(role.shown) + len(role.missing)} skills"
    yield from ("", "### What is not shown yet", "")
    for finding in evidence.findings:
        if finding.standing is not Standing.SHOWN:
            yield f"* {finding.skill.title}: {inline('; '.join(finding.missing))}"
    yield from ("", "### See for yourself", "", *_verification(evidence, subject))


def _intro(subject: Subject) -> str:
    tail = "The grader of the course ran the product and wrote down what it did; nothing here is told from memory."
    if subject.team is None:
        return f"The work of {inline(subject.name)}. {tail}"
    if subject.member is None:
        return f"The work of {inline(subject.name)}: {inline(subject.team.product)} {tail}"
    areas = f"answered for {listed(subject.areas)}" if subject.areas else "was a member"
    team = inline(subject.team.name)
    return f"{inline(subject.name)} {areas} in {team}: {inline(subject.team.product)} {tail}"


def _row(finding: Finding) -> str:
    checks = ", ".join(code(fact.name) for fact in finding.passed)
    commits = ", ".join(dict.fromkeys(code((fact.run.graded.commit or "none")[:10]) for fact in finding.passed))
    return f"| {finding.skill.title} | {checks} | {AUTHORITY[finding.authority]} | {commits} |"


def commands(evidence: Evidence, subject: Subject) -> Iterator[str]:
    """The lines to type, first the capstone and then modules; a comment says where, when no address does."""
    place = None
    for run in sorted(evidence.runs, key=lambda each: not each.of_team):
        if (run.of_team, subject.place(run)) != place:
            place = (run.of_team, subject.place(run))
            what = "the product" if run.of_team else "the project of the modules"
            yield f"git clone {place[1]} project && cd project" if place[1] else f"# in a clone of {what}"
        yield run.command


def _verification(evidence: Evidence, subject: Subject) -> Iterator[str]:
    yield from ("```bash", *commands(evidence, subject), "```", "")
    for run in evidence.runs:
        facts = f"{graded(run)}, seed {run.seed}, grader {run.grader}, {moment(run.started_at)}"
        yield f"* {inline(run.what)}: {inline(facts)}; {AUTHORITIES[run.authority]}"
        if not run.repeatable:
            yield "  What was graded was not committed, so nobody else can repeat it exactly."
