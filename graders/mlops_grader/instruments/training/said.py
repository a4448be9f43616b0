"""What a product says of a training: its summary, read as data."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from mlops_grader.instruments.document import Count, Said, Share, read
from mlops_grader.instruments.product import Product

Group = Literal["clinic", "sex", "age", "reminder"]


class Part(Said):
    """The appointments with a known outcome from one day to another."""

    first_day: date
    last_day: date
    rows: Count


class Metrics(Said):
    """How good the model is on the test appointments, and how good it is to say the base rate to everybody."""

    auc: Share
    brier: Share
    log_loss: float
    base_rate: Share
    baseline_brier: Share
    baseline_log_loss: float


class Slice(Said):
    """How good the model is for one group of the test appointments."""

    group: Group
    value: str
    rows: Count
    no_shows: Count
    mean_prediction: Share
    brier: Share
    auc: Share | None = None


class Bin(Said):
    """The test appointments with a prediction from `low` to `high`."""

    low: Share
    high: Share
    rows: Count
    mean_prediction: Share
    share_missed: Share


class Summary(Said):
    """One training."""

    run_id: str
    seed: int
    configuration: dict[str, Any]
    data_sha256: str
    train: Part
    test: Part
    metrics: Metrics
    slices: list[Slice]
    calibration: list[Bin]


def summary(product: Product) -> Summary:
    """What the product says of its last training. Raises Fail when it says nothing."""
    shown = product.contract.training.summary
    return read(product.submission.path(shown), Summary, shown)
