"""How good predictions are, and by how much two measurements of that may differ by chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from mlops_grader.instruments.world.chance import Floats

BINS = 10
DRAWS = 200
Metric = Callable[[Any, Floats], float]


def auc(missed: Any, predicted: Floats) -> float:
    """The probability that one who misses is ranked above one who comes."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(missed, predicted))


def brier(missed: Any, predicted: Floats) -> float:
    """The mean square of the errors."""
    return float(np.mean((np.asarray(predicted) - np.asarray(missed, dtype=float)) ** 2))


def log_loss(missed: Any, predicted: Floats) -> float:
    """The mean of minus the logarithm of the probability of what happened."""
    bounded = np.clip(predicted, 1e-15, 1 - 1e-15)
    return float(np.mean(-np.log(np.where(missed, bounded, 1 - bounded))))


def calibration_error(truth: Floats, predicted: Floats) -> tuple[float, tuple[float, float]]:
    """The mean difference of predicted and true probability over ten groups from safe to risky, and the worst group's two means.

    It is taken against true probabilities, which the world knows: hardly any chance is in it.
    """
    groups = np.array_split(np.argsort(predicted, kind="stable"), BINS)
    means = [(float(predicted[group].mean()), float(truth[group].mean()), len(group)) for group in groups]
    error = sum(abs(said - true) * count for said, true, count in means) / len(predicted)
    said, true, _ = max(means, key=lambda each: abs(each[0] - each[1]))
    return error, (said, true)


def standard_error(metric: Metric, frame: pd.DataFrame, predicted: Floats) -> float:
    """Of a metric, by a bootstrap of what belongs together: the appointments of one clinic on one day share the weather."""
    keys = frame["starts_at"].dt.strftime("%Y-%m-%d") + frame["clinic"]
    _, number = np.unique(keys.to_numpy().astype(str), return_inverse=True)
    members = [np.flatnonzero(number == group) for group in range(number.max() + 1)]
    missed, random = frame["no_show"].to_numpy(), np.random.default_rng(0)
    found = []
    for _ in range(DRAWS):
        rows = np.concatenate([members[group] for group in random.integers(len(members), size=len(members))])
        found.append(metric(missed[rows], predicted[rows]))
    return float(np.std(found))
