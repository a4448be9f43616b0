"""What a class is handed: for a module a template repository without solutions, and how Classroom 50 or Actions grade it.

`handout.py export KEY --to DIR` is what `nox -s classroom` calls. It makes DIR/KEY, whole or not at all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bundle
import compose
import repeatable
from answers import Answers, StartError

SCHEMA, MARK = "mlops-grader/given/v1", "given.json"
MAKES_VARIANTS = compose.KIT / "graders" / "variants.py"
ACCEPTED = "ci/accepted.toml"  # numbers of a model that was trained on the data of everybody


@dataclass(frozen=True)
class Wanted:
    """What is the same for every module. grader: the requirement that pins the grader. roster: for variants, with their seed."""

    author: str
    grader: str
    roster: Path | None = None
    seed: int = 0


def export(key: str, to: Path, wanted: Wanted) -> Path:
    """Make the folder of a module, in the place of an earlier export. Raises StartError, and leaves nothing half made."""
    folder = to / key
    compose.layers(key)
    _must_be_an_export(folder)
    with _new(folder) as place:
        given = _repository(place, key, wanted)
        varied = _variants(place, key, wanted, given) if wanted.roster else frozenset[str]()
        bundle.write(place, key, wanted.grader, as_words(wanted.grader), sorted(given.keys() - varied))
    return folder


def as_words(grader: str) -> str:
    """A requirement for those who read it as a command line, as a project's noxfile does: quoted where it has spaces."""
    return grader if grader.startswith("-") or not re.search(r"\s", grader) else shlex.quote(grader)


def given_in(key: str, project: Path, paths: list[str]) -> dict[str, str]:
    """Of the files of a project those that nobody edits, each with the SHA-256 of its bytes.

    All but stubs and the files of any solution: what lower layers solve is the student's own. Of a module that stands
    alone only the lessons and `course.toml`: all else belongs to the team.
    """
    lessons = {path for layer in compose.layers(key) for path in compose.lesson_files(layer).values()}
    theirs = set(paths) - {*lessons, compose.COURSE_FILE} if key in compose.ALONE else _students(key)
    given = [path for path in paths if path not in theirs]
    return {path: hashlib.sha256((project / path).read_bytes()).hexdigest() for path in given}


def _students(key: str) -> set[str]:
    """The stubs and the files of the solutions, of all layers: files that a student makes are among them."""
    return set().union(*compose.student_files(key).values())


def _repository(place: Path, key: str, wanted: Wanted) -> dict[str, str]:
    """Make the template repository, and the list of what is given in it."""
    project = place / "repository"
    usual = json.loads((compose.KIT / "templates" / key / "cookiecutter.json").read_text(encoding="utf-8"))
    compose.fill(project, key, Answers(usual["repo_name"], wanted.author), grader=as_words(wanted.grader))
    commit = repeatable.commit(project, f"Start {key}")
    paths = repeatable.files(project)
    given = given_in(key, project, paths)
    _write_json(
        place / MARK,
        {
            "schema": SCHEMA,
            "module": key,
            "grader": compose.released().partition("==")[2],
            "commit": commit,
            "given": given,
            "student": sorted(_students(key) | (set(paths) - given.keys())),
        },
    )
    return given


def _variants(place: Path, key: str, wanted: Wanted, given: dict[str, str]) -> frozenset[str]:
    """Make the data of each student on the roster; the paths that differ from student to student."""
    if ACCEPTED in given:
        raise StartError(
            f"{key} compares with the accepted model in {ACCEPTED}, which was trained on the data of everybody: "
            "leave --variants out; they are for the modules before m07_ci"
        )
    data = sorted(path for path in given if path.startswith("data/raw/"))
    if not data:
        raise StartError(f"{key} gives no data: leave --variants out")
    command = [sys.executable, str(MAKES_VARIANTS), str(wanted.roster), str(place / "variants"), str(wanted.seed)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise StartError((done.stderr.strip().splitlines() or ["the data of the students could not be made"])[-1])
    return frozenset(data)


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    """A new folder beside, which takes the place of that one when all went well, and else goes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new, old = (folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.{word}") for word in ("new", "old"))
    try:
        new.mkdir()
        yield new
        _swap(folder, new, old)
    finally:
        _remove(new)
    _remove(old)


def _swap(folder: Path, new: Path, old: Path) -> None:
    try:
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise


def _must_be_an_export(folder: Path) -> None:
    """Raise StartError when a folder holds anything but an export as it was made."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise StartError(f"{folder} is no folder: name another with --to")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        facts = json.loads((folder / MARK).read_text(encoding="utf-8"))
        ours = facts["schema"] == SCHEMA
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise StartError(f"{folder} holds something else, which would be lost: name another folder with --to")
    if not repeatable.is_only(folder / "repository", str(facts.get("commit"))):
        raise StartError(f"{folder / 'repository'} has been worked in: move it away, or name another folder with --to")


def _remove(folder: Path) -> None:
    """Remove a folder with a repository in it, whose objects are read-only, which some systems mind."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def main(arguments: list[str] | None = None) -> int:
    """`handout.py export KEY|--all --to DIR`: what `nox -s classroom` calls."""
    options = _parser().parse_args(arguments)
    wanted = Wanted(options.author, options.grader or compose.released(), options.variants, options.seed)
    try:
        if options.all == bool(options.key):
            raise StartError("name one module, or --all for every one")
        if options.all and options.variants:
            raise StartError("--variants goes with one module: name it in the place of --all")
        for key in compose.keys() if options.all else [options.key]:
            folder = export(key, options.to.resolve(), wanted)
            sys.stdout.write(f"{folder}: {_commit_of(folder)}\n")
    except StartError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write("What to do with it: docs/classroom.md\n")
    return 0


def _commit_of(folder: Path) -> str:
    return str(json.loads((folder / MARK).read_text(encoding="utf-8"))["commit"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s classroom --", description="Hand a module out to a class.")
    steps = parser.add_subparsers(required=True, metavar="STEP")
    step = steps.add_parser("export", help="make the folder of a module: a template repository, and how it is graded")
    step.add_argument("key", nargs="?", help="the module, such as m06_containers")
    step.add_argument("--all", action="store_true", help="every module, each in a folder of its own")
    step.add_argument("--to", type=Path, required=True, metavar="DIR", help="where to; the module gets a folder there")
    step.add_argument("--author", default="Student", metavar="NAME", help="who is said to write it (default: Student)")
    step.add_argument("--grader", metavar="REQUIREMENT", help="the grader, pinned (default: that of this release)")
    step.add_argument("--variants", type=Path, metavar="ROSTER", help="data of one's own for each student of a roster")
    step.add_argument("--seed", type=int, default=0, metavar="N", help="from which, and the login, data are made")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
