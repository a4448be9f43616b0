"""Folders of clones: whose each is, what a repository may be, and that nothing of a student's runs."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from cohort.handed_in import DUE, EVE, GIVEN, LATE, OWN, Desk, commit, git, repository, text, tree, write
from mlops_grader.cohort import given, intake, packing, plumbing
from mlops_grader.cohort.plumbing import GitError
from mlops_grader.cohort.records import Student
from mlops_grader.submission import UsageError


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder of submissions, and a run."""
    (tmp_path / "in").mkdir()
    return Desk(tmp_path)


def test_a_clone_becomes_a_parcel(desk: Desk) -> None:
    """The tree that is graded, on `main`, and below it the history, which is graded too: a secret may be in it."""
    ada = repository(desk.source / "ada")
    last = commit(ada, {"more.py": "x\n"}, EVE)
    found = desk.one()
    assert (found.problem, found.commit, found.committed_at) == ("", last, EVE)
    assert found.tree == found.graded_tree == git(ada, "rev-parse", "HEAD^{tree}")
    clone = desk.parcel(found)
    assert git(clone, "log", "-1", "--format=%an %cI") == "mlops-grader 2000-01-01T00:00:00+00:00"
    assert git(clone, "rev-list", "--all").split()[1:] == git(ada, "rev-list", "--all").split()
    assert git(clone, "branch", "--show-current") == "main"
    assert tree(clone) == text({**GIVEN, **OWN, "more.py": "x"})
    assert desk.told == [("ada", f"taken at {last[:10]}")]


