"""`python -m noshow retrain`: make a challenger from recent outcomes, and promote it when it is better."""

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Fit a challenger to what was known by today, compare it with the champion, and promote and export it if it is better.

    Leaves the comparison (`save_comparison`) in `settings.reports_dir`, whatever it says.
    """
    raise ProductError("retraining is still to do")  # TODO(m10): see the README of the module
