"""The pages of a grade show everything, run nothing, load nothing, and tell nobody what others got."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from capstone import classroom, invented
from capstone.classroom import made
from capstone.repositories import HOSTILE, TEAM
from mlops_grader.capstone import grade_document, person, report
from mlops_grader.capstone.measured import State
from mlops_grader.capstone.points import exact, range_of, short
from mlops_grader.capstone.scores import Mark, Score
from mlops_grader.capstone.standing import PersonGrade, Standing, TeamGrade
from mlops_grader.capstone.totals import Recorded
from test_html_report import ACTIVE, Page

EVIL = f"{HOSTILE}\n=HYPERLINK(\"x\")</pre></main><img src=x onerror='go()'> `code` |"


def own(grade: TeamGrade, member: str) -> PersonGrade:
    return next(each for each in grade.people if each.member.id == member)


def standings(grade: TeamGrade) -> dict[str, str]:
    return {judged.line.id: judged.standing.value for judged in grade.lines}


def without(recorded: Recorded, line: str) -> Recorded:
    return replace(recorded, scores=[score for score in recorded.scores if score.line != line])


def hostile() -> TeamGrade:
    """A grade in which everything that somebody can write is hostile."""
    team = replace(TEAM, product=EVIL)
    recorded = classroom.given()
    scores = [
        replace(score, note=EVIL, judge=EVIL if score.judge == "noor" else score.judge) for score in recorded.scores
    ]
    found = invented.measured(stops=State.NOT_EARNED, found=EVIL)
    return made(
        replace(recorded, scores=scores),
        replace(found, product=EVIL, figures=(replace(found.figures[0], name=EVIL, unit=EVIL),)),
        team,
    )


def pages(grade: TeamGrade) -> list[str]:
    return [report.page(grade), *(person.page(grade, each) for each in grade.people)]


def test_grades_are_what_they_are_by_hand() -> None:
    """The team: 7 + 25 + 80/3 + 15 and a bonus of 3; people with their own lines, lateness and citizenship."""
    grade = made()
    assert grade.total.points == 7 + 25 + Fraction(80, 3) + 15 + 3
    assert [each.total.points for each in grade.people] == [
        (Fraction(63, 10) + 25 + Fraction(80, 3) + 15 + 10 + 3) * Fraction(21, 20),
        (7 + 25 + Fraction(80, 3) + 15 + 3) * Fraction(12, 13),
        80,
    ]


def test_each_line_has_a_standing() -> None:
    """Earned, partly earned where judges differ, lost, or missing."""
    recorded = without(classroom.given(), "expo-readme")
    assert standings(made(recorded, invented.measured(stops=State.NOT_EARNED))) == {
        "scope-complete": "earned",
        "scope-value": "partly",
        "deploy-reproducible": "earned",
        "deploy-stops": "not_earned",
        "deploy-canary": "earned",
        "expo-demo": "partly",
        "expo-readme": "missing",
    }


def test_a_closed_gate_closes_its_phase() -> None:
    """The gate's own line is lost, the others of its phase are closed, and the page says so."""
    grade = made(found=invented.measured(gate=State.NOT_EARNED))
    found = standings(grade)
    assert [found[key] for key in ("deploy-reproducible", "deploy-stops", "deploy-canary")] == [
        "not_earned",
        "closed",
        "closed",
    ]
    assert "The gate is closed: nothing in Deployment and operation is earned." in report.page(grade)


def test_an_unknown_gate_leaves_its_phase_open() -> None:
    """What depends on a check that could not run is missing, never lost."""
    grade = made(found=invented.measured(gate=State.UNKNOWN))
    assert standings(grade)["deploy-stops"] == Standing.MISSING
    assert "Nothing is known about the gate yet" in report.page(grade)


def test_what_is_missing_is_said() -> None:
    """A provisional score is a range, and the page lists what is missing."""
    page = report.page(made(without(classroom.given(), "expo-demo")))
    assert "between 50 and 90 of 90 points" in page
    assert "Provisional: this is missing" in page
    assert "<code>expo-demo</code>: no score by judges" in page


