"""What a repository should not hold gets a finding with a way out, never a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.check import Fail
from mlops_grader.submission import LARGEST_FILE, Submission

Make = Callable[..., Path]
Git = Callable[..., str]
Snap = Callable[..., Submission]

links = pytest.mark.skipif(os.name == "nt", reason="making links needs a right that Windows users lack")


def found(submission: Submission) -> list[str]:
    """What the grader finds wrong with a clone."""
    return [problem.found for problem in submission.problems]


@pytest.fixture
def commit_all(git: Git) -> Callable[[Path], str]:
    """Commit everything; the new commit."""

    def commit(folder: Path) -> str:
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=more")
        return git(folder, "rev-parse", "HEAD")

    return commit


@links
@pytest.mark.parametrize("target", ["/etc/hostname", "../outside", "a/../../outside"])
def test_a_link_out_of_the_project_is_found(project: Make, snap: Snap, target: str) -> None:
    folder = project({"a/b.py": ""})
    (folder / "link").symlink_to(target)
    assert found(snap(folder)) == ["`link` is a link that leaves the project"]


@links
def test_a_link_out_of_the_project_is_found_in_a_commit(
    project: Make, snap: Snap, commit_all: Callable[[Path], str]
) -> None:
    folder = project({"a.py": ""})
    (folder / "link").symlink_to("/etc/hostname")
    assert found(snap(folder, commit_all(folder))) == ["`link` is a link that leaves the project"]


@links
def test_a_link_to_a_folder_outside_is_found_and_not_entered(project: Make, snap: Snap, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("s", "utf-8")
    folder = project({"a.py": ""})
    (folder / "link").symlink_to("../outside")
    taken = snap(folder)
    assert (found(taken), taken.files) == (["`link` is a link that leaves the project"], ("a.py", "link"))


@links
def test_a_link_that_names_the_work_tree_in_full_leaves_the_clone(project: Make, snap: Snap) -> None:
    """It works on the laptop where it was made, and nowhere else."""
    folder = project({"a.py": ""})
    (folder / "link").symlink_to(folder / "a.py")
    assert found(snap(folder)) == ["`link` is a link that leaves the project"]


@links
def test_files_behind_a_link_that_took_the_place_of_a_folder_are_left_alone(project: Make, snap: Snap) -> None:
    folder = project({"data/a.csv": "1\n", "other/a.csv": "2\n"})
    (folder / "data" / "a.csv").unlink()
    (folder / "data").rmdir()
    (folder / "data").symlink_to(folder / "other")
    taken = snap(folder)
    assert (taken.files, found(taken)) == (("data", "other/a.csv"), ["`data` is a link that leaves the project"])


@links
def test_a_link_to_itself_is_no_traceback(project: Make, snap: Snap) -> None:
    folder = project({"a.py": ""})
    (folder / "link").symlink_to("link")
    taken = snap(folder)
    with pytest.raises(Fail, match="there is no `link` in a clean clone"):
        taken.read("link")


@links
def test_reading_through_a_link_out_of_the_project_is_refused(project: Make, snap: Snap) -> None:
    folder = project({"a.py": ""})
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(Fail, match="`link` lies outside the project"):
        snap(folder).read("link")


def test_a_file_of_1_gb_is_found_and_not_copied(project: Make, snap: Snap) -> None:
    folder = project({"a.py": ""})
    with (folder / "big.bin").open("wb") as file:
        file.truncate(2**30)
    taken = snap(folder)
    assert (found(taken), taken.files) == (["`big.bin` has 1024 MiB; code hosts refuse files over 100 MiB"], ("a.py",))


@pytest.mark.slow
def test_a_file_that_is_too_large_is_found_in_a_commit(
    project: Make, snap: Snap, commit_all: Callable[[Path], str]
) -> None:
    folder = project({"a.py": ""})
    with (folder / "big.bin").open("wb") as file:
        file.truncate(LARGEST_FILE + 2**20)
    assert found(snap(folder, commit_all(folder))) == ["`big.bin` has 101 MiB; code hosts refuse files over 100 MiB"]


@pytest.mark.parametrize("mode", ["work tree", "commit"])
def test_a_submodule_is_found(project: Make, git: Git, snap: Snap, mode: str) -> None:
    other = project({"b.py": ""}, name="other")
    folder = project({"a.py": ""})
    git(folder, "submodule", "--quiet", "add", str(other), "lib")
    git(folder, "commit", "--quiet", "--message=submodule")
    commit = "HEAD" if mode == "commit" else None
    assert found(snap(folder, commit)) == ["`lib` is a submodule: a clean clone leaves it empty"]


def test_a_repository_inside_the_project_is_found(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": ""})
    (folder / "lib").mkdir()
    git(folder / "lib", "init", "--quiet")
    (folder / "lib" / "b.py").write_bytes(b"")
    git(folder / "lib", "add", "--all")
    git(folder / "lib", "commit", "--quiet", "--message=inner")
    assert found(snap(folder)) == ["`lib/` is a git repository of its own"]


def test_an_ignored_repository_inside_the_project_is_fine(project: Make, git: Git, snap: Snap) -> None:
    folder = project({".gitignore": "lib/\n"})
    (folder / "lib").mkdir()
    git(folder / "lib", "init", "--quiet")
    assert found(snap(folder)) == []


def test_every_problem_comes_with_a_way_out(project: Make, snap: Snap) -> None:
    folder = project({"a.py": ""})
    with (folder / "big.bin").open("wb") as file:
        file.truncate(2**30)
    assert [problem.fix for problem in snap(folder).problems] == [
        "keep it out of git: git rm --cached big.bin, and add it to `.gitignore`"
    ]
