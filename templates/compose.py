"""Make a project from the layers: everything below a module solved, the module itself still to do.

The highest layer that has a file wins; a solution wins over the template of its own layer.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cookiecutter.generate import generate_context, generate_files
from cookiecutter.main import cookiecutter

from answers import Answers as Answers
from answers import StartError as StartError
from answers import choose, questions

KIT = Path(__file__).resolve().parent.parent
TODO = re.compile(rb"TODO\((m\d\d)\)")
LITTER = ("__pycache__", ".*_cache")  # what tools leave where they ran
ALONE = ("m14_capstone",)  # a module that does not build on the ones below
NOT_LAID = ("README.md", "module.toml", ".png", ".svg")  # the lesson, which gets another name, its facts, and pictures


def keys() -> list[str]:
    """The modules that have a template, in the order of the course."""
    return sorted(path.parent.name for path in (KIT / "templates").glob("m[0-9]*/cookiecutter.json"))


def layers(key: str) -> list[str]:
    """The module and all that it builds on, lowest first. Raises StartError for an unknown key."""
    if key not in keys():
        raise StartError(f"there is no module {key!r}; the modules are {', '.join(keys())}")
    return [key] if key in ALONE else [each for each in keys() if each <= key and each not in ALONE]


def released() -> str:
    """The requirement that pins the grader of this release."""
    version = tomllib.loads((KIT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return f"mlops-grader[all]=={version}"


def this_clone() -> str:
    """The requirement that pins the grader of this clone, as pip and uv take it on a command line."""
    return f"-e {shlex.quote(KIT.as_posix() + '[all]')}"


def fill(project: Path, key: str, answers: Answers, *, solved: bool = False, grader: str | None = None) -> None:
    """Bring everything that project(key) holds into a folder; what the folder has already is overwritten."""
    choose(key, answers.chosen)
    for layer in layers(key):
        _lay_template(layer, project, answers)
        if layer != key or solved:
            _lay_solution(layer, project)
        _lay_lesson(layer, project)
    if not solved and key not in ALONE:
        _point_to_lesson(project, key)
    _write_course_file(project, key, grader or released())


def complete(project: Path, key: str, answers: Mapping[str, str]) -> None:
    """Finish what plain cookiecutter began: all layers, and a git repository with a first commit.

    For the hook of a template. Exits with one line when an answer cannot be used; cookiecutter then removes the folder.
    """
    try:
        chosen = {name: answers[name] for name in questions(key)}
        fill(project, key, Answers(answers["repo_name"], answers["author"], chosen), grader=answers["_grader"] or None)
        first_commit(project, f"Start {key}", answers["author"])
    except StartError as error:
        sys.exit(f"error: {error}")


def start(key: str, folder: Path, author: str, chosen: Mapping[str, str] | None = None) -> None:
    """Make a project through the front door, cookiecutter. Raises StartError when the folder holds something."""
    layers(key)
    answers = Answers(folder.name, author, choose(key, chosen or {}))
    if folder.exists() and any(folder.iterdir()):
        raise StartError(
            f"{folder} is not empty: name a new folder, or add the module to that project with --onto {folder}"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    cookiecutter(
        str(KIT),
        directory=f"templates/{key}",
        no_input=True,
        extra_context={
            "repo_name": answers.repo_name,
            "author": answers.author,
            **answers.chosen,
            "_grader": this_clone(),
        },
        output_dir=str(folder.parent),
        overwrite_if_exists=True,
        default_config=True,
    )


@dataclass(frozen=True)
class Added:
    """What adding a module to a project did, by path: new files, given files brought up to date, files left alone."""

    new: tuple[str, ...]
    updated: tuple[str, ...]
    left: tuple[str, ...]


def add(key: str, project: Path) -> Added:
    """Add a module's layer to a project that finished an earlier one; the layers between come solved.

    Given files are brought up to date. No file of the student's is overwritten: one that stands in the way is left
    alone and listed. Raises StartError when the project has uncommitted changes, which git could not bring back.
    """
    _must_be_clean(project)
    _must_build_on(key, _module_of(project))
    who = _git(project, "log", "-1", "--format=%an").strip()
    finished = [layer for layer in layers(key) if layer <= _module_of(project) and layer != key]
    with tempfile.TemporaryDirectory() as name:
        fresh = Path(name) / "fresh"
        fill(fresh, key, Answers("noshow", re.sub(r'["\\\\<>{}]', "", who) or "Student"), grader=this_clone())
        given_before, own = _given_files(finished), _own_files(finished, key)
        here = {path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file()} - own
        new = sorted(path for path in here if not (project / path).exists())
        changed = sorted(path for path in here - set(new) if _differ(fresh / path, project / path))
        updated = [path for path in changed if path in given_before or path == COURSE_FILE]
        for path in (*new, *updated):
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(fresh / path, project / path)
    left = [path for path in changed if path not in updated]
    return Added(tuple(new), tuple(updated), tuple(left))


def first_commit(project: Path, message: str, author: str) -> None:
    """Make the folder a git repository with everything committed. Raises StartError without git."""
    person = ("-c", f"user.name={author}", "-c", "user.email=student@localhost", "-c", "commit.gpgSign=false")
    _git(project, "init", "--quiet", "--initial-branch=main")
    _git(project, "add", "--all")
    _git(project, *person, "commit", "--quiet", "--message", message)


def student_files(key: str) -> dict[str, set[str]]:
    """For each layer, the paths that a student writes: its stubs and the files of its solution."""
    return {
        layer: {path for path in _files(_template_folder(layer)) if _is_stub(_template_folder(layer) / path)}
        | set(_files(KIT / "solutions" / layer))
        for layer in layers(key)
    }


def lesson_files(layer: str) -> dict[str, str]:
    """Where in a project the lesson of a layer lies, and what lies beside it and is for students."""
    beside = (path for path in _files(KIT / "modules" / layer) if not path.endswith(NOT_LAID))
    return {"README.md": f"lessons/{layer}.md", **{path: f"lessons/{path}" for path in beside}}


COURSE_FILE = "course.toml"


def _lay_template(layer: str, project: Path, answers: Answers) -> None:
    """Render one layer into the project, with cookiecutter's own renderer and none of its hooks."""
    template = KIT / "templates" / layer
    context = generate_context(str(template / "cookiecutter.json"))
    chosen = {name: answers.chosen.get(name, choices[0]) for name, choices in questions(layer).items()}
    context["cookiecutter"].update(repo_name=answers.repo_name, author=answers.author, **chosen)
    with tempfile.TemporaryDirectory() as name:
        clean, rendered = Path(name) / "template", Path(name) / "rendered"
        shutil.copytree(template, clean, ignore=shutil.ignore_patterns(*LITTER))  # what is no text cannot be rendered
        generate_files(str(clean), context, output_dir=str(rendered), accept_hooks=False)
        shutil.copytree(rendered / answers.repo_name, project, dirs_exist_ok=True)