def test_lines_to_discuss_are_listed() -> None:
    """Lines that divide their judges, with a link to each."""
    grade = made()
    assert [judged.line.id for judged in grade.disputed] == ["scope-value", "expo-demo"]
    assert 'href="#line-expo-demo"' in report.page(grade)


def test_lines_lead_to_the_findings_of_their_checks() -> None:
    """Every link of the page leads to a place that is there once."""
    page = Page(report.page(made(found=invented.measured(stops=State.NOT_EARNED))))
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    links = {str(element.attributes["href"])[1:] for element in page.elements if element.attributes.get("href")}
    assert len(ids) == len(set(ids))
    assert links - set(ids) == set()
    assert "check-m06_containers-test_deploy_stops" in links


@pytest.mark.parametrize("number", range(4))
def test_pages_are_whole_and_run_nothing(number: int) -> None:
    """Every tag is closed, nothing active is there, and the policy forbids it anyway."""
    written = pages(hostile())[number]
    page = Page(written)
    assert {element.tag for element in page.elements} & ACTIVE == set()
    assert [name for element in page.elements for name in element.attributes if name.startswith("on")] == []
    assert "default-src 'none'; style-src 'unsafe-inline'" in written
    assert re.findall(r"(?:src|href)=[\"'](?!#)[^\"']*", written) == []


def test_hostile_words_are_shown_as_text() -> None:
    """Names, notes, findings, figures, files and strangers are on the page as they were written."""
    page = report.page(hostile())
    assert page.count("&lt;script&gt;") >= 6
    assert "\u202e" not in page


def test_markdown_of_a_person_is_quiet() -> None:
    """A hostile name neither is markup nor breaks a table."""
    grade = hostile()
    words = person.as_markdown(grade, own(grade, "cy"))
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(words)
    kinds = {token.type for each in tokens for token in (each, *(each.children or ()))}
    assert kinds & {"html_block", "html_inline", "link_open", "image"} == set()
    assert sum(token.type == "table_open" for token in tokens) == 5


def test_every_step_is_on_the_page_of_a_person() -> None:
    """Each row of the arithmetic, and what comes out."""
    grade = made()
    page = person.page(grade, own(grade, "ada"))
    shown = {" ".join(element.text.split()) for element in Page(page).elements if element.tag == "td"}
    for step in own(grade, "ada").total.least.rows:
        assert exact(step.result) in shown
    assert {"of what scoping earned", "less lateness", "0.7", "6.3"} - shown == set()
    assert "90.265" in shown


@pytest.mark.parametrize("member", ["ada", "ben", "cy"])
def test_nobody_sees_what_others_got(member: str) -> None:
    """Neither the name of a team-mate nor a note or a grade of theirs stands on anybody's page."""
    team = replace(TEAM, members=tuple(replace(each, name=f"Name-of-{each.id}") for each in TEAM.members))
    grade = made(team=team)
    others = [each for each in grade.people if each.member.id != member]
    for words in (person.page(grade, own(grade, member)), person.as_markdown(grade, own(grade, member))):
        for other in others:
            assert f"Name-of-{other.member.id}" not in words
            assert f"oral of {other.member.id}" not in words
            assert f"`expo-oral` of {other.member.id}" not in words
            assert f"{range_of(other.total.least.points, other.total.most.points)} of 100" not in words


def test_a_missing_rating_of_a_team_mate_stays_unnamed() -> None:
    """A grade that waits for a team-mate's rating says so without the name; the one concerned is told."""
    recorded = classroom.given()
    grade = made(replace(recorded, ratings=[one for one in recorded.ratings if one.ratee != "ben"]))
    assert person.missing(own(grade, "ada")) == ("a team-mate's citizenship is not rated yet",)
    assert person.missing(own(grade, "ben")) == ("nobody rated ben's citizenship",)
    assert person.state(own(grade, "ada")) == "provisional"


