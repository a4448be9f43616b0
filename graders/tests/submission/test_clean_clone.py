"""What a clean clone of a project holds: what git would commit, byte for byte, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.check import Fail
from mlops_grader.submission import Submission, UsageError

Make = Callable[..., Path]
Git = Callable[..., str]
Snap = Callable[..., Submission]

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def test_a_committed_tree_is_clean(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": "1\n"})
    taken = snap(folder)
    assert (taken.clean, taken.commit, taken.files) == (True, git(folder, "rev-parse", "HEAD"), ("a.py",))


def test_the_tree_is_the_hash_that_git_gives_it(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": "1\n", "b/c.py": "2\n"})
    assert snap(folder).tree == git(folder, "rev-parse", "HEAD^{tree}")


def test_a_change_is_graded_as_if_committed(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": "1\n"})
    (folder / "a.py").write_bytes(b"2\n")
    taken = snap(folder)
    assert (taken.clean, taken.commit, taken.read("a.py")) == (False, git(folder, "rev-parse", "HEAD"), "2\n")


def test_the_tree_of_a_change_is_that_of_its_later_commit(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": "1\n"})
    (folder / "a.py").write_bytes(b"2\n")
    before = snap(folder).tree
    git(folder, "commit", "--all", "--message=second")
    assert snap(folder).tree == before


def test_grading_changes_nothing_in_the_project(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": "1\n"})
    (folder / "a.py").write_bytes(b"2\n")
    (folder / "new.py").write_bytes(b"3\n")
    before = git(folder, "status", "--porcelain"), (folder / ".git" / "index").read_bytes()
    snap(folder)
    assert (git(folder, "status", "--porcelain"), (folder / ".git" / "index").read_bytes()) == before


def test_untracked_files_count_and_ignored_ones_do_not(project: Make, snap: Snap) -> None:
    folder = project({".gitignore": "*.log\n"})
    (folder / "new.py").write_bytes(b"")
    (folder / "run.log").write_bytes(b"")
    taken = snap(folder)
    assert (taken.files, (taken.root / "run.log").exists()) == ((".gitignore", "new.py"), False)


def test_an_ignored_file_that_is_tracked_counts(project: Make, git: Git, snap: Snap) -> None:
    folder = project({".gitignore": "*.log\n"})
    (folder / "run.log").write_bytes(b"")
    git(folder, "add", "--force", "run.log")
    assert snap(folder).files == (".gitignore", "run.log")


def test_a_staged_file_that_was_deleted_again_does_not_count(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": "", "b.py": ""})
    (folder / "b.py").unlink()
    assert snap(folder).files == ("a.py",)


def test_a_project_without_a_commit_has_a_tree(project: Make, snap: Snap) -> None:
    folder = project()
    (folder / "a.py").write_bytes(b"")
    taken = snap(folder)
    assert (taken.commit, taken.clean, taken.files, len(taken.tree)) == (None, False, ("a.py",), 40)


def test_an_empty_repository_is_an_empty_submission(project: Make, snap: Snap) -> None:
    taken = snap(project())
    assert (taken.commit, taken.files, taken.problems) == (None, (), ())


def test_a_commit_is_graded_without_the_work_that_came_later(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": "1\n"})
    first = git(folder, "rev-parse", "HEAD")
    (folder / "a.py").write_bytes(b"2\n")
    git(folder, "commit", "--all", "--message=second")
    (folder / "new.py").write_bytes(b"")
    taken = snap(folder, first[:8])
    assert (taken.commit, taken.clean, taken.files, taken.read("a.py")) == (first, True, ("a.py",), "1\n")


def test_a_commit_that_does_not_exist_is_wrong_use(project: Make, snap: Snap) -> None:
    with pytest.raises(UsageError, match="the repository has no commit `gone`"):
        snap(project({"a.py": ""}), "gone")


def test_an_option_is_no_commit(project: Make, snap: Snap) -> None:
    with pytest.raises(UsageError, match="the repository has no commit `--help`"):
        snap(project({"a.py": ""}), "--help")


@pytest.mark.parametrize("name", ["with space.py", "größe.py", "日本.py", "-n", "a;b.py"])
def test_unusual_file_names_arrive(project: Make, snap: Snap, name: str) -> None:
    assert snap(project({name: "1\n"})).read(name) == "1\n"


@posix_only
@pytest.mark.parametrize("name", ["two\nlines.py", 'quo"ted.py', "back\\slash.py", "caf\udce9.py"])
def test_file_names_that_only_posix_has_arrive(project: Make, snap: Snap, name: str) -> None:
    assert snap(project({name: "1\n"})).read(name) == "1\n"


def test_a_folder_with_spaces_and_umlauts_can_be_graded(project: Make, snap: Snap) -> None:
    assert snap(project({"a.py": ""}, name="mein Übungs projekt")).files == ("a.py",)


def test_windows_line_ends_are_the_same_tree(project: Make, git: Git, snap: Snap) -> None:
    """The same commit, checked out on Windows and on Linux, is one submission."""
    folder = project({"a.py": "1\n2\n"})
    (folder / "a.py").write_bytes(b"1\r\n2\r\n")
    assert snap(folder).tree == git(folder, "rev-parse", "HEAD^{tree}")


def test_binary_files_arrive_byte_for_byte(project: Make, snap: Snap) -> None:
    content = bytes(range(256)) * 3 + b"\r\n\x00\n"
    taken = snap(project({"model.bin": content}))
    assert (taken.root / "model.bin").read_bytes() == content


@posix_only
def test_the_mode_of_a_script_counts(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"run.sh": "#!/bin/sh\n"})
    (folder / "run.sh").chmod(0o755)
    taken = snap(folder)
    assert (taken.clean, os.access(taken.root / "run.sh", os.X_OK)) == (False, True)


@posix_only
def test_a_link_within_the_project_stays_a_link(project: Make, snap: Snap) -> None:
    folder = project({"a.py": "1\n"})
    (folder / "b.py").symlink_to("a.py")
    taken = snap(folder)
    assert (taken.problems, (taken.root / "b.py").readlink(), taken.read("b.py")) == ((), Path("a.py"), "1\n")


@posix_only
def test_a_folder_that_became_a_link_is_a_link(project: Make, snap: Snap) -> None:
    """git sees the link, and the files that the folder held as deleted."""
    folder = project({"old/a.py": "1\n", "new/a.py": "2\n"})
    (folder / "old" / "a.py").unlink()
    (folder / "old").rmdir()
    (folder / "old").symlink_to("new")
    taken = snap(folder)
    assert (taken.problems, taken.files) == ((), ("new/a.py", "old"))


def test_a_file_that_became_a_folder_is_a_folder(project: Make, snap: Snap) -> None:
    folder = project({"a": "1\n"})
    (folder / "a").unlink()
    (folder / "a").mkdir()
    (folder / "a" / "b").write_bytes(b"")
    assert snap(folder).files == ("a/b",)


def test_a_linked_work_tree_is_a_project_too(project: Make, git: Git, snap: Snap, tmp_path: Path) -> None:
    folder = project({"a.py": ""})
    git(folder, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    assert snap(tmp_path / "other").files == ("a.py",)


def test_only_the_project_of_a_larger_repository_is_graded(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"one/a.py": "", "two/b.py": ""})
    taken = snap(folder / "one")
    assert (taken.files, taken.tree) == (("a.py",), git(folder, "rev-parse", "HEAD:one"))


def test_the_clone_has_the_history(project: Make, git: Git, snap: Snap) -> None:
    folder = project({"a.py": "1\n"})
    git(folder, "commit", "--allow-empty", "--message=second")
    assert git(snap(folder).root, "log", "--format=%s") == "second\nfirst"


def test_a_copy_can_be_changed_alone(project: Make, snap: Snap, tmp_path: Path) -> None:
    taken = snap(project({"a.py": "1\n"}))
    copy = taken.copy(tmp_path / "copy")
    (copy.root / "a.py").write_bytes(b"2\n")
    assert (taken.read("a.py"), copy.read("a.py")) == ("1\n", "2\n")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.txt", None, "there is no `gone.txt` in a clean clone"),
        ("../secret", None, "`../secret` lies outside the project"),
        ("big.txt", b"x" * (2**20 + 1), "`big.txt` is larger than 1 MiB"),
        ("bytes.txt", b"\xff\xfe", "`bytes.txt` is not UTF-8 text"),
    ],
)
def test_a_text_that_cannot_be_read_is_told(
    project: Make, snap: Snap, name: str, content: bytes | None, words: str
) -> None:
    taken = snap(project({"a.py": "", **({name: content} if content else {})}))
    with pytest.raises(Fail) as raised:
        taken.read(name)
    assert raised.value.found == words
