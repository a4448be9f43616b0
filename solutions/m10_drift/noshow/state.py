"""The state of the model as metrics: a file that Prometheus's node exporter reads (its textfile collector)."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from noshow.drift import Difference
from noshow.summary import Decision, Summary


def save_metrics(summaries: Sequence[Summary], fields: Sequence[Difference], reports_dir: Path) -> None:
    """Write `metrics.prom`: what the newest week says, and the newest of those whose outcomes are known."""
    registry = CollectorRegistry()

    def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(f"noshow_{name}", text, labels, registry=registry)

    gauge("monitoring_last_run_timestamp_seconds", "When the job ran last.").set_to_current_time()
    size = gauge("drift_ratio", "Difference from the reference, 0 to 1.", ["field"])
    for difference in fields:
        size.labels(difference.field).set(difference.size)
    for newest in summaries[-1:]:
        decided = gauge("monitoring_decision", "1 for what is to be done about the newest week.", ["decision"])
        for decision in get_args(Decision):
            decided.labels(decision).set(decision == newest.decision)
        gauge("data_faults", "Facts that are wrong with the records of the newest week.").set(len(newest.data_faults))
    for judged in [summary.performance for summary in summaries if summary.performance][-1:]:
        gauge("mean_prediction_ratio", "Average prediction, of the newest judged week.").set(judged.mean_prediction)
        gauge("mean_outcome_ratio", "Share of no-shows, of the newest judged week.").set(judged.mean_outcome)
        if judged.auc is not None:
            gauge("auc_ratio", "AUC of the newest judged week.").set(judged.auc)
    reports_dir.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(reports_dir / "metrics.prom"), registry)
