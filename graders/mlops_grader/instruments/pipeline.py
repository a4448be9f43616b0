"""A project's pipeline: the workflows that an event starts, run on the project as it is and on changed copies of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments import zizmor
from mlops_grader.instruments.product import RECORD
from mlops_grader.instruments.workflow.conclusions import CacheUse, JobRun, StepRun, WorkflowRun
from mlops_grader.instruments.workflow.events import Source, github_context
from mlops_grader.instruments.workflow.expressions import ExpressionError, resolve
from mlops_grader.instruments.workflow.machine import Machine
from mlops_grader.instruments.workflow.model import Workflow, WorkflowError, found, load
from mlops_grader.instruments.workflow.run import Runner
from mlops_grader.instruments.workflow.triggers import Event, triggers
from mlops_grader.submission import Submission, git

RED = ("failure", "cancelled")  # conclusions of jobs for which GitHub turns a run red, the telling one first
SHOWN = 4  # problems of a workflow
BRANCHES, KINDS = ("main", "master"), ("push", "pull_request")
# by which a class is graded: Classroom 50 reserves the one name, GitHub Classroom's protocol and docs/classroom.md the other
OF_THE_CLASS = (".github/workflows/autograde.yaml", ".github/workflows/classroom.yml")
# what hides an exit code, and what to do about it
HIDES = (
    (r"\|\|\s*(true|:|echo|exit 0)", "what stands after `||` hides the failure: take it away"),
    (r"^\s*continue-on-error:\s*true", "`continue-on-error` makes green what failed: take it away"),
    (r"--exit-zero", "`--exit-zero` reports and never fails: take it away"),
    (r"\|\s*tee\b", "a pipe ends with the exit code of its last program: add `shell: bash`, which sets pipefail"),
)


@dataclass(frozen=True)
class PipelineRun:
    """All workflows that one event started. change: what was changed before, in words."""

    change: str
    runs: tuple[WorkflowRun, ...]
    made: Mapping[str, bytes]

    @property
    def failures(self) -> list[tuple[JobRun, StepRun]]:
        """Each failed job with its failed step."""
        return [failure for run in self.runs for failure in run.failures]

    @property
    def green(self) -> bool:
        """Whether no job failed, nor was cancelled."""
        return not any(job.conclusion in RED for run in self.runs for job in run.jobs)

    @property
    def steps(self) -> Iterator[StepRun]:
        """All steps in the order in which they ran."""
        for run in self.runs:
            for job in run.jobs:
                yield from job.steps

    @property
    def caches(self) -> list[CacheUse]:
        """All questions to the cache."""
        return [use for run in self.runs for use in run.caches]

    @property
    def summary(self) -> str:
        """What stands on the page of the run."""
        return "\n".join(run.summary for run in self.runs)

    def metric(self, name: str) -> float | None:
        """A metric in the record of the model that the pipeline made; None without such a record, or without a number in it."""
        try:
            value = float(json.loads(self.made[RECORD])["metrics"][name])
        except (KeyError, ValueError, TypeError, RecursionError):
            return None
        return value if math.isfinite(value) else None

    def must_be_playable(self) -> None:
        """Raise NotRun when a job needs what this machine cannot play, and nothing failed."""
        for run in self.runs:
            for job in run.jobs:
                if job.lacking and self.green:
                    raise NotRun(
                        f"the job `{job.name}` needs {job.lacking}, which cannot be played here",
                        fix="use a run step or one of the actions that the lesson lists, or install the program",
                    )

    def why_red(self) -> str:
        """Where it failed and what it said there."""
        jobs = [(run, job) for word in RED for run in self.runs for job in run.jobs if job.conclusion == word]
        # a job that only calls others says nothing itself
        jobs.sort(key=lambda found: not (found[1].why or found[1].failed_step))
        for run, job in jobs:
            where, step = f"`{run.file}`, job `{job.name}`", job.failed_step
            return f"{where}, step `{step.name}`: {step.why}\n{step.tail()}" if step else f"{where}: {job.why}"
        return ""

    def why_green(self) -> str:
        """A step that failed and was let through; empty when none did."""
        for run in self.runs:
            for job, step in run.swallowed:
                return (
                    f"the step `{step.name}` of job `{job.name}` failed ({step.why}), and the run is green all the same"
                )
        return ""


@dataclass(frozen=True)
class Turn:
    """What a run's `concurrency` says: the group in which one runs at a time, and whether it cancels the one before."""

    group: str
    cancels: bool


