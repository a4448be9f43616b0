"""`python -m noshow train`: fit the model to the clean data, measure it, record and register it, and report on it."""

from collections.abc import Sequence

import sklearn

from noshow.commit import current_commit
from noshow.configuration import read_configuration
from noshow.evaluation import calibration, predicted_rows, slices
from noshow.learning import fit, measure, split_by_time
from noshow.settings import Settings
from noshow.table import Row, fingerprint, read_table
from noshow.tracking import Training, open_store, record_challenger
from noshow.training_report import save_training_report
from noshow.training_summary import Part, TrainingSummary, save_training_summary


def run(settings: Settings) -> str:
    """Train as `settings.training_file` says, with all rows whose outcome is known.

    The model that is measured is the one that is recorded and registered: it has learned from no day of the test. The
    first version that is registered becomes the champion; every other one waits for `promote`. Leaves `training.json`
    and `training.html` in `settings.reports_dir`. A server that does not answer loses nothing: the record waits for
    `flush`.
    """
    configuration = read_configuration(settings.training_file)
    rows = [row for row in read_table(settings.clean_dir) if row.no_show is not None]
    split = split_by_time(rows, configuration.test_share)
    model = fit(split.train, configuration)
    metrics = measure(model, split)
    train, test, data = _part(split.train), _part(split.test), fingerprint(rows)
    # TODO(m04): metrics over time, the data set, the lock; and whatever else makes this run reproducible
    training = Training(
        parameters={
            "model": "logistic regression",
            **configuration.model_dump(),
            "train_rows": train.rows,
            "test_rows": test.rows,
            "first_test_day": test.first_day,
        },
        metrics=metrics,
        tags={"data_sha256": data, "commit": current_commit(), "scikit_learn": sklearn.__version__},
        model=model,
    )
    # TODO(m04): the first version becomes the champion, and nothing is lost when the server is away
    run_id = record_challenger(open_store(settings), training).run_id
    tested = predicted_rows(model, split.test)
    summary = TrainingSummary(
        run_id=run_id,
        seed=configuration.seed,
        configuration=configuration.model_dump(),
        data_sha256=data,
        train=train,
        test=test,
        metrics=metrics,
        slices=slices(tested),
        calibration=calibration(tested),
    )
    save_training_summary(summary, settings.reports_dir)
    save_training_report(summary, tested, settings.reports_dir)
    scores = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    return f"run {run_id}: {train.rows} rows to train, {test.rows} to test: {scores}"


def _part(rows: Sequence[Row]) -> Part:
    days = [row.appointment.starts_at.date() for row in rows]
    return Part(min(days), max(days), len(rows))
