"""Where the project is, which module it is at, and one line for each wrong use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.submission import COURSE_FILE, Submission, UsageError, git, locate, module_of, repository

Make = Callable[..., Path]
Git = Callable[..., str]


def test_a_folder_with_a_contract_is_the_project(project: Make) -> None:
    folder = project({"product.toml": "", "below/product.toml": ""})
    assert locate(folder) == folder


def test_a_project_one_folder_down_is_found(project: Make) -> None:
    folder = project({"README.md": "", "noshow/product.toml": ""})
    assert locate(folder) == folder / "noshow"


def test_two_projects_are_too_many(project: Make) -> None:
    folder = project({"one/product.toml": "", "two/product.toml": ""})
    with pytest.raises(UsageError) as raised:
        locate(folder)
    assert str(raised.value) == f"`{folder}` holds several projects, `one` and `two`: name the folder of one of them"


def test_one_of_two_projects_can_be_named(project: Make) -> None:
    folder = project({"one/product.toml": "", "two/product.toml": ""})
    assert locate(folder / "two") == folder / "two"


def test_a_project_of_another_repository_below_is_not_this_one(project: Make, git: Git) -> None:
    folder = project({"mine/product.toml": "", ".gitignore": "other/\n"})
    (folder / "other").mkdir()
    git(folder / "other", "init", "--quiet")
    (folder / "other" / "product.toml").write_bytes(b"")
    assert locate(folder) == folder / "mine"


def test_a_folder_without_a_contract_is_graded_as_it_is(project: Make) -> None:
    """The missing contract is a finding about the submission, not wrong use."""
    folder = project({"a.py": ""})
    assert locate(folder) == folder


def test_a_path_that_does_not_exist_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(UsageError) as raised:
        locate(gone)
    assert str(raised.value) == f"there is no folder `{gone}`: name the folder of a project, or a module key"


def test_a_folder_outside_a_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        locate(tmp_path)
    assert str(raised.value) == f"`{tmp_path}` is not in a git repository: git init, git add --all, git commit"


def test_a_machine_without_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"^git is not installed"):
        repository(tmp_path)


def test_the_module_is_what_the_course_file_says(tmp_path: Path) -> None:
    (tmp_path / COURSE_FILE).write_bytes(b'\xef\xbb\xbfmodule = "m06_containers"\r\n')
    assert module_of(tmp_path) == "m06_containers"


def test_without_the_course_file_there_is_no_module(tmp_path: Path) -> None:
    assert module_of(tmp_path) is None


@pytest.mark.parametrize("content", [b"module =", b"modul = 'm06'", 'module = "m06"'.encode("utf-16")])
def test_a_broken_course_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / COURSE_FILE).write_bytes(content)
    with pytest.raises(UsageError, match=r"course\.toml` does not say which module this is"):
        module_of(tmp_path)


def test_a_copy_of_a_project_one_folder_down_is_a_clone_too(
    project: Callable[..., Path], snap: Callable[..., Submission], tmp_path: Path
) -> None:
    """What asks git about a copy gets an answer, also when the project is not at the top of its repository."""
    folder = project({"service/product.toml": 'name = "noshow"\n', "README.md": "above\n"})
    copy = snap(locate(folder)).copy(tmp_path / "copy")
    assert (copy.root, git(copy.root, "status", "--porcelain")) == (tmp_path / "copy" / "service", "")
