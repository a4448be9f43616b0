"""What people's scores may look like, and the words for every row that cannot be believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from capstone.rubrics import CLASS, LINES, RUBRIC, put, review, score
from mlops_grader.capstone.rows import TableError
from mlops_grader.capstone.rubric import Judge
from mlops_grader.capstone.scores import Mark, Score, gaps, items, read

HEAD = "line,judge,team,person,verdict,note\n"
TABS = (
    "there is no column `line\tjudge\tteam\tverdict`: known here: judge, line, note, person, team, verdict; "
    "the column `line` is missing; the column `judge` is missing; the column `team` is missing; the column `verdict` is missing"
)


def taken(path: Path, kind: Judge = Judge.STAFF) -> tuple[Score, ...]:
    """The scores in a file."""
    return read([path], kind, RUBRIC, CLASS)


def refused(folder: Path, content: str | bytes, kind: Judge = Judge.STAFF, name: str = "s.csv") -> tuple[str, ...]:
    """All that is wrong with a file."""
    with pytest.raises(TableError) as raised:
        taken(put(folder, name, content), kind)
    return raised.value.problems


def row(folder: Path, text: str, kind: Judge = Judge.STAFF) -> tuple[str, ...]:
    """All that is wrong with one row."""
    return refused(folder, HEAD + text, kind)


def test_a_csv_is_read_whole(tmp_path: Path) -> None:
    path = put(tmp_path, "s.csv", HEAD + 'value,roe,Larch,,pass,"good, clear"\noral,roe,Larch,ben,fail,\n')
    assert taken(path) == (
        Score("value", "roe", "Larch", "", Mark.PASS, "good, clear"),
        Score("oral", "roe", "Larch", "ben", Mark.FAIL, ""),
    )


@pytest.mark.parametrize(
    "content",
    [
        "line;judge;team;person;verdict;note\nvalue;roe;Larch;;pass;\n",
        "\ufeffline,judge,team,person,verdict,note\nvalue,roe,Larch,,pass,\n",
        "line,judge,team,person,verdict,note\r\nvalue,roe,Larch,,pass,\r\n",
        "\ufeffline;judge;team;person;verdict;note\r\nvalue;roe;Larch;;pass;\r\n",
        "verdict,team,line,judge\npass,Larch,value,roe\n",
        '"line","judge","team","verdict"\n"value","roe","Larch","pass"\n',
        " line , judge , team , verdict \n value , roe , Larch , pass \n",
        "line,judge,team,verdict\n\n,,,\nvalue,roe,Larch,pass",
        "line,judge,team,verdict,,\nvalue,roe,Larch,PASS,,\n",
        "\n\nline,judge,team,verdict\rvalue,roe,Larch,Pass\r",
        '"line";"judge";"team";"verdict";"note"\n"value";"roe";"Larch";"pass";""\n',
    ],
)
def test_every_usual_form_of_csv_says_the_same(tmp_path: Path, content: str) -> None:
    assert taken(put(tmp_path, "s.csv", content)) == (score("value", "roe"),)


def test_a_separator_within_quotes_is_text(tmp_path: Path) -> None:
    content = 'line;judge;team;verdict;note\nvalue;roe;Larch;pass;"a, b; c\nd"\nvalue;poe;Larch;fail;\n'
    assert [one.note for one in taken(put(tmp_path, "s.csv", content))] == ["a, b; c\nd", ""]


def test_toml_says_the_same(tmp_path: Path) -> None:
    content = '[[scores]]\nline = "value"\njudge = "roe"\nteam = "Larch"\nverdict = "pass"\n'
    assert taken(put(tmp_path, "s.toml", content)) == (score("value", "roe"),)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_refused_as_such(tmp_path: Path, encoding: str) -> None:
    assert refused(tmp_path, HEAD.encode(encoding)) == (
        '`s.csv` is UTF-16 or no text: save it as UTF-8 (in a spreadsheet: "CSV UTF-8")',
    )


def test_big_endian_text_without_a_zero_is_refused_by_its_mark(tmp_path: Path) -> None:
    assert refused(tmp_path, b"\xfe\xff\x30\x42")[0].startswith("`s.csv` is UTF-16")


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    content = (HEAD + "value,roe,Larch,,pass,sch\xf6n\n").encode("latin-1")
    assert refused(tmp_path, content)[0].startswith("`s.csv` is not UTF-8 text, see line 2: save it as UTF-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("valeu,roe,Larch,,pass,\n", "there is no line `valeu`: did you mean `value`?"),
        (
            "zzzz,roe,Larch,,pass,\n",
            f"there is no line `zzzz`: known here: {', '.join(sorted(one.id for one in LINES))}",
        ),
        ("stops,roe,Larch,,pass,\n", "`stops` is proved by checks, nobody scores it: remove this row"),
        (
            "demo,roe,Larch,,pass,\n",
            "`demo` is for judges of the expo, and this file has the scores of staff: move this row",
        ),
        ("value,roe,Lerch,,pass,\n", "there is no team `Lerch`: did you mean `Larch`?"),
        ("value,roe,Larch,ada,pass,\n", "`value` is scored for the team, not for `ada`: leave `person` empty"),
        ("oral,roe,Larch,,pass,\n", "`oral` is scored for each person: write an id under `person`"),
        ("oral,roe,Larch,adda,pass,\n", "there is no member of `Larch` `adda`: did you mean `ada`?"),
        ("oral,roe,Larch,dee,pass,\n", "there is no member of `Larch` `dee`: known here: ada, ben, cy"),
        ("value,roe,Larch,,maybe,\n", "the verdict is `maybe`: write `pass` or `fail`"),
        (
            "value,dee,Larch,,pass,\n",
            "the judge `dee` is a student of `Oak`: name staff in another way, or move this row",
        ),
        ("value,,Larch,,pass,\n", "`judge` is empty"),
        (",roe,Larch,,pass,\n", "`line` is empty"),
        ("value,roe,,,pass,\n", "`team` is empty"),
        ("value,roe,Larch,,,\n", "`verdict` is empty"),
        (
            "value,roe,Larch,,pass,a,b\n",
            "there are more cells than columns (`b`): put a text that holds the separator between double quotes",
        ),
    ],
)
def test_each_fault_of_a_row_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    assert row(tmp_path, text) == (f"`s.csv`, row 2: {words}",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bias,ada,Larch,,pass,\n", "`ada` is in `Larch`: nobody reviews their own team"),
        ("bias,roe,Larch,,pass,\n", "there is no person `roe`: did you mean `eve`?"),
        ("value,dee,Larch,,pass,\n", "`value` is for staff, and this file has the scores of peers: move this row"),
    ],
)
def test_each_fault_of_a_review_is_told(tmp_path: Path, text: str, words: str) -> None:
    assert row(tmp_path, text, Judge.PEER)[0].startswith(f"`s.csv`, row 2: {words.split(':')[0]}")


def test_a_good_review_is_taken(tmp_path: Path) -> None:
    path = put(tmp_path, "s.csv", "line,judge,team,verdict\nbias,dee,Larch,pass\nrunbook,dee,Larch,pass\n")
    assert list(taken(path, Judge.PEER)) == review("dee", "Larch")


def test_judges_of_the_expo_score_their_lines(tmp_path: Path) -> None:
    path = put(tmp_path, "s.csv", "line,judge,team,verdict\ndemo,vip,Larch,pass\n")
    assert taken(path, Judge.EXPO) == (score("demo", "vip"),)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = "valeu,roe,Larch,,pass,\nvalue,roe,Lerch,,maybe,\nvalue,roe,Larch,,pass,\noral,roe,Larch,,pass,\n"
    assert [problem.split(":")[0] for problem in row(tmp_path, text)] == [
        "`s.csv`, row 2", "`s.csv`, row 3", "`s.csv`, row 3", "`s.csv`, row 5",
    ]  # fmt: skip


def test_one_message_has_all_of_it(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"^2 problems to mend:\n`s.csv`, row 2: .*\n`s.csv`, row 3: .*$"):
        taken(put(tmp_path, "s.csv", HEAD + "valeu,roe,Larch,,pass,\nvalue,roe,Lerch,,pass,\n"))


@pytest.mark.parametrize("again", ["pass", "fail"])
def test_nobody_scores_the_same_twice(tmp_path: Path, again: str) -> None:
    text = f"value,roe,Larch,,pass,\nvalue,poe,Larch,,pass,\nvalue,roe,Larch,,{again},\n"
    assert row(tmp_path, text) == (
        "`s.csv`, row 4: `roe` scored `value` of this already, see `s.csv`, row 2: keep one",
    )


def test_the_same_twice_in_two_files_is_told_with_both(tmp_path: Path) -> None:
    one = put(tmp_path, "a.csv", HEAD + "oral,roe,Larch,ada,pass,\noral,roe,Larch,ben,pass,\n")
    two = put(tmp_path, "b.csv", HEAD + "oral,roe,Larch,ada,pass,\n")
    with pytest.raises(TableError) as raised:
        read([one, two], Judge.STAFF, RUBRIC, CLASS)
    assert raised.value.problems == (
        "`b.csv`, row 2: `roe` scored `oral` of this already, see `a.csv`, row 2: keep one",
    )


def test_the_same_file_twice_is_told(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", HEAD + "value,roe,Larch,,pass,\n")
    with pytest.raises(TableError, match=r"^`a.csv` is given twice: name each file once$"):
        read([path, path], Judge.STAFF, RUBRIC, CLASS)


def test_what_is_wrong_with_several_files_is_told_at_once(tmp_path: Path) -> None:
    paths = [put(tmp_path, "a.csv", HEAD.replace("line", "lien")), put(tmp_path, "b.csv", ""), tmp_path / "c.txt"]
    with pytest.raises(TableError) as raised:
        read(paths, Judge.STAFF, RUBRIC, CLASS)
    assert [problem.split(" ")[0].strip(",") for problem in raised.value.problems] == ["`a.csv`", "`b.csv`", "`c.txt`"]


def test_a_row_of_blanks_is_no_row(tmp_path: Path) -> None:
    content = HEAD + " , ,\t, , ,\nvalue,roe,Larch,,pass,\n"
    assert taken(put(tmp_path, "s.csv", content)) == (score("value", "roe"),)


def test_a_judge_has_one_name(tmp_path: Path) -> None:
    assert row(tmp_path, "value,Roe,Larch,,pass,\ndata-card,roe,Larch,,pass,\n") == (
        "`s.csv`, row 3: the judge is `roe` here and `Roe` in `s.csv`, row 2: write one name",
    )


def test_rows_are_counted_as_a_spreadsheet_counts(tmp_path: Path) -> None:
    text = 'value,roe,Larch,,pass,"two\nlines"\n\nvalue,poe,Larch,,mabye,\n'
    assert row(tmp_path, text) == ("`s.csv`, row 4: the verdict is `mabye`: write `pass` or `fail`",)


def test_an_open_quote_is_told_and_so_is_what_came_before(tmp_path: Path) -> None:
    problems = row(tmp_path, 'valeu,roe,Larch,,pass,\nvalue,roe,Larch,,pass,"open\n')
    assert problems[0].startswith("`s.csv`, row 3: unexpected end of data: mend its quotes")
    assert problems[1:] == ("`s.csv`, row 2: there is no line `valeu`: did you mean `value`?",)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (
            "line,judge,team,verdikt\n",
            "there is no column `verdikt`: did you mean `verdict`?; the column `verdict` is missing",
        ),
        ("line,judge,team,verdict,judge\n", "the column `judge` is there twice"),
        ("line\tjudge\tteam\tverdict\n", TABS),
    ],
)
def test_a_wrong_header_is_told(tmp_path: Path, head: str, words: str) -> None:
    assert refused(tmp_path, head) == (f"`s.csv`, first row: {words}",)


@pytest.mark.parametrize("content", ["", "\n\n", ",,\n"])
def test_an_empty_file_is_told(tmp_path: Path, content: str) -> None:
    assert refused(tmp_path, content) == (
        "`s.csv` is empty: its first row names the columns line, judge, team, verdict, person, note",
    )


def test_a_header_without_rows_has_no_scores(tmp_path: Path) -> None:
    assert taken(put(tmp_path, "s.csv", HEAD)) == ()


def test_toml_can_say_that_there_are_no_scores(tmp_path: Path) -> None:
    assert taken(put(tmp_path, "s.toml", "scores = []\n")) == ()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"^there is no file `.*none.csv`$"):
        taken(tmp_path / "none.csv")


def test_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "s.csv").mkdir()
    with pytest.raises(TableError, match=r"s.csv` cannot be read: "):
        taken(tmp_path / "s.csv")


def test_another_kind_of_file_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path, HEAD, name="s.xlsx") == ("`s.xlsx` is neither TOML nor CSV: name it `s.toml` or `s.csv`",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[score]]\nline = 'value'\n", "`s.toml`: there is no table `score`: did you mean `scores`?"),
        ("", "`s.toml` is empty: write each entry under a line [[scores]] of its own"),
        ("[scores]\nline = 'value'\n", "`s.toml`: write each entry under a line [[scores]] of its own"),
        ("scores = ['value']\n", "`s.toml`: write each entry under a line [[scores]] of its own"),
        (
            "[[scores]]\nline = 'value'\njudge = 'roe'\nteam = 'Larch'\nverdict = 'pass'\nperon = ''\n",
            "`s.toml`, [[scores]] number 1: there is no key `peron`: did you mean `person`?",
        ),
        (
            "[[scores]]\nline = 'value'\njudge = 'roe'\nteam = 'Larch'\nverdict = true\n",
            "`s.toml`, [[scores]] number 1: the verdict is `yes`: write `pass` or `fail`",
        ),
        (
            "[[scores]]\nline = 'value'\njudge = 'roe'\nteam = 'Larch'\nverdict = 'pass'\nnote = ['a']\n",
            "`s.toml`, [[scores]] number 1: `note` is a list or a table: write a text, a number or a time",
        ),
        (
            "[[scores]]\nline = 'value'\njudge = 'roe'\nteam = 'Larch'\n",
            "`s.toml`, [[scores]] number 1: `verdict` is empty",
        ),
    ],
)
def test_each_fault_of_toml_is_told(tmp_path: Path, content: str, words: str) -> None:
    assert refused(tmp_path, content, name="s.toml") == (words,)


@pytest.mark.parametrize("content", ["[[scores]\n", "a = " + "[" * 100_000])
def test_broken_toml_is_told(tmp_path: Path, content: str) -> None:
    assert refused(tmp_path, content, name="s.toml")[0].startswith("`s.toml` is not valid TOML: ")


def test_escape_sequences_do_not_reach_a_terminal(tmp_path: Path) -> None:
    assert taken(put(tmp_path, "s.csv", HEAD + "value,roe,Larch,,pass,\x1b[31mred\n"))[0].note == "red"


def test_a_judge_who_left_lines_out_is_named() -> None:
    staff = [score("value", "roe"), score("oral", "roe", person="ada"), score("demo", "vip")]
    assert gaps(staff, RUBRIC, ("ada", "ben")) == (
        "roe scored 2 of 7 lines and left out data-card, canary, oral (ben), talk (ada), talk (ben)",
    )


def test_lines_of_a_person_are_asked_of_each() -> None:
    assert items(RUBRIC, Judge.PEER, ("ada", "ben")) == (("bias", ""), ("runbook", ""))
    assert ("oral", "ben") in items(RUBRIC, Judge.STAFF, ("ada", "ben"))
