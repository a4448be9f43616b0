"""The page of a team: its score, phases, lines, judges and evidence; for the team to read, so without anybody's grade."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from importlib.resources import files

from mlops_grader.capstone import report_evidence as evidence
from mlops_grader.capstone import report_lines as lines
from mlops_grader.capstone.points import range_of, short
from mlops_grader.capstone.report_evidence import bar, legend
from mlops_grader.capstone.report_lines import KINDS, tally
from mlops_grader.capstone.rubric import Judge, Phase
from mlops_grader.capstone.standing import Judged, Standing, TeamGrade
from mlops_grader.reports.cards import prose, text
from mlops_grader.reports.html import AUTHORITIES, framed, moment

Parts = tuple[tuple[str, float, str], ...]


def page(grade: TeamGrade) -> str:
    """The whole page, self-contained."""
    rubric = grade.inputs.rubric
    body = [
        _header(grade),
        _next(grade),
        _gate(grade),
        _overview(grade),
        *(lines.section(grade, phase) for phase in rubric.phases),
        lines.checks(grade),
        evidence.figures(grade),
        evidence.agreement(grade),
        evidence.section("late", "Lateness of the team", evidence.lateness(grade.late, "Hand-ins")),
        evidence.contributions(grade),
        evidence.about(grade),
    ]
    return framed(f"{text(grade.inputs.team.name)}: {score(grade)}", "\n".join(filter(None, body)), style())


def style() -> str:
    """What the pages of the capstone have beyond the style of all reports."""
    return files("mlops_grader.capstone").joinpath("report.css").read_text(encoding="utf-8")


def score(grade: TeamGrade) -> str:
    """The team's score in words."""
    total = grade.total
    return f"{range_of(total.least.points, total.most.points)} of {total.possible} points"


def _header(grade: TeamGrade) -> str:
    inputs = grade.inputs
    graded = inputs.measured.submission
    facts = (
        "Capstone report",
        f"commit <code>{text((graded.commit or 'none')[:10])}</code>",
        AUTHORITIES[inputs.measured.authority][0],
        moment(inputs.measured.started_at),
    )
    must = _must(grade)
    return f"""<header>
<p class="facts">{" · ".join(facts)}</p>
<h1><span class="subject">{text(inputs.team.name)}</span> <span class="score">{score(grade)}</span></h1>
<p class="lead">{text(inputs.team.product)}</p>
{bar(parts(must), f"{tally(must)} of the must lines")}
{legend(parts(must))}
<p class="facts">{_how_counted(grade)}</p>
</header>"""


def _how_counted(grade: TeamGrade) -> str:
    own = sum(line.points for line in grade.inputs.rubric.must if line.individual)
    each = f" {own} more points are scored for each person." if own else ""
    counted = f"{tally(_must(grade))} of the must lines, and the bonus.{each}"
    return f"{counted} Lateness and citizenship change the grades of people, not this score."


def parts(judged: Sequence[Judged]) -> Parts:
    """The points of some lines by what became of them: for a bar and its legend."""
    closed = sum((_points(each) for each in judged if each.standing is Standing.CLOSED), Fraction())
    earned = sum((each.least for each in judged), Fraction())
    missing = sum((each.most - each.least for each in judged), Fraction())
    lost = sum((_points(each) - each.most for each in judged), Fraction()) - closed
    named = (
        ("passed", earned, "earned"),
        ("failed", lost, "not earned"),
        ("blocked", closed, "closed by the gate"),
        ("not_run", missing, "missing"),
    )
    return tuple((kind, float(points), f"{short(points)} {words}") for kind, points, words in named)


def _points(judged: Judged) -> Fraction:
    return Fraction(judged.line.points)


