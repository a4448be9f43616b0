"""Qualities of predictions whose values are known, and how far chance moves them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from mlops_grader.instruments.training import quality
from mlops_grader.instruments.training.practice import Practice

MISSED = np.array([True, False, False, True, False])
SAID = np.array([0.9, 0.2, 0.4, 0.3, 0.1])


def test_metrics_are_the_usual_ones() -> None:
    """The AUC counted by hand, the others as scikit-learn computes them."""
    assert quality.auc(MISSED, SAID) == pytest.approx(5 / 6)
    assert quality.brier(MISSED, SAID) == pytest.approx(brier_score_loss(MISSED, SAID))
    assert quality.log_loss(MISSED, SAID) == pytest.approx(log_loss(MISSED, SAID))


def test_log_loss_of_certainty_is_finite() -> None:
    """Who says 0 and is wrong loses much, and nothing breaks."""
    assert 30 < quality.log_loss(np.array([True]), np.array([0.0])) < 40


def test_true_probabilities_are_calibrated() -> None:
    """And a shift of all of them is its own size; ties do no harm."""
    truth = np.linspace(0.05, 0.6, 999)
    assert quality.calibration_error(truth, truth)[0] == pytest.approx(0)
    assert quality.calibration_error(truth, truth + 0.1)[0] == pytest.approx(0.1)
    assert quality.calibration_error(truth, np.full(999, truth.mean()))[0] < 0.3


def test_the_worst_group_is_named() -> None:
    """What was said there, and what was true."""
    truth = np.linspace(0.0, 0.5, 100)
    said = np.where(truth > 0.45, 0.9, truth)
    assert quality.calibration_error(truth, said)[1] == pytest.approx((0.9, truth[-10:].mean()), abs=0.01)


def test_too_sure_is_not_calibrated() -> None:
    """The average is right, and the ends are not."""
    truth = np.linspace(0.1, 0.9, 500)
    sharp = 1 / (1 + np.exp(-2 * np.log(truth / (1 - truth))))
    assert quality.calibration_error(truth, sharp)[0] > 0.05


def test_standard_errors_are_those_of_repeated_practices() -> None:
    """Over many practices the AUC of a fixed model varies by about what the bootstrap of one says."""
    errors, found = [], []
    for seed in range(8):
        future = Practice(seed).future
        said = 1 / (1 + np.exp(-(-2.5 + 0.5 * np.log1p(future["lead_days"].to_numpy()))))
        found.append(quality.auc(future["no_show"].to_numpy(), said))
        errors.append(quality.standard_error(quality.auc, future, said))
    assert 0.4 < float(np.mean(errors)) / float(np.std(found)) < 1.5


def test_standard_errors_count_clinic_days_and_not_rows() -> None:
    """Appointments that all end alike in a clinic on a day say as little as one of them."""
    days = pd.date_range("2026-01-05", periods=60)
    missed = np.random.default_rng(1).random(60) < 0.3
    groups = pd.DataFrame({"starts_at": days, "clinic": "hill", "no_show": missed})
    copied = groups.loc[groups.index.repeat(20)].reset_index(drop=True)
    said = np.full(len(copied), 0.3)
    alone = quality.standard_error(quality.brier, groups, said[:60])
    assert quality.standard_error(quality.brier, copied, said) == pytest.approx(alone, rel=0.05)
