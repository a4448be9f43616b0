"""The page of one day of data: what is unusual first, then each number beside those of the days before."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from noshow.daily import Day
from noshow.replacing import replacing_file

WIDTH, HEIGHT = 260, 44

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data of {day}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ text-align: left; padding: .2rem .6rem; border-bottom: 1px solid #ddd; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
tr.unusual {{ background: #fdecea; }}
.quiet {{ color: #286437; }} .loud {{ color: #a32018; }}
svg {{ display: block; }} path {{ fill: none; stroke: #7a8ca0; }}
circle {{ fill: #7a8ca0; }} circle.now {{ fill: #a32018; }}
</style>
<h1>Data of {day}</h1>
<p>{appointments} appointments, {outcomes} of them with an outcome;
{quarantined} rows of the day's file in quarantine.</p>
{anomalies}
<h2>Each number, and the days before</h2>
<table>
<tr><th>what</th><th>this day</th><th>up to {days} days, the last is this one</th></tr>
{rows}
</table>
</html>
"""


def save_page(day: Day, days: Sequence[Day], reports_dir: Path) -> Path:
    """Write `data/2026-01-05.html` in one step. days: those before, in their order, and the day itself as the last."""
    path = reports_dir / "data" / f"{day.day}.html"
    with replacing_file(path) as new:
        new.write_text(_html(day, days), encoding="utf-8", newline="\n")
    return path


def _html(day: Day, days: Sequence[Day]) -> str:
    rows = "\n".join(_row(name, day, [each.statistics[name] for each in days]) for name in day.statistics)
    return PAGE.format(
        day=day.day,
        appointments=day.appointments,
        outcomes=day.outcomes,
        quarantined=day.quarantined,
        anomalies=_anomalies(day),
        days=len(days),
        rows=rows,
    )


def _anomalies(day: Day) -> str:
    if not day.anomalies:
        return '<p class="quiet">Nothing is unusual.</p>'
    items = "".join(f"<li>{escape(each.where)}: {escape(each.fact)}</li>" for each in day.anomalies)
    return f'<p class="loud">Unusual:</p><ul>{items}</ul>'


def _row(name: str, day: Day, values: Sequence[float]) -> str:
    unusual = any(name.split()[0] == anomaly.where for anomaly in day.anomalies)
    kind = ' class="unusual"' if unusual else ""
    return f'<tr{kind}><td>{escape(name)}</td><td class="number">{values[-1]:g}</td><td>{_line(name, values)}</td></tr>'


def _line(name: str, values: Sequence[float]) -> str:
    """The values as a line, from the lowest at the bottom to the highest at the top."""
    low, high = min(values), max(values)
    step = WIDTH / max(len(values) - 1, 1)
    heights = [(high - value) / (high - low) if high > low else 0.5 for value in values]
    places = [(4 + number * step, 4 + HEIGHT * height) for number, height in enumerate(heights)]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in places[:-1])
    dots += f'<circle class="now" cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="3"/>'
    label = f"{name}: from {low:g} to {high:g}, now {values[-1]:g}"
    size = f'width="{WIDTH + 8}" height="{HEIGHT + 8}"'
    drawn = f'<title>{escape(label)}</title><path d="{path}"/>{dots}'
    return f'<svg role="img" aria-label="{escape(label)}" {size}>{drawn}</svg>'
