"""What a class is handed: the same repository everywhere, nothing of the solutions in it, and whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import bundle
import compose
import handout
import repeatable
from answers import StartError

KEYS = compose.keys()
USUAL = handout.Wanted("Student", compose.released())
RESERVED = ".github/workflows/autograde.yaml"


def git(folder: Path, *arguments: str) -> bytes:
    """What git prints about a repository."""
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True).stdout


def blobs(repository: Path) -> dict[str, bytes]:
    """Every file that any commit of a repository holds, by hash and path; loose and unreachable ones too."""
    paths = dict(
        line.partition(" ")[::2] for line in git(repository, "rev-list", "--objects", "--all").decode().splitlines()
    )
    held, found = io.BytesIO(git(repository, "cat-file", "--batch", "--batch-all-objects")), {}
    while head := held.readline().decode().split():
        name, kind, size = head
        content = held.read(int(size) + 1)[:-1]
        if kind == "blob":
            found[f"{name} {paths.get(name, '')}"] = content
    return found


def solved(key: str) -> dict[str, bytes]:
    """The solutions of a module and of all later ones, by module and path. The capstone's are of no other module."""
    later = [each for each in KEYS if each >= key]
    return {
        f"{each}/{path}": (compose.KIT / "solutions" / each / path).read_bytes()
        for each in later
        for path in compose._files(compose.KIT / "solutions" / each)
    }


def betrayed(key: str, repository: Path) -> list[str]:
    """What a repository holds of these solutions: a whole file, or more than a tenth of the lines that only they have."""
    project, theirs = blobs(repository), solved(key)
    whole = {content for content in theirs.values() if content.strip()} - set(known_to(key))
    said = [f"{name}: whole" for name, content in project.items() if content in whole]
    known = lines_of(known_to(key))
    lines = {line for content in project.values() for line in lines_of([content])}
    for name, content in theirs.items():
        own = lines_of([content]) - known
        if len(own & lines) > len(own) / 10:
            said.append(f"{name}: {sorted(own & lines)[:3]}")
    return said


def known_to(key: str) -> Iterator[bytes]:
    """What students of a module may see: templates and lessons of it and below, and solutions of what is below."""
    for layer in compose.layers(key):
        folders = [compose._template_folder(layer), compose.KIT / "modules" / layer]
        folders += [compose.KIT / "solutions" / layer] if layer != key else []
        for folder in folders:
            yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".csv")


def lines_of(contents: Any) -> set[bytes]:
    """Lines that somebody would have to copy: long enough not to be written twice by chance."""
    return {line.strip() for content in contents for line in content.splitlines() if len(line.strip()) > 30}


@pytest.mark.parametrize("key", KEYS)
def test_no_solution_is_handed_out(key: str, exported: Path) -> None:
    """Neither in the tree nor anywhere else in the repository, and not in what is copied beside it."""
    folder = exported / key
    assert betrayed(key, folder / "repository") == []
    whole = set(solved(key).values()) - set(known_to(key))
    beside = [
        path for path in folder.rglob("*") if path.is_file() and "repository" not in path.relative_to(folder).parts
    ]
    assert [path for path in beside if path.read_bytes() in whole] == []


@pytest.mark.parametrize("how", ["whole", "in part", "only in history"])
def test_a_solution_that_is_handed_out_would_be_found(how: str, tmp_path: Path) -> None:
    """The search above is not blind."""
    repository = handout.export("m01_environment", tmp_path, USUAL) / "repository"
    theirs = (compose.KIT / "solutions/m02_data/noshow/store.py").read_bytes()
    place = repository / "notes.txt"
    place.write_bytes(theirs if how != "in part" else b"".join(theirs.splitlines(keepends=True)[::2]))
    person = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false")
    git(repository, "add", "--all")
    git(repository, *person, "commit", "--quiet", "--message", "more")
    if how == "only in history":
        git(repository, "rm", "--quiet", "notes.txt")
        git(repository, *person, "commit", "--quiet", "--message", "less")
    assert betrayed("m01_environment", repository) != []


