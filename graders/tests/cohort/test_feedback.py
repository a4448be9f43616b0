"""Feedback: a student reads their own grade and nobody else's, and no issue is made twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from cohort.booked import ADA, BOB, DEADLINE, EVE, HOSTILE, KEY, entries, grade, result, run, submission
from mlops_grader.__main__ import main
from mlops_grader.cohort import letters, publishing
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Change, Override, Student, Submission, Why

FAKE = f"""#!{sys.executable}
import json, os, pathlib, sys
place = pathlib.Path(os.environ["FAKE_GH"])
words, given = sys.argv[1:], "" if sys.argv[1:3] != ["issue", "create"] else sys.stdin.read()
with (place / "calls.jsonl").open("a") as file:
    file.write(json.dumps({{"words": words, "given": given}}) + "\\n")
answers = json.loads((place / "answers.json").read_text())
answer = answers[" ".join(words[:2])]
if isinstance(answer, dict):
    answer = answer[next(name for name in answer if name in " ".join(words))]
if answer.startswith("error: "):
    sys.exit(answer)
print(answer)
"""
GOOD = {"repo view": "true", "issue create": "https://github.com/mlops/x/issues/1", "issue list": "[]"}


class Gh:
    """A stand-in for `gh` that writes down what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer(GOOD)

    def answer(self, answers: Mapping[str, Any]) -> None:
        (self.folder / "answers.json").write_text(json.dumps({**GOOD, **answers}))

    @property
    def calls(self) -> list[dict[str, Any]]:
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def made(self) -> list[dict[str, Any]]:
        """The issues that it was asked to make."""
        return [call for call in self.calls if call["words"][:2] == ["issue", "create"]]


