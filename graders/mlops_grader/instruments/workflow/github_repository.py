"""What GitHub's API knows of a repository: its workflows, and how their runs ended for its commits."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlops_grader.instruments.workflow.events import OWNER, SERVER
from mlops_grader.instruments.workflow.matrix import MatrixError, expand
from mlops_grader.instruments.workflow.model import Workflow
from mlops_grader.instruments.workflow.results import title

Query = Mapping[str, str]

FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)  # when the first run was started
SHORTEST = 7  # digits that stand for a commit


class Unknown(Exception):
    """What GitHub answers for something that it does not find. played: False for what it may find and we do not have."""

    def __init__(self, message: str = "Not Found", code: int = 404, *, played: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.played = played


@dataclass(frozen=True)
class Run:
    """One run of a workflow for a commit. number: from 1, as they were started. conclusion: None until it ends."""

    number: int
    commit: str
    branch: str
    workflow: Workflow
    conclusion: str | None

    @property
    def id(self) -> int:
        """Its number on all of GitHub."""
        return identifier(self.commit, self.workflow.file, self.status)

    @property
    def suite(self) -> int:
        """The number of its check suite."""
        return identifier("suite", self.commit, self.workflow.file, self.status)

    @property
    def status(self) -> str:
        """Whether it has ended."""
        return "completed" if self.conclusion else "in_progress"

    @property
    def started(self) -> str:
        """When it was started: a minute after the run before."""
        return moment(FIRST + timedelta(minutes=self.number))

    @property
    def ended(self) -> str:
        """When it ended, or was last seen."""
        return moment(FIRST + timedelta(minutes=self.number, seconds=50))


@dataclass(frozen=True)
class Repository:
    """What the API knows. ci: how the runs of `ended` ended for each commit. refs: commits of branches and tags.

    running: workflows whose runs for the last commit go on, like that of the one who asks. Mappings are read anew each time.
    """

    address: str
    full_name: str
    branch: str
    ci: Mapping[str, str]
    refs: Mapping[str, str]
    ended: Sequence[Workflow]
    running: Sequence[Workflow]

    @property
    def url(self) -> str:
        """Where its paths begin."""
        return f"{self.address}/repos/{self.full_name}"

    @property
    def page(self) -> str:
        """Where people look at it."""
        return f"{SERVER}/{self.full_name}"

    @property
    def workflows(self) -> tuple[Workflow, ...]:
        """All that it has."""
        return tuple({each.file: each for each in (*self.ended, *self.running)}.values())

    def runs(self, query: Query | None = None, workflow: Workflow | None = None) -> list[Run]:
        """Runs that pass the filters of a query, of one workflow or of any, the newest first."""
        ended = [(commit, self.branch, each, end) for commit, end in self.ci.items() if end for each in self.ended]
        going = [(commit, self._tag(commit), each, None) for commit in [*self.ci][-1:] for each in self.running]
        runs = [Run(number, *facts) for number, facts in enumerate([*ended, *going], 1)]
        files = [each.file for each in ([workflow] if workflow else self.workflows)]
        return [run for run in reversed(runs) if run.workflow.file in files and _passes(run, query or {})]

    def _tag(self, commit: str) -> str:
        names = [name for name, known in self.refs.items() if known == commit and name != self.branch]
        return names[0] if names else self.branch

    def workflow(self, name: str) -> Workflow:
        """The workflow with that number or file name. Raises Unknown."""
        found = [each for each in self.workflows if name in (str(identifier(each.file)), each.file.rsplit("/", 1)[-1])]
        if not found:
            raise Unknown
        return found[0]

    def commit(self, ref: str) -> str:
        """The commit that a branch, a tag or its first digits name. Raises Unknown."""
        name = re.sub(r"^(refs/)?(heads/|tags/)?", "", ref)
        if name in self.refs:
            return self.refs[name]
        found = [each for each in {*self.ci, *self.refs.values()} if each.startswith(ref) and len(ref) >= SHORTEST]
        if len(found) != 1:
            raise Unknown(f"No commit found for SHA: {ref}", 422)
        return found[0]


def _passes(run: Run, query: Query) -> bool:
    facts = {"head_sha": run.commit, "branch": run.branch, "event": "push", "actor": OWNER}
    status = query.get("status") or run.status  # either word of a run, as on GitHub
    return status in (run.status, run.conclusion) and all(query.get(key) in (None, "", facts[key]) for key in facts)


def check_names(workflow: Workflow) -> list[str]:
    """What the checks of a workflow are called: its jobs, with the values of their matrices as the file says them."""
    names = []
    for job in workflow.jobs.values():
        try:
            rows = expand(job.matrix)
        except MatrixError:  # one that an expression gives
            rows = [{}]
        names += [title(job, row, {"matrix": row}) for row in rows]
    return names


def identifier(*words: str) -> int:
    """The number by which GitHub knows a thing, the same for the same words."""
    return 10**9 + zlib.crc32(" ".join(words).encode())


def moment(time: datetime) -> str:
    """A time as GitHub writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
