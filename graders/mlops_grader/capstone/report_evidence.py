"""What stands beside the lines on a team's page: agreement, figures, git's evidence, lateness, and what it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlops_grader.capstone.agreement import Agreement
from mlops_grader.capstone.contributions import Contribution, Contributions
from mlops_grader.capstone.lateness import Account
from mlops_grader.capstone.report_lines import KINDS, short_share
from mlops_grader.capstone.rubric import Judge
from mlops_grader.capstone.standing import TeamGrade
from mlops_grader.plain import plain
from mlops_grader.reports.cards import entry, prose, text
from mlops_grader.reports.html import AUTHORITIES, moment

LISTED = 40  # files that were left out of the count, at most


def section(name: str, heading: str, *parts: str) -> str:
    """A part of the page with a heading; none when there is nothing in it."""
    inside = "\n".join(filter(None, parts))
    if not inside:
        return ""
    return f'<section class="module" aria-labelledby="{name}">\n<h2 id="{name}">{heading}</h2>\n{inside}\n</section>'


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table from HTML; its first column names the row."""
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    body = "\n".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    return f"""<div class="table" tabindex="0" role="region" aria-label="{headings[0]}"><table>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody></table></div>"""


def bar(parts: Sequence[tuple[str, float, str]], label: str) -> str:
    """A bar from classes, sizes and words; what it shows is in its label, too."""
    spans = "".join(f'<span class="{kind}" style="flex-grow:{size:.4g}"></span>' for kind, size, _ in parts if size > 0)
    return f'<div class="bar" role="img" aria-label="{label}">{spans}</div>'


def legend(parts: Sequence[tuple[str, float, str]]) -> str:
    """The words to the parts of a bar."""
    items = "".join(f'<li class="{kind}">{words}</li>' for kind, size, words in parts if size > 0)
    return f'<ul class="legend">{items}</ul>'


# --- agreement ---


def agreement(grade: TeamGrade) -> str:
    """How far judges agree: a bar for each kind of judge, and the figures."""
    found = {kind: one for kind, one in grade.agreement.items() if len(one.judges) > 1}
    if not found:
        return ""
    drawn = "\n".join(_agreed(kind, one) for kind, one in found.items())
    return section("agreement", "How far judges agree", drawn, _disputed(grade))


def _agreed(kind: Judge, one: Agreement) -> str:
    shared = [item for item in one.items if item.judges > 1]
    divided = sum(0 < item.passes < item.judges for item in shared)
    passed = sum(item.passes == item.judges for item in shared)
    parts = (
        ("passed", passed, f"{passed} passed by all"),
        ("partly", divided, f"{divided} divided"),
        ("failed", len(shared) - passed - divided, f"{len(shared) - passed - divided} failed by all"),
    )
    label = f"{len(shared)} lines with several {KINDS[kind]}: " + ", ".join(words for _, _, words in parts)
    facts = [f"mean {short_share(one.mean)}" if one.mean is not None else ""]
    facts += [f"mean spread {one.spread:.2f}" if one.spread is not None else ""]
    facts += [f"{short_share(one.pairs)} of the pairs of judges agree" if one.pairs is not None else ""]
    rows = ((text(each.name), _coefficient(each.value, each.why)) for each in one.coefficients)
    listed = "\n".join(entry(name, words) for name, words in rows)
    return f"""<h3>{KINDS[kind][0].upper()}{KINDS[kind][1:]} <span class="count">({len(one.judges)}, {len(one.items)} lines)</span></h3>
{bar(parts, label)}
{legend(parts)}
<p class="facts">{"; ".join(filter(None, facts))}.</p>
<dl class="about wide">
{listed}
</dl>"""


def _coefficient(value: float | None, why: str) -> str:
    return f"{value:.2f}" if value is not None else f"none: {prose(why)}"


def _disputed(grade: TeamGrade) -> str:
    if not grade.disputed:
        return '<p class="facts">No line divides its judges.</p>'
    rows = "".join(
        f'<li><a href="#line-{text(j.line.id)}">{prose(j.line.claim)}</a> '
        f'<span class="facts">{j.item.passes if j.item else 0} of {len(j.scores)} pass it</span></li>'
        for j in grade.disputed
    )
    return f'<h3>To discuss <span class="count">({len(grade.disputed)})</span></h3>\n<ol class="discuss">{rows}</ol>'


# --- figures ---


def figures(grade: TeamGrade) -> str:
    """What the checks measured."""
    rows = [
        (text(each.name), f"{each.value:,.10g} {text(each.unit)}".strip()) for each in grade.inputs.measured.figures
    ]
    return section("figures", "Figures", table(("Measured", "Value"), rows)) if rows else ""


# --- git ---

