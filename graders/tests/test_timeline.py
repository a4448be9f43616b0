"""What happened in a grade goes through the result document and onto the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from mlops_grader import result as results
from mlops_grader.reports import html
from mlops_grader.reports.plot import CURVE, LEFT, RIGHT, ROW, WIDTH, plot
from mlops_grader.result import Graded, Result
from mlops_grader.timeline import Curve, Span, Timeline, from_document
from test_html_report import outcome

TIMELINE = Timeline(
    "A second stands for a minute.",
    100.0,
    (Curve("predictions", "a second", ((0.5, 20.0), (1.5, 10.0))),),
    (Span("quiet", "quiet", 0.0, 20.0), Span("faults", "slow", 25.0, 50.0), Span("alerts", "TooSlow", 30.0, 60.0)),
)


@pytest.fixture
def graded() -> Result:
    """A grade with a timeline."""
    what = Graded("a" * 40, "b" * 40, clean=True, module="m09_monitoring")
    return Result("0.1.0+a", what, "advisory", 1, "2026-01-05T10:00:00Z", 1.0, (outcome(),), TIMELINE)


def bars(timeline: Timeline) -> list[tuple[float, float, float]]:
    """Left edge, upper edge and width of each bar."""
    drawn = re.findall(r'<rect class="\w+" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', plot(timeline))
    return [(float(x), float(y), float(width)) for x, y, width in drawn]


def test_it_comes_back_as_it_went_into_the_document(graded: Result) -> None:
    document = graded.document()
    assert (results.from_document(document), from_document(document["timeline"])) == (graded, TIMELINE)


def test_a_grade_without_one_does_not_mention_it(graded: Result) -> None:
    plain = replace(graded, timeline=None)
    assert "timeline" not in plain.document()
    assert "<svg" not in html.page([plain], {})


def test_a_document_with_a_broken_one_is_refused(graded: Result) -> None:
    document = graded.document()
    document["timeline"]["spans"][0]["end"] = "later"
    with pytest.raises(jsonschema.ValidationError):
        results.from_document(document)


def test_the_page_shows_it_in_words_too(graded: Result) -> None:
    page = html.page([graded], {})
    assert "A second stands for a minute." in page
    assert "<li>alerts TooSlow: 30 to 60 s</li>" in page


def test_bars_lie_where_their_time_is() -> None:
    """The axis takes the whole width; a quarter of the time is a quarter of it."""
    axis = WIDTH - LEFT - RIGHT
    (_, slow, alert) = bars(TIMELINE)
    assert (slow[0], slow[2]) == pytest.approx((LEFT + 0.25 * axis, 0.25 * axis), abs=0.2)
    assert (alert[0], alert[2]) == pytest.approx((LEFT + 0.3 * axis, 0.3 * axis), abs=0.2)


def test_lanes_come_in_the_order_of_what_happened_below_each_other() -> None:
    heights = [y for _, y, _ in bars(TIMELINE)]
    assert heights == sorted(set(heights))


def test_bars_of_one_lane_do_not_cover_each_other() -> None:
    """Nor do the words beside a bar that is too short for them."""
    spans = tuple(Span("alerts", f"AnAlertWithALongName{n}", 10.0 + n, 40.0 - n) for n in range(5))
    heights = [y for _, y, _ in bars(replace(TIMELINE, spans=spans))]
    assert len(set(heights)) == len(spans)
    short = (Span("alerts", "AnAlertWithALongName", 10.0, 10.5), Span("alerts", "Next", 11.0, 30.0))
    first, second = (y for _, y, _ in bars(replace(TIMELINE, spans=short)))
    assert first != second


def test_words_at_the_right_edge_stay_inside() -> None:
    at_the_end = (Span("alerts", "AnAlertWithALongName", 99.0, 100.0),)
    (found,) = re.findall(
        r'<text class="beside" x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)"', plot(replace(TIMELINE, spans=at_the_end))
    )
    assert (float(found[0]) < WIDTH - RIGHT, found[1]) == (True, "end")


def test_names_of_a_submission_are_text() -> None:
    hostile = (Span("alerts", "<script>go()</script>", 1.0, 2.0),)
    assert "<script>" not in plot(replace(TIMELINE, spans=hostile))


def test_a_curve_reaches_the_top_of_its_place_at_its_largest_value() -> None:
    (points,) = re.findall(r'<polyline points="([^"]+)"', plot(TIMELINE))
    (_, high), (_, half) = (map(float, pair.split(",")) for pair in points.split())
    assert half - high == pytest.approx(32, abs=0.2)


def test_nothing_happened() -> None:
    assert "<svg" in plot(Timeline("", 0.0, (Curve("predictions", "a second", ()),), ()))


WEEKS = Timeline("A step is a week.", 42.0, (), (Span("first practice", "age", 3.0, 4.0),), unit="weeks")


def test_moments_are_seconds_unless_another_unit_is_said(graded: Result) -> None:
    """It goes through the document; one of an earlier release says none."""
    told = replace(graded, timeline=WEEKS).document()["timeline"]
    assert (told["unit"], from_document(told)) == ("weeks", WEEKS)
    assert from_document({key: value for key, value in told.items() if key != "unit"}).unit == "s"
    assert TIMELINE.unit == "s"


def test_a_document_without_a_unit_is_taken(graded: Result) -> None:
    """Earlier ones have none; a unit that is no text is refused."""
    document = graded.document()
    del document["timeline"]["unit"]
    assert results.from_document(document) == graded
    document["timeline"]["unit"] = 7
    with pytest.raises(jsonschema.ValidationError):
        results.from_document(document)


def marks(timeline: Timeline) -> list[str]:
    """The words at the marks of the axis."""
    return re.findall(r'text-anchor="middle">([^<]+)</text>', plot(timeline))


def test_the_axis_and_the_words_are_in_the_unit() -> None:
    """Also when it is text of somebody else."""
    assert "<li>first practice age: 3 to 4 weeks</li>" in plot(WEEKS)
    assert marks(WEEKS)[:3] == ["0 weeks", "5 weeks", "10 weeks"]
    assert "<i>" not in plot(replace(WEEKS, unit="<i>weeks"))


@pytest.mark.parametrize(
    ("seconds", "step", "last"),
    [
        *(
            (0.0, 1, 0),
            (4.0, 1, 4),
            (12.0, 1, 12),
            (12.5, 2, 12),
            (24.0, 2, 24),
            (42.0, 5, 40),
            (60.0, 5, 60),
            (100.0, 10, 100),
        ),
        *((240.0, 20, 240), (241.0, 60, 240), (3600.0, 300, 3600), (43_200.0, 3600, 43_200), (100_000.0, 3600, 97_200)),
    ],
)
def test_the_axis_has_a_dozen_marks_at_most(seconds: float, step: int, last: int) -> None:
    """At round numbers, as near to each other as that allows; of what lasts longer than half a day, one an hour."""
    found = [int(mark.removesuffix(" s")) for mark in marks(replace(TIMELINE, seconds=seconds))]
    assert found == list(range(0, last + 1, step))
    assert len(found) <= 13 or step == 3600


@pytest.mark.parametrize(
    "lane", ["faults", "patients", "behaviour", "release", "alerts", "investigate", "retrain", "roll back"]
)
def test_what_went_wrong_and_what_was_done_have_their_colours(lane: str) -> None:
    """A lane's first word is known to the stylesheet."""
    (classes,) = re.findall(r'<rect class="([^"]+)"', plot(replace(WEEKS, spans=(Span(lane, "age", 3.0, 4.0),))))
    styles = Path(html.__file__).with_name("page.css").read_text(encoding="utf-8")
    assert re.search(rf"\.timeline rect\.{classes.split()[0]}[ ,]", styles)
    assert lane.startswith(classes.split()[0])