def test_places_are_named_from_where_the_run_is_started(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the documentation types them: `--submissions clones --out runs/m06`."""
    write(repository(desk.source / "ada", {**GIVEN, "noshow/api.py": "edited\n"}), {"left.py": "x\n"})
    monkeypatch.chdir(desk.folder)
    here = Desk(Path())
    found = here.one(given=here.handout())
    assert (found.problem, found.notes) == ("", ("1 uncommitted in the clone, ignored: `left.py`",))
    assert tree(here.parcel(found)) == text(GIVEN)


def test_the_same_history_makes_the_same_parcel(desk: Desk) -> None:
    """Whoever takes it in, and whenever."""
    repository(desk.source / "ada")
    shutil.copytree(desk.source / "ada", desk.source / "bob")
    ada, bob = desk.collect("ada", "bob").submissions
    assert git(desk.parcel(ada), "rev-parse", "HEAD") == git(desk.parcel(bob), "rev-parse", "HEAD")


def test_a_parcel_is_replaced_as_a_whole(desk: Desk) -> None:
    """Whoever reads it meanwhile, and a start that is killed, has the old or the new one; its commit is what one gets by default."""
    ada = repository(desk.source / "ada")
    old = desk.run / desk.one().parcel
    (desk.folder / "read").hardlink_to(old)
    before = old.read_bytes()
    commit(ada, {"more.py": "x"}, EVE)
    new = desk.run / desk.one().parcel
    assert (desk.folder / "read").read_bytes() == before != new.read_bytes()
    heads = dict(reversed(line.split()) for line in git(ada, "bundle", "list-heads", str(new)).splitlines())
    assert heads["HEAD"] == heads["refs/heads/main"]


def test_what_came_after_the_commit_that_counts_is_not_in_the_parcel(desk: Desk) -> None:
    """Nor what other branches hold."""
    ada = repository(desk.source / "ada")
    first = git(ada, "rev-parse", "HEAD")
    commit(ada, {"later.py": "x\n"}, LATE)
    found = desk.one(settings=DUE)
    assert found.commit == first
    assert git(desk.parcel(found), "rev-list", "--all").split()[1:] == [first]


def test_a_history_that_is_not_whole_is_not_graded(desk: Desk) -> None:
    """A shallow clone has only its last commits, and a note says so."""
    ada = repository(desk.folder / "whole")
    commit(ada, {"more.py": "x\n"}, EVE)
    git(desk.folder, "clone", "--quiet", "--depth=1", f"file://{ada}", str(desk.source / "ada"))
    found = desk.one()
    assert len(git(desk.parcel(found), "rev-list", "--all").split()) == 1
    assert any("shallow" in note for note in found.notes)


def test_a_history_that_is_too_large_is_a_problem(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it fills the run's folder and the workers."""
    monkeypatch.setattr(packing, "LARGEST", 100)
    repository(desk.source / "ada")
    assert desk.one().problem.startswith("its history packs into 0 MiB, and 0 are taken")


@pytest.mark.parametrize(
    "place",
    [
        "ada",
        "Ada",
        "m06-ada",
        "m06-submissions/m06-Ada",
        "cs-m06-ada",
        "cs-m06_submissions_2026_03_09_T_14_30_45/cs-m06-ada",
    ],
)
def test_layouts_of_the_tools_of_classrooms(desk: Desk, place: str) -> None:
    """GitHub Classroom, Classroom 50, and plain folders."""
    repository(desk.source / place)
    found = desk.one("ADA")
    assert (found.problem, found.place) == ("", place)


def test_the_folder_of_a_tool_may_be_the_source(desk: Desk) -> None:
    """`<slug>-submissions` itself."""
    repository(desk.source / "m06-submissions" / "m06-ada")
    assert not desk.collect("ada", source=desk.source / "m06-submissions").submissions[0].problem


def test_a_clone_may_have_the_name_of_a_tools_folder(desk: Desk) -> None:
    """Then it is a student's all the same."""
    repository(desk.source / "ada-submissions")
    assert desk.one("ada-submissions").problem == ""


def test_the_longest_login_wins(desk: Desk) -> None:
    """`m06-ada-l` is of `ada-l`, not of `l`."""
    repository(desk.source / "m06-ada-l")
    other, ada = desk.collect("l", "ada-l").submissions
    assert (other.problem, ada.problem) == ("nothing was handed in", "")


def test_folders_of_one_assignment_begin_alike(desk: Desk) -> None:
    """Somebody who left the class is not taken for another whose login ends alike."""
    for name in ("m06-bob", "m06-carl", "m06-not-ada"):
        repository(desk.source / name)
    found = desk.collect("ada", "bob", "carl")
    assert found.submissions[0].problem == "nothing was handed in"
    assert found.strays == ("m06-not-ada",)


def test_strays_are_named(desk: Desk) -> None:
    """Nothing that lies there is passed over, but what systems and tools leave."""
    repository(desk.source / "zoe")
    write(desk.source, {"notes.txt": "x", "scores.csv": "x", ".DS_Store": "x"})
    assert desk.collect("ada").strays == ("zoe", "notes.txt")


def test_the_run_may_lie_in_the_source(desk: Desk) -> None:
    """It is no stray."""
    inside = Desk(desk.source)
    inside.run.mkdir()
    assert inside.collect("ada", source=desk.source).strays == ()


@pytest.mark.parametrize("second", ["m06-ada", "ADA", "x-submissions/ada"])
def test_two_folders_of_one_student(desk: Desk, second: str) -> None:
    """Which of them counts is for a person to say."""
    repository(desk.source / "ada")
    repository(desk.source / second)
    found = desk.one()
    assert "`ada`" in found.problem
    assert f"`{second}`" in found.problem
    assert found.parcel == ""


def test_a_student_without_a_login(desk: Desk) -> None:
    """Is not lost, and the row is named."""
    found = desk.one(Student("row-7", "", "Bob", row=7))
    assert found.problem == "the roster has no login (row 7), so nothing can be found: add it"


def test_a_source_that_is_not_there(desk: Desk) -> None:
    """The path and the way out."""
    with pytest.raises(UsageError, match="name a folder of clones or archives"):
        desk.collect("ada", source=desk.folder / "none")


def test_one_bad_submission_does_not_stop_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the grader itself is told where it happened."""
    repository(desk.source / "ada")
    repository(desk.source / "bob")
    whole = intake.record

    def broken(taken: object, settings: object) -> object:
        if monkeypatch:
            monkeypatch.undo()
            raise ZeroDivisionError("oops")
        return whole(taken, settings)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "AT_ONCE", 1)
    monkeypatch.setattr(intake, "record", broken)
    ada, bob = desk.collect("ada", "bob").submissions
    assert ada.problem == "the grader could not take it (ZeroDivisionError: oops): report it"
    assert bob.problem == ""
    assert [path.name for path in desk.run.iterdir()] == ["parcels"]


def test_no_commits(desk: Desk) -> None:
    """A repository without work."""
    (desk.source / "ada").mkdir()
    git(desk.source / "ada", "init", "--quiet")
    assert desk.one().problem == "the repository has no commits"


def test_no_repository(desk: Desk) -> None:
    """A plain folder has no commit that could count."""
    write(desk.source / "ada", OWN)
    assert desk.one().problem == "the folder is no git repository: clone it, or hand it in as an archive"


def test_a_bare_repository(desk: Desk) -> None:
    """Is as good as a clone."""
    repository(desk.folder / "work")
    git(desk.folder, "clone", "--quiet", "--bare", "work", "in/ada")
    found = desk.one()
    assert (found.problem, found.notes[0]) == ("", "it is a bare repository")


def test_a_detached_head(desk: Desk) -> None:
    """The commit there counts, and is told."""
    ada = repository(desk.source / "ada")
    first = git(ada, "rev-parse", "HEAD")
    commit(ada, {"more.py": "x"}, EVE)
    git(ada, "checkout", "--quiet", "--detach", first)
    found = desk.one()
    assert (found.commit, found.notes[0]) == (
        first,
        "HEAD is detached: no branch is checked out, and the commit there counts as the last",
    )


@pytest.mark.parametrize("branch", ["main", "master"])
def test_a_head_that_names_nothing(desk: Desk, branch: str) -> None:
    """Work on `main` or `master` is found."""
    ada = repository(desk.source / "ada")
    git(ada, "branch", "-m", branch)
    git(ada, "symbolic-ref", "HEAD", "refs/heads/gone")
    found = desk.one()
    assert found.problem == ""
    assert found.notes[0] == f"HEAD names the branch `gone`, which does not exist; `{branch}` was taken"


def test_a_shallow_clone(desk: Desk) -> None:
    """Its last commit can be graded; the history that is missing is told."""
    commit(repository(desk.folder / "work"), {"more.py": "x"}, EVE)
    git(desk.folder, "clone", "--quiet", "--depth=1", f"file://{desk.folder}/work", "in/ada")
    found = desk.one()
    assert (found.problem, found.committed_at) == ("", EVE)
    assert "the clone is shallow: its history is not whole (git fetch --unshallow)" in found.notes


def test_a_shallow_clone_whose_work_is_late(desk: Desk) -> None:
    """What was in time may be in the part that is missing."""
    commit(repository(desk.folder / "work"), {"more.py": "x"}, LATE)
    git(desk.folder, "clone", "--quiet", "--depth=1", f"file://{desk.folder}/work", "in/ada")
    assert desk.one(settings=DUE).problem == (
        "no commit was made in time: the first is of 2026-03-03 10:00 UTC; "
        "the clone is shallow, so earlier ones may be missing: git fetch --unshallow"
    )


def test_uncommitted_files_are_ignored_and_told(desk: Desk) -> None:
    """What git ignores is not worth a word, nor what the download of Classroom 50 leaves."""
    ada = repository(desk.source / "ada")
    commit(ada, {".gitignore": ".venv/\n"})
    write(ada, {"Dockerfile": "changed", "new.py": "x", ".venv/x": "x", "results.json": "[]"})
    found = desk.one()
    assert found.notes[0] == "2 uncommitted in the clone, ignored: `Dockerfile`, `new.py`"
    assert tree(desk.parcel(found))["Dockerfile"] == "FROM scratch"


def test_a_submodule(desk: Desk) -> None:
    """Stays empty and is told; nothing is fetched for it."""
    lib = repository(desk.folder / "lib")
    ada = repository(desk.source / "ada")
    git(ada, "submodule", "--quiet", "add", str(lib), "vendor/lib")
    git(ada, "commit", "--quiet", "--message=lib")
    found = desk.one()
    assert found.notes[0] == "`vendor/lib`: submodules are left empty"
    assert tree(desk.parcel(found))["vendor/lib"] == "160000"


@pytest.mark.parametrize("what", ["object", "pack", "head", "packed refs"])
def test_a_broken_repository_is_a_problem(desk: Desk, what: str) -> None:
    """And not a crash."""
    ada = repository(desk.source / "ada")
    inside = ada / ".git"
    if what == "object":
        blob = git(ada, "rev-parse", "HEAD:Dockerfile")
        (inside / "objects" / blob[:2] / blob[2:]).unlink()
    elif what == "pack":
        git(ada, "gc", "--quiet")
        pack = next(inside.glob("objects/pack/*.pack"))
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:200])
    elif what == "head":
        (inside / "refs/heads/main").write_text("0" * 40)
    else:
        (inside / "packed-refs").write_bytes(b"\xff" * 50)
        (inside / "HEAD").write_bytes(b"\xff\0")
    found = desk.one()
    assert ("broken" in found.problem, found.parcel, found.commit) == (True, "", "")


def test_a_content_that_is_not_what_its_name_says(desk: Desk) -> None:
    """The names of all objects are computed again, so a recorded commit is the commit."""
    ada = repository(desk.source / "ada")
    blob, other = (git(ada, "rev-parse", f"HEAD:{name}") for name in ("Dockerfile", "noshow/mine.py"))
    paths = [ada / ".git/objects" / name[:2] / name[2:] for name in (blob, other)]
    paths[0].chmod(0o644)
    shutil.copyfile(paths[1], paths[0])
    assert "broken" in desk.one().problem


@pytest.mark.parametrize("name", ["alternates", "http-alternates"])
def test_a_repository_that_reads_another_is_refused(desk: Desk, name: str) -> None:
    """It could hand in a neighbour's work, or any of this machine."""
    bob = repository(desk.source / "bob")
    ada = repository(desk.source / "ada")
    (ada / ".git/objects/info" / name).write_text(f"{bob}/.git/objects\n")
    assert desk.one().problem == (
        f"`.git/objects/info/{name}` makes it read another repository: clone it without --shared"
    )


def test_a_git_file_that_points_elsewhere_is_refused(desk: Desk) -> None:
    """So is a link, and a worktree."""
    bob = repository(desk.source / "bob")
    for name, make in {
        "ada": lambda path: path.write_text(f"gitdir: {bob}/.git\n"),
        "carl": lambda path: path.symlink_to(bob / ".git"),
        "dora": lambda path: write(path, {"commondir": f"{bob}/.git\n", "HEAD": "ref: refs/heads/main\n"}),
    }.items():
        (desk.source / name).mkdir()
        make(desk.source / name / ".git")
    problems = [one.problem for one in desk.collect("ada", "carl", "dora").submissions]
    assert problems[:2] == ["its `.git` points to another place: clone it again, as a repository of its own"] * 2
    assert problems[2] == "its `.git` belongs to another repository (a worktree): clone it again"


@pytest.mark.parametrize("name", ["objects", "refs", "HEAD", "refs/heads/main", "objects/pack/x.pack"])
def test_a_link_inside_of_git_is_refused(desk: Desk, name: str) -> None:
    """It leads to where the student wants the grader to read."""
    bob = repository(desk.source / "bob")
    ada = repository(desk.source / "ada")
    path = ada / ".git" / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(bob / ".git" / name)
    assert "is a link" in desk.one().problem


def test_a_pipe_instead_of_a_file_does_not_hold_the_grader_up(desk: Desk) -> None:
    """Reading it would wait for ever."""
    ada = repository(desk.source / "ada")
    for name in ("refs/heads/main", "config"):
        (ada / ".git" / name).unlink()
        os.mkfifo(ada / ".git" / name)
    assert "is a link or a device" in desk.one().problem


def test_branches_in_a_format_that_is_not_read(desk: Desk) -> None:
    """Is said, with the way out."""
    ada = repository(desk.source / "ada")
    (ada / ".git/reftable").mkdir()
    assert desk.one().problem == "it keeps its branches as reftable: clone it again with --ref-format=files"


def test_nothing_of_the_student_runs(desk: Desk) -> None:
    """Monitors, hooks, filters, includes, aliases, replaced objects: their configuration is not even read."""
    ada = repository(desk.source / "ada")
    trap = desk.folder / "trap"
    trap.write_text(f"#!/bin/sh\necho ran >> {desk.folder}/ran\n")
    trap.chmod(0o755)
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change", "post-update"):
        shutil.copy(trap, ada / ".git/hooks" / name)
    commit(ada, {".gitattributes": "* filter=evil diff=evil\n", "big.bin": "x"})
    write(desk.folder, {"include": f"[core]\n\tfsmonitor = {trap}\n"})
    settings = {
        "core.fsmonitor": trap, "core.sshCommand": trap, "core.pager": trap, "core.alternateRefsCommand": trap,
        "filter.evil.clean": trap, "filter.evil.smudge": trap, "filter.evil.process": trap, "diff.evil.command": trap,
        "diff.external": trap, "uploadpack.packObjectsHook": trap, "gpg.program": trap, "include.path": desk.folder / "include",
        "credential.helper": trap, "core.worktree": desk.folder, "core.hooksPath": ada / ".git/hooks",
    }  # fmt: skip
    for key, value in settings.items():
        git(ada, "-c", "core.worktree=", "config", key, str(value))
    (ada / ".git/hooks/post-checkout").write_text(trap.read_text())
    write(ada, {"big.bin": "changed"})
    (desk.folder / "ran").unlink(missing_ok=True)
    found = desk.one()
    assert found.problem == ""
    assert "uncommitted" in found.notes[0]
    assert not (desk.folder / "ran").exists()


def test_the_trap_of_that_test_does_spring(desk: Desk) -> None:
    """Careless git would have run it."""
    ada = repository(desk.source / "ada")
    trap = desk.folder / "trap"
    trap.write_text(f"#!/bin/sh\necho ran >> {desk.folder}/ran\n")
    trap.chmod(0o755)
    git(ada, "config", "core.fsmonitor", str(trap))
    git(ada, "status")
    assert (desk.folder / "ran").exists()


def test_a_tree_of_a_few_objects_that_has_more_files_than_any_machine(desk: Desk) -> None:
    """Ten folders that are the same, ten times in each other."""
    ada = repository(desk.source / "ada")
    made, kind = git(ada, "hash-object", "-w", "--stdin", stdin=b"x"), "100644 blob"
    for _ in range(10):
        made = git(ada, "mktree", stdin="".join(f"{kind} {made}\tname-{number}\n" for number in range(10)).encode())
        kind = "040000 tree"
    git(ada, "update-ref", "refs/heads/main", git(ada, "commit-tree", made, "-m", "x"))
    assert desk.one().problem == "git says more than 64 MiB about it: that is no project"


def test_files_that_unpack_to_more_than_a_project(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What git packs small can be large where it is graded."""
    monkeypatch.setattr(given, "LARGEST", 2**20)
    commit(repository(desk.source / "ada"), {"zeros": b"\0" * 2**21})
    assert desk.one().problem == "its files have 2 MiB, and 1 are taken: look at what was committed"


def test_git_has_an_end(tmp_path: Path) -> None:
    """In time, and what it has started ends with it."""
    marker = tmp_path / "still-alive"
    start = time.monotonic()
    with pytest.raises(GitError, match="git did not answer after 0 seconds"):
        plumbing.call(["sh", "-c", f"(sleep 1; touch {marker}) & sleep 60"], os.environ, seconds=0.2)
    assert time.monotonic() - start < 30
    time.sleep(1.1)
    assert not marker.exists()


def test_replaced_objects_do_not_count(desk: Desk) -> None:
    """`refs/replace` shows another tree to those who look at the commit."""
    ada = repository(desk.source / "ada")
    first = git(ada, "rev-parse", "HEAD")
    other = commit(ada, {"Dockerfile": "FROM evil\n"})
    git(ada, "reset", "--quiet", "--hard", first)
    git(ada, "replace", first, other)
    found = desk.one()
    assert (found.commit, tree(desk.parcel(found))["Dockerfile"]) == (first, "FROM scratch")


def test_what_classroom_50_has_graded(desk: Desk) -> None:
    """`result.json` of its download names the commit."""
    ada = repository(desk.source / "ada")
    first = git(ada, "rev-parse", "HEAD")
    commit(ada, {"more.py": "x"}, EVE)
    write(ada, {"result.json": json.dumps({"schema": "classroom50/result/v1", "commit": first})})
    found = desk.one()
    assert (found.commit, found.notes[0]) == (first, "`result.json` names this commit")


def test_what_classroom_50_has_graded_too_late(desk: Desk) -> None:
    """Does not undo the deadline."""
    ada = repository(desk.source / "ada")
    first = git(ada, "rev-parse", "HEAD")
    last = commit(ada, {"more.py": "x"}, LATE)
    write(ada, {"result.json": json.dumps({"schema": "classroom50/result/v1", "commit": last})})
    found = desk.one(settings=DUE)
    assert found.commit == first
    assert f"`result.json` names `{last[:10]}`, which is after the deadline: the last one in time counts" in found.notes


def test_a_commit_that_is_not_there(desk: Desk) -> None:
    """A name of a commit has to be one."""
    ada = repository(desk.source / "ada")
    for name, words in {"0" * 40: "the repository has no such commit", "main": "write its hash"}.items():
        write(ada, {"result.json": json.dumps({"schema": "classroom50/result/v1", "commit": name})})
        assert words in desk.one().problem


def test_a_link_in_the_place_of_what_was_graded_says_nothing(desk: Desk) -> None:
    """The download writes a file."""
    ada = repository(desk.source / "ada")
    stated = {"schema": "classroom50/result/v1", "commit": git(ada, "rev-parse", "HEAD")}
    (desk.folder / "outside.json").write_text(json.dumps(stated))
    last = commit(ada, {"more.py": "x"}, EVE)
    (ada / "result.json").symlink_to(desk.folder / "outside.json")
    assert desk.one().commit == last


def test_a_result_of_the_students_own_says_nothing(desk: Desk) -> None:
    """Anybody can commit a `result.json`."""
    ada = repository(desk.source / "ada")
    first = git(ada, "rev-parse", "HEAD")
    last = commit(ada, {"result.json": json.dumps({"schema": "classroom50/result/v1", "commit": first})}, EVE)
    found = desk.one()
    assert found.commit == last
    assert "`result.json` is in the student's own history: what it says does not count" in found.notes


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": "x", "commit": "y"}', "[" * 100_000, "\0"])
def test_a_result_that_is_none(desk: Desk, content: str) -> None:
    """Is passed over."""
    write(repository(desk.source / "ada"), {"result.json": content})
    assert desk.one().problem == ""


def test_hostile_names_of_branches_and_files(desk: Desk) -> None:
    """Are data, and what is told of them has no control characters."""
    ada = repository(desk.source / "ada")
    commit(ada, {b"\xff\xfe.py".decode("utf-8", "surrogateescape"): "x", "a\nb": "x", "-rf": "x"})
    git(ada, "branch", "main/../x".replace("/../", "-"), "HEAD")
    write(ada, {"\x1b[2Jevil": "x"})
    found = desk.one()
    assert found.problem == ""
    assert "\x1b" not in "".join(found.notes)
    assert len(tree_names(desk.parcel(found))) == len(GIVEN) + len(OWN) + 3


def tree_names(folder: Path) -> list[str]:
    return git(folder, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
