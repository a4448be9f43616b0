"""Removes the cell of one student's grade, whose worker hung or died, and leaves the neighbours' alone."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any


def forget_one(run: str, student: str) -> None:
    """Remove the containers and networks of a student's cell on this machine. Raises NotRun without an engine."""
    from docker.errors import APIError

    from mlops_grader.instruments.docker_engine import LABEL, connect, run_label

    cell = importlib.import_module("mlops_grader.cohort.cell")
    labelled: dict[str, Any] = {"label": [f"{LABEL}={run}", f"{cell.STUDENT}={student}"]}
    api = connect(run_label()).api
    for container in api.containers.list(all=True, filters=labelled, ignore_removed=True):
        with contextlib.suppress(APIError):  # it ended in the meantime
            container.remove(force=True, v=True)
    for network in api.networks.list(filters=labelled):
        with contextlib.suppress(APIError):
            network.remove()