@pytest.mark.parametrize(("bars_of_it", "inside"), [(10, 10), (11, 0)])
def test_a_crowded_lane_has_its_words_in_the_list(bars_of_it: int, inside: int) -> None:
    """And all its bars in one row."""
    spans = tuple(Span("patients", f"a large drift of field {n}", 3.0 * n, 3.0 * n + 1) for n in range(bars_of_it))
    drawn = plot(replace(WEEKS, spans=spans))
    assert len(re.findall(r'<text class="(?:inside|beside)"', drawn)) == inside
    assert drawn.count("<li>patients a large drift of field") == bars_of_it
    heights = {y for _, y, _ in bars(replace(WEEKS, spans=spans))}
    assert (len(heights) == 1) == (inside == 0)


def test_a_moment_can_be_seen() -> None:
    """What took no time has a bar of two pixels."""
    ((_, _, width),) = bars(replace(TIMELINE, spans=(Span("alerts", "Blip", 40.0, 40.0),)))
    assert width == 2


def test_the_list_is_in_the_order_in_which_things_began() -> None:
    """Also where one that began earlier ends later."""
    spans = (Span("faults", "short", 30.0, 35.0), Span("faults", "long", 10.0, 90.0))
    told = re.findall(r"<li>faults (\w+)", plot(replace(TIMELINE, spans=spans)))
    assert told == ["long", "short"]


def test_a_bar_tells_its_words_to_who_points_at_it() -> None:
    """In a crowded lane these are the only ones in the picture; what students wrote cannot end the element."""
    spans = tuple(Span("retrain", "<b>W14", n, n + 1.0) for n in range(12))
    drawn = plot(replace(TIMELINE, spans=spans))
    assert drawn.count("<title>&lt;b&gt;W14</title>") == 12


def test_the_note_is_text() -> None:
    assert "<figcaption>a &lt; b" in plot(replace(TIMELINE, note="a < b"))


def test_curves_lie_below_each_other() -> None:
    """Each has a base line of its own, with room for its words."""
    curves = tuple(replace(TIMELINE.curves[0], name=name) for name in ("one", "two"))
    bases = [
        float(y) for y in re.findall(r'<line class="base"[^>]* y1="([\d.]+)"', plot(replace(TIMELINE, curves=curves)))
    ]
    assert bases[1] - bases[0] == CURVE + ROW
