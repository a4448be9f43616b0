"""`python -m noshow search`: try values of the hyperparameter, each as a run of its own below one that names the best."""

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Try values on parts of the train days and record each as a nested run; one sentence that says which is best.

    The days of the test are not looked at. Every nested run has the value as a parameter and its quality as a metric;
    the run above them has the id of the best as the tag `best_run`.
    """
    raise ProductError("the search is still to do")  # TODO(m04): see the README of the module
