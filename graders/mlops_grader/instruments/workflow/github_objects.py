"""The objects of the answers of GitHub's API, with its keys.

After https://docs.github.com/en/rest/actions, https://docs.github.com/en/rest/checks and https://docs.github.com/en/rest/commits.
"""

from __future__ import annotations

from typing import Any

from mlops_grader.instruments.workflow.events import OWNER
from mlops_grader.instruments.workflow.github_repository import FIRST, Repository, Run, check_names, identifier, moment
from mlops_grader.instruments.workflow.model import Workflow

Payload = dict[str, Any]

APP: Payload = {"id": 15368, "slug": "github-actions", "name": "GitHub Actions", "owner": {"login": "github"}}
ACTOR: Payload = {"login": OWNER, "type": "User"}


def workflow_run(of: Repository, run: Run) -> Payload:
    """A run of a workflow."""
    url, workflow = f"{of.url}/actions/runs/{run.id}", identifier(run.workflow.file)
    return {
        "id": run.id,
        "name": run.workflow.name,
        "node_id": f"WFR_{run.id}",
        "head_branch": run.branch,
        "head_sha": run.commit,
        "path": run.workflow.file,
        "display_title": "work",
        "run_number": run.number,
        "event": "push",
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": workflow,
        "check_suite_id": run.suite,
        "url": url,
        "html_url": f"{of.page}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": run.started,
        "updated_at": run.ended,
        "actor": ACTOR,
        "run_attempt": 1,
        "run_started_at": run.started,
        "triggering_actor": ACTOR,
        "jobs_url": f"{url}/jobs",
        "workflow_url": f"{of.url}/actions/workflows/{workflow}",
        "head_commit": {"id": run.commit, "message": "work", "timestamp": moment(FIRST)},
        "repository": repository(of),
        "head_repository": repository(of),
    }


def _progress(run: Run) -> Payload:
    """What a run, a check and a job say alike."""
    ended = run.ended if run.conclusion else None
    return {"status": run.status, "conclusion": run.conclusion, "started_at": run.started, "completed_at": ended}


def check_run(of: Repository, run: Run, name: str) -> Payload:
    """The check that a job of a run is."""
    number = identifier(str(run.id), name)
    page = f"{of.page}/actions/runs/{run.id}/job/{number}"
    return {
        "id": number,
        "name": name,
        "head_sha": run.commit,
        **_progress(run),
        "url": f"{of.url}/check-runs/{number}",
        "html_url": page,
        "details_url": page,
        "output": {"title": None, "summary": None, "text": None, "annotations_count": 0},
        "check_suite": {"id": run.suite},
        "app": APP,
        "pull_requests": [],
    }


def job(of: Repository, run: Run, name: str) -> Payload:
    """A job of a run."""
    number = identifier(str(run.id), name)
    return {
        "id": number,
        "run_id": run.id,
        "name": name,
        "workflow_name": run.workflow.name,
        "head_branch": run.branch,
        "head_sha": run.commit,
        **_progress(run),
        "html_url": f"{of.page}/actions/runs/{run.id}/job/{number}",
        "steps": [],
    }


def check_suite(of: Repository, run: Run) -> Payload:
    """The checks of a run together."""
    number = run.suite
    return {
        "id": number,
        "head_branch": run.branch,
        "head_sha": run.commit,
        "status": run.status,
        "conclusion": run.conclusion,
        "url": f"{of.url}/check-suites/{number}",
        "app": APP,
        "created_at": run.started,
        "updated_at": run.ended,
        "latest_check_runs_count": len(check_names(run.workflow)),
        "pull_requests": [],
        "repository": repository(of),
    }


def workflow(of: Repository, workflow: Workflow) -> Payload:
    """A workflow."""
    number = identifier(workflow.file)
    return {
        "id": number,
        "name": workflow.name,
        "path": workflow.file,
        "state": "active",
        "created_at": moment(FIRST),
        "updated_at": moment(FIRST),
        "url": f"{of.url}/actions/workflows/{number}",
        "html_url": f"{of.page}/blob/{of.branch}/{workflow.file}",
    }


def combined_status(of: Repository, commit: str) -> Payload:
    """The statuses of a commit: none, so they are pending for good; what Actions reports are checks."""
    return {
        "state": "pending",
        "statuses": [],
        "sha": commit,
        "total_count": 0,
        "repository": repository(of),
        "commit_url": f"{of.url}/commits/{commit}",
        "url": f"{of.url}/commits/{commit}/status",
    }


def commit(of: Repository, sha: str) -> Payload:
    """A commit of the repository."""
    person = {"name": OWNER, "email": f"{OWNER}@example.org", "date": moment(FIRST)}
    return {
        "sha": sha,
        "url": f"{of.url}/commits/{sha}",
        "html_url": f"{of.page}/commit/{sha}",
        "commit": {"author": person, "committer": person, "message": "work", "comment_count": 0},
        "author": ACTOR,
        "committer": ACTOR,
        "parents": [],
    }


def repository(of: Repository) -> Payload:
    """A repository as other objects hold it."""
    owner, _, name = of.full_name.partition("/")
    return {"name": name, "full_name": of.full_name, "owner": {"login": owner}, "html_url": of.page, "url": of.url}
