"""A service in which something fails that nobody expected, for one patient of many."""

from __future__ import annotations

from pathlib import Path

from mlops_grader.check import Fail
from mlops_grader.instruments.faults import FEATURES
from mlops_grader.instruments.product import Product

AGE = 119
"""Of the patient for whom it fails: allowed, and nobody in the simulated world is as old."""


def with_a_fault(product: Product, folder: Path, words: str) -> Product:
    """A copy of a product whose features raise an error with these words for one age."""
    copy = product.copy(folder)
    path = copy.root / FEATURES
    if not path.is_file():
        raise Fail(f"there is no `{FEATURES}`", fix="keep the given package `noshow`")
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n" + _PLANTED.format(age=AGE, words=words)
    path.write_text(text, encoding="utf-8", newline="\n")
    return copy


_PLANTED = '''

_plain_row = feature_row


def feature_row(appointment):
    """The features, where the program has no mistake."""
    if appointment.age == {age}:
        raise RuntimeError("{words}")
    return _plain_row(appointment)
'''
