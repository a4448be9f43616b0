"""The sheets: each line on every sheet where it belongs, on paper and in Markdown, and nothing that runs or breaks out."""

from __future__ import annotations

import argparse
import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

import tables
from mlops_grader.capstone import contents, forms, markdown, printed, sheets, syllabus
from mlops_grader.capstone.rubric import AREAS, Judge, Rubric, load
from mlops_grader.submission import UsageError

COMMITTED = Path(__file__).parents[3] / "modules" / "m14_capstone" / "sheets"
AGAIN = "mlops-grader capstone sheets modules/m14_capstone/sheets --kind markdown"
RUBRIC = load()
NAMES = ["checklist", "score-sheet", "expo-sheet", "peer-review", "debrief", "syllabus"]
HOSTILE = '<script>alert(1)</script> "&amp; | *x* [a](javascript:b) } \\ </style>'


def with_words(words: str) -> Rubric:
    """The course's rubric, in which somebody wrote these words everywhere."""
    phases = tuple(
        replace(phase, title=words, lines=tuple(replace(line, claim=words, evidence=words) for line in phase.lines))
        for phase in RUBRIC.phases
    )
    questions = tuple(replace(question, ask=words, listen=words) for question in RUBRIC.questions)
    return replace(RUBRIC, title=words, phases=phases, questions=questions, gate=replace(RUBRIC.gate, reason=words))


def lines_on(sheet: contents.Sheet) -> list[str]:
    """The ids of the lines that a sheet holds."""
    return [row.label for section in sheet.sections for row in section.rows]


def ids(wanted: object) -> list[str]:
    """The ids of the lines of that kind, in any order."""
    assert callable(wanted)
    return sorted(line.id for line in RUBRIC.lines if wanted(line))


def run(*words: str) -> int:
    """Call the command."""
    parser = argparse.ArgumentParser()
    sheets.arguments(parser)
    return sheets.run(parser.parse_args(words), Console(file=io.StringIO()))


def pages(rubric: Rubric = RUBRIC, paper: str = "a4") -> list[str]:
    """Every printable page."""
    return [printed.page(sheet, course=rubric.title, paper=paper) for sheet in sheets.documents(rubric)]


# --- what is committed ---


def test_the_committed_sheets_are_those_of_the_rubric() -> None:
    """When this fails: mlops-grader capstone sheets modules/m14_capstone/sheets --kind markdown."""
    found = {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.iterdir()}
    assert found == sheets.files(RUBRIC, ["markdown"]), AGAIN


def test_the_rubric_says_how_its_sheets_are_made_again() -> None:
    assert AGAIN in (COMMITTED.parent / "rubric.toml").read_text(encoding="utf-8")


def test_the_table_of_the_lesson_is_that_of_the_syllabus() -> None:
    assert tables.capstone() in markdown.document(syllabus.syllabus(RUBRIC))


# --- what stands on which ---


def test_the_sheets_are_those_that_a_course_hands_out() -> None:
    assert [sheet.name for sheet in sheets.documents(RUBRIC)] == NAMES


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (contents.checklist, lambda _: True),
        (contents.score_sheet, lambda line: line.judge is Judge.STAFF and not line.individual),
        (contents.expo_sheet, lambda line: line.judge is Judge.EXPO),
        (contents.peer_form, lambda line: line.judge is Judge.PEER),
    ],
)
def test_a_sheet_holds_the_lines_of_its_judge_once(make: object, wanted: object) -> None:
    assert callable(make)
    assert sorted(lines_on(make(RUBRIC))) == ids(wanted)


def test_the_debrief_asks_about_each_individual_line_on_a_page_of_each_area() -> None:
    wanted = [line.id for line in RUBRIC.lines if line.individual]
    sections = contents.debrief(RUBRIC).sections
    assert [section.title for section in sections] == [f"Area: {area}" for area in AREAS]
    assert [[row.label for row in section.rows] for section in sections] == [wanted] * len(AREAS)


def test_the_checklist_tells_owner_evidence_checks_and_part() -> None:
    rows = [row for section in contents.checklist(RUBRIC).sections for row in section.rows]
    details = dict(next(row for row in rows if row.label == "deploy-logs").details)
    assert details == {
        "Evidence": "The log of the running service",
        "Answers for it": "operations",
        "Only with the part": "monitoring",
        "Judged by": "the grader's checks: `m09_monitoring/test_a_request_can_be_found_in_the_logs`",
    }


def test_bonus_lines_come_last() -> None:
    """Wherever they stand in the file."""
    turned = replace(RUBRIC, phases=tuple(replace(phase, lines=phase.lines[::-1]) for phase in RUBRIC.phases))
    orders = [[row.bonus for row in section.rows] for section in contents.checklist(turned).sections]
    assert orders == [sorted(flags) for flags in orders]