_COUNTED = (
    "From git, as evidence to talk about; no part of any score. Lines left are those that this person wrote last. "
    "Co-author, reviewed and merged count the work of others."
)


def contributions(grade: TeamGrade) -> str:
    """What git says about each member; never a part of a score."""
    told, names = grade.inputs.evidence, {member.id: member.name for member in grade.inputs.team.members}
    rows = [_contribution(person, told, names[person.member]) for person in told.people]
    heads = ("Member", "Lines left", "", "Commits", "Days", "Co-author", "Reviewed", "Merged")
    return section(
        "contributions",
        "Contribution evidence",
        f'<p class="facts">{_COUNTED}</p>',
        table(heads, rows),
        f'<dl class="about wide">{"".join(entry(text(names[each.member]), _where(each)) for each in told.people)}</dl>',
        _strangers(told),
        _left_out(told),
        "<h3>What git does not know</h3>",
        f'<ul class="plain">{"".join(f"<li>{prose(note)}</li>" for note in told.notes)}</ul>',
    )


def _contribution(person: Contribution, told: Contributions, name: str) -> tuple[str, ...]:
    share = person.lines / max(told.lines, 1)
    drawn = f'<span class="share" aria-hidden="true"><span style="--share:{share:.3f}"></span></span>'
    counts = (person.commits, person.days, person.co_authored, person.reviewed, person.merged)
    return text(name), f"{person.lines:,}", drawn, *(f"{count:,}" for count in counts)


def _where(person: Contribution) -> str:
    """What a person owns, and the folders in which their lines lie."""
    places = ", ".join(f"{_folder(folder)} ({count:,})" for folder, count in person.places)
    owns = f"owns {text(', '.join(person.areas))}" if person.areas else "owns no area"
    return f"{owns}; {f'lines in {places}' if places else 'no line is left'}"


def _folder(name: str) -> str:
    return "the top folder" if name == "." else f"<code>{text(_flat(name))}</code>"


def _flat(name: str) -> str:
    """A file name on one line."""
    return " ".join(plain(name).split())


def _strangers(told: Contributions) -> str:
    rows = [
        f"{text(each.name)} &lt;{text(each.email)}&gt;: {each.commits:,} commits, {each.lines:,} lines left"
        for each in told.strangers
    ]
    return _list("Authors whom `team.toml` does not know", rows)


def _left_out(told: Contributions) -> str:
    rows = [f"<code>{text(_flat(each.file))}</code>: {text(each.why)}" for each in told.left_out[:LISTED]]
    more = len(told.left_out) - len(rows)
    given = f"{told.given:,} lines that the template gave" if told.given else ""
    return _list("Not counted", [*filter(None, [given]), *rows, *([f"and {more:,} more files"] if more > 0 else [])])


def _list(heading: str, rows: Sequence[str]) -> str:
    if not rows:
        return ""
    listed = "".join(f"<li>{row}</li>" for row in rows)
    return f'<details class="more"><summary>{prose(heading)} ({len(rows)})</summary><ul>{listed}</ul></details>'


# --- lateness ---


def lateness(account: Account | None, heading: str = "Late and resubmitted") -> str:
    """What each hand-in of a team or a person cost."""
    if account is None:
        return ""
    rows = "".join(f"<li>{prose(one.words)}</li>" for one in account.hand_ins)
    left = f"{account.left} token{'' if account.left == 1 else 's'} left."
    return f'<h3>{heading}</h3>\n<ul class="plain">{rows}</ul>\n<p class="facts">{left}</p>'


# --- what it was made from ---


def about(grade: TeamGrade) -> str:
    """All that is needed to make the same page again."""
    inputs, measured = grade.inputs, grade.inputs.measured
    graded = measured.submission
    state = "" if graded.clean else ", and changes that were not committed"
    entries = (
        ("Rubric", f"{text(inputs.rubric.title)}, version {text(inputs.rubric.version)}"),
        ("Commit", f"<code>{text(graded.commit or 'none')}</code>{state}"),
        ("Tree", f"<code>{text(graded.tree)}</code>"),
        ("Measured", f"{moment(measured.started_at)}, {', '.join(AUTHORITIES[measured.authority])}"),
        ("Seed", f"<code>{measured.seed}</code>"),
        ("Grader", f"<code>{text(measured.grader)}</code>"),
    )
    listed = "\n".join(entry(term, description) for term, description in entries)
    rows = [
        (text(one.role), f"<code>{text(_flat(one.name))}</code>", f"<code>{text(one.sha256)}</code>")
        for one in inputs.sources
    ]
    files = table(("Given as", "Name", "SHA-256"), rows) if rows else ""
    return section("about", "What this was made from", f'<dl class="about wide">\n{listed}\n</dl>', files)
