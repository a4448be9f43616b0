"""What the kit's own sessions add to the grader: projects are made when they are not there yet."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(KIT / "templates"))

import compose  # noqa: E402  # it lies with the templates, for cookiecutter's hook
from mlops_grader.__main__ import CANNOT, call  # noqa: E402
from mlops_grader.doctor import NEEDS  # noqa: E402
from mlops_grader.grading import module_named  # noqa: E402
from mlops_grader.submission import UsageError  # noqa: E402

WORK = KIT / "work"


def main(arguments: Sequence[str]) -> int:
    """Run `grade`, `doctor` or `cohort` for a module of this clone."""
    command, *rest = arguments
    try:
        return {"grade": _grade, "doctor": _doctor, "cohort": _cohort}[command](rest)
    except (UsageError, compose.StartError) as error:
        sys.stderr.write(f"{error}\n")
        return CANNOT


def _grade(arguments: list[str]) -> int:
    """Grade a folder, or the work on a module; with nothing given, the first module, made when it is not there."""
    if arguments[:1] == ["--solution"]:
        key = (arguments[1:] or [""])[0]
        module_named(key)
        return call(["grade", str(_solution(key)), *arguments[2:]])
    if not arguments or arguments[0].startswith("-"):
        return call(["grade", str(_project(compose.keys()[0])), *arguments])
    target, rest = arguments[0], arguments[1:]
    if Path(target).is_dir():
        return call(["grade", target, *rest])
    if "/" in target or "\\" in target:
        raise UsageError(f"there is no folder `{target}`: name the folder of a project, or a module key")
    module_named(target)
    return call(["grade", str(_project(target)), *rest])


def _project(key: str) -> Path:
    """The work on a module, started when it is not there."""
    folder = WORK / key
    if not folder.exists():
        compose.start(key, folder, compose.author())
        sys.stdout.write(f"made a project to work in: {folder}\n")
    return folder


def _solution(key: str) -> Path:
    """The reference of a module as a project, made anew."""
    folder = WORK / "solutions" / key
    shutil.rmtree(folder, ignore_errors=True)
    compose.fill(folder, key, compose.Answers("noshow", "Reference"), solved=True, grader=compose.this_clone())
    compose.first_commit(folder, f"Solve {key}", "Reference")
    return folder


def _doctor(arguments: list[str]) -> int:
    """What this machine has, and lacks of what modules need; a need itself may be named, too."""
    keys = sorted((word for word in arguments if not word.startswith("-")), key=lambda word: word not in NEEDS)
    options = [word for word in arguments if word.startswith("-")]
    needs = [word for word in keys if word in NEEDS]
    for key in keys[len(needs) :]:
        module_named(key)
        needs += tomllib.loads((KIT / "modules" / key / "module.toml").read_text(encoding="utf-8"))["needs"]
    return call(["doctor", *dict.fromkeys(needs), *options])


def _cohort(arguments: list[str]) -> int:
    """A step with a class; a run that is graded without a handout gets that of this clone, to restore given files from."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option in ("--module", "--out", "--handout"):
        parser.add_argument(option)
    asked, _ = parser.parse_known_args(arguments)
    if arguments[:1] == ["grade"] and asked.module and asked.out and not asked.handout and not _has_handout(asked.out):
        module_named(asked.module)
        place = Path(asked.out) / "handout"
        export = [sys.executable, str(KIT / "templates" / "handout.py"), "export", asked.module, "--to", str(place)]
        if code := subprocess.run(export, check=False).returncode:
            return code
        arguments = [*arguments, "--handout", str(place / asked.module)]
    return call(["cohort", *arguments])


def _has_handout(out: str) -> bool:
    """Whether a run was started with a handout, which it then keeps to: another one would restore other given files."""
    from mlops_grader.cohort.joblog import FILE, JobLog

    if not (Path(out) / FILE).is_file():
        return False
    with JobLog(Path(out)) as log:
        kept = log.settings_or_none()
    return bool(kept and kept.handout)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
