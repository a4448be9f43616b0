"""`python -m noshow export`: the registered champion becomes a folder that serving can load."""

from datetime import UTC, datetime
from pathlib import Path

from noshow.bundle import MODEL_FILE, Provenance, save_provenance
from noshow.digests import sha256
from noshow.errors import ProductError
from noshow.features import FEATURES
from noshow.replacing import replacing_folder
from noshow.settings import Settings
from noshow.tracking import DATABASE, Champion, Store, champion, fetch_model, open_store


def run(settings: Settings) -> str:
    """Put the champion's model and provenance in the place of an earlier export."""
    database = settings.tracking_dir / DATABASE
    if not settings.tracking_uri and not database.is_file():
        raise ProductError(f"`{database}` does not exist; make it with `python -m noshow train`")
    store = open_store(settings)
    chosen = champion(store)
    with replacing_folder(settings.model_dir) as folder:
        bring(store, chosen, folder)
    return f"version {chosen.version} of {store.model} (run {chosen.run_id}) exported to `{settings.model_dir}`"


def bring(store: Store, chosen: Champion, folder: Path) -> None:
    """Put the model of a registered version, and where it comes from, into an empty folder."""
    fetch_model(store, chosen.run_id, folder).replace(folder / MODEL_FILE)
    save_provenance(provenance(store.model, chosen, folder / MODEL_FILE), folder)


def provenance(name: str, chosen: Champion, model: Path) -> Provenance:
    """Where a model file comes from: the record of the run that made it."""
    return Provenance(
        name=name,
        version=chosen.version,
        run_id=chosen.run_id,
        trained_at=datetime.fromtimestamp(chosen.ended_at / 1000, UTC).isoformat(timespec="seconds"),
        commit=chosen.tags["commit"],
        data_sha256=chosen.tags["data_sha256"],
        model_sha256=sha256(model),
        features=list(FEATURES),
        parameters=dict(chosen.parameters),
        metrics=dict(chosen.metrics),
        scikit_learn=chosen.tags["scikit_learn"],
    )
