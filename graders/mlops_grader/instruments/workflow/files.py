"""Which files of a repository GitHub reads as workflows, and which only look like one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mlops_grader.instruments.workflow.document import Problem, WorkflowError, parse, read

FOLDER = PurePosixPath(".github/workflows")
_ENDINGS = (".yml", ".yaml")
_NEARLY = (".github/workflow", "github/workflows", "github/workflow", ".github/workflows")


def found(root: Path, files: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """The workflows that GitHub reads, of the files of a repository, and what looks like one and never runs."""
    workflows, problems = [], []
    for file in sorted(files):
        path = PurePosixPath(file)
        if path.parent == FOLDER and path.suffix in _ENDINGS:
            workflows.append(file)
        elif words := _never_runs(root, path):
            problems.append(Problem(file, None, words))
    return workflows, problems


def _never_runs(root: Path, path: PurePosixPath) -> str | None:
    """Why GitHub does not run a file that looks like a workflow; None for any other file."""
    folders = path.parent.parts
    if path.parent == FOLDER:
        if not set(_ENDINGS) & {suffix.lower() for suffix in path.suffixes} and not _is_shaped(root, path):
            return None
        return "never runs, because its name does not end in `.yml` or `.yaml`; rename it, or delete it"
    if path.suffix not in _ENDINGS:
        return None
    if path.is_relative_to(FOLDER):
        return f"never runs, because GitHub reads no folders below `{FOLDER}`; move it up"
    if ".github" in folders[1:] and "workflows" in folders:
        return f"never runs, because GitHub reads only `{FOLDER}` at the top of the repository; move it there"
    if str(path.parent).lower() in _NEARLY:
        return f"never runs, because its folder is not `{FOLDER}`; move it there"
    if folders in ((".github",), ()) and _is_shaped(root, path):
        return f"never runs, because it lies outside `{FOLDER}`; move it there"
    return None


def _is_shaped(root: Path, path: PurePosixPath) -> bool:
    """Whether a file has jobs and what starts them."""
    try:
        data = parse(str(path), read(root, str(path))).data
    except WorkflowError:
        return False
    return isinstance(data, dict) and "jobs" in data and bool({"on", "true"} & data.keys())