def test_what_a_person_owes_makes_the_grade_incomplete() -> None:
    """A review that did not come in is said on the page of who owes it."""
    recorded = classroom.given()
    grade = made(replace(recorded, scores=[score for score in recorded.scores if score.judge != "ben"]))
    assert (person.state(own(grade, "ben")), person.state(own(grade, "cy"))) == ("incomplete", "final")
    assert "0 of 1 complete peer reviews are in" in person.page(grade, own(grade, "ben"))


def test_peers_and_judges_are_not_named_on_the_team_page() -> None:
    """The team sees how many passed a line, not who did not; staff's document has the names."""
    grade = made()
    assert "noor" not in report.page(grade)
    assert '"noor"' in grade_document.as_json(grade)


def test_the_order_of_rows_makes_no_difference() -> None:
    """Scores, ratings and records in another order give the same bytes."""
    recorded = classroom.given()
    turned = Recorded(*(tuple(reversed(getattr(recorded, name))) for name in ("scores", "ratings", "records")))
    assert pages(made(turned)) == pages(made(recorded))
    assert grade_document.as_json(made(turned)) == grade_document.as_json(made(recorded))


def test_the_document_fits_its_schema() -> None:
    """Final, provisional and hostile grades are valid, and their numbers are exact."""
    told = grade_document.document(made())
    assert told["score"]["points"] == {"exact": "230/3", "shown": "76.7"}
    assert told["people"][2]["grade"]["points"] == {"exact": "80", "shown": "80.0"}
    assert "\u202e" not in grade_document.as_json(hostile())
    assert grade_document.document(made(without(classroom.given(), "expo-demo")))["score"]["points"] is None


def test_a_line_that_nobody_scored_for_a_person_is_missing() -> None:
    """A personal line without a score is missing for that person alone."""
    recorded = classroom.given()
    grade = made(replace(recorded, scores=[s for s in recorded.scores if (s.line, s.person) != ("expo-oral", "ben")]))
    assert [own(grade, key).own_lines[0].standing for key in TEAM.ids] == ["earned", "missing", "earned"]


def test_a_judge_more_changes_agreement() -> None:
    """Two judges who differ agree in none of their pairs, a third makes it a third."""
    recorded = classroom.given()
    more = Score("scope-value", "third", TEAM.name, "", Mark.PASS)
    grade = made(replace(recorded, scores=[*recorded.scores, more]))
    assert "0.33 of the pairs of judges agree" in report.page(grade)


@pytest.mark.parametrize(
    ("value", "rounded", "computed"),
    [
        (Fraction(40), "40", "40"),
        (Fraction(21, 20), "1.1", "1.05"),
        (Fraction(2, 3), "0.7", "2/3 (0.667)"),
        (Fraction(0), "0", "0"),
        (Fraction(-1, 2), "-0.5", "-0.5"),
    ],
)
def test_numbers_can_be_computed_with(value: Fraction, rounded: str, computed: str) -> None:
    """Rounded where they are told, exact where they are computed with."""
    assert (short(value), exact(value)) == (rounded, computed)


def test_the_worked_example_is_what_the_code_computes() -> None:
    """`docs/capstone.md` shows what comes out today; the message is what has to stand there."""
    page = (Path(__file__).parents[3] / "docs" / "capstone.md").read_text(encoding="utf-8")
    between = page.partition("<!-- worked example -->\n")[2].partition("\n<!-- end of the worked example -->")[0]
    assert between == classroom.worked_example()


def test_notes_do_not_tell_who_wrote_them() -> None:
    """They stand in the order of the alphabet, whoever passed or failed the line and was asked first."""
    recorded = classroom.given()
    notes = {"a": "oranges", "b": "apples", "c": "pears"}
    scores = [replace(score, note=notes.get(score.judge, "")) for score in recorded.scores]
    page = report.page(made(replace(recorded, scores=scores)))
    assert '<ul class="notes"><li>apples</li><li>oranges</li><li>pears</li></ul>' in page
