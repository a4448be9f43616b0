"""The record of training: runs, models and their versions on a tracking server, or in a local store without one."""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from sklearn.pipeline import Pipeline

from noshow.bundle import MODEL_FILE
from noshow.errors import ProductError
from noshow.settings import Settings

# MLflow reads these when it is imported: no telemetry, no progress bars, its logs go through ours, and a server that
# does not answer is given up soon (usually MLflow tries for a quarter of an hour).
os.environ.update(
    {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_CONFIGURE_LOGGING": "false",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT", "8"),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": os.environ.get("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1"),
    }
)

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from noshow.packing import RECORD, pack_model

CHAMPION = "champion"
DATABASE = "mlflow.db"
MODEL = "model"
BATCH = 500
"""Metrics that are sent at once; a server takes a thousand values of all kinds."""


@dataclass(frozen=True)
class Store:
    """Where runs and versions are kept, and under which names. `artifacts` is None when a server looks after them."""

    client: mlflow.MlflowClient
    experiment: str
    model: str
    place: str
    artifacts: Path | None


@dataclass(frozen=True)
class Training:
    """What one training was made with and what it gave.

    `history` holds metrics over time, each with its values in order. `data` is the name of the data set.
    `files` are kept as they are with the run.
    """

    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    model: Pipeline
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    data: str = ""
    files: Sequence[Path] = ()


@dataclass(frozen=True)
class Champion:
    """A registered version with the record of its run; usually the one that serves."""

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


