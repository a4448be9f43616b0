"""`python -m noshow monitor`: look at each week of predictions, and say what is to be done."""

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Judge every week that has predictions and ended before today, with the outcomes that were recorded by today.

    The reference is all that came before the first prediction. Leaves in `settings.reports_dir`, for each week, a summary
    (`save_summary`) and a page of the same name, `2026-W14.html`; and `metrics.prom` for Prometheus.
    """
    raise ProductError("monitoring is still to do")  # TODO(m10): see the README of the module
