"""Drawings in pages: a histogram and bars as SVG, in the colours of the style sheet; the numbers stand beside them as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from mlops_grader.check import Verdict

WIDTH, HEIGHT, BASE, TOP = 640, 220, 190, 22
BAR = 1000  # units of a bar's whole length


def histogram(bins: Sequence[tuple[int, int, int]], pass_mark: int) -> Markup:
    """The distribution of scores; the bins under the pass mark are hatched. For those who do not see it, a table says the same."""
    most = max((number for _, _, number in bins), default=0) or 1
    step = WIDTH / max(len(bins), 1)
    parts = []
    for place, (low, high, number) in enumerate(bins):
        height = (BASE - TOP) * number / most
        x, middle = place * step + 4, place * step + step / 2
        kind = "above" if low >= pass_mark else "below" if high < pass_mark else "both"
        parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{BASE - height:.1f}" width="{step - 8:.1f}" height="{height:.1f}" rx="3"/>'
        )
        parts.append(f'<text class="number" x="{middle:.1f}" y="{BASE - height - 6:.1f}">{number or ""}</text>')
        parts.append(f'<text x="{middle:.1f}" y="{BASE + 18}">{low}-{high}</text>')
    line = f'<line class="base" x1="0" x2="{WIDTH}" y1="{BASE}" y2="{BASE}"/>'
    svg = f'<svg class="histogram" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">{line}{"".join(parts)}</svg>'
    return Markup(svg)  # noqa: S704  # it consists of numbers


def bar(share: float) -> Markup:
    """A bar of a part of 1."""
    length = round(BAR * min(max(share, 0.0), 1.0))
    return _bar(f'<rect width="{length}" height="10"/>')


def verdicts(counts: Mapping[Verdict, int]) -> Markup:
    """A bar in parts for the verdicts."""
    total, at, parts = sum(counts.values()) or 1, 0.0, []
    for verdict in Verdict:
        width = BAR * counts.get(verdict, 0) / total
        if width:
            parts.append(f'<rect class="{verdict}" x="{at:.1f}" width="{max(width - 4, 1):.1f}" height="10"/>')
        at += width
    return _bar("".join(parts))


def _bar(inside: str) -> Markup:
    svg = f'<svg class="bar" viewBox="0 0 {BAR} 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">{inside}</svg>'
    return Markup(svg)  # noqa: S704  # it consists of numbers and of our own words