def open_store(settings: Settings) -> Store:
    """The tracking server of the settings, or the store in the tracking folder where they name none.

    The local store is made when there is none (that takes some seconds). Nothing is asked of a server yet.
    """
    for name in ("mlflow", "alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    names = (settings.experiment, settings.registered_model)
    if settings.tracking_uri:
        place = urlsplit(settings.tracking_uri)
        shown = (
            f"{place.scheme}://{place.hostname}:{place.port}" if place.port else f"{place.scheme}://{place.hostname}"
        )
        return Store(mlflow.MlflowClient(settings.tracking_uri), *names, place=shown, artifacts=None)
    settings.tracking_dir.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{(settings.tracking_dir / DATABASE).resolve().as_posix()}"
    artifacts = settings.tracking_dir / "artifacts"
    return Store(mlflow.MlflowClient(uri), *names, place=f"`{settings.tracking_dir}`", artifacts=artifacts)


def pack(training: Training, folder: Path) -> None:
    """Write all that is to be recorded of a training into a folder; no server is needed."""
    pack_model(training.model, folder / MODEL)
    said = {
        "key": os.urandom(16).hex(),
        "parameters": {name: str(value) for name, value in training.parameters.items()},
        "metrics": dict(training.metrics),
        "history": {name: list(values) for name, values in training.history.items()},
        "tags": dict(training.tags),
        "data": training.data,
    }
    (folder / "files").mkdir()
    for path in training.files:
        (folder / "files" / path.name).write_bytes(path.read_bytes())
    (folder / RECORD).write_text(json.dumps(said, indent=1), encoding="utf-8", newline="\n")


def send(store: Store, folder: Path) -> Challenger:
    """Record what was packed as a finished run, and register its model as a version; the champion stays who it is.

    What an earlier attempt began is finished, and nothing is recorded twice. Raises ProductError when the server does
    not answer.
    """
    said: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    with asking(store):
        run_id, artifacts = _run(store, said["key"])
        _log(store.client, run_id, said)
        store.client.log_artifacts(run_id, str(folder / MODEL), MODEL)
        store.client.log_artifacts(run_id, str(folder / "files"), "files")
        store.client.set_terminated(run_id, "FINISHED")
        return Challenger(_register(store, run_id, f"{artifacts}/{MODEL}"), run_id)


def record_challenger(store: Store, training: Training) -> Challenger:
    """Record a training as a finished run and register its model as a version; the champion stays who it is."""
    with TemporaryDirectory() as folder:
        pack(training, Path(folder))
        return send(store, Path(folder))


def promote(store: Store, challenger: Challenger, because: str) -> None:
    """Make a registered version the champion and say why; `export` takes it from there."""
    with asking(store):
        say(store, challenger.version, decision="promoted", because=because)
        store.client.set_registered_model_alias(store.model, CHAMPION, challenger.version)


def say(store: Store, version: str, **tags: str) -> None:
    """Give a version tags."""
    with asking(store):
        for name, value in tags.items():
            store.client.set_model_version_tag(store.model, version, name, value)


def champion(store: Store) -> Champion:
    """The version with the alias `champion`. Raises ProductError when there is none."""
    found = present_champion(store)
    if found is None:
        raise ProductError("no model is registered as champion; make one with `python -m noshow train`")
    return found


def present_champion(store: Store) -> Champion | None:
    """The version with the alias `champion`, None when there is none."""
    with asking(store):
        try:
            version = store.client.get_model_version_by_alias(store.model, CHAMPION).version
        except mlflow.MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
    return registered(store, str(version))


def registered(store: Store, version: str) -> Champion:
    """A registered version with the record of its run. Raises ProductError when there is none of that number."""
    with asking(store, f"version {version} of {store.model}"):
        run_id = str(store.client.get_model_version(store.model, version).run_id)
        run = store.client.get_run(run_id)
    return Champion(
        version=version,
        run_id=run_id,
        ended_at=run.info.end_time,
        parameters=run.data.params,
        metrics=run.data.metrics,
        tags=run.data.tags,
    )


def decisions(store: Store) -> dict[str, str]:
    """The tag `decision` of each version that has one."""
    with asking(store):
        found = store.client.search_model_versions(f"name = '{store.model}'")
    return {str(each.version): each.tags["decision"] for each in found if "decision" in each.tags}


def fetch_model(store: Store, run_id: str, folder: Path) -> Path:
    """Copy the model file of a run into a folder and return its path."""
    with asking(store, f"the model of run {run_id}"):
        return Path(store.client.download_artifacts(run_id, f"{MODEL}/{MODEL_FILE}", str(folder)))


def experiment_id(store: Store) -> str:
    """The id of the experiment, which is made when there is none."""
    found = store.client.get_experiment_by_name(store.experiment)
    if found is not None:
        return str(found.experiment_id)
    own = {"artifact_location": store.artifacts.resolve().as_uri()} if store.artifacts else {}
    return str(store.client.create_experiment(store.experiment, **own))


@contextmanager
def asking(store: Store, what: str = "") -> Iterator[None]:
    """Turn what MLflow raises into one line: what is not there, or that the server does not answer."""
    try:
        yield
    except mlflow.MlflowException as error:
        if what and error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise ProductError(f"{store.place} does not have {what}") from error
        words = str(error).splitlines()[0]
        said = "does not answer" if "http" in words else f"says: {words[:200]}"
        raise ProductError(f"the tracking server {store.place} {said}") from error
    except OSError as error:  # of requests, while artifacts are sent
        raise ProductError(f"the tracking server {store.place} does not answer: {type(error).__name__}") from error


def _run(store: Store, key: str) -> tuple[str, str]:
    """Id and place of artifacts of the run with this key; it is begun unless an earlier attempt did."""
    experiment = experiment_id(store)
    found = store.client.search_runs([experiment], f"tags.key = '{key}'", max_results=1)
    run = found[0] if found else store.client.create_run(experiment, tags={"key": key})
    return str(run.info.run_id), str(run.info.artifact_uri)


def _log(client: mlflow.MlflowClient, run_id: str, said: Mapping[str, Any]) -> None:
    metrics = [Metric(name, value, timestamp=0, step=0) for name, value in said["metrics"].items()]
    for name, values in said["history"].items():
        metrics += [Metric(name, value, timestamp=step, step=step) for step, value in enumerate(values)]
    client.log_batch(
        run_id,
        params=[Param(name, value) for name, value in said["parameters"].items()],
        tags=[RunTag(name, value) for name, value in said["tags"].items()],
    )
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])
    if said["data"]:
        digest = said["tags"].get("data_sha256", said["data"])[:32]
        data = Dataset(said["data"], digest, source_type="local", source=json.dumps({"uri": "data/clean"}))
        client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])


def _register(store: Store, run_id: str, source: str) -> str:
    """The version that was made of a run; it is made unless an earlier attempt did."""
    if not store.client.search_registered_models(f"name = '{store.model}'"):
        store.client.create_registered_model(store.model)
    for found in store.client.search_model_versions(f"name = '{store.model}' and run_id = '{run_id}'"):
        return str(found.version)
    return str(store.client.create_model_version(store.model, source, run_id).version)
