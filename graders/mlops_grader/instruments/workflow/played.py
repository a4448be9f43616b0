"""What a stand-in of an action gets, and what it gives back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mlops_grader.instruments.sandbox import Finished, HostSandbox
from mlops_grader.instruments.workflow.functions import to_text
from mlops_grader.instruments.workflow.machine import Machine
from mlops_grader.instruments.workflow.store import Store

Inputs = Mapping[str, str]


@dataclass
class Played:
    """What a stand-in did: outputs, words for the log, variables and PATH for later steps, and what to do after the job."""

    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    failed: str = ""
    lacking: str = ""
    env: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    after: Callable[[], None] | None = None
    builds_image: bool = False


class Bench(Protocol):
    """The job as a stand-in sees it."""

    machine: Machine
    sandbox: HostSandbox
    store: Store

    @property
    def repository(self) -> Path:
        """The clone that checkout fetches from."""

    @property
    def commit(self) -> str:
        """The commit that is run."""

    @property
    def ref(self) -> str:
        """The branch, tag or pull request that is run."""

    @property
    def default_branch(self) -> str:
        """The main branch of the repository."""

    def run(self, command: list[str], folder: Path | None = None) -> Finished:
        """Run a program in the job's own environment."""

    def hash_files(self, *patterns: str) -> str:
        """One hash of the files in the workspace that match."""


Action = Callable[[Inputs, Bench], Played]


def place(bench: Bench, path: str) -> Path:
    """A path as an action's input names it: below the workspace, or below the runner's home for `~`."""
    home = str(bench.machine.home)
    return bench.machine.workspace / (path.replace("~", home, 1) if path.startswith("~") else path)


def pattern(bench: Bench, path: str) -> str:
    """A pattern of paths, `!` before it kept, with its path made absolute."""
    excluded = "!" if path.startswith("!") else ""
    return excluded + str(place(bench, path.removeprefix("!")))


def as_text(value: Any) -> str:
    """An input as an action gets it, or a variable as a process does: a string."""
    return json.dumps(value) if isinstance(value, list | dict) else to_text(value)
