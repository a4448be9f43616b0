"""A `run` step: its script in its shell, and what it leaves for later steps."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlops_grader.instruments.sandbox import Finished, Limits
from mlops_grader.instruments.workflow import command_files, shells
from mlops_grader.instruments.workflow.command_files import CommandFileError, Files
from mlops_grader.instruments.workflow.conclusions import NOT_FOUND, Conclusion, StepRun
from mlops_grader.instruments.workflow.docker_shim import first_word
from mlops_grader.instruments.workflow.expressions import resolve, substitute
from mlops_grader.instruments.workflow.machine import PROGRAMS
from mlops_grader.instruments.workflow.model import Step
from mlops_grader.instruments.workflow.scope import Scope

if TYPE_CHECKING:
    from mlops_grader.instruments.workflow.job import Job

STEP_SECONDS = 900.0  # a step is ended after its `timeout-minutes`, at the latest after this
MEMORY = 8 * 2**30  # bytes
_PROTECTED = re.compile(r"(GITHUB_|RUNNER_|NODE_OPTIONS$)")
_HOSTED = (*PROGRAMS, "docker", "pwsh", "perl", "ruby")  # programs of GitHub's machines


def run_script(job: Job, step: Step, scope: Scope, contexts: Mapping[str, Any]) -> StepRun:
    """Run a script as the runner does. What it starts in the background lives as long as the job."""
    number, temp = job.next_number(), job.machine.temp
    shell = resolve(step.shell or scope.shell, contexts, job.functions)
    temp.mkdir(parents=True, exist_ok=True)
    script = temp / f"step-{number}{shells.suffix(shell)}"
    text = substitute(step.run or "", contexts, job.functions)
    script.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    files = Files(temp / f"files-{number}")
    variables = {**job.environment(contexts["env"], scope.folder), **files.variables()}
    try:
        command = shells.command(shell, script, variables["PATH"])
    except LookupError as error:
        return _no_shell(str(error.args[0]))
    folder = job.machine.workspace / str(resolve(step.directory or scope.directory, contexts, job.functions) or "")
    if not folder.is_dir():
        return StepRun("", "failure", "failure", why=f"there is no folder `{folder.name}` to work in")
    seconds = min(_seconds(resolve(step.timeout, contexts, job.functions)), max(job.ends - time.monotonic(), 0))
    before = len(_docker_calls(job))
    start = job.sandbox.start(command, folder, variables, Limits(seconds=seconds, memory=MEMORY))
    done = job.living.enter_context(start).wait()
    return _finish(job, done, files, scope, built=_builds(_docker_calls(job)[before:]))


def _no_shell(program: str) -> StepRun:
    if program in _HOSTED:
        return StepRun("", "not_run", "not_run", lacking=f"the shell `{program}`")
    return StepRun("", "failure", "failure", why=f"there is no shell `{program}`")


def _finish(job: Job, done: Finished, files: Files, scope: Scope, *, built: bool) -> StepRun:
    """Take what the script left for later steps."""
    said = command_files.read(done.output)
    job.masks += said.masks
    why = "" if done.ok else done.stopped or f"exit code {done.exit}"
    outputs = dict(said.outputs)
    try:
        outputs |= command_files.pairs(files.read("OUTPUT"))
        added = command_files.pairs(files.read("ENV"))
        scope.export({key: value for key, value in added.items() if not _PROTECTED.match(key)})
    except CommandFileError as error:
        why = str(error)
    job.path += [line for line in files.read("PATH").split("\n") if line]
    job.summary.append(files.read("STEP_SUMMARY"))
    lacking = _lacking(job, done)
    outcome: Conclusion = "not_run" if lacking else "failure" if why else "success"
    return StepRun(
        "",
        outcome,
        outcome,
        log=job.masked(done.output),
        exit=done.exit,
        why=why,
        lacking=lacking,
        timed_out=done.stopped is not None,
        builds_image=built,
        outputs=outputs,
        leaked=job.leaked(done.output + files.read("STEP_SUMMARY")),
    )


def _lacking(job: Job, done: Finished) -> str:
    """A program that GitHub's machines have and this one lacks, or that is refused here."""
    refused = job.machine.lacking
    if refused.is_file():
        names = refused.read_text(encoding="utf-8", errors="replace").splitlines()
        refused.unlink()
        if not done.ok and names:
            reason = "is not played here" if " " in names[0] else "would change this machine"
            return f"`{names[0]}`, which {reason}"
    named = re.findall(r"(?:^|[\s:])([^\s:]+): (?:command )?not found", done.output)
    if done.exit == NOT_FOUND and named and named[-1] in _HOSTED:
        return f"the program `{named[-1]}`"
    return ""


def _docker_calls(job: Job) -> list[str]:
    calls = job.machine.calls
    return calls.read_text(encoding="utf-8").splitlines() if calls.is_file() else []


def _seconds(minutes: Any) -> float:
    try:
        return min(float(minutes) * 60, STEP_SECONDS) if minutes else STEP_SECONDS
    except (TypeError, ValueError):
        return STEP_SECONDS


def _builds(calls: Sequence[str]) -> bool:
    """Whether one of these docker commands builds an image."""
    commands = (" ".join(words[first_word(words) :]) for words in map(str.split, calls))
    building = r"(build|image build|builder build|buildx (b|build|bake)|compose .*\b(build|up))\b"
    return any(re.match(building, command) for command in commands)
