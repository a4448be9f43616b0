"""`python -m noshow score IN OUT`: the probabilities of many requests at once, with the exported model."""

from pathlib import Path

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings, source: Path, target: Path) -> str:
    """Write one JSON object with `no_show_probability` for each line of `source`, in its order, in one step.

    A line is a JSON object as `/predict` takes it, and its probability is the one that the service answers. Raises
    ProductError that names the line when one is no such request; nothing is written then.
    """
    raise ProductError("scoring is still to do")  # TODO(m03): see the README of the module
