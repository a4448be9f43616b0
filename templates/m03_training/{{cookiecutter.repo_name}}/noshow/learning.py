"""The model: which rows it learns from, how it is fitted and how its quality is measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from noshow.configuration import Configuration
from noshow.table import Row


@dataclass(frozen=True)
class Split:
    """Rows to learn from and later rows to measure with; no day is in both."""

    train: Sequence[Row]
    test: Sequence[Row]


def split_by_time(rows: Sequence[Row], test_share: float) -> Split:
    """Split rows with an outcome in order of time: the newest days, that share of them, are for the test.

    A random split would let the model learn from the future of what it is tested on. Raises ProductError when either
    part lacks attended or missed appointments.
    """
    raise NotImplementedError  # TODO(m03)


def fit(rows: Sequence[Row], configuration: Configuration) -> Pipeline:
    """A pipeline from the feature matrix to the probability of a no-show, fitted to rows with an outcome.

    It carries all preprocessing that depends on the rows. The same rows and configuration give the same model.
    """
    raise NotImplementedError  # TODO(m03)


def probabilities(model: Pipeline, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of a no-show for each row of a feature matrix, whatever other rows are in it."""
    raise NotImplementedError  # TODO(m03)


def measure(model: Pipeline, split: Split) -> dict[str, float]:
    """Quality on the test rows; `baseline_*` is what predicting the base rate of the training rows would get.

    `auc`: 0.5 is chance, higher is better. `brier`, `log_loss`, `baseline_brier`, `baseline_log_loss`: lower is better.
    `base_rate` is that of the training rows.
    """
    raise NotImplementedError  # TODO(m03)
