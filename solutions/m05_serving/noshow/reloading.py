"""The model that answers: taken from a folder when it is there, and replaced when a newer one is exported."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from noshow.bundle import MODEL_FILE, PROVENANCE_FILE, Bundle, Provenance, load_bundle
from noshow.errors import ProductError
from noshow.features import FEATURES

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 0.5

Seen = tuple[tuple[int, int, int], ...]


class CurrentModel:
    """The newest model of a folder that is fit to answer. A request takes it once and keeps it to its end.

    `loaded` is called with the provenance of each model that begins to answer.
    """

    def __init__(self, folder: Path, loaded: Callable[[Provenance], None] | None = None) -> None:
        self.bundle: Bundle | None = None
        self.newer_refused = False
        self._folder = folder
        self._loaded = loaded
        self._seen: Seen | None = ()

    async def watch(self) -> None:
        """Look for a new export for ever. It is loaded in a thread: the old model answers meanwhile."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    def look(self) -> None:
        """Take the export that lies in the folder, unless it was looked at before or is not fit to answer."""
        seen = _see(self._folder)
        if seen == self._seen or (seen is None and self.bundle):
            return  # while an export takes the place of another there is none for a moment
        self._seen = seen
        try:
            bundle = load_bundle(self._folder)
            _try(bundle)
        except ProductError as error:
            self.newer_refused = self.bundle is not None
            log.warning("model refused", extra={"fields": {"reason": str(error)}})
        except Exception:  # whatever is wrong with a new model, the old one answers
            self.newer_refused = self.bundle is not None
            log.exception("model refused")
        else:
            self.bundle, self.newer_refused = bundle, False
            if self._loaded:
                self._loaded(bundle.provenance)
            log.info("model loaded", extra={"fields": {"run_id": bundle.provenance.run_id}})


def _see(folder: Path) -> Seen | None:
    """What tells one export from another without reading it; None when there is none."""
    try:
        facts = [(folder / name).stat() for name in (PROVENANCE_FILE, MODEL_FILE)]
    except OSError:
        return None
    return tuple((fact.st_ino, fact.st_mtime_ns, fact.st_size) for fact in facts)


def _try(bundle: Bundle) -> None:
    """Ask the model once. Raises ProductError when what it says is no probability, and whatever the model raises."""
    probability = float(bundle.model.predict_proba(np.zeros((1, len(FEATURES))))[0, 1])
    if not 0 <= probability <= 1:
        raise ProductError(f"it answers {probability} to a row of zeros, which is no probability")
