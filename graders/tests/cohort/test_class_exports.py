"""Class lists for other systems: what they match on arrives exactly, what people wrote calculates nothing, nobody is dropped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.booked import ADA, BOB, EVE, HOSTILE, KEY, grade, result, run, submission
from mlops_grader.__main__ import main
from mlops_grader.cohort.places import repository
from mlops_grader.reports import canvas, classroom_scores, plain_csv, spreadsheet
from mlops_grader.reports.marks import Mark, halves
from mlops_grader.result import write
from mlops_grader.submission import UsageError

AT = datetime(2026, 11, 20, 17, tzinfo=UTC)


def mark(number: int = 1, name: str = "Ada Lovelace", score: int | None = 80, **roster: str) -> Mark:
    """A student with these columns of the roster; `SIS_User_ID` stands for `SIS User ID`."""
    columns = {header.replace("_", " "): text for header, text in roster.items()}
    return Mark(f"s{number}", f"login{number}", name, score, 100, committed_at=AT, commit="c" * 40, roster=columns)


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a table by header, as Python reads them."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def calculates(cell: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula."""
    return cell.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r"))


# Canvas


@dataclass(frozen=True)
class Import:
    """What Canvas makes of a file: points possible, the score of each known student, and names that it knows nobody for."""

    possible: str
    scores: Mapping[int, str]
    strangers: Sequence[str]


def imported(text: str, people: Sequence[tuple[int, str, str, str]]) -> Import:
    """Read a file by the rules of Canvas's importer. people: number, SIS user id, SIS login id, name."""
    lines = [[_number(cell) for cell in line] for line in csv.reader(io.StringIO(text, newline=""))]
    header = lines.pop(0)
    assert len(header) > 3
    assert "Student" in header[0]
    assert "ID" in header[1]
    assert (header[2], header[3]) == ("SIS User ID", "SIS Login ID")
    section = 4 + (header[4] == "Integration ID")
    section += header[section] == "Root Account"
    assert header[section] == "Section"
    assert len(header) == section + 2
    possible, scores, strangers = "", {}, []
    for line in lines:
        if "Points Possible" in line[0]:
            possible = line[-1]
            continue
        begin = re.match(r"\s*-?\d+", line[1])
        wanted = int(begin[0]) if begin else 0
        found = (
            [person for person in people if line[1] and person[0] == wanted]
            or [person for person in people if line[2] and person[1] == line[2]]
            or [person for person in people if line[3] and person[2] == line[3]]
            or [person for person in people if person[3] == line[0]]
        )
        if found:
            scores[found[0][0]] = line[-1]
        else:
            strangers.append(line[0])
    return Import(possible, scores, strangers)


