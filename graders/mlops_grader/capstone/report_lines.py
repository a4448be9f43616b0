"""The lines of a rubric on a team's page: how each stands, who judged it, what was found, and where its evidence is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from html import escape

from mlops_grader.capstone.lines import CheckEnd
from mlops_grader.capstone.points import range_of, short
from mlops_grader.capstone.rubric import Judge, Line, Phase
from mlops_grader.capstone.standing import Judged, Standing, TeamGrade
from mlops_grader.check import Check, Verdict
from mlops_grader.plain import plain
from mlops_grader.reports.cards import entry, prose, text, word

CLASSES = {
    Standing.EARNED: "passed",
    Standing.PARTLY: "partly",
    Standing.NOT_EARNED: "failed",
    Standing.CLOSED: "blocked",
    Standing.MISSING: "not_run",
}
WORDS = {
    Standing.EARNED: "earned",
    Standing.PARTLY: "partly earned",
    Standing.NOT_EARNED: "not earned",
    Standing.CLOSED: "closed",
    Standing.MISSING: "missing",
}
_MEANINGS = {
    Standing.PARTLY: "its judges do not agree",
    Standing.CLOSED: "the gate lets this phase earn nothing",
    Standing.MISSING: "nobody has said yet",
}
KINDS = {Judge.CHECK: "checks", Judge.STAFF: "staff", Judge.PEER: "peers", Judge.EXPO: "judges of the expo"}


def section(grade: TeamGrade, phase: Phase) -> str:
    """The lines of one phase of a team."""
    lines = [judged for judged in grade.lines if judged.line.phase == phase.key]
    largest = max((judged.line.points for judged in lines), default=1)
    left = [_card(grade, judged, largest) for judged in lines if judged.standing is not Standing.EARNED]
    done = [_earned(grade, judged, largest) for judged in lines if judged.standing is Standing.EARNED]
    own = [line for line in phase.lines if line.individual]
    must = [judged for judged in lines if not judged.line.bonus]
    return f"""<section class="module" aria-labelledby="phase-{text(phase.key)}">
<h2 id="phase-{text(phase.key)}">{text(phase.title)}</h2>
<p class="facts">{tally(must)}{_apart(own)}</p>
{_group("Not earned in full", left)}
{_group("Earned", done)}
</section>"""


def tally(lines: Sequence[Judged]) -> str:
    """What some lines earned, of what they are worth."""
    least = sum((judged.least for judged in lines), Fraction())
    most = sum((judged.most for judged in lines), Fraction())
    return f"{range_of(least, most)} of {sum(judged.line.points for judged in lines)} points"


def _apart(own: Sequence[Line]) -> str:
    if not own:
        return ""
    many = "line is" if len(own) == 1 else "lines are"
    return f"; {len(own)} more {many} scored for each person ({sum(line.points for line in own)} points)"


def _group(heading: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    listed = "\n".join(items)
    return f'<h3>{heading} <span class="count">({len(items)})</span></h3>\n<ul class="checks">\n{listed}\n</ul>'


def _card(grade: TeamGrade, judged: Judged, largest: int) -> str:
    return f"""<li class="check line card {CLASSES[judged.standing]}" id="line-{text(judged.line.id)}">
<h4>{prose(judged.line.claim)}</h4>
{_verdict(judged, largest)}
<dl>
{_facts(grade, judged)}
</dl>
</li>"""


def _earned(grade: TeamGrade, judged: Judged, largest: int) -> str:
    return f"""<li class="check passed" id="line-{text(judged.line.id)}">
