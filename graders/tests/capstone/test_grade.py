"""The command reads everything that is recorded and leaves a whole folder, the same bytes for the same inputs."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from capstone import classroom, invented, repositories
from mlops_grader.capstone import folder, grade, person, rubric
from mlops_grader.capstone.grade import Files
from mlops_grader.submission import UsageError

NAMES = [
    "grade.json",
    "people/ada.html",
    "people/ada.md",
    "people/ben.html",
    "people/ben.md",
    "people/cy.html",
    "people/cy.md",
    "team.html",
]


@pytest.fixture(autouse=True)
def _invented(monkeypatch: pytest.MonkeyPatch) -> None:
    """The invented rubric in the place of the course's own."""
    monkeypatch.setattr(rubric, "load", lambda _path=None: invented.RUBRIC)


def command(project: Path, given: Files, to: Path) -> int:
    """Run the command as it is typed."""
    parser = argparse.ArgumentParser()
    grade.arguments(parser)
    words = [str(project), "--measured", str(given.measured), "--to", str(to)]
    for name in ("scores", "expo", "reviews", "citizenship", "lateness", "others"):
        words += [f"--{name}", *map(str, getattr(given, name))] if getattr(given, name) else []
    return grade.run(parser.parse_args(words), Console(quiet=True))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def told(folder: Path) -> Any:
    return json.loads((folder / "grade.json").read_text(encoding="utf-8"))


def test_the_command_leaves_a_whole_folder(tmp_path: Path) -> None:
    """A page for the team, a page and Markdown for each person, and the data."""
    project, given = classroom.written(tmp_path)
    assert command(project, given, tmp_path / "out") == 0
    assert sorted(tree(tmp_path / "out")) == NAMES
    assert told(tmp_path / "out")["score"]["points"]["exact"] == "230/3"


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    """Twice, into folders of different names, from the project and from a clone elsewhere."""
    project, given = classroom.written(tmp_path)
    command(project, given, tmp_path / "first")
    repositories.git(tmp_path, "clone", "--quiet", str(project), "elsewhere")
    command(tmp_path / "elsewhere", given, tmp_path / "deep" / "second")
    assert tree(tmp_path / "first") == tree(tmp_path / "deep" / "second")


def test_no_place_of_the_machine_is_in_it(tmp_path: Path) -> None:
    """Neither a path nor the name of a folder gets into what is handed out."""
    project, given = classroom.written(tmp_path)
    command(project, given, tmp_path / "out")
    assert [name for name, content in tree(tmp_path / "out").items() if str(tmp_path).encode() in content] == []


def test_shuffled_rows_give_the_same_grades(tmp_path: Path) -> None:
    """Only the hashes of the inputs differ."""
    project, given = classroom.written(tmp_path)
    command(project, given, tmp_path / "first")
    for path in (*given.scores, *given.expo, *given.reviews, *given.citizenship):
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        rows.reverse()
        path.write_text("\n".join([head, *rows]), encoding="utf-8")
    command(project, given, tmp_path / "second")
    first, second = told(tmp_path / "first"), told(tmp_path / "second")
    assert first.pop("inputs") != second.pop("inputs")
    assert first == second


def test_inputs_are_recorded_with_their_hashes(tmp_path: Path) -> None:
    """Each file by what it was given as, its name and its SHA-256; the rubric, too."""
    project, given = classroom.written(tmp_path)
    command(project, given, tmp_path / "out")
    roles = [(each["role"], each["name"]) for each in told(tmp_path / "out")["inputs"]]
    assert roles == [
        ("rubric", "version 1.0"),
        ("measured", "measured.json"),
        ("scores", "staff.csv"),
        ("expo", "expo.csv"),
        ("reviews", "peers.csv"),
        ("citizenship", "citizenship.csv"),
        ("lateness", "lateness.csv"),
        ("others", "team.toml"),
    ]


def test_grades_are_of_the_measured_commit(tmp_path: Path) -> None:
    """What the team commits later changes nothing: neither members nor evidence."""
    project, given = classroom.written(tmp_path)
    command(project, given, tmp_path / "first")
    repositories.commit(project, {"team.toml": "broken", "more.py": "x\n" * 50})
    command(project, given, tmp_path / "second")
    assert tree(tmp_path / "first") == tree(tmp_path / "second")


def test_an_earlier_folder_is_replaced(tmp_path: Path) -> None:
    """Nothing of it stays, and nothing is left beside it."""
    project, given = classroom.written(tmp_path)
    command(project, given, tmp_path / "place" / "out")
    (tmp_path / "place" / "out" / "people" / "gone.html").write_text("x", encoding="utf-8")
    command(project, given, tmp_path / "place" / "out")
    assert sorted(tree(tmp_path / "place" / "out")) == NAMES
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["out"]


