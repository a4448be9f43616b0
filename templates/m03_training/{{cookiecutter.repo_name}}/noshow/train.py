"""`python -m noshow train`: fit the model to the clean table, measure it, record and register it, and report on it."""

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Train as `settings.training_file` says, with all rows whose outcome is known.

    The model that is measured is the one that is recorded and registered: it has learned from no day of the test.
    Leaves `training.json` and `training.html` in `settings.reports_dir`.
    """
    raise ProductError("training is still to do")  # TODO(m03): see the README of the module