def _number(cell: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", cell):
        return cell
    *whole, last = [part for part in re.split("[,.]", cell) if part] or [""]
    return f"{''.join(whole)}.{last}" if whole else last


@pytest.mark.parametrize(
    "sis", ["00123", "-17", "@ada", "+49170", "a.b-c@example.org", "Ä1", "12 34", "o'brien", "x=1", "1.5"]
)
def test_what_canvas_matches_on_arrives_exactly(sis: str) -> None:
    for header, place in (("SIS_User_ID", 1), ("SIS_Login_ID", 2)):
        text, notes = canvas.document([mark(1, "Somebody", 77, **{header: sis})], KEY)
        person = (4711, sis, "", "x") if place == 1 else (4711, "", sis, "x")
        assert imported(text, [person]) == Import("100", {4711: "77"}, [])
        assert notes == ()
        assert rows(text)[1][header.replace("_", " ")] == sis


def test_a_number_of_canvas_keeps_its_zeros_for_pandas_too() -> None:
    text, _ = canvas.document([mark(ID="007", SIS_User_ID="0012")], KEY)
    read = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert list(read.columns) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", KEY]
    assert list(read.iloc[0]) == ["    Points Possible", "", "", "", "", "100"]
    assert list(read.iloc[1]) == ["Ada Lovelace", "007", "0012", "", "", "80"]


@pytest.mark.parametrize(
    "bad", ['=HYPERLINK("http://evil")', "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "a\x00b", "two\nlines", "\t=1"]
)
def test_an_identity_that_a_spreadsheet_would_run_is_left_out_and_told(bad: str) -> None:
    text, notes = canvas.document([mark(1, "Ada", 77, SIS_User_ID=bad)], KEY)
    assert rows(text)[1]["SIS User ID"] == ""
    assert len(notes) == 2
    assert "`SIS User ID` is" in notes[0]
    assert imported(text, [(1, "", "", "Ada")]).scores == {1: "77"}


@pytest.mark.parametrize("bad", ["12abc", "'12", "1,234", "-1", "1.0", "\u0661\u0662"])
def test_an_id_that_canvas_would_read_as_another_number_is_left_out_and_told(bad: str) -> None:
    text, notes = canvas.document([mark(ID=bad, SIS_Login_ID="ada")], KEY)
    assert rows(text)[1]["ID"] == ""
    assert imported(text, [(12, "", "", "x"), (1234, "", "", "y"), (5, "", "ada", "z")]).scores == {5: "80"}
    assert len(notes) == 1


@pytest.mark.parametrize("sis", ["1,234", "1.2.3", "12.", "5,5%"])
def test_an_sis_id_that_canvas_would_rewrite_is_told(sis: str) -> None:
    text, notes = canvas.document([mark(ID="9", SIS_User_ID=sis)], KEY)
    assert _number(sis) != sis
    assert rows(text)[1]["SIS User ID"] == ""
    assert len(notes) == 1


def test_who_has_no_identity_is_told_and_not_dropped() -> None:
    text, notes = canvas.document([mark(1, ID="1"), mark(2, "Bob")], KEY)
    assert imported(text, [(1, "", "", "")]) == Import("100", {1: "80"}, ["Bob"])
    assert notes == (
        "s2 (Bob): the roster has none of ID, SIS User ID, SIS Login ID for this student: Canvas goes by the name, so look at the preview",
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_changes_nothing_in_canvas(name: str) -> None:
    marks = [mark(1, name, 77, ID="11"), mark(2, "Bob", 66, ID="12")]
    text, notes = canvas.document([replace(each, section=name) for each in marks], KEY)
    assert imported(text, [(11, "", "", ""), (12, "", "", "")]) == Import("100", {11: "77", 12: "66"}, [])
    assert notes == ()
    assert not [
        cell for row in rows(text) for cell in row.values() if calculates(cell) and not cell.startswith("    Points")
    ]
    assert len(text.splitlines()) == 4


def test_no_score_is_an_empty_cell_and_zero_is_zero() -> None:
    text, _ = canvas.document([mark(1, score=None, ID="1"), mark(2, score=0, ID="2")], KEY)
    assert [row[KEY] for row in rows(text)] == ["100", "", "0"]


def test_the_account_of_a_shared_canvas_is_passed_on() -> None:
    text, _ = canvas.document([mark(1, SIS_User_ID="7", Root_Account="north.example.org", Integration_ID="x")], KEY)
    header = next(csv.reader(io.StringIO(text)))
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Root Account", "Section", KEY]
    assert imported(text, [(3, "7", "", "")]).scores == {3: "80"}


@pytest.mark.parametrize(
    "name", ["Final Score", "My Current Grade", "Section", "ID", "", "=1+1", "two\nlines", "Override Score (Fall)"]
)
def test_a_name_that_canvas_would_skip_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="assignment"):
        canvas.document([mark(ID="1")], name)


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None)
def test_whatever_a_roster_holds_matches_itself_or_is_told(name: str, user: str, login: str) -> None:
    one = mark(1, name, 77, SIS_User_ID=user, SIS_Login_ID=login)
    text, notes = canvas.document([one], KEY)
    row = rows(text)[1]
    for header, raw in (("SIS User ID", user.strip()), ("SIS Login ID", login.strip())):
        assert row[header] == raw or (row[header] == "" and any(f"`{header}`" in note for note in notes))
        assert not calculates(row[header]) or re.fullmatch(r"[-+@][\w.@+-]*", row[header])
    assert not calculates(row["Student"])


# the other formats


def test_classroom_50_reads_what_its_own_command_writes() -> None:
    """The header, and the forms of each cell, are those of `gh teacher download`."""
    ada = replace(
        mark(1, "Ada Lovelace", 20, first_name="Ada", last_name="Lovelace"), login="alice", email="ada@uni.edu", section="A",
        commit_page="https://github.com/cs50/x-alice/commit/ghi", late=timedelta(hours=1), overridden=True, max_score=30,
    )  # fmt: skip
    carol = replace(mark(2, "Carol van Dam", None), login="carol")
    assert classroom_scores.classroom50([ada, carol]).splitlines() == [
        "username,first_name,last_name,email,section,score,max_score,datetime,submission_tag,submitted_by,review_url,late,override",
        "alice,Ada,Lovelace,ada@uni.edu,A,20,30,2026-11-20T17:00:00Z,,,https://github.com/cs50/x-alice/commit/ghi,true,true",
        "carol,Carol van,Dam,,,,,,,,,,",
    ]


def test_github_classroom_reads_what_its_own_command_writes() -> None:
    columns = (
        "assignment_name assignment_url starter_code_url github_username roster_identifier student_repository_name"
    )
    more = "student_repository_url submission_timestamp points_awarded points_available"
    one = replace(mark(1, "Ada", 97, identifier="0042"), login="alice", repository="https://github.com/org/m06-alice")
    assert classroom_scores.github_classroom([one], "Containers").splitlines() == [
        ",".join(f"{columns} {more}".split()),
        "Containers,,,alice,0042,m06-alice,https://github.com/org/m06-alice,2026-11-20T17:00:00Z,97,100",
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_calculates_nothing_in_any_format(name: str) -> None:
    one = Mark("s1", name, name, 7, 100, email=name, section=name, roster={"identifier": name, "first_name": name})
    for text in (
        plain_csv.of_class([one]),
        classroom_scores.classroom50([one]),
        classroom_scores.github_classroom([one], name),
    ):
        (row,) = rows(text)
        assert not [cell for cell in row.values() if calculates(cell) and not re.fullmatch(r"[-+@][\w.@+-]*", cell)]
        assert len(pd.read_csv(io.StringIO(text), dtype=str)) == 1


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        ("van Dam, Carol", ("Carol", "van Dam")),
        ("Plato", ("Plato", "")),
        ("", ("", "")),
    ],
)
def test_a_name_has_two_halves(name: str, both: tuple[str, str]) -> None:
    assert halves(name) == both


