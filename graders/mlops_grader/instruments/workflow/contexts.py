"""Which contexts an expression may read: GitHub refuses `secrets` in an `if`, or `env` in the `env` of a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# after https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#context-availability
_READ: Mapping[str, str] = {
    "workflow.env": "github secrets inputs vars",
    "job.if": "github needs vars inputs",
    "strategy": "github needs vars inputs",
    "job": "github needs strategy matrix vars inputs",
    "job.env": "github needs strategy matrix vars secrets inputs",
    "call.with": "github needs strategy matrix vars inputs",
    "call.secrets": "github needs strategy matrix vars secrets inputs",
    "step.if": "github needs strategy matrix job runner env vars steps inputs",
    "step": "github needs strategy matrix job runner env vars secrets steps inputs",
    "composite": "github strategy matrix job runner env steps inputs",
}


def readable(place: str, contexts: Mapping[str, Any]) -> dict[str, Any]:
    """The contexts that an expression in that place may read."""
    return {name: contexts[name] for name in _READ[place].split() if name in contexts}
