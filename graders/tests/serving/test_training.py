"""What the training package says is computed by its own code, in its own process; what is bent or broken is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments.product import Product
from mlops_grader.instruments.serving import training

Told = Callable[[Callable[[], object]], str]

PACKAGE = {
    "noshow/__init__.py": "",
    "noshow/appointment.py": "class Appointment:\n    def __init__(self, **fields):\n        self.fields = fields\n\n\n"
    "def parse_minute(text):\n    return len(text)\n",
    "noshow/features.py": "def feature_matrix(rows):\n    return [row.fields['age'] + row.fields['booked_at'] for row in rows]\n",
    "noshow/bundle.py": "class Bundle:\n    def __init__(self, folder):\n"
    "        self.model = float((folder / 'model.txt').read_text())\n\n\nload_bundle = Bundle\n",
    "noshow/learning.py": "def probabilities(model, matrix):\n    return [model * value for value in matrix]\n",
    "model/model.txt": "0.01",
}


def test_it_is_the_packages_own_computation(
    product: Callable[..., Product], patient: dict[str, Any], tmp_path: Path
) -> None:
    said = training.says(product(PACKAGE), [patient, {**patient, "age": 4}], tmp_path / "says")
    assert said == pytest.approx([0.01 * (47 + 16), 0.01 * (4 + 16)])


@pytest.mark.parametrize(
    "change",
    [
        {"noshow/learning.py": "raise SystemExit(0)\n"},
        {"noshow/learning.py": "def probabilities(model, matrix):\n    return [0.5]\n"},
        {"model/model.txt": "none"},
    ],
    ids=json.dumps,
)
def test_a_package_that_does_not_score_is_told(
    told: Told, product: Callable[..., Product], patient: dict[str, Any], tmp_path: Path, change: dict[str, str]
) -> None:
    made = product({**PACKAGE, **change})
    found = told(lambda: training.says(made, [patient, patient], tmp_path / "says"))
    assert "does not score the exported model" in found


def test_agreement_is_that_of_numbers_that_move_together() -> None:
    assert training.agreement([0.1, 0.2, 0.3], [0.2, 0.4, 0.6]) == pytest.approx(1)
    assert training.agreement([0.1, 0.2, 0.3], [0.6, 0.4, 0.2]) == pytest.approx(-1)
    assert training.agreement([0.5, 0.5, 0.5], [0.1, 0.5, 0.9]) == 0.0


def test_the_truth_depends_on_the_seed() -> None:
    (first, likely), (second, _) = training.truth(1, 50), training.truth(2, 50)
    assert len(first) == len(likely) == 50
    assert first != second
    assert all(0 < value < 1 for value in likely)
