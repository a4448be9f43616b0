"""The record of training: runs and registered models in a local MLflow store (SQLite, no server)."""

import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sklearn.pipeline import Pipeline

from noshow.bundle import MODEL_FILE, save_model
from noshow.errors import ProductError

# MLflow reads these when it is imported: no telemetry, no progress bars, and its logs go through ours.
os.environ.update(
    {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_CONFIGURE_LOGGING": "false",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "GIT_PYTHON_REFRESH": "quiet",
    }
)

import mlflow

NAME = "noshow"
CHAMPION = "champion"
DATABASE = "mlflow.db"


@dataclass(frozen=True)
class Training:
    """What one training was made with and what it gave."""

    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    model: Pipeline


@dataclass(frozen=True)
class Champion:
    """The registered version that serves, with the record of its run."""

    version: str
    run_id: str
    ended_at: int
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Challenger:
    """A registered version that could become the champion, and the run that made it."""

    version: str
    run_id: str


def open_store(tracking_dir: Path) -> mlflow.MlflowClient:
    """A client of the store in this folder; the store is made when there is none (that takes some seconds)."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    tracking_dir.mkdir(parents=True, exist_ok=True)
    return mlflow.MlflowClient(f"sqlite:///{(tracking_dir / DATABASE).resolve().as_posix()}")


def record(client: mlflow.MlflowClient, training: Training, artifacts: Path) -> str:
    """Record a training as a finished run, register its model as the champion, and return the run's id."""
    challenger = record_challenger(client, training, artifacts)
    promote(client, challenger)
    return challenger.run_id


def record_challenger(client: mlflow.MlflowClient, training: Training, artifacts: Path) -> Challenger:
    """Record a training as a finished run and register its model as a version; the champion stays who it is."""
    run = client.create_run(_experiment(client, artifacts))
    run_id = run.info.run_id
    try:
        _log(client, run_id, training)
        version = _register(client, run_id, f"{run.info.artifact_uri}/model")
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED")
    return Challenger(version, str(run_id))


def promote(client: mlflow.MlflowClient, challenger: Challenger) -> None:
    """Make a registered version the champion; `export` takes it from there."""
    client.set_registered_model_alias(NAME, CHAMPION, challenger.version)


def champion(client: mlflow.MlflowClient) -> Champion:
    """The version with the alias `champion`. Raises ProductError when there is none."""
    try:
        version = client.get_model_version_by_alias(NAME, CHAMPION)
    except mlflow.MlflowException as error:
        raise ProductError("no model is registered as champion; make one with `python -m noshow train`") from error
    run_id = str(version.run_id)
    run = client.get_run(run_id)
    return Champion(
        version=str(version.version),
        run_id=run_id,
        ended_at=run.info.end_time,
        parameters=run.data.params,
        metrics=run.data.metrics,
        tags=run.data.tags,
    )


def fetch_model(client: mlflow.MlflowClient, run_id: str, folder: Path) -> Path:
    """Copy the model file of a run into a folder and return its path."""
    return Path(client.download_artifacts(run_id, f"model/{MODEL_FILE}", str(folder)))


def _experiment(client: mlflow.MlflowClient, artifacts: Path) -> str:
    found = client.get_experiment_by_name(NAME)
    if found is None:
        return str(client.create_experiment(NAME, artifact_location=artifacts.resolve().as_uri()))
    return str(found.experiment_id)


def _log(client: mlflow.MlflowClient, run_id: str, training: Training) -> None:
    client.log_batch(
        run_id,
        metrics=[mlflow.entities.Metric(name, value, timestamp=0, step=0) for name, value in training.metrics.items()],
        params=[mlflow.entities.Param(name, str(value)) for name, value in training.parameters.items()],
        tags=[mlflow.entities.RunTag(name, value) for name, value in training.tags.items()],
    )
    with tempfile.TemporaryDirectory() as folder:
        save_model(training.model, Path(folder) / MODEL_FILE)
        client.log_artifact(run_id, str(Path(folder) / MODEL_FILE), "model")


def _register(client: mlflow.MlflowClient, run_id: str, source: str) -> str:
    if not client.search_registered_models(f"name = '{NAME}'"):
        client.create_registered_model(NAME)
    return str(client.create_model_version(NAME, source, run_id).version)