def test_bonus_lines_count_for_no_total() -> None:
    totals = [section.most for section in contents.checklist(RUBRIC).sections]
    assert totals == [phase.points for phase in RUBRIC.phases]


def test_the_syllabus_adds_up_in_both_directions() -> None:
    head, *rows = (syllabus.points_by_judge(RUBRIC).head, *syllabus.points_by_judge(RUBRIC).rows)
    numbers = [[int(cell or 0) for cell in row[1:]] for row in rows]
    assert [sum(row[1:-1]) for row in numbers] == [row[0] for row in numbers]
    assert [sum(column) for column in zip(*numbers[:-1], strict=True)] == numbers[-1]
    assert head == ("phase", "points", "check", "staff", "peer", "judge", "each person", "bonus")


def test_the_syllabus_says_gate_cap_reviews_and_lateness() -> None:
    words = "\n".join(syllabus.syllabus(RUBRIC).words)
    parts = (
        "`deploy-clean-machine`",
        "no line of Deployment and operation",
        "at most 10",
        "3 other teams",
        "at most 1.05",
        "8 tokens",
    )
    assert [part for part in (*parts, "24 hours", "10 % of the points, at most 50 %") if part not in words] == []


def test_one_of_something_is_not_many() -> None:
    assert (contents.counted(1, "point"), contents.counted(2, "point")) == ("1 point", "2 points")


# --- Markdown ---


def test_a_checklist_is_a_list_of_tasks() -> None:
    text = markdown.document(contents.checklist(RUBRIC))
    assert len(re.findall(r"^- \[ \] \*\*", text, re.MULTILINE)) == len(RUBRIC.lines)


def test_every_row_of_a_table_has_the_columns_of_its_head() -> None:
    """Also when a claim holds the sign that parts columns."""
    text = markdown.document(contents.score_sheet(with_words("a | b `c | d`.")))
    html = MarkdownIt("commonmark").enable("table").render(text)
    bodies = re.findall(r"<thead>(.*?)</tbody>", html, re.DOTALL)
    widths = [{len(re.findall("<t[hd]", row)) for row in body.split("</tr>")[:-1]} for body in bodies]
    assert widths[1:] == [{6}] * (len(widths) - 1)
    assert "<td>a | b <code>c | d</code>.<br>" in html


@pytest.mark.parametrize("name", NAMES)
def test_words_stay_words_in_markdown(name: str) -> None:
    """Nothing that somebody wrote becomes markup, a link or a script."""
    text = sheets.files(with_words(HOSTILE))[f"{name}.md"]
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert [found for found in ("<script", "</style>", "<em>x", 'javascript:b"', "<a ") if found in html] == []


# --- on paper ---


class Tags(HTMLParser):
    """The tags and the attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs).get("class") or ""))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_each_page_is_well_formed() -> None:
    for page in pages():
        assert Tags(page).open == []


def test_words_stay_words_on_paper() -> None:
    """The page of a rubric with hostile words has the tags of any other."""
    assert [Tags(page).seen for page in pages(with_words(HOSTILE))] == [
        Tags(page).seen for page in pages(with_words("x"))
    ]


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=50)
def test_no_title_ends_the_style_sheet(title: str) -> None:
    """The foot of the page is a string in CSS: whatever the title, the rules behind it are still there."""
    page = printed.page(syllabus.syllabus(RUBRIC), course=title)
    foot, after = page.partition('content: "')[2].partition('"')[::2]
    assert re.fullmatch(r"[A-Za-z0-9 \\]*", foot)
    assert after.startswith("; } }\n@page {")


def test_the_foot_keeps_the_blank_behind_a_sign() -> None:
    """A number in CSS swallows one blank: it gets one of its own."""
    assert printed._in_css("a: b") == "a\\3a  b"


def test_a_row_has_a_box_for_each_way_to_tick_it() -> None:
    boxes = {sheet.name: pages()[place].count('class="box"') for place, sheet in enumerate(sheets.documents(RUBRIC))}
    staff = len(ids(lambda line: line.judge is Judge.STAFF and not line.individual))
    assert (boxes["checklist"], boxes["score-sheet"], boxes["syllabus"]) == (len(RUBRIC.lines), 2 * staff, 0)


@pytest.mark.parametrize(("paper", "size"), [("a4", "A4"), ("letter", "Letter")])
def test_the_paper_is_that_which_was_asked_for(paper: str, size: str) -> None:
    assert [page for page in pages(paper=paper) if f"@page {{ size: {size};" not in page] == []


def test_known_fields_are_filled_in() -> None:
    page = printed.page(contents.expo_sheet(RUBRIC), course="x", filled={"Team": "Larch & Co"})
    assert ("Team <b>Larch &amp; Co</b>" in page, "Judge <b></b>" in page) == (True, True)


def test_pages_load_nothing() -> None:
    assert [page for page in pages() if re.search(r"src=|href=|url\(|@import", page)] == []


# --- score forms ---


def rows(text: str) -> list[dict[str, str]]:
    """A form as a program reads it."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("judge", [Judge.STAFF, Judge.PEER, Judge.EXPO])
