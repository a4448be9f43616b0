"""The command line: `mlops-grader grade PATH`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from mlops_grader.reports.kept import Kept
    from mlops_grader.result import Result

FULL_MARKS, POINTS_MISSING, CANNOT, STOPPED = 0, 1, 2, 130


def entry() -> None:
    """The console script."""
    raise SystemExit(main(sys.argv[1:]) if sys.flags.isolated else call(sys.argv[1:]))


def call(arguments: Sequence[str]) -> int:
    """Run one command in an isolated interpreter, so that nothing in the working folder is ever imported."""
    command = [sys.executable, "-I", "-m", "mlops_grader", *arguments]
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(command[0], command)  # noqa: S606  # no shell is wanted
    return subprocess.run(command, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Run one command. Returns 0 for full marks, 1 for missing points, 2 when it could not be carried out."""
    from rich.console import Console

    from mlops_grader.grading import Interrupted
    from mlops_grader.submission import UsageError

    options = _parser((*arguments, "")[0]).parse_args(arguments)
    console, errors = Console(), Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        return int(options.run(options, console))
    except UsageError as error:
        errors.print(str(error), style="red", markup=False)
        return CANNOT
    except Interrupted as stopped:
        from mlops_grader.reports import terminal

        terminal.show(stopped.result, console)
        errors.print("stopped before the end; nothing was left running", style="yellow")
        return STOPPED
    except KeyboardInterrupt:
        errors.print("stopped", style="yellow")
        return STOPPED


def _parser(named: str) -> argparse.ArgumentParser:
    """The command line; `named` is the command that was given, whose options must be known."""
    parser = argparse.ArgumentParser(
        prog="mlops-grader", description="Grade the behaviour of a machine-learning product."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    grade = commands.add_parser("grade", help="grade a project", description="Grade one module of a project.")
    grade.add_argument("path", nargs="?", default=".", type=Path, help="the project's folder (default: this one)")
    grade.add_argument("--module", help="the module, such as m06_containers (default: what course.toml says)")
    grade.add_argument(
        "--all", action="store_true", help="every module up to that one; of the capstone, every part of the product"
    )
    grade.add_argument(
        "--only", action="append", default=[], metavar="CHECK", help="this check and what it requires; may be repeated"
    )
    grade.add_argument("--commit", help="grade this commit instead of the working tree")
    grade.add_argument("--seed", type=int, help="the seed of an earlier grade, to repeat it")
    grade.add_argument("--fresh", action="store_true", help="run again although nothing changed")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write the result document")
    grade.add_argument("--html", type=Path, metavar="FILE", help="write the report as a page")
    grade.set_defaults(run=_grade)
    doctor = commands.add_parser("doctor", help="what this machine has and lacks")
    doctor.add_argument("needs", nargs="*", help="what must be there: git, uv, engine, buildkit, prometheus")
    doctor.add_argument("--install", action="store_true", help="install and start it, on Debian and Ubuntu")
    doctor.set_defaults(run=_doctor)
    report = commands.add_parser("report", help="write a result in another format")
    if named == "report":  # what only this command needs is imported for it alone
        from mlops_grader.reports import formats

        formats.arguments(report)
    capstone = commands.add_parser("capstone", help="measure, grade and show the products of teams")
    if named == "capstone":
        from mlops_grader.capstone import command

        command.arguments(capstone)
    cohort = commands.add_parser("cohort", help="grade a whole class, and see and decide")
    if named == "cohort":
        from mlops_grader.cohort import command as steps

        steps.arguments(cohort)
    return parser


def _doctor(options: argparse.Namespace, _: Console) -> int:
    from mlops_grader import doctor

    return doctor.main(options.needs, install=options.install)


def _grade(options: argparse.Namespace, console: Console) -> int:
    from mlops_grader import result
    from mlops_grader.reports import html
    from mlops_grader.reports.kept import Kept
    from mlops_grader.submission import locate

    project = locate(options.path)
    kept = Kept(project)
    results = [_one(options, console, kept, key) for key in _keys(options, project)]
    if not options.only:
        kept.keep(results)
        console.print(f"The whole report as a page: {kept.page}", style="dim", soft_wrap=True, highlight=False)
    if options.json:
        result.write(results, options.json)
    if options.html:
        result.write_text(options.html, html.page(results, kept.lessons()))
    if not all(each.complete for each in results):
        return CANNOT
    earned = all(outcome.points == outcome.max_points for each in results for outcome in each.asked)
    return FULL_MARKS if earned else POINTS_MISSING


def _one(options: argparse.Namespace, console: Console, kept: Kept, key: str) -> Result:
    """Grade one module and show its report, as soon as it is known."""
    from mlops_grader.grading import Order, grade, module_named
    from mlops_grader.reports import terminal

    order = Order(kept.project, module_named(key), tuple(options.only), options.seed, options.commit)
    earlier: list[Result | None] = [None]

    def known(tree: str, seed: int) -> Result | None:
        earlier[0] = None if options.fresh or options.only else kept.known(key, tree, seed)
        return earlier[0]

    with terminal.progress(console) as watcher:
        result = grade(order, watcher, known)
    if result is earlier[0]:
        console.print("Nothing changed since the last grade; this is its result. To run it again: --fresh")
    terminal.show(result, console)
    return result


def _keys(options: argparse.Namespace, project: Path) -> list[str]:
    """The modules to grade. Raises UsageError when nothing says which."""
    from mlops_grader.grading import module_named, modules, up_to
    from mlops_grader.submission import COURSE_FILE, UsageError, module_of

    key = options.module or module_of(project)
    if not key:
        raise UsageError(
            f"`{project}` has no `{COURSE_FILE}`: say what to grade with --module, one of {', '.join(modules())}"
        )
    module_named(key)
    return list(up_to(key, project)) if options.all else [key]


if __name__ == "__main__":
    entry()
