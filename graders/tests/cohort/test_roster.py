"""Rosters: four layouts, the encodings of spreadsheets, and every problem by its row."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_grader.capstone.rows import TableError
from mlops_grader.cohort import roster
from mlops_grader.cohort.roster import Roster

PLAIN = "login,name,email,section\nada,Ada Lovelace,ada@example.org,A\nalan,Alan Turing,,B\n"


def read(tmp_path: Path, content: str | bytes) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return roster.read(path)


def problems(tmp_path: Path, content: str | bytes) -> tuple[str, ...]:
    with pytest.raises(TableError) as refused:
        read(tmp_path, content)
    return refused.value.problems


def test_a_plain_roster(tmp_path: Path) -> None:
    """Login and name, email and section where they are."""
    ada, alan = read(tmp_path, PLAIN)
    assert (ada.id, ada.login, ada.name, ada.email, ada.section, ada.row) == (
        "ada", "ada", "Ada Lovelace", "ada@example.org", "A", 2,
    )  # fmt: skip
    assert (alan.email, alan.row) == ("", 3)


def test_a_plain_roster_may_say_username(tmp_path: Path) -> None:
    """`username` is a login, too."""
    assert [one.login for one in read(tmp_path, "username,name\nada,Ada\n")] == ["ada"]


def test_a_roster_of_classroom_50(tmp_path: Path) -> None:
    """Names are joined; further columns survive; an apostrophe that guards a formula is not part of the name."""
    header = "username,first_name,last_name,email,section,github_id,role,pronouns\n"
    (ada, evil) = read(tmp_path, f"{header}Ada-L,Ada,Lovelace,a@example.org,1,7,student,she\nevil,'=1+1,X,,,,,\n")
    assert (ada.id, ada.login, ada.name) == ("ada-l", "Ada-L", "Ada Lovelace")
    assert (ada.extra["github_id"], ada.extra["pronouns"]) == ("7", "she")
    assert evil.name == "=1+1 X"


def test_teachers_are_left_out_by_name_of_row(tmp_path: Path) -> None:
    """Only students are graded; who is not is told."""
    content = (
        "username,first_name,last_name,email,section,github_id,role\nt,T,T,,,1,teacher\nh,H,H,,,2,TA\na,A,A,,,3,\n"
    )
    found = read(tmp_path, content)
    assert [one.login for one in found.students] == ["a"]
    assert found.notes == (
        "`roster.csv`, row 2: left out, it is a teacher and no student",
        "`roster.csv`, row 3: left out, it is a TA and no student",
    )


def test_an_unknown_role_is_a_problem(tmp_path: Path) -> None:
    """A role that nobody knows is not guessed."""
    content = "username,first_name,last_name,role\na,A,A,observer\n"
    assert problems(tmp_path, content) == (
        "`roster.csv`, row 2: the role `observer` is unknown: write student, ta or teacher",
    )


def test_a_roster_of_github_classroom(tmp_path: Path) -> None:
    """The identifier stands for an empty name; a student who has not linked an account is kept and told."""
    found = read(tmp_path, "identifier,github_username,github_id,name\nada@uni,ada,7,\nbob@uni,,,Bob\n")
    assert [(one.id, one.name) for one in found.students] == [("ada", "ada@uni"), ("row-3", "Bob")]
    assert found.notes == (
        "`roster.csv`, row 3: no login: `Bob` is in the gradebook as `row-3`, and no submission can be found by login",
    )


def test_a_gradebook_of_canvas(tmp_path: Path) -> None:
    """The rows of points and of manual posting are no students; the columns that an import matches on survive."""
    content = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Module 6 (1)\n"
        ",,,,,Manual Posting\n"
        "    Points Possible,,,,,100\n"
        '"Lovelace, Ada",11,u1,ada@uni.example,A and B,\n'
    )
    found = read(tmp_path, content)
    (ada,) = found
    assert (ada.id, ada.name, ada.section) == ("ada@uni.example", "Lovelace, Ada", "A and B")
    assert (ada.extra["ID"], ada.extra["SIS User ID"]) == ("11", "u1")
    assert found.notes == (
        "`roster.csv`, row 2: left out, it has neither a student nor an ID",
        "`roster.csv`, row 3: left out, it holds the points possible",
    )


def test_a_gradebook_of_canvas_may_name_accounts_of_a_code_host(tmp_path: Path) -> None:
    """A column `github_username` goes before the login of the university."""
    (ada,) = read(tmp_path, "Student,ID,SIS Login ID,github_username\nAda,1,ada@uni.example,AdaL\n")
    assert ada.id == "adal"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.rstrip("\n").encode(),
        b"\n;;;\n" + PLAIN.replace(",", ";").encode(),
    ],
    ids=["utf-8", "bom", "utf-16-le", "utf-16-be", "crlf", "cr", "semicolon", "tab", "no last end", "empty first"],
)
def test_spreadsheets_write_in_many_ways(tmp_path: Path, content: bytes) -> None:
    """Encodings with a mark, ends of lines and separators make no difference."""
    assert [(one.login, one.name) for one in read(tmp_path, content)] == [
        ("ada", "Ada Lovelace"),
        ("alan", "Alan Turing"),
    ]


def test_windows_1252_is_read_and_told(tmp_path: Path) -> None:
    """What is not UTF-8 is taken for what spreadsheets of Windows write, and a name is shown to look at."""
    found = read(tmp_path, "login,name\nz,Zoë Müller\n".encode("cp1252"))
    assert found[0].name == "Zoë Müller"
    said = "`roster.csv`, line 2: not UTF-8, so it was read as Windows-1252: see whether `Zoë` is right, else save it as UTF-8"
    assert found.notes == (f'{said} (in a spreadsheet: "CSV UTF-8")',)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"login,name\nz,\x81\n", "`roster.csv`, line 2: neither UTF-8 nor Windows-1252"),
        (PLAIN.encode("utf-16-le"), "`roster.csv` is no text, or UTF-16 without a mark"),
        (PLAIN.encode("utf-32"), "`roster.csv` is no text, or UTF-16 without a mark"),
        (codecs.BOM_UTF8 + b"login\n\xff\n", "`roster.csv`, line 2: no valid utf-8"),
        (b"", "`roster.csv` is empty"),
        (b"\n \n", "`roster.csv` is empty"),
        (b"login,name\n", "`roster.csv` has no students"),
        (b"name,section\nAda,1\n", "no column says who a student is: write a column `login`"),
        (b"logn,name\nada,Ada\n", "did you mean `login` by `logn`?"),
        (b"identifier,name\nada,Ada\n", "a roster of GitHub Classroom has `github_username`, too"),
        (b'login,name\nada,"Ada\n', "row 2: unexpected end of data: mend its quotes"),
    ],
)
def test_a_file_that_is_no_roster(tmp_path: Path, content: bytes, words: str) -> None:
    """The file, the fact and the way out."""
    (problem,) = problems(tmp_path, content)
    assert words in problem


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(TableError, match="there is no file"):
        roster.read(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("login,=HYPERLINK()", "the column `=HYPERLINK()` begins like a formula (`=`): rename it"),
        ("login,+a", "the column `+a` begins like a formula (`+`)"),
        ("login,-a", "the column `-a` begins like a formula (`-`)"),
        ("login,@a", "the column `@a` begins like a formula (`@`)"),
        ("login,Name,name", "the column `Name` is there twice"),
        ('login,"na\nme"', "the column `na\nme` holds control characters"),
    ],
)
def test_a_header_that_cannot_be_used(tmp_path: Path, header: str, words: str) -> None:
    """A header that a spreadsheet would compute is refused, as Classroom 50 does."""
    assert words in problems(tmp_path, f"{header}\nada,a,b\n")[0]


def test_everything_that_is_wrong_is_listed_at_once(tmp_path: Path) -> None:
    """Each with its row."""
    content = (
        "identifier,github_username,github_id,name\na,Ada,1,A\nb,ada,1,B\na,carl,3,C,more\n,../x,4,D\ne,eve,5,\x07E\n"
    )
    assert problems(tmp_path, content) == (
        "`roster.csv`, row 4: there are more cells than columns (`more`): put a text that holds the separator between double quotes",
        "`roster.csv`, row 5: `../x` is no login that a code host has: letters, digits, dashes, dots and underscores, at most 99",
        "`roster.csv`, row 6: `name` holds control characters or line ends: write it on one line",
        "`roster.csv`, row 3: the login `ada` is that of row 2, too: keep one",
        "`roster.csv`, row 4: the identifier `a` is that of row 2, too: keep one",
        "`roster.csv`, row 3: the github_id `1` is that of row 2, too: keep one",
    )


@pytest.mark.parametrize("column", ["ID", "SIS User ID"])
def test_ids_of_canvas_are_those_of_one(tmp_path: Path, column: str) -> None:
    """An import could not tell two students apart."""
    content = f"Student,ID,SIS Login ID,SIS User ID\nA,1,a,{'u' if column == 'ID' else 'x'}\nB,{1 if column == 'ID' else 2},b,x\n"
    assert problems(tmp_path, content) == (
        f"`roster.csv`, row 3: the {column.lower()} `{'1' if column == 'ID' else 'x'}` is that of row 2, too: keep one",
    )


def test_a_login_that_is_the_name_of_a_row(tmp_path: Path) -> None:
    """`row-3` as a login meets the student of row 3 who has none."""
    assert "that of row 2, too" in problems(tmp_path, "login,name\nrow-3,A\n,B\n")[0]


@pytest.mark.parametrize(
    "login",
    ["../x", "a/b", "a\\b", "..", ".hidden", "-rf", "a b", "a" * 100, "=1+1", "<script>", "a\u202eb", "ä", "x.", "C:x"],
)
def test_a_login_is_a_safe_file_name(tmp_path: Path, login: str) -> None:
    """What no code host allows is a problem, and so never a path."""
    out = io.StringIO()
    csv.writer(out).writerows([["login", "name"], [login, "A"]])
    assert "row 2" in problems(tmp_path, out.getvalue())[0]


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "<script>alert(1)</script>", "ن\u200fم", "x" * 5000])
def test_hostile_names_are_kept_as_text(tmp_path: Path, name: str) -> None:
    """A name is data: who shows it escapes it."""
    out = io.StringIO()
    csv.writer(out).writerows([["login", "name"], ["ada", name]])
    assert read(tmp_path, out.getvalue())[0].name == name


def test_text_that_turns_around_is_replaced_and_told(tmp_path: Path) -> None:
    """A name may not reorder the page around it."""
    found = read(tmp_path, "login,name\nada,\u202eadA\n")
    assert (found[0].name, len(found.notes)) == ("\ufffdadA", 1)


def test_empty_rows_are_told(tmp_path: Path) -> None:
    """They are no students, and somebody may wonder."""
    found = read(tmp_path, "login,name\nada,A\n,\n\nbob,B\n\n")
    assert [one.row for one in found] == [2, 5]
    assert found.notes == ("`roster.csv`, rows 3, 4: left out, nothing is written there",)


_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_LOGINS = st.one_of(st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True), st.sampled_from(["", "../x", " "]))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(_LOGINS, _CELLS, st.sampled_from(["", "student", "ta", "observer"])), max_size=6))
def test_every_row_is_a_student_or_is_told(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    """Nothing is dropped in silence."""
    path = tmp_path_factory.mktemp("any") / "r.csv"
    out = io.StringIO()
    csv.writer(out).writerows([("login", "name", "role"), *rows])
    path.write_bytes(out.getvalue().encode())
    try:
        found = roster.read(path)
    except TableError:
        return  # with words, or the other tests fail
    students = {one.row for one in found}
    for number in range(2, len(rows) + 2):
        told = any(str(number) in note for note in found.notes)
        last = all(not "".join(row).strip() for row in rows[number - 2 :])
        assert number in students or told or last
