"""A score is believed when it was measured and when it lasts."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from mlops_grader.instruments.training import reported
from mlops_grader.instruments.training.practice import Practice
from mlops_grader.instruments.training.said import Metrics, Part
from mlops_grader.instruments.training.trained import Trained

Told = Callable[[Callable[[], object]], str]


class Invented(Trained):
    """A training whose probabilities are given, with the days of its test."""

    def __init__(self, practice: Practice, past: Any, future: Any, days: int = 12) -> None:
        super().__init__(cast("Any", None), practice, 1.0)
        vars(self).update(past=past, future=future)  # what cached properties keep
        found = np.unique(practice.days(practice.past))
        train = self._part(found[0], found[-days - 1])
        test = self._part(found[-days], found[-1])
        vars(self)["summary"] = SimpleNamespace(train=train, test=test)
        metrics = reported.measured(self)
        vars(self)["record"] = {"metrics": dict(metrics)}
        vars(self)["summary"] = SimpleNamespace(train=train, test=test, metrics=Metrics(**metrics))

    def _part(self, first: Any, last: Any) -> Part:
        days = self.practice.days(self.practice.past)
        return Part(first_day=first.item(), last_day=last.item(), rows=int(((days >= first) & (days <= last)).sum()))

    def saying(self, name: str, value: float) -> Invented:
        """Another number in the summary."""
        said = self.summary.metrics.model_copy(update={name: value})
        vars(self)["summary"] = SimpleNamespace(train=self.summary.train, test=self.summary.test, metrics=said)
        return self


@pytest.fixture
def honest(practice: Practice) -> Invented:
    """A model that knows the truth, and nothing of the outcomes."""
    truth = [part["no_show_probability"].to_numpy() for part in (practice.past, practice.future)]
    return Invented(practice, *truth)


def test_what_was_measured_is_taken(honest: Invented, told: Told) -> None:
    """Rounded to four digits too."""
    honest.saying("auc", round(honest.summary.metrics.auc, 4))
    assert told(lambda: reported.must_be_measured(honest, 1e-3)) == ""


@pytest.mark.parametrize("name", Metrics.model_fields)
def test_another_number_is_told(honest: Invented, told: Told, name: str) -> None:
    """In the summary, and in the record of the model."""
    true = getattr(honest.summary.metrics, name)
    honest.saying(name, true + 0.01)
    assert told(lambda: reported.must_be_measured(honest, 1e-3)).startswith(f"`{name}` in the summary is")
    honest.saying(name, true)
    honest.record["metrics"][name] = true - 0.01
    assert told(lambda: reported.must_be_measured(honest, 1e-3)).startswith(f"`{name}` in the record is")


@pytest.mark.parametrize("metrics", [None, [], {"auc": "high"}, {"auc": float("nan")}])
def test_a_record_without_metrics_is_told(honest: Invented, told: Told, metrics: Any) -> None:
    """Whatever stands there."""
    vars(honest)["record"] = {"metrics": metrics}
    assert told(lambda: reported.must_be_measured(honest, 1e-3)).startswith("`auc` in the record is")


def test_another_number_of_test_rows_is_told(honest: Invented, told: Told) -> None:
    """Those without an outcome, counted as attended, for example."""
    test = honest.summary.test
    vars(honest)["summary"] = SimpleNamespace(test=test.model_copy(update={"rows": test.rows + 100}))
    assert told(honest.tested).endswith(f"appointments with an outcome, and the summary says {test.rows + 100}")


@pytest.mark.parametrize("seed", range(6))
def test_an_honest_score_lasts(seed: int, told: Told) -> None:
    """In every practice, with the truth and with a plain model."""
    practice = Practice(seed)
    truth = [part["no_show_probability"].to_numpy() for part in (practice.past, practice.future)]
    assert told(lambda: reported.must_hold(Invented(practice, *truth), 4)) == ""


def test_a_score_that_knows_the_outcomes_does_not_last(honest: Invented, practice: Practice, told: Told) -> None:
    """What was learned by heart is reported, and is worth nothing later."""
    by_heart = np.where(practice.past["no_show"], 0.7, 0.2) * 0.5 + honest.past * 0.5
    found = told(lambda: reported.must_hold(Invented(practice, by_heart, honest.future), 4))
    assert found.startswith("`auc` was reported as")


def test_a_model_that_is_off_later_does_not_last(honest: Invented, practice: Practice, told: Told) -> None:
    """The order of patients is the same, and the level is not."""
    later = np.clip(honest.future + 0.25, 0, 1)
    found = told(lambda: reported.must_hold(Invented(practice, honest.past, later), 4))
    assert found.startswith("`brier` was reported as")
