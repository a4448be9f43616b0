"""What the clean data of each day are like, what is unusual about them, and a page to read."""

from collections.abc import Sequence

from noshow.daily import Day
from noshow.manifest import Manifest
from noshow.settings import Settings


def report(manifest: Manifest, settings: Settings) -> Sequence[Day]:
    """Write `reports/data/2026-01-05.json` and `.html` for each day of the data; what was said.

    A day is judged by the days before it. A report of a day that is no longer in the data is removed.
    """
    raise NotImplementedError  # TODO(m02)
