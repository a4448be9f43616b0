"""Wrong images, each wrong in one way."""

from __future__ import annotations

from submissions import Mistake, replace

DOCKERFILE = "Dockerfile"

MISTAKES = (
    Mistake(
        "root",
        fails="test_runs_as_an_ordinary_user",
        says="runs as root",
        edits=(replace(DOCKERFILE, "USER app\n", ""),),
    ),
)
