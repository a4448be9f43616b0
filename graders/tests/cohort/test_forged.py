"""An environment that only looks set up earns what the starter earns, in whatever way it was forged."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlops_grader.check import Verdict
from submissions import grade, make, told
from synthetic.forged import FORGERIES
from synthetic.member import KEY, STARTER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.skipif(sys.platform == "win32", reason="the payloads are written for POSIX"),
]


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_environment_earns_nothing(name: str, tmp_path: Path) -> None:
    """Records of packages that are not there, an interpreter or packages that are content with everything, are no work."""
    forgery = FORGERIES[name]
    result = grade(make(KEY, tmp_path / "project", forgery.edits, solved=False), tmp_path / "result.json")
    assert result.score <= STARTER, told(result)
    assert forgery.says in told(result)
    assert [outcome.id for outcome in result.checks if outcome.verdict is Verdict.ERROR] == []