def test_a_result_has_a_row_for_each_check() -> None:
    (first, second, third) = rows(plain_csv.of_result(result(stops=0, found="=1+1\nx")))
    assert (first["check"], first["verdict"], first["points"], first["found"]) == (
        "Image builds",
        "passed",
        "50",
        "'=1+1 x",
    )
    assert (second["verdict"], third["max_points"]) == ("failed", "49")


def test_a_kept_result_is_written_as_plain_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write([result(stops=0)], tmp_path / "result.json")
    assert main(["report", str(tmp_path / "result.json"), "--as", "plain"]) == 0
    assert [row["verdict"] for row in rows(capsys.readouterr().out)] == ["passed", "failed", "failed"]


def test_only_what_is_harmless_may_stand_as_it_is() -> None:
    told = {
        text: spreadsheet.exact(text)
        for text in ("-a", "@a", "+1", "a b", "=a", "-a(1)", "+1|x", "-a b", "a\tb", "x" * 256)
    }
    assert [text for text, said in told.items() if said is None] == ["=a", "-a(1)", "+1|x", "-a b", "a\tb", "x" * 256]
    assert spreadsheet.cell("-a") == "'-a"
    assert spreadsheet.cell(spreadsheet.Exact("-a")) == "-a"


# the step


def test_every_format_has_a_row_for_each_student(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = submission(ADA)
    with run(
        tmp_path, [ADA, BOB, EVE], [mine, submission(BOB), submission(EVE, problem="no repository", commit="")]
    ) as log:
        grade(log, mine, result(stops=20))
    for name, header in (
        ("plain", "score"),
        ("canvas", KEY),
        ("classroom50", "score"),
        ("github-classroom", "points_awarded"),
    ):
        assert main(["cohort", "gradebook", str(tmp_path), "--as", name, "--missing-as-zero"]) == 0
        told = capsys.readouterr()
        assert [row[header] for row in rows(told.out)][-3:] == ["70", "", "0"]
        assert "bob (Bob Kahn): waiting, no score" in told.err
        assert ("row-4 (Eve): the roster has no" in told.err) is (name != "plain")
    assert not (tmp_path / "gradebook.csv").exists()


def test_a_file_is_written_as_it_would_be_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with run(tmp_path / "run"):
        pass
    ask = ["cohort", "gradebook", str(tmp_path / "run"), "--as", "canvas", "--assignment", "Containers (4711)"]
    assert main(ask) == 0
    printed = capsys.readouterr().out
    assert main([*ask, "--to", str(tmp_path / "deep" / "canvas.csv")]) == 0
    assert (tmp_path / "deep" / "canvas.csv").read_bytes().decode() == printed
    assert "Containers (4711)\r\n" in printed


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("https://github.com/Org/m06-ada.git", "https://github.com/Org/m06-ada"),
        ("https://ghp_secret@github.com/Org/m06-ada", "https://github.com/Org/m06-ada"),
        ("https://user:secret@git.uni.example/org/m06.ada/", "https://git.uni.example/org/m06.ada"),
        ("git@github.com:Org/m06-ada.git", "https://github.com/Org/m06-ada"),
        ("ssh://git@github.com:22/Org/m06-ada.git", "https://github.com/Org/m06-ada"),
        ("/home/ada/m06", None),
        ("m06/ada.zip", None),
        ("https://github.com/Org", None),
        ("https://github.com/Org/a/b", None),
        ("file:///home/ada/m06", None),
        ("", None),
    ],
)
def test_a_place_has_a_page_or_none(place: str, address: str | None) -> None:
    found = repository(place)
    assert (found.address if found else None) == address
