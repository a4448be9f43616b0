"""`python -m noshow train`: fit the model to the clean table, measure it, and record and register it."""

import sklearn

from noshow.commit import current_commit
from noshow.learning import TEST_SHARE, fit, measure, split_by_time
from noshow.settings import Settings
from noshow.table import fingerprint, read_table
from noshow.tracking import Training, open_store, record

INVERSE_REGULARISATION = 1.0


def run(settings: Settings) -> str:
    """Train with all rows whose outcome is known. The same table and code give the same model."""
    rows = [row for row in read_table(settings.clean_dir) if row.no_show is not None]
    split = split_by_time(rows)
    model = fit(split.train, INVERSE_REGULARISATION)
    training = Training(
        parameters={
            "model": "logistic regression",
            "inverse_regularisation": INVERSE_REGULARISATION,
            "test_share": TEST_SHARE,
            "train_rows": len(split.train),
            "test_rows": len(split.test),
            "first_test_day": split.test[0].appointment.starts_at.date(),
        },
        metrics=measure(model, split),
        tags={"data_sha256": fingerprint(rows), "commit": current_commit(), "scikit_learn": sklearn.__version__},
        model=model,
    )
    client = open_store(settings.tracking_dir)
    run_id = record(client, training, settings.tracking_dir / "artifacts")
    scores = ", ".join(f"{name} {value:.4f}" for name, value in training.metrics.items())
    return f"run {run_id}: {len(split.train)} rows to train, {len(split.test)} to test: {scores}"
