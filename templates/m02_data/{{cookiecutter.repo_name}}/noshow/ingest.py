"""`python -m noshow ingest`: the clinics' daily files become clean data, partitioned by day."""

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Make the clean data from all daily files that are there; one sentence about what was done.

    The same files give the same data, in whatever order they came. Each row of each file is in the data or in the
    quarantine. Ended at any moment, the data are those of before or the new ones. Raises ProductError when there are no
    daily files, and the earlier data stay.
    """
    raise ProductError("ingestion is still to do")  # TODO(m02)
