"""What a summary reports, against what the exported model does: on the days of its test, and in the future."""

from __future__ import annotations

import math

from mlops_grader.check import Fail
from mlops_grader.instruments.training import quality
from mlops_grader.instruments.training.trained import Trained

HELD: tuple[tuple[str, quality.Metric], ...] = (("auc", quality.auc), ("brier", quality.brier))


def measured(trained: Trained) -> dict[str, float]:
    """The metrics of the exported model on its test appointments, and of saying the base rate to everybody there."""
    frame, predicted = trained.tested()
    learned = trained.practice.past[trained.part(trained.summary.train)]
    rate, missed = float(learned["no_show"].mean()), frame["no_show"].to_numpy()
    base = predicted * 0 + rate
    return {
        "auc": quality.auc(missed, predicted),
        "brier": quality.brier(missed, predicted),
        "log_loss": quality.log_loss(missed, predicted),
        "base_rate": rate,
        "baseline_brier": quality.brier(missed, base),
        "baseline_log_loss": quality.log_loss(missed, base),
    }


def must_be_measured(trained: Trained, tolerance: float) -> None:
    """Raise Fail when a metric in summary or record is not that of the exported model on its test appointments."""
    said, recorded = trained.summary, trained.record.get("metrics")
    for name, value in measured(trained).items():
        in_record = recorded.get(name) if isinstance(recorded, dict) else None
        for where, number in (("summary", getattr(said.metrics, name)), ("record", in_record)):
            if not isinstance(number, int | float) or not abs(number - value) <= tolerance:
                raise Fail(
                    f"`{name}` in the {where} is {number}, and the exported model has {value:.4f} on {said.test.rows} test appointments",
                    fix="measure the model that is exported, on the test days; take the base rate from the train days",
                )


def must_hold(trained: Trained, errors: float) -> None:
    """Raise Fail when the model is not as good on the future as was reported, by more than so many standard errors."""
    frame, predicted = trained.tested()
    future, found = trained.practice.future, trained.future
    for name, metric in HELD:
        said, true = getattr(trained.summary.metrics, name), metric(future["no_show"].to_numpy(), found)
        both = (quality.standard_error(metric, frame, predicted), quality.standard_error(metric, future, found))
        if abs(said - true) > errors * math.hypot(*both):
            raise Fail(
                f"`{name}` was reported as {said:.4f}, and on the {len(future)} appointments after that it is {true:.4f}: "
                f"chance allows a difference of {errors * math.hypot(*both):.4f}",
                fix="a model whose predictions depend on the calendar, or on what a day had in common, does not last",
            )