@pytest.mark.parametrize("key", KEYS)
def test_what_is_handed_out_is_the_composed_project(key: str, exported: Path, tmp_path: Path) -> None:
    """Byte for byte what everybody starts from, as one commit on `main`, and clean."""
    repository, project = exported / key / "repository", tmp_path / "project"
    name = json.loads((compose.KIT / "templates" / key / "cookiecutter.json").read_text())["repo_name"]
    compose.fill(project, key, compose.Answers(name, "Student"))
    wanted = {path.relative_to(project).as_posix(): path.read_bytes() for path in project.rglob("*") if path.is_file()}
    committed = repeatable.files(repository)
    assert {path: (repository / path).read_bytes() for path in committed} == wanted
    assert {path: git(repository, "cat-file", "blob", f"HEAD:{path}") for path in committed} == wanted
    assert git(repository, "status", "--porcelain", "--ignored") == b""
    assert git(repository, "log", "--all", "--format=%D %s").decode() == f"HEAD -> main Start {key}\n"


@pytest.mark.parametrize("key", KEYS)
def test_the_readme_says_what_to_do_first(key: str, exported: Path) -> None:
    """It is the page that a student sees first on a code host."""
    beginning = (exported / key / "repository/README.md").read_text(encoding="utf-8")[:1500]
    assert "nox -s grade" in beginning
    assert ("lessons/" if key in compose.ALONE else f"lessons/{key}.md") in beginning


@pytest.mark.parametrize("key", KEYS)
def test_the_reserved_workflow_is_not_there(key: str, exported: Path) -> None:
    """Classroom 50 writes it into each student's repository."""
    assert [path for path in blobs(exported / key / "repository") if path.endswith(RESERVED)] == []


@pytest.mark.parametrize("key", KEYS)
def test_what_is_given_is_listed(key: str, exported: Path) -> None:
    """Each file of the repository is either given or the student's; solved files of lower layers are the student's."""
    repository, facts = exported / key / "repository", json.loads((exported / key / "given.json").read_text())
    given, students = facts["given"], set(facts["student"])
    assert (facts["schema"], facts["module"]) == ("mlops-grader/given/v1", key)
    assert facts["commit"] == git(repository, "rev-parse", "main").decode().strip()
    assert given.keys() & students == set()
    assert set(repeatable.files(repository)) - students == given.keys()
    assert {"course.toml", f"lessons/{key}.md"} <= given.keys()
    assert [
        path for path in given if not path.startswith("lessons/") and b"TODO(m" in (repository / path).read_bytes()
    ] == []
    assert {path: hashlib.sha256((repository / path).read_bytes()).hexdigest() for path in given} == given


def test_of_a_capstone_only_the_lessons_are_given(exported: Path) -> None:
    """A team may move and change all else."""
    given = json.loads((exported / "m14_capstone/given.json").read_text())["given"]
    assert [path for path in given if not path.startswith("lessons/")] == ["course.toml"]


ELSEWHERE = """
import os, sys
os.umask(0o077)
sys.path.insert(0, {templates!r})
import handout
sys.exit(handout.main(["export", "m07_ci", "--to", {to!r}]))
"""


