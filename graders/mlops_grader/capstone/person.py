"""The grade of one member, for that member alone: every step of the arithmetic, and nothing about what others got or said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlops_grader.capstone import points, report
from mlops_grader.capstone.report_evidence import lateness, section
from mlops_grader.capstone.report_lines import WORDS, notes, who
from mlops_grader.capstone.standing import Judged, PersonGrade, TeamGrade
from mlops_grader.capstone.steps import Step
from mlops_grader.capstone.sums import PhaseSum, Sum
from mlops_grader.reports import unmarked
from mlops_grader.reports.cards import prose, text
from mlops_grader.reports.html import AUTHORITIES, framed, moment

LEAST = "If everything that is missing earned nothing"
MOST = "If everything that is missing earned its points in full"


@dataclass(frozen=True)
class Row:
    """One row of arithmetic: words, what is computed, what comes out, and the sum so far where lines are added."""

    words: str
    computed: str
    result: str
    so_far: str = ""


@dataclass(frozen=True)
class Block:
    """The rows of one part of the arithmetic; its last row is what the part comes to."""

    title: str
    rows: tuple[Row, ...]


def arithmetic(found: Sum) -> tuple[Block, ...]:
    """Every step of a grade: how it is put together, then what each phase and the bonus come to."""
    phases = [Block(phase.phase.title, tuple(_phase(phase))) for phase in found.phases]
    bonus = tuple(_row(earned.step) for earned in found.bonus)
    return (Block("Altogether", tuple(map(_row, found.steps))), *phases, Block("Bonus lines", bonus))


def _phase(phase: PhaseSum) -> Iterator[Row]:
    """Each line with the sum so far, then what lateness takes away."""
    for earned, added in zip(phase.lines, phase.steps, strict=False):
        step = earned.step
        yield Row(step.words, points.sum_of(step), points.exact(step.result), points.exact(added.result))
    yield from map(_row, phase.steps[len(phase.lines) :])


def _row(step: Step) -> Row:
    return Row(step.words, points.sum_of(step), points.exact(step.result))


def missing(own: PersonGrade) -> tuple[str, ...]:
    """What is missing for a grade, without saying which of the team-mates lacks a rating."""
    mine, theirs = f"nobody rated {own.member.id}'s citizenship", "a team-mate's citizenship is not rated yet"
    others = set(own.multiplier.missing) - {mine}
    return tuple(dict.fromkeys(theirs if words in others else words for words in own.total.missing))


def owed(own: PersonGrade) -> tuple[str, ...]:
    """What the person still owes others."""
    begin = f"{own.member.id} did not rate "
    ratings = (f"your ratings of {words.removeprefix(begin)}" for words in own.total.notes if words.startswith(begin))
    return (*own.total.lacks, *(f"{words} did not come in" for words in ratings))


def state(own: PersonGrade) -> str:
    """What kind of grade it is, in a word or two."""
    if own.total.incomplete:
        return "incomplete"
    return "provisional" if own.total.provisional else "final"


_MEANINGS = {
    "incomplete": "It does not count until what is owed is handed in.",
    "provisional": "Scores are missing; the grade lies between these two numbers until they are there.",
    "final": "Nothing is missing.",
}


def sums(own: PersonGrade) -> tuple[tuple[str, tuple[Block, ...]], ...]:
    """The arithmetic, twice when something is missing: the least and the most that the grade can be."""
    if not own.total.provisional:
        return (("", arithmetic(own.total.least)),)
    return ((LEAST, arithmetic(own.total.least)), (MOST, arithmetic(own.total.most)))


# --- as a page ---


def page(grade: TeamGrade, own: PersonGrade) -> str:
    """The grade as a self-contained page."""
    measured = grade.inputs.measured
    facts = (
        f"Capstone grade, {state(own)}", text(grade.inputs.team.name), AUTHORITIES[measured.authority][0], moment(measured.started_at),
    )  # fmt: skip
    total = points.total(own.total)
    body = f"""<header>
