"""Where the expressions of a row of steps are read: the job itself, or a composite action that it uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Scope:
    """What a row of steps has in common. lacking: what this machine cannot play, in words; folder: of a local action.

    status: success, failure or cancelled. exported: what steps wrote into GITHUB_ENV.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)
    shell: str | None = None
    directory: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    exported: dict[str, str] = field(default_factory=dict)
    status: str = "success"
    lacking: str = ""
    depth: int = 0
    folder: Path | None = None

    def export(self, variables: Mapping[str, str]) -> None:
        """Set variables for the steps that follow, outside of this row too."""
        self.env.update(variables)
        self.exported.update(variables)