def test_an_interrupt_leaves_the_earlier_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While pages are made, and while they are put in place."""
    project, given = classroom.written(tmp_path)
    to = tmp_path / "place" / "out"
    command(project, given, to)
    before = tree(to)
    for owner, name in ((person, "page"), (folder, "_swap")):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, _interrupt)
            with pytest.raises(KeyboardInterrupt):
                command(project, given, to)
        assert tree(to) == before
        assert [path.name for path in (tmp_path / "place").iterdir()] == ["out"]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_rename_that_fails_brings_the_earlier_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment between taking the old one away and putting the new one there."""
    folder.replace(tmp_path / "out", {"grade.json": "old"}, "grade.json")
    rename: Callable[[Path, Path], Path] = Path.rename
    monkeypatch.setattr(Path, "rename", lambda self, to: _interrupt() if self.suffix == ".new" else rename(self, to))
    with pytest.raises(KeyboardInterrupt):
        folder.replace(tmp_path / "out", {"grade.json": "new"}, "grade.json")
    assert tree(tmp_path) == {"out/grade.json": b"old"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_kill_in_the_middle_leaves_the_earlier_folder(tmp_path: Path) -> None:
    """Even a process that cannot clean up leaves what was there."""
    folder.replace(tmp_path / "out", {"grade.json": "old"}, "grade.json")
    code = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from mlops_grader.capstone import folder
        write = Path.write_bytes
        def dying(self, content):
            write(self, content)
            os.kill(os.getpid(), signal.SIGKILL)
        Path.write_bytes = dying
        folder.replace(Path(sys.argv[1]), {"a.html": "new", "grade.json": "new"}, "grade.json")
    """)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], check=False)
    assert done.returncode == -signal.SIGKILL
    assert tree(tmp_path / "out") == {"grade.json": b"old"}
    folder.replace(tmp_path / "out", {"grade.json": "new"}, "grade.json")
    assert tree(tmp_path / "out") == {"grade.json": b"new"}


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    """A wrong name does not cost anybody their work."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.md").write_text("words", encoding="utf-8")
    with pytest.raises(UsageError, match=r"holds something else, which would be lost: name a folder that is empty"):
        folder.replace(tmp_path / "thesis", {"grade.json": "{}"}, "grade.json")
    (tmp_path / "link").symlink_to(tmp_path / "thesis")
    with pytest.raises(UsageError, match="is no folder"):
        folder.replace(tmp_path / "link", {"grade.json": "{}"}, "grade.json")
    assert tree(tmp_path / "thesis") == {"chapter.md": b"words"}


def refused(project: Path, given: Files, to: Path) -> str:
    with pytest.raises(UsageError) as caught:
        command(project, given, to)
    assert not to.exists()
    return str(caught.value)


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """Another version of the rubric, lines that it does not have, no commit, a commit that is not there."""
    project, given = classroom.written(tmp_path)
    document = json.loads(given.measured.read_text(encoding="utf-8"))
    line = {**document["lines"][0], "id": "other"}
    for change, words in (
        ({"rubric": "0.9"}, "was measured with version 0.9 of the rubric, this is 1.0"),
        ({"lines": [*document["lines"], line]}, "has lines that the rubric does not have (other)"),
        ({"submission": {**document["submission"], "commit": None}}, "without a commit"),
        ({"submission": {**document["submission"], "commit": "0" * 40}}, "has no commit"),
    ):
        given.measured.write_text(json.dumps({**document, **change}), encoding="utf-8")
        assert words in refused(project, given, tmp_path / "out")


def test_peers_of_an_unknown_team_are_refused(tmp_path: Path) -> None:
    """Without the other teams nobody knows who their members are."""
    project, given = classroom.written(tmp_path)
    assert "`peers.csv`, row 2" in refused(project, replace(given, others=()), tmp_path / "out")


def test_nothing_but_measurements_gives_a_provisional_grade(tmp_path: Path) -> None:
    """Every score that is missing is said, and no grade is a number yet."""
    project, given = classroom.written(tmp_path)
    command(project, Files(given.measured), tmp_path / "out")
    found = told(tmp_path / "out")
    assert found["score"]["points"] is None
    assert (found["score"]["least"]["exact"], found["score"]["most"]["exact"]) == ("29", "93")
    assert {each["state"] for each in found["people"]} == {"incomplete"}


def test_the_order_of_files_makes_no_difference(tmp_path: Path) -> None:
    """Scores in two files, given in either order, give the same bytes."""
    project, given = classroom.written(tmp_path)
    head, *rows = given.scores[0].read_text(encoding="utf-8").splitlines()
    halves = (tmp_path / "z.csv", tmp_path / "b.csv")
    for path, half in zip(halves, (rows[:3], rows[3:]), strict=True):
        path.write_text("\n".join([head, *half]), encoding="utf-8")
    command(project, replace(given, scores=halves), tmp_path / "first")
    command(project, replace(given, scores=halves[::-1]), tmp_path / "second")
    assert tree(tmp_path / "first") == tree(tmp_path / "second")
