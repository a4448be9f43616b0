"""The exported model: a folder with the model and its provenance, all that serving needs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import skops.io
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from noshow.digests import sha256
from noshow.errors import ProductError
from noshow.features import FEATURES

MODEL_FILE = "model.skops"
PROVENANCE_FILE = "model.json"
TRUSTED_TYPES: list[str] = []
"""Types that a model file may contain beyond those that skops trusts itself (scikit-learn's and numpy's own).
Anything else is refused before it is loaded: a model file is data and cannot run code."""

MAKE_IT = "make it with `python -m noshow export`"


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from: enough to make it again."""

    name: str
    version: str
    run_id: str
    trained_at: str
    commit: str
    data_sha256: str
    model_sha256: str
    features: list[str]
    parameters: dict[str, str]
    metrics: dict[str, float]
    scikit_learn: str


@dataclass(frozen=True)
class Bundle:
    """A model that was loaded, and its provenance."""

    model: Pipeline
    provenance: Provenance


def save_model(model: Pipeline, path: Path) -> None:
    """Write a model in the skops format: parameters and arrays, no code."""
    skops.io.dump(model, path)


def save_provenance(provenance: Provenance, folder: Path) -> None:
    """Write the provenance beside the model."""
    text = json.dumps(asdict(provenance), indent=2)
    (folder / PROVENANCE_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")


def load_bundle(folder: Path) -> Bundle:
    """Load an exported model without running code from it. Raises ProductError as `check_bundle` does."""
    provenance = check_bundle(folder)
    return Bundle(_load_model(folder / MODEL_FILE), provenance)


def check_bundle(folder: Path) -> Provenance:
    """The provenance of an exported model that is fit to be loaded.

    Raises ProductError when the folder is incomplete or damaged, or the model was made for other features.
    """
    for name in (PROVENANCE_FILE, MODEL_FILE):
        if not (folder / name).is_file():
            raise ProductError(f"`{folder / name}` does not exist; {MAKE_IT}, or set MODEL_DIR")
    provenance = _read_provenance(folder / PROVENANCE_FILE)
    if provenance.features != list(FEATURES):
        raise ProductError(f"`{folder}` was made for other features than this code computes; {MAKE_IT} after training")
    if provenance.model_sha256 != sha256(folder / MODEL_FILE):
        raise ProductError(f"`{folder / MODEL_FILE}` is not the file that {PROVENANCE_FILE} describes; {MAKE_IT}")
    return provenance


def _read_provenance(path: Path) -> Provenance:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Provenance(**content)
    except (ValueError, TypeError) as error:
        raise ProductError(f"`{path}` is not the record of a model: {error}; {MAKE_IT}") from error


def _load_model(path: Path) -> Pipeline:
    try:
        return cast("Pipeline", skops.io.load(path, trusted=TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        raise ProductError(f"`{path}` holds types that are not trusted: {error}") from error
