"""The record of training: runs, models and their versions on a tracking server, or in a local store without one."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sklearn.pipeline import Pipeline

from noshow.errors import ProductError
from noshow.settings import Settings

# MLflow reads these when it is imported: no telemetry, no progress bars, and its logs go through ours.
os.environ.update(
    {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_CONFIGURE_LOGGING": "false",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }
)

import mlflow

CHAMPION = "champion"
DATABASE = "mlflow.db"


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
    raise ProductError("the record of training is still to do")  # TODO(m04): see the README of the module


def record_challenger(store: Store, training: Training) -> Challenger:
    """Record a training as a finished run and register its model as a version; the champion stays who it is."""
    raise NotImplementedError  # TODO(m04)


def promote(store: Store, challenger: Challenger, because: str) -> None:
    """Make a registered version the champion and say why; `export` takes it from there."""
    raise NotImplementedError  # TODO(m04)


def champion(store: Store) -> Champion:
    """The version with the alias `champion`. Raises ProductError when there is none."""
    raise NotImplementedError  # TODO(m04)


def fetch_model(store: Store, run_id: str, folder: Path) -> Path:
    """Copy the model file of a run into a folder and return its path."""
    raise NotImplementedError  # TODO(m04)