@pytest.fixture
def gh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gh:
    folder = tmp_path / "gh"
    folder.mkdir()
    (folder / "gh").write_text(FAKE)
    (folder / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_GH", str(folder))
    monkeypatch.setattr(publishing, "PAUSE", 0)
    return Gh(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run: Ada late with a changed file and a decision, Bob with a finding, Eve with nothing."""
    mine = submission(ADA, late=timedelta(hours=30), changes=(Change("noshow/`features`.py", "edited"),))
    his = submission(BOB, commit="b" * 40, committed_at=DEADLINE - timedelta(days=3))
    with run(
        tmp_path / "run",
        found=[mine, his, submission(EVE, problem="no such folder /srv/class/eve", commit="")],
        late="percent:10",
    ) as log:
        grade(log, mine, result(stops=27, seed=111))
        grade(log, his, result(stops=0, found="FINDING-OF-BOB", seed=222))
        log.add_override(
            Override("ada", KEY, 91, "the oral examination", "Prof. Stein", datetime(2026, 11, 22, tzinfo=UTC))
        )
    return tmp_path / "run"


def feedback(folder: Path, *words: str) -> int:
    return main(["cohort", "feedback", str(folder), *words])


def written(folder: Path) -> dict[str, str]:
    """All files of the feedback, by their paths."""
    place = folder / "feedback"
    return {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}


def words(page: str) -> str:
    """The text of a page as it is read."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.append(data)

    Reader().feed(page.partition("<body>")[2])
    return " ".join(" ".join(found).split())


def test_there_is_a_page_and_a_text_for_each_and_an_index_for_staff(folder: Path) -> None:
    assert feedback(folder) == 0
    files = written(folder)
    assert sorted(files) == [
        "index.html",
        *(f"students/{name}.{kind}" for name in ("ada", "bob", "row-4") for kind in ("html", "md")),
    ]
    assert re.findall(r'href="(students/[^"]+)"', files["index.html"]) == [
        f"students/{name}.{kind}" for name in ("ada", "bob", "row-4") for kind in ("html", "md")
    ]


@pytest.mark.parametrize("kind", ["md", "html"])
def test_a_student_reads_how_the_score_came_about(folder: Path, kind: str) -> None:
    feedback(folder)
    text = written(folder)[f"students/ada.{kind}"]
    text = words(text if kind == "html" else MarkdownIt("commonmark").enable("table").render(text).join(["<body>", ""]))
    assert "Your score: 91 of 100 points" in text
    assert "measured by the checks 77 1 d 6 h 00 min late: 20 % of 77 points: 15.4 -15" in text
    assert "decided by the teaching staff, in place of the above: the oral examination 91 score 91" in text
    assert "Graded was commit " + "c" * 40 in text
    assert "of 20 November 2026, 17:00 UTC" in text
    assert "noshow/`features`.py (edited)" in text
    assert f"bring those files back first: nox -s grade -- --module {KEY} --seed 111 --fresh" in text
    assert "Prof. Stein" not in text
    assert "f" * 10 not in text, "the commit of the copy that was graded says nothing to the student"


def test_the_command_that_repeats_the_grade_names_the_students_own_commit(folder: Path) -> None:
    feedback(folder)
    asked = f"To see the same on your machine:\n\n```text\nnox -s grade -- --commit {'b' * 40} --module {KEY} --seed 222 --fresh\n"
    assert asked in written(folder)["students/bob.md"]


@pytest.mark.parametrize("kind", ["md", "html"])
def test_a_student_reads_nothing_of_anybody_else(folder: Path, kind: str) -> None:
    feedback(folder)
    files = written(folder)
    secrets = {
        "ada": ("Lovelace", "ada@", "c" * 10, "seed 111", "--seed 111", "oral examination", "features"),
        "bob": ("Kahn", "bob@", "b" * 10, "222", "FINDING-OF-BOB"),
        "row-4": ("Eve", "/srv/class"),
    }
    for one in secrets:
        for other, theirs in secrets.items():
            if one != other:
                assert not [word for word in theirs if word in files[f"students/{one}.{kind}"]]
    assert "/srv/class" not in "".join(files.values())


def test_who_has_no_score_is_told_so_kindly(folder: Path) -> None:
    feedback(folder)
    for text in (written(folder)["students/row-4.md"], words(written(folder)["students/row-4.html"])):
        assert "No score yet" in text
        assert "Nothing was found that could be graded" in text


def test_an_error_of_the_grader_is_not_the_students_fault(tmp_path: Path) -> None:
    mine = submission(ADA)
    with run(tmp_path, [ADA], [mine]) as log:
        grade(log, mine, "no space left on /srv/grader")
    feedback(tmp_path)
    text = written(tmp_path)["students/ada.md"]
    assert "not your fault" in text
    assert "/srv/grader" not in text


def test_the_lesson_of_the_handout_is_in_the_page(folder: Path, tmp_path: Path) -> None:
    lesson = tmp_path / "out" / KEY / "repository" / "lessons" / f"{KEY}.md"
    lesson.parent.mkdir(parents=True)
    lesson.write_text("## X\n\nWHAT-THE-LESSON-SAYS\n")
    for number, handout in enumerate((tmp_path / "out" / KEY, tmp_path / "out")):
        mine = submission(BOB)
        with run(tmp_path / f"run{number}", [BOB], [mine], handout=str(handout)) as log:
            grade(log, mine, result(stops=0))
        feedback(tmp_path / f"run{number}")
        assert "WHAT-THE-LESSON-SAYS" in written(tmp_path / f"run{number}")["students/bob.html"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text(tmp_path: Path, name: str) -> None:
    one = Student("s1", name, name)
    mine = submission(one, changes=(Change(name, "edited"),))
    with run(tmp_path, [one], [mine]) as log:
        grade(log, mine, result(stops=0, found=f"{name}\n```\n# x\n<img src=x>"))
        log.add_override(Override("s1", KEY, 3, name, name, DEADLINE))
    feedback(tmp_path)
    files = written(tmp_path)
    for page in (files["students/s1.html"], files["index.html"]):
        assert not re.findall(r"<(script|img)|javascript:|evil\"", page)
    rendered = MarkdownIt("commonmark").enable("table").render(files["students/s1.md"])
    assert not re.findall(r"<(script|img|a) ", rendered)
    assert rendered.count("<h1>") == 2
    assert "\u202e" not in "".join(files.values())


def test_one_student_alone_leaves_the_rest_as_it_was(folder: Path) -> None:
    feedback(folder)
    before = written(folder)
    with JobLog(folder) as log:
        log.add_override(Override("ada", KEY, 12, "another", "x", DEADLINE))
    assert feedback(folder, "--student", "Ada") == 0
    after = written(folder)
    assert {name for name in after if after[name] != before[name]} == {"students/ada.md", "students/ada.html"}


def test_a_folder_of_something_else_is_not_replaced(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years")
    assert feedback(folder, "--to", str(tmp_path / "mine")) == 2
    assert "holds something else" in capsys.readouterr().err
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years"


def test_an_id_that_leads_elsewhere_is_no_file_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(("../ada", ".ada", "a/b")):
        with run(tmp_path / str(number), [replace(ADA, id=name)]):
            pass
        assert feedback(tmp_path / str(number)) == 2
        assert "can be no file name" in capsys.readouterr().err


# pushing


def test_each_student_gets_an_issue_in_their_own_repository(
    folder: Path, gh: Gh, capsys: pytest.CaptureFixture[str]
) -> None:
    assert feedback(folder, "--push") == 0
    assert [call["words"] for call in gh.made] == [
        ["issue", "create", "--repo", f"github.com/mlops/{KEY}-ada", "--title",
         f"Feedback on {KEY}, attempt 1, decision of 2026-11-22 00:00:00 UTC", "--body-file", "-"],
        ["issue", "create", "--repo", f"github.com/mlops/{KEY}-bob", "--title", f"Feedback on {KEY}, attempt 2", "--body-file", "-"],
    ]  # fmt: skip
    assert [call["given"] for call in gh.made] == [written(folder)[f"students/{name}.md"] for name in ("ada", "bob")]
    assert "row-4: no issue: nothing was handed in" in capsys.readouterr().out


def test_a_decision_about_who_handed_nothing_in_finds_no_repository(
    folder: Path, gh: Gh, capsys: pytest.CaptureFixture[str]
) -> None:
    with JobLog(folder) as log:
        log.take_in([Submission(EVE.id, "", problem="the roster has no login")])
        log.add_override(Override(EVE.id, KEY, 50, "on paper", "Prof. Stein", datetime(2026, 11, 22, tzinfo=UTC)))
    assert feedback(folder, "--push", "--student", EVE.id) == 0
    assert (gh.made, "row-4: no issue: nothing was handed in" in capsys.readouterr().out) == ([], True)


def test_nothing_is_pushed_twice(folder: Path, gh: Gh, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert feedback(folder, "--push") == 0
    assert len(gh.made) == 2
    assert "bob: is there already: https://github.com/mlops/x/issues/1" in capsys.readouterr().out


def test_a_new_grade_and_a_new_decision_are_pushed(folder: Path, gh: Gh) -> None:
    feedback(folder, "--push")
    with JobLog(folder) as log:
        grade(log, log.submissions()["ada"], result(), Why.REGRADE)
        log.add_override(Override("bob", KEY, 50, "an oral", "x", DEADLINE))
    feedback(folder, "--push")
    assert [call["words"][5] for call in gh.made[2:]] == [
        f"Feedback on {KEY}, attempt 3, decision of 2026-11-22 00:00:00 UTC",
        f"Feedback on {KEY}, attempt 2, decision of 2026-11-20 18:00:00 UTC",
    ]


@pytest.mark.parametrize(("listed", "made"), [(True, 0), (False, 1)])
def test_a_push_that_was_cut_off_looks_first_whether_the_issue_is_there(
    folder: Path, gh: Gh, listed: bool, made: int
) -> None:
    (folder / publishing.PUSHED).write_text(
        '{"student": "bob", "key": "2", "state": "begun", "address": "", "at": ""}\n{"student": "bob", "key": "2", "state": "do'
    )
    there = [{"title": f"Feedback on {KEY}, attempt 2", "url": "https://github.com/mlops/x/issues/9"}]
    gh.answer({"issue list": json.dumps(there if listed else [{"title": "x", "url": "y"}])})
    for _ in range(2):
        assert feedback(folder, "--push", "--student", "bob") == 0
    assert len(gh.made) == made
    assert [call["words"][:2] for call in gh.calls].count(["issue", "list"]) == 1


def test_a_dry_run_only_says_what_it_would_do(folder: Path, gh: Gh, capsys: pytest.CaptureFixture[str]) -> None:
    assert feedback(folder, "--push", "--dry-run") == 0
    assert gh.calls == []
    assert (
        f"bob: would make: Feedback on {KEY}, attempt 2 (https://github.com/mlops/{KEY}-bob)" in capsys.readouterr().out
    )
    assert not (folder / publishing.PUSHED).exists()


def test_without_gh_the_way_out_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert feedback(folder, "--push") == 2
    assert "`gh auth login`" in capsys.readouterr().err
    assert "students/ada.md" in written(folder)


def test_a_public_repository_gets_nothing(folder: Path, gh: Gh, capsys: pytest.CaptureFixture[str]) -> None:
    gh.answer({"repo view": "false"})
    assert feedback(folder, "--push") == 2
    assert gh.made == []
    assert "everybody can read https://github.com/mlops/" in capsys.readouterr().out
    assert feedback(folder, "--push", "--even-public") == 0
    assert len(gh.made) == 2


def test_a_refusal_does_not_stop_the_others(folder: Path, gh: Gh, capsys: pytest.CaptureFixture[str]) -> None:
    gh.answer(
        {
            "issue create": {
                f"{KEY}-ada": "error: issues are disabled",
                f"{KEY}-bob": "https://github.com/mlops/x/issues/2",
            }
        }
    )
    assert feedback(folder, "--push") == 2
    told = capsys.readouterr().out
    assert "ada: no issue: `gh issue create` says: error: issues are disabled" in told
    assert "bob: https://github.com/mlops/x/issues/2" in told
    gh.answer({})
    assert feedback(folder, "--push") == 0
    assert [KEY + "-ada" in call["words"][3] for call in gh.made] == [True, False, True]


def test_a_repository_of_two_gets_nothing(tmp_path: Path, gh: Gh, capsys: pytest.CaptureFixture[str]) -> None:
    """The feedback of one must not reach the other: not a template's address, nor a team's."""
    both = [submission(one, place="https://github.com/mlops/template") for one in (ADA, BOB)]
    with run(tmp_path / "run", found=both) as log:
        for each in both:
            grade(log, each, result())
    assert feedback(tmp_path / "run", "--push", "--student", "ada") == 0
    assert gh.calls == []
    assert "others in the class have the repository" in capsys.readouterr().out


def test_a_clone_names_its_repository_and_runs_nothing(tmp_path: Path, gh: Gh, git: Callable[..., str]) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    git(clone, "init", "--quiet")
    git(clone, "remote", "add", "origin", "git@github.com:mlops/m06-ada.git")
    with (clone / ".git" / "config").open("a") as file:
        file.write(f'[core]\n\tfsmonitor = "touch {tmp_path}/ran"\n[include]\n\tpath = {tmp_path}/other\n')
    (tmp_path / "other").write_text('[remote "origin"]\n\turl = https://github.com/evil/x\n')
    mine, his = submission(ADA, place=str(clone)), submission(BOB, place=str(tmp_path / "bob.zip"))
    with run(tmp_path / "run", [ADA, BOB], [mine, his]) as log:
        grade(log, mine, result())
        grade(log, his, result())
    assert feedback(tmp_path / "run", "--push") == 0
    assert [call["words"][3] for call in gh.made] == ["github.com/mlops/m06-ada"]
    assert not (tmp_path / "ran").exists()


def test_an_issue_has_an_end() -> None:
    long = "# head\n" + "".join(f"## part {number}\n\n````text\n{'x' * 3000}\n```\n````\n" for number in range(60))
    for longest in (publishing.LONGEST, 5000, 3000):
        short = publishing.shortened(long, longest)
        assert len(short) <= longest
        assert short.endswith(publishing.POINTER)
        assert MarkdownIt("commonmark").render(short).rstrip().endswith("is what the command above shows.</p>")
    assert publishing.shortened("short") == "short"


def test_a_long_feedback_is_cut_in_the_issue_and_whole_in_the_file(tmp_path: Path, gh: Gh) -> None:
    mine = submission(ADA)
    many = tuple(
        replace(result(stops=0).checks[1], id=f"test_number_{number}", found="x" * 3900) for number in range(30)
    )
    with run(tmp_path / "run", [ADA], [mine]) as log:
        grade(log, mine, result(checks=many))
        assert len(letters.as_markdown(letters.letter(entries(log)["ada"], KEY))) > publishing.LONGEST
    feedback(tmp_path / "run", "--push")
    assert len(gh.made[0]["given"]) <= 65_536
    assert len(written(tmp_path / "run")["students/ada.md"]) > 65_536


def test_the_fake_can_be_asked(gh: Gh) -> None:
    """A stand-in that could not be reached would make every test of silence pass."""
    subprocess.run(["gh", "repo", "view", "x"], check=True, capture_output=True)
    assert gh.calls == [{"words": ["repo", "view", "x"], "given": ""}]
