"""The `github` context that an event gives to the jobs that it starts."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_grader.instruments.workflow.triggers import Event

OWNER = "student"
SERVER = "https://github.com"
API = "https://api.github.com"


@dataclass(frozen=True)
class Source:
    """The repository that the event happened in: a clone on this machine, and the commit that is run."""

    repository: Path
    commit: str
    name: str = "noshow"
    default_branch: str = "main"


def ref_of(event: Event, source: Source) -> str:
    """The full name of what is run: a branch, a tag, or the merge of a pull request."""
    if event.tag:
        return f"refs/tags/{event.tag}"
    if event.name == "pull_request":
        return f"refs/pull/{number(event)}/merge"
    return f"refs/heads/{event.branch or source.default_branch}"


def number(event: Event) -> int:
    """The number of a pull request: one for each branch that brings one."""
    return zlib.crc32((event.head or "feature").encode()) % 1000 + 1


def github_context(event: Event, source: Source, workflow: str, workspace: Path, api: str = API) -> dict[str, Any]:
    """What expressions and GITHUB_ variables say of the event; the keys are GitHub's. api: where GitHub's API answers."""
    ref, pull = ref_of(event, source), event.name == "pull_request"
    return {
        "event_name": event.name,
        "event": _payload(event, source, ref),
        "ref": ref,
        "ref_name": ref.split("/", 2)[-1],
        "ref_type": "tag" if event.tag else "branch",
        "ref_protected": False,
        "base_ref": (event.branch or source.default_branch) if pull else "",
        "head_ref": (event.head or "feature") if pull else "",
        "sha": source.commit,
        "repository": f"{OWNER}/{source.name}",
        "repository_owner": OWNER,
        "actor": OWNER,
        "triggering_actor": OWNER,
        "workflow": workflow,
        "workspace": str(workspace),
        "run_id": "1",
        "run_number": "1",
        "run_attempt": "1",
        "server_url": SERVER,
        "api_url": api,
        "graphql_url": f"{api}/graphql",
        "retention_days": "90",
        "secret_source": "Actions",
    }


def variables(context: Mapping[str, Any]) -> dict[str, str]:
    """The GITHUB_ variables of a step: the plain values of the context."""
    plain = {key: value for key, value in context.items() if isinstance(value, str)}
    return {f"GITHUB_{key.upper()}": value for key, value in plain.items() if key not in ("token", "job")}


def _payload(event: Event, source: Source, ref: str) -> dict[str, Any]:
    """The parts of the webhook's payload that workflows read."""
    full_name = f"{OWNER}/{source.name}"
    repository = {
        "name": source.name,
        "full_name": full_name,
        "default_branch": source.default_branch,
        "owner": {"login": OWNER},
        "html_url": f"{SERVER}/{full_name}",
        "private": False,
        "fork": False,
    }
    common: dict[str, Any] = {"repository": repository, "sender": {"login": OWNER}}
    if event.name == "push":
        head = {"id": source.commit, "message": "work", "author": {"name": OWNER}}
        return common | {"ref": ref, "after": source.commit, "head_commit": head, "commits": [head], "forced": False}
    if event.name == "pull_request":
        return common | _pull_request(event, source, repository)
    if event.name == "workflow_dispatch":
        return common | {"inputs": dict(event.inputs), "ref": ref}
    if event.name == "release":
        return common | {"action": event.action or "published", "release": {"tag_name": event.tag, "name": event.tag}}
    return common


def _pull_request(event: Event, source: Source, repository: Mapping[str, Any]) -> dict[str, Any]:
    head = {"ref": event.head or "feature", "sha": source.commit, "repo": repository}
    base = {"ref": event.branch or source.default_branch, "repo": repository}
    facts = {"number": number(event), "title": "Work", "body": "", "draft": False, "merged": False, "labels": []}
    return {
        "action": event.action or "opened",
        "number": number(event),
        "pull_request": facts | {"head": head, "base": base, "user": {"login": OWNER}},
    }