def _lay_solution(layer: str, project: Path) -> None:
    shutil.copytree(KIT / "solutions" / layer, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LITTER))


def _lay_lesson(layer: str, project: Path) -> None:
    for source, path in lesson_files(layer).items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(KIT / "modules" / layer / source, project / path)


def _point_to_lesson(project: Path, key: str) -> None:
    """Say below the title of the README, the page that a code host shows first, where to begin."""
    title = tomllib.loads((KIT / "modules" / key / "module.toml").read_text(encoding="utf-8"))["title"]
    heading, _, rest = (project / "README.md").read_text(encoding="utf-8").partition("\n")
    note = (
        f"> This project is at *{title}*. Begin with its lesson, [lessons/{key}.md](lessons/{key}.md),\n"
        "> and type `nox -s grade` as often as you like: it says what to do next. Remove this note whenever you want.\n"
    )
    (project / "README.md").write_text(f"{heading}\n\n{note}{rest}", encoding="utf-8", newline="\n")


def _write_course_file(project: Path, key: str, grader: str) -> None:
    text = (
        "# Written by the course: the module that this project is at, and the grader that grades it.\n"
        f"module = {_toml(key)}\ngrader = {_toml(grader)}\n"
    )
    (project / COURSE_FILE).write_text(text, encoding="utf-8", newline="\n")


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.match(pattern) for part in (name, *name.parents) for pattern in LITTER):
            yield name.as_posix()


def _template_folder(layer: str) -> Path:
    return KIT / "templates" / layer / "{{cookiecutter.repo_name}}"


