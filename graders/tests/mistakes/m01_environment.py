"""Wrong projects, each wrong in one way."""

from __future__ import annotations

from submissions import Mistake, replace

MISTAKES = (
    Mistake(
        "lint-looks-elsewhere",
        fails="test_lint_tells_good_from_bad",
        says="stays green",
        edits=(replace("noxfile.py", '"ruff", "check", "."', '"ruff", "check", "tests"'),),
    ),
)
