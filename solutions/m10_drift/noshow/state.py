"""The state of the model as metrics: a file that Prometheus's node exporter reads (its textfile collector)."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from noshow.drift import Difference
from noshow.summary import Decision, Summary


def save_metrics(summaries: Sequence[Summary], fields: Sequence[Difference], reports_dir: Path) -> None:
    """Write `metrics.prom`: what the newest week says, and the newest of those whose outcomes are known."""
    registry = CollectorRegistry()
    decided = Gauge(
        "noshow_monitoring_decision", "1 for what is to be done about the newest week.", ["decision"], registry=registry
    )
    size = Gauge("noshow_drift_ratio", "Difference from the reference, 0 to 1.", ["field"], registry=registry)
    faults = Gauge("noshow_data_faults", "Facts that are wrong with the records.", registry=registry)
    predicted = Gauge("noshow_mean_prediction_ratio", "Average prediction, of a judged week.", registry=registry)
    missed = Gauge("noshow_mean_outcome_ratio", "Share of no-shows, of a judged week.", registry=registry)
    auc = Gauge("noshow_auc_ratio", "AUC of a judged week.", registry=registry)
    as_of = Gauge("noshow_monitoring_as_of_timestamp_seconds", "The day of the last run.", registry=registry)
    for difference in fields:
        size.labels(difference.field).set(difference.size)
    if summaries:
        newest = summaries[-1]
        for decision in get_args(Decision):
            decided.labels(decision).set(decision == newest.decision)
        faults.set(len(newest.data_faults))
        as_of.set(datetime.combine(newest.as_of, time(), UTC).timestamp())
    judged = [summary.performance for summary in summaries if summary.performance]
    if judged:
        predicted.set(judged[-1].mean_prediction)
        missed.set(judged[-1].mean_outcome)
        auc.set(judged[-1].auc or 0.0)
    reports_dir.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(reports_dir / "metrics.prom"), registry)
