"""`python -m noshow train`: fit the model to the clean data, measure it, record and register it, and report on it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sklearn
from sklearn.metrics import brier_score_loss
from sklearn.pipeline import Pipeline

from noshow.commit import current_commit
from noshow.configuration import Configuration, read_configuration
from noshow.digests import sha256
from noshow.errors import ProductError
from noshow.evaluation import Predicted, calibration, predicted_rows, slices
from noshow.learning import fit, measure, split_by_time
from noshow.manifest import load_manifest
from noshow.outbox import put, send_all
from noshow.settings import Settings
from noshow.table import Row, fingerprint, read_table
from noshow.tracking import Challenger, Training, open_store
from noshow.training_report import save_training_report
from noshow.training_summary import Part, TrainingSummary, save_training_summary

LOCK = Path("requirements.lock")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Learned:
    """A model, and all that is known of how it came about."""

    model: Pipeline
    configuration: Configuration
    data: str
    fingerprint: str
    train: Part
    test: Part
    metrics: dict[str, float]
    tested: Sequence[Predicted]


def learn(settings: Settings) -> Learned:
    """Fit and measure as `settings.training_file` says, with all rows whose outcome is known; nothing is recorded."""
    configuration = read_configuration(settings.training_file)
    data = load_manifest(settings.clean_dir).name
    rows = [row for row in read_table(settings.clean_dir) if row.no_show is not None]
    split = split_by_time(rows, configuration.test_share)
    model = fit(split.train, configuration)
    return Learned(
        model=model,
        configuration=configuration,
        data=data,
        fingerprint=fingerprint(rows),
        train=_part(split.train),
        test=_part(split.test),
        metrics=measure(model, split),
        tested=predicted_rows(model, split.test),
    )


def run(settings: Settings) -> str:
    """Train as `settings.training_file` says, with all rows whose outcome is known.

    The model that is measured is the one that is recorded and registered: it has learned from no day of the test. The
    first version that is registered becomes the champion; every other one waits for `promote`. Leaves `training.json`
    and `training.html` in `settings.reports_dir`. A server that does not answer loses nothing: the record waits for
    `flush`.
    """
    learned = learn(settings)
    waits = put(_training(learned), settings)
    try:
        challenger = send_all(settings, open_store(settings))[-1]
        run_id, where = challenger.run_id, _where(challenger)
    except ProductError as error:
        log.error("the record could not be sent", extra={"fields": {"because": str(error), "waits in": str(waits)}})
        run_id, where = f"waits in {waits}", f"{error}; nothing is lost, send it later with `python -m noshow flush`"
    summary = TrainingSummary(
        run_id=run_id,
        seed=learned.configuration.seed,
        configuration=learned.configuration.model_dump(),
        data_sha256=learned.fingerprint,
        train=learned.train,
        test=learned.test,
        metrics=learned.metrics,
        slices=slices(learned.tested),
        calibration=calibration(learned.tested),
    )
    save_training_summary(summary, settings.reports_dir)
    save_training_report(summary, learned.tested, settings.reports_dir)
    scores = ", ".join(f"{name} {value:.4f}" for name, value in learned.metrics.items())
    return f"{learned.train.rows} rows to train, {learned.test.rows} to test: {scores}; {where}"


def _training(learned: Learned) -> Training:
    """All that is recorded of it: enough to make it again."""
    tags = {
        "data_sha256": learned.fingerprint,
        "commit": current_commit(),
        "lock_sha256": sha256(LOCK) if LOCK.is_file() else "unknown",
        "scikit_learn": sklearn.__version__,
    }
    parameters: dict[str, Any] = {
        "model": "logistic regression",
        **learned.configuration.model_dump(),
        "train_rows": learned.train.rows,
        "test_rows": learned.test.rows,
        "first_test_day": learned.test.first_day,
    }
    files = [LOCK] if LOCK.is_file() else []
    days = {"brier_of_the_day": _by_day(learned.tested)}
    return Training(parameters, learned.metrics, tags, learned.model, history=days, data=learned.data, files=files)


def _by_day(tested: Sequence[Predicted]) -> list[float]:
    """The Brier score of each day of the test, from the first to the last."""
    days = sorted({each.row.appointment.starts_at.date() for each in tested})
    parts = [[each for each in tested if each.row.appointment.starts_at.date() == day] for day in days]
    return [
        float(brier_score_loss([each.missed for each in part], [each.probability for each in part], pos_label=True))
        for part in parts
    ]


def _where(challenger: Challenger) -> str:
    version = challenger.version
    return (
        f"run {challenger.run_id} is version {version}: the champion if it is the first one, "
        f"else `python -m noshow promote {version}` lets it meet the champion"
    )


def _part(rows: Sequence[Row]) -> Part:
    days = [row.appointment.starts_at.date() for row in rows]
    return Part(min(days), max(days), len(rows))