@dataclass
class Pipeline:
    """Runs the workflows of a submission; each named run is made once."""

    submission: Submission
    machine: Machine
    port: int
    folder: Path
    seed: int
    _runs: dict[str, PipelineRun] = field(default_factory=dict)

    @property
    def top(self) -> Path:
        """The top of the clone: where GitHub looks for workflows."""
        return top_of(self.submission.root)

    def workflows(self) -> list[Workflow]:
        """The workflows of the submission. Raises Fail when there is none, or GitHub would refuse one."""
        names, strays = found(self.top, git(self.top, "ls-files", "-z").strip("\0").split("\0"))
        names = [name for name in names if name not in self._of_the_class(names)]
        if not names:
            hint = f": `{strays[0].file}` {strays[0].words}" if strays else ""
            raise Fail(f"the repository has no workflow{hint}", fix="write `.github/workflows/ci.yml`")
        try:
            return [load(self.top, name) for name in names]
        except WorkflowError as error:
            lines = [
                f"`{each.file}`{f', line {each.line}' if each.line else ''}: {each.words}" for each in error.problems
            ]
            raise Fail("\n".join(lines[:SHOWN]), fix="GitHub would not run this file: mend it") from None

    def _of_the_class(self, names: Sequence[str]) -> set[str]:
        """Workflows by which the class is graded, which the student has not written; not those that another one calls."""
        rest = [self.top / name for name in names if name not in OF_THE_CLASS]
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in rest if path.is_file()]
        return {name for name in OF_THE_CLASS if not any(name in text for text in texts)}

    def secrets(self) -> dict[str, str]:
        """A made-up value for each secret that a workflow names."""
        named = {name for workflow in self.workflows() for name in re.findall(r"\bsecrets\.(\w+)", workflow.text)}
        random = Random(f"secrets {self.seed}")  # noqa: S311  # reproducible on purpose
        return {name: f"canary-{random.randbytes(9).hex()}" for name in sorted({*named, "GITHUB_TOKEN"})}

    def started_by(self, event: Event) -> list[Workflow]:
        """The workflows that GitHub would start."""
        return [workflow for workflow in self.workflows() if triggers(workflow, event)]

    def event(self, kind: str, changed: tuple[str, ...] = ()) -> Event:
        """A push to the main branch, or a pull request to it; the branch is `master` where workflows know only that."""
        changed = changed or self.submission.files
        events = [Event(kind, branch=branch, head="feature", changed=changed) for branch in BRANCHES]
        return next((event for event in events if self.started_by(event)), events[0])

    def _starting(self, kind: str, changed: tuple[str, ...]) -> Event:
        """An event of that kind, or of the other one where no workflow starts on it. Raises Fail where none does."""
        events = [self.event(name, changed) for name in (kind, *KINDS)]
        starting = next((event for event in events if self.started_by(event)), None)
        if starting is None:
            raise Fail("no workflow starts on push or pull_request to `main`", fix="add both below `on:`")
        return starting

    def run(
        self, name: str, kind: str, change: Callable[[Path, Random], str] | None = None, random: Random | None = None
    ) -> PipelineRun:
        """Run the pipeline for an event of a kind, on the project or on a copy with a change committed."""
        if name not in self._runs:
            self._runs[name] = self._run(name, kind, change, random or Random(0))  # noqa: S311  # reproducible on purpose
        return self._runs[name]

    def known(self, name: str) -> PipelineRun:
        """A run that an earlier check made."""
        return self._runs[name]

    def audit(self) -> list[zizmor.Remark]:
        """What a linter for the security of workflows says."""
        own = {workflow.file for workflow in self.workflows()}
        return [remark for remark in zizmor.audit(self.top) if remark.file in own or remark.file not in OF_THE_CLASS]

    def hides(self) -> str:
        """Advice on the first line of a script that hides an exit code; empty when there is none."""
        for workflow in self.workflows():
            for number, line in enumerate(workflow.text.splitlines(), 1):
                if found := next((words for pattern, words in HIDES if re.search(pattern, line)), ""):
                    return f"`{workflow.file}`, line {number}: {found}"
        return ""

    def concurrency(self) -> Iterator[tuple[str, Turn, Turn, Turn]]:
        """For each workflow of a pull request: the turns of an older and a newer push to it, and of another pull request."""
        event = self.event("pull_request")
        for workflow in self.started_by(event):
            older, newer = (self._turn(workflow, event, number) for number in ("1", "2"))
            other = self._turn(workflow, replace(event, head="another"), "3")
            yield workflow.file, older, newer, other

    def _turn(self, workflow: Workflow, event: Event, number: str) -> Turn:
        """What a run says about others like it, for the whole workflow or else for its first job."""
        source = Source(self.top, number * 40)
        github = github_context(event, source, workflow.name, self.machine.workspace) | {
            "run_id": number,
            "run_number": number,
        }
        written = workflow.concurrency or next(iter(workflow.jobs.values())).concurrency
        of_job: dict[str, Any] = {} if workflow.concurrency else {"needs": {}, "strategy": {}, "matrix": {}}
        try:
            said = resolve(written, {"github": github, "vars": {}, "inputs": {}, **of_job})
        except ExpressionError as error:
            raise Fail(
                f"`{workflow.file}`: {error}", fix="GitHub would not run this file: mend `concurrency`"
            ) from None
        facts = said if isinstance(said, dict) else {"group": said}
        return Turn(str(facts.get("group") or ""), facts.get("cancel-in-progress") is True)

    def _run(self, name: str, kind: str, change: Callable[[Path, Random], str] | None, random: Random) -> PipelineRun:
        copy = self.submission.copy(self.folder / re.sub(r"\W", "-", name))
        words = change(copy.root, random) if change else ""
        top = top_of(copy.root)
        git(top, "add", "--all")
        git(top, "commit", "--quiet", "--allow-empty", "--message", "Work")
        changed = tuple(git(top, "diff", "--name-only", "HEAD~1").splitlines()) if change else ()
        event = self._starting(kind, changed)
        source = Source(top, git(top, "rev-parse", "HEAD").strip(), default_branch=event.branch or "main")
        runner = Runner(self.machine, source, self.secrets(), port=self.port)
        self.machine.made.clear()
        runs = tuple(runner.run(load(top, workflow.file), event) for workflow in self.started_by(event))
        return PipelineRun(words, runs, dict(self.machine.made))


def top_of(root: Path) -> Path:
    """The top of the clone that holds a folder."""
    return next(path for path in (root, *root.parents) if (path / ".git").exists())