def test_the_commit_is_the_same_everywhere(exported: Path, tmp_path: Path) -> None:
    """In another folder, as another person with other settings, hooks, locale, clock and rights of new files."""
    home, template, ran = tmp_path / "home", tmp_path / "template", tmp_path / "a hook ran"
    for hook in ("pre-commit", "commit-msg", "post-commit", "prepare-commit-msg", "post-checkout"):
        path = template / "hooks" / hook
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\ntouch "{ran}"\nexit 1\n')
        path.chmod(0o755)
    (tmp_path / "message").write_text("Signed-off-by: everybody\n")
    ignored = home / ".config/git"
    ignored.mkdir(parents=True)
    (ignored / "ignore").write_text("*.csv\n*.md\n")
    (ignored / "attributes").write_text("* text eol=crlf ident\n")
    (home / ".gitconfig").write_text(
        f"[user]\nname = Eve\nemail = eve@example.org\nsigningkey = none\n[core]\nautocrlf = true\nhooksPath = {template}/hooks\n"
        f"[commit]\ngpgsign = true\ntemplate = {tmp_path}/message\n[init]\ntemplateDir = {template}\ndefaultBranch = trunk\n"
        "defaultObjectFormat = sha256\n[i18n]\ncommitEncoding = latin1\n"
    )
    other = {
        "HOME": str(home), "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "GIT_AUTHOR_DATE": "2001-01-01T00:00:00", "GIT_DIR": str(tmp_path),
    }  # fmt: skip
    text = ELSEWHERE.format(templates=str(compose.KIT / "templates"), to=str(tmp_path / "out"))
    done = subprocess.run(
        [sys.executable, "-c", text], env={**os.environ, **other}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    here, there = (json.loads((folder / "m07_ci/given.json").read_text()) for folder in (exported, tmp_path / "out"))
    assert there == here
    assert not ran.exists()
    assert list((tmp_path / "out/m07_ci/repository/.git").glob("hooks/*")) == []


def test_another_file_is_another_commit(exported: Path, tmp_path: Path) -> None:
    """The hash stands for what is in it."""
    other = handout.export("m01_environment", tmp_path, handout.Wanted("Ada", compose.released()))
    assert (
        json.loads((other / "given.json").read_text())["commit"]
        != json.loads((exported / "m01_environment/given.json").read_text())["commit"]
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Content by path of all that lies in a folder, but for what git writes down about times."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"index", "logs", "ORIG_HEAD"} & set(path.parts)
    }


def test_a_second_export_takes_the_place_of_the_first(tmp_path: Path) -> None:
    handout.export("m01_environment", tmp_path, handout.Wanted("Ada", compose.released()))
    first = contents(handout.export("m01_environment", tmp_path, USUAL))
    assert contents(handout.export("m01_environment", tmp_path, USUAL)) == first
    assert [path.name for path in tmp_path.iterdir()] == ["m01_environment"]


def a_file(folder: Path) -> None:
    """Somebody's notes."""
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")


def a_link(folder: Path) -> None:
    """A link to somewhere."""
    folder.symlink_to(folder.parent)


def another_list(folder: Path) -> None:
    """A file of the same name that says something else."""
    folder.mkdir()
    (folder / "given.json").write_text('["mine"]')


def work(folder: Path) -> None:
    """An export that somebody has changed."""
    handout.export("m01_environment", folder.parent, USUAL)
    (folder / "repository/README.md").write_text("mine")


def a_branch(folder: Path) -> None:
    """An export in which somebody has begun something."""
    handout.export("m01_environment", folder.parent, USUAL)
    git(folder / "repository", "branch", "mine")


@pytest.mark.parametrize(
    ("begin", "says"),
    [(a_file, "holds something else"), (a_link, "is no folder"), (another_list, "holds something else"),
     (work, "has been worked in"), (a_branch, "has been worked in")],
)  # fmt: skip
def test_a_folder_with_something_else_is_left_alone(begin: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    """Nothing is lost, and the command says what to do."""
    begin(tmp_path / "m01_environment")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(StartError, match=says):
        handout.export("m01_environment", tmp_path, USUAL)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_an_export_that_fails_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no half of the new one."""
    before = contents(handout.export("m01_environment", tmp_path, USUAL))

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(bundle, "write", full)
    with pytest.raises(OSError, match="no space"):
        handout.export("m01_environment", tmp_path, handout.Wanted("Ada", compose.released()))
    assert contents(tmp_path / "m01_environment") == before
    assert [path.name for path in tmp_path.iterdir()] == ["m01_environment"]


@pytest.mark.parametrize(
    ("words", "says"),
    [(["m06_container"], "there is no module 'm06_container'"), ([], "name one module"), (["m06_containers", "--all"], "name one module"),
     (["--all", "--variants", "roster.csv"], "--variants goes with one module"), (["m01_environment", "--author", "a\nb"], "author is"),
     (["m01_environment", "--grader", 'a"b'], "cannot stand in a workflow")],
)  # fmt: skip
def test_a_wrong_command_says_what_is_wrong(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert handout.main(["export", *words, "--to", str(tmp_path / "out")]) == 2
    assert says in capsys.readouterr().err
    assert list((tmp_path / "out").glob("*")) == []