<p class="facts">{" · ".join(facts)}</p>
<h1><span class="subject">{text(own.member.name)}</span> <span class="score">{total} of 100</span></h1>
<p class="lead">{_MEANINGS[state(own)]}</p>
</header>
{_box("Owed", owed(own))}
{_box("Missing", missing(own))}
{_phases(grade, own)}
{_own_lines(own)}
{_peers(own)}
{section("late", "Lateness", *(lateness(one, text(_whose(own, one.owner))) for one in own.late))}
{"".join(_sums(number, title, blocks) for number, (title, blocks) in enumerate(sums(own), 1))}"""
    return framed(f"{text(own.member.name)}: {total}", body, report.style())


def _phases(grade: TeamGrade, own: PersonGrade) -> str:
    """A bar for each phase, with the person's own lines in it."""
    must = [judged for judged in own.lines if not judged.line.bonus]
    by_phase = [
        (phase, [each for each in must if each.line.phase == phase.key]) for phase in grade.inputs.rubric.phases
    ]
    rows = [report.row("", text(phase.title), lines) for phase, lines in by_phase if lines]
    note = '<p class="facts">The lines of the team and your own, before lateness and citizenship.</p>'
    return section("points", "Points", note, report.rows("By phase", rows))


def _whose(own: PersonGrade, owner: str) -> str:
    return "Your own hand-ins" if owner == own.member.id else "The team's hand-ins"


def _box(heading: str, rows: Sequence[str]) -> str:
    if not rows:
        return ""
    listed = "".join(f"<li>{prose(row)}</li>" for row in rows)
    return f'<section class="next"><h2>{heading}</h2><ul class="missing">{listed}</ul></section>'


def _own_lines(own: PersonGrade) -> str:
    rows = "".join(_own_line(judged) for judged in own.own_lines)
    return section("own", "Lines that are scored for you", f'<ul class="plain">{rows}</ul>') if rows else ""


def _own_line(judged: Judged) -> str:
    said = f"{WORDS[judged.standing]}, {points.range_of(judged.least, judged.most)} of {judged.line.points} points"
    return f"<li>{prose(judged.line.claim)} <strong>{said}</strong> <span class='facts'>{who(judged)}</span>{notes(judged)}</li>"


def _peers(own: PersonGrade) -> str:
    done = ", ".join(map(text, own.reviews.complete)) or "none"
    words = f"{len(own.reviews.complete)} of {own.reviews.asked} complete reviews of other teams: {done}."
    return section("peers", "Peer reviews that you handed in", f"<p>{words}</p>") if own.reviews.asked else ""


def _sums(number: int, title: str, blocks: Sequence[Block]) -> str:
    heading = f"The arithmetic{': ' if title else ''}{title[:1].lower()}{title[1:]}"
    return section(f"sums-{number}", heading, *(_table(block) for block in blocks if block.rows))


def _table(block: Block) -> str:
    running = any(row.so_far for row in block.rows)
    head = ("Step", "Computed", "Result", *(["Sum"] if running else []))
    rows = "\n".join(
        f"<tr{last}><td>{prose(row.words)}</td><td>{text(row.computed)}</td><td>{text(row.result)}</td>"
        f"{f'<td>{text(row.so_far)}</td>' if running else ''}</tr>"
        for row, last in zip(block.rows, _marks(block), strict=True)
    )
    heads = "".join(f'<th scope="col">{word}</th>' for word in head)
    return f"""<h3>{text(block.title)}</h3>
<div class="table" tabindex="0" role="region" aria-label="{text(block.title)}"><table class="sums">
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody></table></div>"""


def _marks(block: Block) -> list[str]:
    return [""] * (len(block.rows) - 1) + [' class="total"']


# --- as Markdown ---


def as_markdown(grade: TeamGrade, own: PersonGrade) -> str:
    """The same as Markdown."""
    parts = [
        f"# {unmarked.inline(own.member.name)}: {points.total(own.total)} of 100",
        f"Capstone grade of {unmarked.inline(grade.inputs.team.name)}, {state(own)}. {_MEANINGS[state(own)]}",
        *_marked("Owed", owed(own)),
        *_marked("Missing", missing(own)),
        *_marked("Late", [one.words for account in own.late for one in account.hand_ins]),
    ]
    for title, blocks in sums(own):
        parts += [f"## The arithmetic{': ' if title else ''}{title[:1].lower()}{title[1:]}"]
        parts += [_marked_table(block) for block in blocks if block.rows]
    return "\n\n".join(parts) + "\n"


def _marked(heading: str, rows: Sequence[str]) -> list[str]:
    return [f"## {heading}", "\n".join(f"- {unmarked.prose(row)}" for row in rows)] if rows else []


def _marked_table(block: Block) -> str:
    rows = [f"| {unmarked.prose(row.words)} | {row.computed} | {row.result} | {row.so_far} |" for row in block.rows]
    head = "| step | computed | result | sum |\n|---|---:|---:|---:|"
    return f"### {unmarked.inline(block.title)}\n\n{head}\n" + "\n".join(rows)
