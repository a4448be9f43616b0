"""A semester in one repository: adding a module to a project that finished the one before."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import compose
from submissions import commit, make


def contents(folder: Path) -> dict[str, bytes]:
    """Content by path of everything but git's own files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A project whose module below the next one is done, in the student's own words."""
    project = make(compose.layers("m06_containers")[-2], tmp_path / "project")
    (project / "README.md").write_text("# my own words\n", encoding="utf-8")
    (project / "notes.md").write_text("mine\n", encoding="utf-8")
    commit(project)
    return project


def test_a_new_module_brings_its_files(finished: Path) -> None:
    """Stubs and lesson of the new module arrive, and the project says that it is there."""
    added = compose.add("m06_containers", finished)
    assert {"Dockerfile", ".dockerignore", "lessons/m06_containers.md"} <= set(added.new)
    assert "m06_containers" in (finished / "course.toml").read_text(encoding="utf-8")


def test_no_file_of_the_student_changes(finished: Path) -> None:
    """What was written stays as it was, whatever the course holds under that name."""
    before = contents(finished)
    added = compose.add("m06_containers", finished)
    after = contents(finished)
    changed = {path for path in before if before[path] != after[path]}
    assert changed == set(added.updated)
    assert changed - {"course.toml"} <= compose._given_files(["m01_environment"])
    assert before["README.md"] == after["README.md"]


def test_modules_between_come_solved(tmp_path: Path) -> None:
    """Who goes from module 1 to module 6 gets what the modules between would have made of the project."""
    project = make("m01_environment", tmp_path / "project")
    added = compose.add("m06_containers", project)
    assert "noshow/store.py" in added.new
    assert {"noshow/ingest.py", "noshow/train.py"} <= set(added.updated)
    solved = compose.KIT / "solutions/m02_data/noshow/ingest.py"
    assert (project / "noshow/ingest.py").read_bytes() == solved.read_bytes()


def test_own_words_for_a_finished_module_stay(tmp_path: Path) -> None:
    """Who did module 2 in files of other names gets none of the reference's."""
    project = make("m02_data", tmp_path / "project")
    (project / "noshow/store.py").unlink()
    (project / "noshow/ingest.py").write_text('"""Mine."""\n', encoding="utf-8")
    commit(project)
    added = compose.add("m06_containers", project)
    assert (project / "noshow/ingest.py").read_text(encoding="utf-8") == '"""Mine."""\n'
    assert not (project / "noshow/store.py").exists()
    assert "noshow/ingest.py" not in added.left


def test_a_file_in_the_way_is_left_alone_and_listed(finished: Path) -> None:
    """A student who wrote a Dockerfile early keeps it, and hears of it."""
    (finished / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    commit(finished)
    added = compose.add("m06_containers", finished)
    assert "Dockerfile" in added.left
    assert (finished / "Dockerfile").read_text(encoding="utf-8") == "FROM scratch\n"


def test_given_files_are_brought_up_to_date(finished: Path) -> None:
    """A given file that is not as the course has it becomes so."""
    given = finished / "noshow" / "features.py"
    right = given.read_bytes()
    given.write_text("# changed\n", encoding="utf-8")
    commit(finished)
    assert "noshow/features.py" in compose.add("m06_containers", finished).updated
    assert given.read_bytes() == right


def test_uncommitted_changes_are_refused(finished: Path) -> None:
    """What git could not bring back is never put at risk."""
    (finished / "notes.md").write_text("changed\n", encoding="utf-8")
    before = contents(finished)
    with pytest.raises(compose.StartError, match="uncommitted"):
        compose.add("m06_containers", finished)
    assert contents(finished) == before


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    """Only a project of the course can be continued."""
    with pytest.raises(compose.StartError, match=r"no course\.toml"):
        compose.add("m06_containers", tmp_path)


def test_the_command_lists_what_it_did(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """New, updated and left files are named, and what to do next."""
    assert compose.main(["m06_containers", "--onto", str(finished)]) == 0
    printed = capsys.readouterr().out
    assert "new: Dockerfile\n" in printed
    assert "nox -s grade" in printed
    status = subprocess.run(
        ["git", "-C", str(finished), "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout
    assert "Dockerfile" in status


def test_what_tools_leave_in_a_template_is_in_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ran a linter in the kit makes the same projects as before, also where a cache is neither text nor plainly binary."""
    kit = tmp_path / "kit"
    for folder in ("templates", "solutions", "modules"):
        shutil.copytree(compose.KIT / folder / "m01_environment", kit / folder / "m01_environment")
    cache = kit / "templates/m01_environment/{{cookiecutter.repo_name}}/.ruff_cache/0.17.6/15378425707843538153"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"some words " * 13 + b"\x8b and more words")
    monkeypatch.setattr(compose, "KIT", kit)
    compose.fill(tmp_path / "project", "m01_environment", compose.Answers("noshow", "Student"), grader="mlops-grader")
    assert [path for path in contents(tmp_path / "project") if "cache" in path] == []
