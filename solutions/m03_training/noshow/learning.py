"""The model: which rows it learns from, how it is fitted and how its quality is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from noshow.configuration import Configuration
from noshow.errors import ProductError
from noshow.features import feature_matrix
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
    days = sorted({row.appointment.starts_at.date() for row in rows})
    train_days = set(days[: int(len(days) * (1 - test_share))])
    split = Split(
        train=[row for row in rows if row.appointment.starts_at.date() in train_days],
        test=[row for row in rows if row.appointment.starts_at.date() not in train_days],
    )
    for part in (split.train, split.test):
        if {row.no_show for row in part} != {True, False}:
            raise ProductError(f"{len(days)} days with outcomes are too few to train and test; ingest more daily files")
    return split


def fit(rows: Sequence[Row], configuration: Configuration) -> Pipeline:
    """A pipeline from the feature matrix to the probability of a no-show, fitted to rows with an outcome.

    It carries all preprocessing that depends on the rows. The same rows and configuration give the same model.
    """
    classifier = LogisticRegression(
        C=configuration.inverse_regularisation, max_iter=1000, random_state=configuration.seed
    )
    model = Pipeline([("scale", StandardScaler()), ("classify", classifier)])
    return model.fit(*_matrix_and_labels(rows))


def probabilities(model: Pipeline, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of a no-show for each row of a feature matrix, whatever other rows are in it."""
    return cast("NDArray[np.float64]", model.predict_proba(matrix)[:, 1])


def measure(model: Pipeline, split: Split) -> dict[str, float]:
    """Quality on the test rows; `baseline_*` is what predicting the base rate of the training rows would get.

    `auc`: 0.5 is chance, higher is better. `brier`, `log_loss`, `baseline_brier`, `baseline_log_loss`: lower is better.
    `base_rate` is that of the training rows.
    """
    matrix, labels = _matrix_and_labels(split.test)
    predicted = probabilities(model, matrix)
    base_rate = float(np.mean([bool(row.no_show) for row in split.train]))
    baseline = np.full(len(labels), base_rate)
    return {
        "auc": float(roc_auc_score(labels, predicted)),
        "brier": float(brier_score_loss(labels, predicted)),
        "log_loss": float(log_loss(labels, predicted)),
        "baseline_brier": float(brier_score_loss(labels, baseline)),
        "baseline_log_loss": float(log_loss(labels, baseline)),
        "base_rate": base_rate,
    }


def _matrix_and_labels(rows: Sequence[Row]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    labels = np.array([bool(row.no_show) for row in rows])
    return feature_matrix(row.appointment for row in rows), labels
