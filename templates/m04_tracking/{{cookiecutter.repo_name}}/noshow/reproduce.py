"""`python -m noshow reproduce RUN_ID OUT`: make the model of a run again, from what the run says and nothing else."""

from pathlib import Path

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings, run_id: str, out: Path) -> str:
    """Check the commit of the run out beside the working tree, and ingest and train there as the run was told.

    The folder `out` then holds what `export` would put into `model/`. Raises ProductError, and leaves no `out`, when the
    run was made from files that were not committed, when its commit or its data are gone, when the packages are others
    now, and when the metrics come out differently.
    """
    raise ProductError("reproduction is still to do")  # TODO(m04): see the README of the module