def _given_files(some: list[str]) -> set[str]:
    """The paths that the course gives and nobody edits: in a template, without a TODO mark, in no solution."""
    given = {
        path
        for layer in some
        for path in _files(_template_folder(layer))
        if not _is_stub(_template_folder(layer) / path)
    }
    lessons = {path for layer in some for path in lesson_files(layer).values()}
    return (given | lessons) - {path for layer in some for path in _files(KIT / "solutions" / layer)}


def _own_files(finished: list[str], key: str) -> set[str]:
    """The student's files of the layers that are finished: the project has its own of them, under whatever name."""
    theirs = student_files(key)
    later = {path for layer in layers(key) if layer not in finished for path in theirs[layer]}
    return {path for layer in finished for path in theirs[layer]} - later


def _is_stub(path: Path) -> bool:
    return bool(TODO.search(path.read_bytes()))


def _differ(left: Path, right: Path) -> bool:
    return left.read_bytes().replace(b"\r\n", b"\n") != right.read_bytes().replace(b"\r\n", b"\n")


def _must_be_clean(project: Path) -> None:
    if not (project / COURSE_FILE).is_file():
        raise StartError(f"{project} is no project of this course: it has no {COURSE_FILE}")
    if _git(project, "status", "--porcelain").strip():
        raise StartError(f"{project} has uncommitted changes: commit them first, then nothing can be lost")


def _must_build_on(key: str, present: str) -> None:
    """Nothing is added to a module that stands alone, and it is added to nothing."""
    for alone in {key, present} & set(ALONE):
        raise StartError(f"{alone} stands alone: start {key} in a folder of its own, nox -s start -- {key} FOLDER")


def _module_of(project: Path) -> str:
    """The module that a project is at, as the course wrote it."""
    try:
        return str(tomllib.loads((project / COURSE_FILE).read_text(encoding="utf-8"))["module"])
    except (OSError, ValueError, KeyError):
        raise StartError(f"{project / COURSE_FILE} names no module: restore it with git") from None


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise StartError("git is not installed: the project is to be a git repository") from None
    if done.returncode:
        raise StartError(f"git {arguments[-1]} failed in {folder}: {done.stderr.strip()}")
    return done.stdout


def author() -> str:
    """Who works here, as git knows."""
    done = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "Student"


def main(arguments: list[str] | None = None) -> int:
    """`compose.py KEY [FOLDER] [--domain DOMAIN] [--onto PROJECT]`: what `nox -s start` calls."""
    parser = argparse.ArgumentParser(prog="nox -s start --", description="Make a project to work in.")
    parser.add_argument("key", nargs="?", default=keys()[0], help="the module (default: the first)")
    parser.add_argument("folder", nargs="?", type=Path, help="a new folder (default: work/KEY)")
    parser.add_argument("--author", default=None, help="who writes it (default: what git knows)")
    parser.add_argument("--onto", type=Path, metavar="PROJECT", help="add the module to this project instead")
    asked = {name: choices for key in keys() for name, choices in questions(key).items()}
    for name, choices in asked.items():
        parser.add_argument(f"--{name}", help=f"where the module asks for it: {', '.join(choices)}")
    options = parser.parse_args(arguments)
    chosen = {name: getattr(options, name) for name in asked if getattr(options, name) is not None}
    try:
        return _add(options, chosen) if options.onto else _start(options, chosen)
    except StartError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def _start(options: argparse.Namespace, chosen: Mapping[str, str]) -> int:
    folder = (options.folder or KIT / "work" / options.key).resolve()
    start(options.key, folder, options.author or author(), chosen)
    for name, choices in questions(options.key).items():
        if name not in chosen:
            sys.stdout.write(f"With the {name} {choices[0]}; others with --{name}: {', '.join(choices[1:])}.\n")
    sys.stdout.write(f"{folder} is ready.\nRead lessons/{options.key}.md there, then: nox -s grade\n")
    return 0


def _add(options: argparse.Namespace, chosen: Mapping[str, str]) -> int:
    layers(options.key)
    choose(options.key, chosen)
    added = add(options.key, options.onto.resolve())
    for title, paths in (("new", added.new), ("brought up to date", added.updated)):
        sys.stdout.write("".join(f"{title}: {path}\n" for path in paths))
    for path in added.left:
        sys.stdout.write(f"left alone, it is yours: {path} (the course's: templates/{options.key})\n")
    sys.stdout.write(f"Look at it with git diff, commit, read lessons/{options.key}.md, then: nox -s grade\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
