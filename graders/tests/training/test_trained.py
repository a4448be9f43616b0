"""What a product's commands leave is read as data, and what they leave wrong is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlops_grader.instruments.product import Product
from mlops_grader.instruments.training.practice import Practice
from mlops_grader.instruments.training.trained import Trained, killed, score

Told = Callable[[Callable[[], object]], str]
BODIES = [{"age": age} for age in (1, 2, 3)]
LINES = """
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
with open(sys.argv[2], "w") as file:
    for line in lines:
        file.write({line} + "\\n")
"""
SUMMARY = {
    "run_id": "7",
    "seed": 1,
    "configuration": {"seed": 1},
    "data_sha256": "0",
    "train": {"first_day": "2026-01-05", "last_day": "2026-02-01", "rows": 10},
    "test": {"first_day": "2026-02-02", "last_day": "2026-02-03", "rows": 3},
    "metrics": dict.fromkeys(("auc", "brier", "log_loss", "base_rate", "baseline_brier", "baseline_log_loss"), 0.5),
    "slices": [],
    "calibration": [],
}


def scoring(line: str) -> str:
    """A script that writes such a line for each request."""
    return LINES.replace("{line}", line)


def test_probabilities_come_in_order(product: Callable[..., Product]) -> None:
    """One for each request; keys beside the probability are nobody's business."""
    script = scoring('json.dumps({"no_show_probability": line["age"] / 10, "age": 1})')
    assert np.array_equal(score(product(score=script), BODIES), [0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("raise SystemExit('no model')", "the `score` command fails on 3 valid requests"),
        ("pass", "is not one JSON object"),
        (scoring("'0.5'"), "is not one JSON object"),
        (scoring("'{\"p\": 0.5}'"), "is not one JSON object"),
        (scoring("'{\"no_show_probability\": 1.5}'"), "or not with probabilities"),
        (scoring("'{\"no_show_probability\": true}'"), "or not with probabilities"),
        (scoring("'{\"no_show_probability\": NaN}'"), "or not with probabilities"),
        (scoring("'{\"no_show_probability\": 0.5}'") + "    file.truncate(10)\n", "is not one JSON object"),
        (
            scoring("'{\"no_show_probability\": 0.5}'") + "    file.write('{\"no_show_probability\": 1}')\n",
            "with 4 lines",
        ),
    ],
)
def test_other_answers_are_told(product: Callable[..., Product], told: Told, script: str, words: str) -> None:
    """Whatever they are."""
    assert words in told(lambda: score(product(score=script), BODIES))


def test_probabilities_of_yesterday_are_not_taken(product: Callable[..., Product], told: Told) -> None:
    """What lay there before is removed."""
    there = product(score="pass")
    (there.root / "scored.jsonl").write_text('{"no_show_probability": 0.5}\n' * 3, encoding="utf-8")
    assert "FileNotFoundError" in told(lambda: score(there, BODIES))


def test_the_summary_is_that_of_the_exported_run(
    product: Callable[..., Product], practice: Practice, told: Told
) -> None:
    """One of another run says nothing about this model."""
    files = {"reports/training.json": json.dumps(SUMMARY), "model/model.json": '{"run_id": "7"}'}
    assert Trained(product(files), practice, 1.0).summary.test.rows == 3
    found = told(lambda: Trained(product({**files, "model/model.json": '{"run_id": "8"}'}), practice, 1.0).summary)
    assert found == "`reports/training.json` speaks of run 7, and run 8 is exported"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": "x"}, "`seed` is 'x'"),
        ({"metrics": {}}, "`metrics.auc` is {}"),
        ({"test": {**SUMMARY["test"], "rows": -1}}, "`test.rows` is -1"),  # type: ignore[dict-item]
        ({"slices": [{"group": "shoe"}]}, "`slices.0.group` is 'shoe'"),
    ],
)
def test_a_summary_of_another_form_is_told(
    product: Callable[..., Product], practice: Practice, told: Told, change: dict[str, Any], words: str
) -> None:
    """With file and key."""
    files = {"reports/training.json": json.dumps({**SUMMARY, **change}), "model/model.json": '{"run_id": "7"}'}
    found = told(lambda: Trained(product(files), practice, 1.0).summary)
    assert found.startswith(f"`reports/training.json`: {words}")


def test_a_training_is_killed_in_the_middle(product: Callable[..., Product]) -> None:
    """After its first change, however long that takes; one that was quicker, or changes nothing, says how it ended."""
    slow = product(
        train="import time, pathlib; f = pathlib.Path; time.sleep(1); f('lock').touch(); time.sleep(30); f('done').touch()"
    )
    begun = time.monotonic()
    assert killed(slow, 0.1) is None
    assert time.monotonic() - begun < 20
    assert ((slow.root / "lock").exists(), (slow.root / "done").exists()) == (True, False)
    ended = killed(product(train="raise SystemExit(3)"), 20)
    assert ended is not None
    assert ended.exit == 3