<details>
<summary>{_verdict(judged, largest)} <span class="title">{prose(judged.line.claim)}</span></summary>
<dl class="lesson line">
{_facts(grade, judged)}
</dl>
</details>
</li>"""


def _verdict(judged: Judged, largest: int) -> str:
    meaning = f' <span class="meaning">{_MEANINGS[judged.standing]}</span>' if judged.standing in _MEANINGS else ""
    size = f"--share:{judged.line.points / largest:.2f};--earned:{float(judged.least) / judged.line.points:.3f}"
    bar = f'<span class="weight" aria-hidden="true"><span style="{size}"></span></span>'
    earned = short(judged.least) if judged.least == judged.most else f"{short(judged.least)} to {short(judged.most)}"
    points = f'<span class="points">{earned}/{judged.line.points}<span class="unit"> points</span></span>'
    bonus = ' <span class="unit">bonus</span>' if judged.line.bonus else ""
    return f'<span class="verdict"><strong>{WORDS[judged.standing]}</strong>{meaning} {bar} {points}{bonus}</span>'


def _facts(grade: TeamGrade, judged: Judged) -> str:
    line, measured = judged.line, judged.measured
    names = {member.id: member.name for member in grade.inputs.team.members}
    owner = grade.inputs.team.owners.get(line.owner, "")
    lost = measured is not None and judged.standing is not Standing.EARNED
    entries = (
        ("Judged by", who(judged)),
        ("Found", _first(measured.because) if measured and lost else ""),
        ("Checks", _ends(measured.checks) if measured else ""),
        ("Notes", notes(judged)),
        ("Evidence asked for", prose(line.evidence)),
        ("Answers for it", f"{text(names.get(owner, owner))}, who owns {text(line.owner)}" if owner else ""),
        ("Do next", f'<span class="do">{prose(measured.fix)}</span>' if measured and lost and measured.fix else ""),
    )
    return "\n".join(filter(None, (entry(term, description) for term, description in entries)))


def who(judged: Judged) -> str:
    """Who judged a line, and how far they agree. Peers and judges are not named: they are to say what they think."""
    kind = KINDS[judged.line.judge]
    if judged.line.judge is Judge.CHECK:
        return f"{kind}"
    if judged.item is None:
        return f"{kind}: no score yet"
    item = judged.item
    spread = f", mean {short_share(item.mean)}, spread {item.spread:.2f}" if item.judges > 1 else ""
    return f"{kind}: {item.passes} of {item.judges} pass it{spread}"


def short_share(share: Fraction) -> str:
    """A share with two decimals."""
    return f"{float(share):.2f}"


def notes(judged: Judged) -> str:
    """What judges wrote beside their scores, in an order that does not tell who wrote what."""
    said = sorted({score.note for score in judged.scores if score.note})
    rows = (f"<li>{prose(note)}</li>" for note in said)
    return f'<ul class="notes">{"".join(rows)}</ul>' if said else ""


def _ends(ends: Sequence[CheckEnd]) -> str:
    return ", ".join(
        f'<a href="#{anchor(end)}"><code>{text(end.module)}/{text(end.id)}</code></a> {word(end.verdict)}'
        for end in ends
    )


def anchor(end: CheckEnd) -> str:
    """The name of a check's place on the page."""
    return f"check-{text(end.module)}-{text(end.id)}"


def _first(found: str) -> str:
    """How a finding begins; the whole of it stands with its check."""
    rows = plain(found).strip().splitlines()
    return prose(rows[0]) + (" …" if len(rows) > 1 else "") if rows else ""


def _quoted(found: str) -> str:
    return f"<pre>{escape(plain(found).strip())}</pre>" if found.strip() else ""


def checks(grade: TeamGrade) -> str:
    """What each check that a line names found, in the order of the lines."""
    ends = {(end.module, end.id): end for line in grade.inputs.measured.lines for end in line.checks}
    if not ends:
        return ""
    left = [_check(grade, end) for end in ends.values() if end.verdict is not Verdict.PASSED]
    done = [_check(grade, end) for end in ends.values() if end.verdict is Verdict.PASSED]
    return f"""<section class="module" aria-labelledby="checks">
<h2 id="checks">What the checks found</h2>
<p class="facts">Each check ran on a clean clone of the commit; several lines may rest on one.</p>
{_group("Not passed", left)}
{_group("Passed", done)}
</section>"""


def _check(grade: TeamGrade, end: CheckEnd) -> str:
    name = f"<code>{text(end.module)}/{text(end.id)}</code>"
    title = next(iter(_titles(grade, end)), Check(end.id, "", "", 0, ()).heading)
    lines = [
        line.id
        for line in grade.inputs.measured.lines
        if (end.module, end.id) in {(e.module, e.id) for e in line.checks}
    ]
    links = ", ".join(f'<a href="#line-{text(key)}">{text(key)}</a>' for key in lines)
    verdict = f'<span class="verdict"><strong>{word(end.verdict)}</strong> {name}</span>'
    if end.verdict is Verdict.PASSED:
        return f"""<li class="check passed" id="{anchor(end)}">
<p class="row"><span class="title">{prose(title)}</span> {verdict} <span class="facts">for {links}</span></p></li>"""
    return f"""<li class="check line card {end.verdict}" id="{anchor(end)}">
<h4>{prose(title)}</h4>
{verdict}
<dl>
{entry("Found", _quoted(end.found))}
{entry("Decides on", links)}
{entry("Do next", f'<span class="do">{prose(end.fix)}</span>' if end.fix else "")}
</dl></li>"""


def _titles(grade: TeamGrade, end: CheckEnd) -> Iterator[str]:
    for result in grade.inputs.measured.results:
        if result.submission.module == end.module:
            yield from (outcome.title for outcome in result.checks if outcome.id == end.id)
