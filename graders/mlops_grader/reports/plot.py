"""A timeline as a picture in the page: lanes of spans above, curves below, one axis of time.

Drawn here and not by a plotting library: its colours are those of the page, by day and by night, and its words can be read aloud.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlops_grader.reports.cards import text
from mlops_grader.timeline import Curve, Span, Timeline

WIDTH, LEFT, RIGHT = 840, 150, 20
ROW, BAR, CURVE = 24, 16, 64  # heights in pixels
MARKS = 12  # of the axis, at most
STEPS = (1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600)  # between two of them
CROWDED = 10  # bars of one lane: more stand in one row, and their words in the list only
LETTER = 6.2  # pixels: the width of a letter in a bar, on average


def plot(timeline: Timeline) -> str:
    """The figure as HTML; what it shows stands below it as a list, for those who do not see it."""
    parts: list[str] = []
    y = float(ROW)
    for lane in dict.fromkeys(span.lane for span in timeline.spans):
        spans = sorted((span for span in timeline.spans if span.lane == lane), key=lambda span: span.begin)
        drawn, y = _lane(lane, spans, timeline.seconds, y)
        parts.append(drawn)
    for curve in timeline.curves:
        parts.append(_curve(curve, timeline.seconds, y))
        y += CURVE + ROW
    parts.insert(0, _axis(timeline, y))
    told = "".join(
        f"<li>{text(span.lane)} {text(span.name)}: {span.begin:.0f} to {span.end:.0f} {text(timeline.unit)}</li>"
        for span in sorted(timeline.spans, key=lambda span: span.begin)
    )
    return f"""<h3>What happened</h3>
<figure class="timeline">
<svg viewBox="0 0 {WIDTH} {y + ROW}" role="img" aria-label="Faults, alerts and traffic over time">
{"".join(parts)}
</svg>
<figcaption>{text(timeline.note)}
<details><summary>As a list</summary><ul>{told}</ul></details></figcaption>
</figure>"""


def _x(at: float, seconds: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * at / max(seconds, 1e-9), 1)


def _axis(timeline: Timeline, bottom: float) -> str:
    seconds, unit = timeline.seconds, text(timeline.unit)
    step = next((step for step in STEPS if seconds / step <= MARKS), STEPS[-1])
    marks = range(0, int(seconds) + 1, step)
    lines = "".join(
        f'<line x1="{_x(at, seconds)}" x2="{_x(at, seconds)}" y1="{ROW - 6}" y2="{bottom}"/>' for at in marks
    )
    words = "".join(
        f'<text x="{_x(at, seconds)}" y="{bottom + 14}" text-anchor="middle">{at} {unit}</text>' for at in marks
    )
    return f'<g class="axis">{lines}{words}</g>'


def _lane(lane: str, spans: Sequence[Span], seconds: float, top: float) -> tuple[str, float]:
    """The bars of one kind; those that overlap get rows of their own. Also where the next lane begins."""
    rows: list[float] = []
    drawn = [f'<text class="name" x="0" y="{top + BAR - 3}">{text(lane)}</text>']
    crowded = len(spans) > CROWDED
    for span in spans:
        begin, end = _x(span.begin, seconds), _x(span.end, seconds)
        name = "" if crowded else span.name
        width, needed = max(2.0, end - begin), len(name) * LETTER + 8 if name else 0.0
        inside = needed <= width
        row = next((n for n, taken in enumerate(rows) if taken <= begin), len(rows))
        taken = begin + (width if inside else width + needed)
        rows[row : row + 1] = [taken]
        y = top + row * ROW
        outside_left = not inside and begin + width + needed > WIDTH
        place, anchor = (begin + 4, "start") if inside else (begin + width + 4, "start")
        if outside_left:
            place, anchor = begin - 4, "end"
        where = f'class="{"inside" if inside else "beside"}" x="{place}" y="{y + BAR - 4}" text-anchor="{anchor}"'
        told = f"<title>{text(span.name)}</title>"
        bar = f'x="{begin}" y="{y}" width="{width:.1f}" height="{BAR}" rx="{min(3, width / 4):.1f}"'
        drawn.append(f'<rect class="{text(lane)}" {bar}>{told}</rect>')
        drawn += [f"<text {where}>{text(name)}</text>"] if name else []
    return "".join(drawn), top + max(1, len(rows)) * ROW + 6


def _curve(curve: Curve, seconds: float, top: float) -> str:
    most = max((value for _, value in curve.points), default=0) or 1
    points = " ".join(f"{_x(at, seconds)},{round(top + CURVE * (1 - value / most), 1)}" for at, value in curve.points)
    return (
        f'<text class="name" x="0" y="{top + 14}">{text(curve.name)}</text>'
        f'<text x="0" y="{top + 30}">up to {most:.3g} {text(curve.unit)}</text>'
        f'<line class="base" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{top + CURVE}" y2="{top + CURVE}"/>'
        f'<polyline points="{points}"/>'
    )
