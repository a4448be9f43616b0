"""Bugs change what functions promise and nothing else; what harms nobody changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments import bugs as features
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.training import bugs

Told = Callable[[Callable[[], object]], str]
GIVEN = Path(__file__).parents[3] / "templates/m01_environment/{{cookiecutter.repo_name}}/noshow"
ROW = """from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class A:
    starts_at: datetime


@dataclass(frozen=True)
class Row:
    name: int
    no_show: bool
    appointment: A


ROWS = [Row(n, n % 3 == 0, A(datetime(2026, 1, 1 + n // 10))) for n in range(100)]
"""
LEARNING = """import numpy as np
from dataclasses import dataclass


@dataclass
class Split:
    train: list
    test: list


def split_by_time(rows, test_share):
    ordered = sorted(rows, key=lambda row: row.appointment.starts_at)
    return Split(ordered[: -int(len(rows) * test_share)], ordered[-int(len(rows) * test_share) :])


def fit(rows, told=None):
    return [(row.name, row.no_show) for row in rows]


def probabilities(model, matrix):
    return np.asarray(matrix, dtype=float)
"""
ASK = """import json
from noshow.learning import fit, probabilities, split_by_time
from rows import ROWS
split = split_by_time(ROWS, test_share=0.2)
print(json.dumps({
    "split_by_time": [[row.name for row in part] for part in (split.train, split.test)],
    "fit": [fit(ROWS, told=1), fit(rows=ROWS)],
    "probabilities": [list(probabilities(None, [0.1, 0.7])), list(probabilities(model=None, matrix=[0.1]))],
}))
"""


@pytest.fixture
def answers(product: Callable[..., Product]) -> Callable[..., dict[str, Any]]:
    """What the functions of an invented training code give with these bugs."""

    def ask(*planted: bugs.Bug) -> dict[str, Any]:
        there = product({"noshow/learning.py": LEARNING, "rows.py": ROW, "ask.py": ASK})
        bugs.plant(there, *planted)
        done = subprocess.run([sys.executable, "ask.py"], cwd=there.root, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return ask


@pytest.mark.parametrize("bug", bugs.TRAINING, ids=lambda bug: bug.words[:60])
def test_a_bug_changes_its_function_alone(answers: Callable[..., dict[str, Any]], bug: bugs.Bug) -> None:
    """No error is raised: only who looks at what comes out can tell."""
    right, wrong = answers(), answers(bug)
    assert [name for name in right if wrong[name] != right[name]] == [bug.function]


def test_what_harms_nobody_changes_nothing(answers: Callable[..., dict[str, Any]]) -> None:
    """All three functions are defined anew, and all is as before."""
    assert answers(*bugs.NEUTRAL) == answers()


@pytest.mark.parametrize("bug", bugs.DISABLED, ids=lambda bug: bug.function)
def test_what_is_disabled_raises(answers: Callable[..., dict[str, Any]], bug: bugs.Bug) -> None:
    """As soon as it is called."""
    with pytest.raises(subprocess.CalledProcessError):
        answers(bug)


def test_splits_stay_whole(answers: Callable[..., dict[str, Any]]) -> None:
    """A wrong split has all rows once, in parts of the usual sizes: only their days tell."""
    for bug in (bug for bug in bugs.TRAINING if bug.function == "split_by_time"):
        train, test = answers(bug)["split_by_time"]
        assert sorted([*train, *test]) == list(range(100))
        assert (len(train), len(test)) == (80, 20)


def test_code_that_is_not_there_is_told(product: Callable[..., Product], told: Told) -> None:
    """The contract may name another file."""
    assert told(lambda: bugs.plant(product({"x": ""}))) == "there is no `noshow/learning.py` in a clean clone"


@pytest.mark.parametrize("bug", features.BEHAVIOUR, ids=lambda bug: bug.words[:60])
def test_a_feature_bug_changes_features(tmp_path: Path, bug: features.Bug) -> None:
    """Of two appointments together, and of neither's clinic and reminder."""
    ask = """
import json
from datetime import datetime
from noshow.appointment import Appointment
from noshow.features import feature_matrix
late = Appointment("hill", 40, datetime(2026, 6, 1, 9), datetime(2026, 8, 3, 10), 7.5, 10, 9, "sms")
soon = Appointment("north", 60, datetime(2026, 5, 1, 9), datetime(2026, 5, 4, 10), 2.5, 10, 1, "none")
print(json.dumps([feature_matrix([late, soon]).tolist(), feature_matrix([soon]).tolist()]))
"""
    found = []
    for name in ("right", "wrong"):
        (folder := tmp_path / name / "noshow").mkdir(parents=True)
        for file in ("features.py", "appointment.py"):
            (folder / file).write_text((GIVEN / file).read_text(encoding="utf-8"), encoding="utf-8")
        if name == "wrong":
            features.plant(tmp_path / name, bug)
        done = subprocess.run(
            [sys.executable, "-c", ask], cwd=folder.parent, capture_output=True, text=True, check=True
        )
        found.append(json.loads(done.stdout))
    assert found[0][0] != found[1][0]
    assert sorted(row[6:] for row in found[0][0]) == sorted(row[6:] for row in found[1][0])
