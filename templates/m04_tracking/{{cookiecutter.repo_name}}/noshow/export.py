"""`python -m noshow export`: the registered champion becomes a folder that serving can load."""

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Put the champion's model and provenance in the place of an earlier export."""
    raise ProductError("exporting is still to do")  # TODO(m04): see the README of the module