def _next(grade: TeamGrade) -> str:
    """What is missing; without anything, what to talk about."""
    if grade.total.missing:
        listed = "".join(f"<li>{prose(words)}</li>" for words in grade.total.missing)
        return _box("Provisional: this is missing", f'<ul class="missing">{listed}</ul>')
    if grade.disputed:
        first = grade.disputed[0]
        link = f'<a href="#line-{text(first.line.id)}">{prose(first.line.claim)}</a>'
        return _box("Talk about", f'<p class="do">{link}</p>\n<p class="for">{_many(grade)}</p>')
    return ""


def _many(grade: TeamGrade) -> str:
    number = len(grade.disputed)
    also = f', as on <a href="#agreement">{number} lines</a>' if number > 1 else ""
    return f"Its judges disagree{also}."


def _box(heading: str, content: str) -> str:
    return f'<section class="next" aria-labelledby="next">\n<h2 id="next">{heading}</h2>\n{content}\n</section>'


def _gate(grade: TeamGrade) -> str:
    rubric = grade.inputs.rubric
    judged = next((each for each in grade.lines if each.line.id == rubric.gate.line), None)
    if judged is None:
        return ""
    closes = ", ".join(phase.title for phase in rubric.phases if phase.key in rubric.gate.closes)
    words = {
        Standing.EARNED: f"The gate is open: {closes} counts.",
        Standing.MISSING: f"Nothing is known about the gate yet. If it is not earned, nothing in {closes} is.",
    }.get(judged.standing, f"The gate is closed: nothing in {closes} is earned.")
    link = f'<a href="#line-{text(judged.line.id)}">{prose(judged.line.claim)}</a>'
    return f'<p class="gate {lines.CLASSES[judged.standing]}"><strong>{text(words)}</strong> {link} {prose(rubric.gate.reason)}</p>'


def _overview(grade: TeamGrade) -> str:
    """The pictures: points by phase, and by who judges."""
    rubric = grade.inputs.rubric
    phases = [row(f"#phase-{text(phase.key)}", text(phase.title), _of(grade, phase)) for phase in rubric.phases]
    kinds = {judge: [each for each in _must(grade) if each.line.judge is judge] for judge in Judge}
    judges = [row("", _title(KINDS[judge]), found) for judge, found in kinds.items() if found]
    return evidence.section(
        "overview", "Points", rows("By phase", [*phases, *_bonus(grade)]), rows("By who judges", judges)
    )


def _of(grade: TeamGrade, phase: Phase) -> list[Judged]:
    return [each for each in _must(grade) if each.line.phase == phase.key]


def _must(grade: TeamGrade) -> list[Judged]:
    return [each for each in grade.lines if not each.line.bonus]


def _title(words: str) -> str:
    return words[0].upper() + words[1:]


def rows(heading: str, drawn: Sequence[str]) -> str:
    """A list of bars under a heading."""
    listed = "\n".join(drawn)
    return f'<h3>{heading}</h3>\n<ol class="contents points">\n{listed}\n</ol>'


def row(link: str, title: str, judged: Sequence[Judged]) -> str:
    """The bar of some lines, named; "" for no link."""
    named = f'<a href="{link}">{title}</a>' if link else f"<span>{title}</span>"
    told = tally(judged)
    drawn = bar(parts(judged), f"{title}: {told}; " + ", ".join(words for _, size, words in parts(judged) if size))
    return f"<li>{named} <span>{told.removesuffix(' points')}</span>{drawn}</li>"


def _bonus(grade: TeamGrade) -> list[str]:
    judged = [each for each in grade.lines if each.line.bonus]
    if not judged:
        return []
    cap = Fraction(grade.inputs.rubric.bonus_cap)
    least, most = (min(sum((getattr(each, end) for each in judged), Fraction()), cap) for end in ("least", "most"))
    told = f"{range_of(least, most)} of at most {short(cap)}"
    named = (("passed", least), ("not_run", most - least), ("empty", cap - most))
    drawn = bar([(kind, float(size), "") for kind, size in named], f"Bonus: {told}")
    return [f"<li><span>Bonus</span> <span>{told}</span>{drawn}</li>"]
