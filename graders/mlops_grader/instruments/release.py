"""A release: a version tag is pushed, and the workflows that it starts run, with production at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from mlops_grader.check import Fail
from mlops_grader.instruments.image import holds
from mlops_grader.instruments.pipeline import Pipeline, PipelineRun, top_of
from mlops_grader.instruments.production import Production, image_of
from mlops_grader.instruments.traffic import Answer, ask
from mlops_grader.instruments.workflow.events import OWNER, SERVER, Source
from mlops_grader.instruments.workflow.github_api import served
from mlops_grader.instruments.workflow.model import Job, Workflow, load
from mlops_grader.instruments.workflow.run import Runner
from mlops_grader.instruments.workflow.triggers import Event
from mlops_grader.submission import git

OWN = "self-hosted"


@dataclass(frozen=True)
class Release:
    """What came of a tag. ci: how the pipeline had ended for the commit."""

    tag: str
    commit: str
    source: str
    run: PipelineRun
    workflows: tuple[Workflow, ...]

    @property
    def deploying(self) -> Iterator[Job]:
        """The jobs that run on production's own machine."""
        return (job for workflow in self.workflows for job in workflow.jobs.values() if OWN in str(job.runs_on))

    @property
    def builds(self) -> int:
        """How many steps of the release built an image; what a workflow that it calls builds counts when it builds none itself."""
        deploys = {flow.file for flow in self.workflows if any(OWN in str(job.runs_on) for job in flow.jobs.values())}
        calling = {job.key for workflow in self.workflows for job in workflow.jobs.values() if job.uses}
        jobs = [job for run in self.run.runs if run.file in deploys or not deploys for job in run.jobs]
        own = [step for job in jobs if job.key not in calling for step in job.steps if step.builds_image]
        return len(own) or sum(step.builds_image for job in jobs for step in job.steps)


def push_tag(
    pipeline: Pipeline,
    production: Production,
    tag: str,
    ci: str = "success",
    branch: str = "main",
    change: Callable[[Path], Any] | None = None,
) -> Release:
    """Tag a commit on a branch, for which CI ended like that, and run what the tag starts. Raises Fail when nothing starts."""
    copy = pipeline.submission.copy(pipeline.folder / f"release-{tag}")
    top = top_of(copy.root)
    git(top, "checkout", "--quiet", "-B", "main")
    earlier = _commit(top)
    if branch != "main":
        git(top, "checkout", "--quiet", "-b", branch)
    if change:
        change(copy.root)
    commit = _commit(top)
    git(top, "tag", tag)
    event = Event("push", tag=tag)
    started = [load(top, workflow.file) for workflow in pipeline.started_by(event)]
    if not started:
        fix = '`on: push: tags: ["v*.*.*"]` in `.github/workflows/release.yml`'
        raise Fail(f"no workflow starts when the tag `{tag}` is pushed", fix=fix)
    on_main = pipeline.started_by(pipeline.event("push"))  # these ran when the commit came to its branch
    source = Source(top, commit)
    # an earlier commit was always green: whoever asks for any green run is told of that one
    refs = {"main": git(top, "rev-parse", "main").strip(), tag: commit}
    ended = {earlier: "success", commit: ci}
    with served(ended, on_main, source.name, running=started, refs=refs, branch=branch) as api:
        machine = replace(pipeline.machine, own=production.variables, api=api)
        runner = Runner(machine, source, pipeline.secrets(), {"REGISTRY": production.registry}, port=pipeline.port)
        runs = tuple(runner.run(workflow, event) for workflow in started)
    return Release(tag, commit, f"{SERVER}/{OWNER}/{source.name}", PipelineRun("", runs, {}), tuple(started))


def _commit(top: Path) -> str:
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--allow-empty", "--message", "Work")
    return git(top, "rev-parse", "HEAD").strip()


@dataclass(frozen=True)
class Released:
    """A release, and production after it. digests: of the images that run; labels: of one of them.

    document: what the version endpoint says; holds_model: whether a file with the hash that it says is in the container.
    answer: to one request.
    """

    release: Release
    digests: frozenset[str]
    labels: Mapping[str, str]
    in_registry: bool
    document: Mapping[str, Any]
    holds_model: bool
    answer: Answer


def observe(release: Release, production: Production, body: Mapping[str, Any]) -> Released:
    """Look at production after a release."""
    serving, document = production.serving(), _document(production)
    return Released(
        release,
        frozenset(production.digests()),
        image_of(serving[0]).labels if serving else {},
        bool(serving) and all(map(production.has, production.digests())),
        document,
        bool(serving) and holds(serving[0], str(document.get("model_sha256"))),
        ask(production.client, 0, body),
    )


def _document(production: Production) -> Mapping[str, Any]:
    try:
        said = production.client.get(production.client.service.version).json()
    except (httpx.HTTPError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
