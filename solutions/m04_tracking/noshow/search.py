"""`python -m noshow search`: try values of the hyperparameter, each as a run of its own below one that names the best."""

from collections.abc import Sequence
from datetime import date

from mlflow.entities import Metric, Param, RunTag
from sklearn.metrics import log_loss

from noshow.commit import current_commit
from noshow.configuration import Configuration, read_configuration
from noshow.errors import ProductError
from noshow.features import feature_matrix
from noshow.learning import fit, probabilities, split_by_time
from noshow.manifest import load_manifest
from noshow.settings import Settings
from noshow.table import Row, read_table
from noshow.tracking import Store, asking, experiment_id, open_store

FACTORS = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0)
"""Of the value in the configuration."""

FOLDS = 4
PARENT = "mlflow.parentRunId"
CHOSEN_BY = "validation_log_loss"


def run(settings: Settings) -> str:
    """Try values on parts of the train days and record each as a nested run; one sentence that says which is best.

    The days of the test are not looked at. Every nested run has the value as a parameter and its quality as a metric;
    the run above them has the id of the best as the tag `best_run`.
    """
    told = read_configuration(settings.training_file)
    rows = [row for row in read_table(settings.clean_dir) if row.no_show is not None]
    train = split_by_time(rows, told.test_share).train
    data, commit = load_manifest(settings.clean_dir).name, current_commit()
    store = open_store(settings)
    with asking(store):
        parent = _begin(store, {"data": data, "commit": commit, "mlflow.runName": "search"})
    found: dict[float, tuple[str, float]] = {}
    for value in (told.inverse_regularisation * factor for factor in FACTORS):
        tried = told.model_copy(update={"inverse_regularisation": value})
        losses = validate(train, tried)
        with asking(store):
            child = _begin(store, {"data": data, "commit": commit, PARENT: parent})
            found[value] = child, _record(store, child, tried, losses)
    best = min(found, key=lambda value: found[value][1])
    with asking(store):
        store.client.log_batch(
            parent,
            metrics=[Metric(CHOSEN_BY, found[best][1], timestamp=0, step=0)],
            params=[Param("best_inverse_regularisation", str(best))],
            tags=[RunTag("best_run", found[best][0])],
        )
        store.client.set_terminated(parent)
    return (
        f"inverse_regularisation {best:g} was best: {CHOSEN_BY} {found[best][1]:.4f}, run {found[best][0]} of {parent}"
    )


def validate(rows: Sequence[Row], tried: Configuration) -> list[float]:
    """The log loss on each of several stretches of days, learned from the days before it."""
    days = sorted({row.appointment.starts_at.date() for row in rows})
    size = len(days) // (FOLDS + 1)
    if not size:
        raise ProductError(f"{len(days)} days are too few to try values on; ingest more daily files")
    ends = [len(days) - size * fold for fold in reversed(range(FOLDS))]
    return [_loss(rows, days[end - size], days[end - 1], tried) for end in ends]


def _loss(rows: Sequence[Row], first: date, last: date, tried: Configuration) -> float:
    learned = [row for row in rows if row.appointment.starts_at.date() < first]
    judged = [row for row in rows if first <= row.appointment.starts_at.date() <= last]
    predicted = probabilities(fit(learned, tried), feature_matrix(row.appointment for row in judged))
    return float(log_loss([bool(row.no_show) for row in judged], predicted, labels=[False, True]))


def _begin(store: Store, tags: dict[str, str]) -> str:
    return str(store.client.create_run(experiment_id(store), tags=tags).info.run_id)


def _record(store: Store, run_id: str, tried: Configuration, losses: Sequence[float]) -> float:
    mean = sum(losses) / len(losses)
    folds = [Metric("fold_log_loss", value, timestamp=step, step=step) for step, value in enumerate(losses)]
    store.client.log_batch(
        run_id,
        metrics=[Metric(CHOSEN_BY, mean, timestamp=0, step=0), *folds],
        params=[Param(name, str(value)) for name, value in tried.model_dump().items()],
    )
    store.client.set_terminated(run_id)
    return mean
