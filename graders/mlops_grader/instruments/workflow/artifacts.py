"""Stand-ins of the actions that keep files of one job for later ones."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from mlops_grader.instruments.workflow.played import Bench, Inputs, Played, pattern, place
from mlops_grader.instruments.workflow.store import common_base, lines, select, within

_NO_NAME = re.compile(r'[":<>|*?\r\n\\/]')


def upload_artifact(inputs: Inputs, bench: Bench) -> Played:
    """actions/upload-artifact: keeps files for later jobs; a name can be used once in a run.

    Only files of the machine are kept: what a link outside of it leads to is the student's own.
    """
    name, paths = inputs.get("name") or "artifact", lines(inputs.get("path"))
    if not paths:
        return Played(failed="the input `path` is missing")
    if _NO_NAME.search(name):
        return Played(
            failed=f'the artifact name `{name}` is not valid: it has one of the characters " : < > | * ? \\ /'
        )
    machine, patterns = bench.machine.folder, [pattern(bench, path) for path in paths]
    if outside := [path for path in patterns if not within(machine, Path(path.removeprefix("!").split("*")[0]))]:
        return Played(lacking=f"an artifact from outside of the machine's folders, `{outside[0]}`")
    files = [file for file in select(bench.machine.workspace, patterns) if within(machine, file)]
    base = common_base(patterns, files)
    if inputs.get("include-hidden-files") != "true":
        files = [file for file in files if not _hidden(file, base)]
    if not files:
        words = f"no files were found with the path {', '.join(paths)}"
        return Played(failed=words) if inputs.get("if-no-files-found") == "error" else Played(log=words)
    if name in bench.store.artifacts and inputs.get("overwrite") != "true":
        return Played(failed=f"an artifact with the name `{name}` exists already in this run")
    bench.store.upload(name, base, files)
    return Played(outputs={"artifact-id": str(len(bench.store.artifacts))}, log=f"{name}: {len(files)} files")


def _hidden(file: Path, base: Path) -> bool:
    parts = file.relative_to(base).parts if file.is_relative_to(base) else (file.name,)
    return any(part.startswith(".") for part in parts)


def download_artifact(inputs: Inputs, bench: Bench) -> Played:
    """actions/download-artifact: one by name into `path`, or all that match, each in a folder of its name."""
    target, name = place(bench, inputs.get("path", "")), inputs.get("name", "")
    if name and name not in bench.store.artifacts:
        return Played(
            failed=f"there is no artifact `{name}`; this run has {', '.join(bench.store.artifacts) or 'none'}"
        )
    chosen = {name: bench.store.artifacts[name]} if name else bench.store.matching(inputs.get("pattern", ""))
    for found, folder in chosen.items():
        together = name or inputs.get("merge-multiple") == "true"
        shutil.copytree(folder, target if together else target / found, dirs_exist_ok=True)
    return Played(outputs={"download-path": str(target)}, log=f"{len(chosen)} artifacts")