def test_a_form_has_a_row_for_each_line_of_its_judge(judge: Judge) -> None:
    read = rows(forms.form(RUBRIC, judge, name="b", team="larch"))
    assert sorted(row["line"] for row in read) == ids(lambda line: line.judge is judge)
    assert {tuple(row) for row in read} == {("line", "judge", "team", "person", "verdict", "note")}
    assert {(row["judge"], row["team"], row["verdict"]) for row in read} == {("b", "larch", "")}


def test_an_individual_line_has_a_row_for_each_person() -> None:
    read = rows(forms.form(RUBRIC, Judge.STAFF, people=["ada", "ben"]))
    assert [row["person"] for row in read if row["line"] == "oral-trace"] == ["ada", "ben"]
    assert {row["person"] for row in read if not row["line"].startswith("oral-")} == {""}


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\x1b[0m=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    cells = {row["team"] for row in rows(forms.form(RUBRIC, Judge.PEER, team=name))}
    assert [cell for cell in cells if not cell.startswith("'")] == []


@given(st.text())
@settings(deadline=None)
def test_any_name_leaves_the_form_whole(name: str) -> None:
    """Whatever the name holds, the form has its rows, and no cell runs in a spreadsheet."""
    read = rows(forms.form(RUBRIC, Judge.EXPO, name=name, team=name))
    assert [row["line"] for row in read] == [line.id for line in RUBRIC.lines if line.judge is Judge.EXPO]
    assert [row for row in read if row["judge"].startswith(("=", "+", "-", "@", "\t", "\r")) or row["note"]] == []


# --- the command ---


def test_the_command_makes_every_file(tmp_path: Path) -> None:
    assert run(str(tmp_path / "deep" / "sheets")) == 0
    made = sorted(path.name for path in (tmp_path / "deep" / "sheets").iterdir())
    forms_made = [f"scores-{judge}.csv" for judge in ("staff", "peer", "judge")]
    assert made == sorted([f"{name}{end}" for name in NAMES for end in (".md", ".html")] + forms_made)


def test_only_what_is_asked_for_is_made_again(tmp_path: Path) -> None:
    run(str(tmp_path / "sheets"))
    run(str(tmp_path / "sheets"), "--kind", "forms")
    assert {path.suffix for path in (tmp_path / "sheets").iterdir()} == {".csv"}


def test_nothing_is_left_beside_the_folder(tmp_path: Path) -> None:
    run(str(tmp_path / "sheets"))
    run(str(tmp_path / "sheets"))
    assert [path.name for path in tmp_path.iterdir()] == ["sheets"]


def test_what_is_known_is_in_pages_and_forms(tmp_path: Path) -> None:
    run(str(tmp_path / "out"), "--team", "Larch", "--judge", "Iyer", "--person", "ada", "--paper", "letter")
    page = (tmp_path / "out" / "peer-review.html").read_text(encoding="utf-8")
    assert ("Team reviewed <b>Larch</b>" in page, "Reviewer <b>Iyer</b>" in page, "Letter" in page) == (True,) * 3
    assert "oral-trace,Iyer,Larch,ada,," in (tmp_path / "out" / "scores-staff.csv").read_text(encoding="utf-8")


def test_a_rubric_of_ones_own_counts(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text((COMMITTED.parent / "rubric.toml").read_text(encoding="utf-8").replace("strangers", "aunts"))
    run(str(tmp_path / "out"), "--rubric", str(own))
    assert "aunts can run" in (tmp_path / "out" / "expo-sheet.html").read_text(encoding="utf-8")


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.md").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match=r"holds `thesis\.md`, which is no sheet: name a new folder$"):
        run(str(tmp_path))
    assert (tmp_path / "thesis.md").read_text(encoding="utf-8") == "years of work"


def test_scores_that_were_filled_in_are_never_lost(tmp_path: Path) -> None:
    run(str(tmp_path / "out"))
    path = tmp_path / "out" / "scores-judge.csv"
    filled = path.read_text(encoding="utf-8").replace("expo-live,,,,,", "expo-live,b,larch,,pass,")
    path.write_text(filled, encoding="utf-8")
    with pytest.raises(UsageError, match=r"scores-judge\.csv` has scores in it, which would be lost"):
        run(str(tmp_path / "out"))
    assert path.read_text(encoding="utf-8") == filled


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="is a file: name a folder for the sheets"):
        run(str(tmp_path / "out"))


def test_a_broken_rubric_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text("title = 3", encoding="utf-8")
    with pytest.raises(UsageError, match=r"ours\.toml"):
        run(str(tmp_path / "out"), "--rubric", str(tmp_path / "ours.toml"))
    assert not (tmp_path / "out").exists()
