"""What becomes of jobs: how one ended, what its matrix comes to, and what the jobs after it see of that."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mlops_grader.instruments.workflow.conclusions import Conclusion, JobRun
from mlops_grader.instruments.workflow.contexts import readable
from mlops_grader.instruments.workflow.expressions import ExpressionError, substitute
from mlops_grader.instruments.workflow.model import Job
from mlops_grader.instruments.workflow.played import as_text
from mlops_grader.instruments.workflow.scope import Scope


def status_functions(results: list[str]) -> dict[str, Any]:
    """Status functions of a job: they look at the jobs that it needs."""
    return {
        "success": lambda: all(result == "success" for result in results),
        "failure": lambda: "failure" in results,
        "cancelled": lambda: "cancelled" in results,
        "always": lambda: True,
    }


def result_of(runs: list[JobRun]) -> Conclusion:
    """The one result of the jobs of a matrix, or of a called workflow."""
    found = {run.conclusion for run in runs}
    order: tuple[Conclusion, ...] = ("failure", "not_run", "cancelled", "success")
    return next((word for word in order if word in found), "skipped")


def outputs_of(runs: list[JobRun]) -> dict[str, str]:
    """Outputs of a job; of a matrix those that were set last and are not empty."""
    found: dict[str, str] = {}
    for run in runs:
        found |= {key: value for key, value in run.outputs.items() if value or key not in found}
    return found


def conclusion_of(scope: Scope, *, failed: bool) -> Conclusion:
    """How a job ended; what failed before something that cannot be played has failed all the same."""
    if scope.status == "cancelled":
        return "cancelled"
    if scope.status == "failure" or (failed and not scope.lacking):
        return "failure"
    return "not_run" if scope.lacking else "success"


def title(job: Job, row: Mapping[str, Any], contexts: Mapping[str, Any]) -> str:
    """The name of a job as GitHub shows it, the values of its matrix in brackets."""
    with suppress(ExpressionError):
        name = substitute(job.name or job.key, readable("job", contexts))
        values = ", ".join(as_text(value) for value in row.values())
        return f"{name} ({values})" if row and "${{" not in (job.name or "") else name
    return job.key
