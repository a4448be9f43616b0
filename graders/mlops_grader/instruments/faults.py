"""Faults to order in a service that runs: a switch in a copy of the product, and what is done to its processes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product

FEATURES = "noshow/features.py"


@dataclass(frozen=True)
class Switch:
    """A file that a copy of the product reads at each prediction."""

    path: Path

    def errors(self, share: float) -> None:
        """What the features come from does not answer, for this share of the predictions."""
        self._set(fail=share)

    def slow(self, share: float, seconds: float) -> None:
        """This share of the predictions takes so much longer."""
        self._set(slow=share, seconds=seconds)

    def wrong(self, factor: float) -> None:
        """Every feature is multiplied, as when a unit changes on the way."""
        self._set(factor=factor)

    def hungry(self, megabytes: int, most: int, seconds: float) -> None:
        """Each prediction keeps so much more memory, up to `most` megabytes in all, and the processor busy for a while."""
        self._set(megabytes=megabytes, most=most, busy=seconds)

    def once_slow(self, seconds: float) -> None:
        """One prediction takes so much longer."""
        self._set(once=1, slow=1, seconds=seconds)

    def once_an_error(self) -> None:
        """What the features come from does not answer once."""
        self._set(once=1, fail=1)

    def off(self) -> None:
        """All is well again."""
        self.path.unlink(missing_ok=True)

    def _set(self, **order: float) -> None:
        # replaced in one step: the service reads it meanwhile
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(order), encoding="utf-8")
        new.replace(self.path)


def with_a_switch(product: Product, folder: Path) -> tuple[Product, Switch]:
    """A copy of a product whose features come late, wrong or not at all when its switch says so."""
    copy = product.copy(folder)
    path = copy.root / FEATURES
    if not path.is_file():
        raise Fail(f"there is no `{FEATURES}`", fix="keep the given package `noshow`")
    switch = Switch(folder.with_suffix(".switch"))
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n" + _PLANTED.format(path=str(switch.path))
    path.write_text(text, encoding="utf-8", newline="\n")
    return copy, switch


_PLANTED = '''

import json as _json
import random as _random
import time as _time
from pathlib import Path as _Path

_plain = feature_matrix
_kept = []


def feature_matrix(*arguments, **named):
    """The features, as they come on a bad day."""
    switch = _Path({path!r})
    try:
        order = _json.loads(switch.read_text())
        if "once" in order:
            switch.rename(switch.with_suffix(".done"))  # only one can
    except OSError:
        order = {{}}
    if _random.random() < order.get("fail", 0):
        raise ConnectionError("the features cannot be had")
    if _random.random() < order.get("slow", 0):
        _time.sleep(order["seconds"])
    if "megabytes" not in order:
        _kept.clear()
    elif len(_kept) * order["megabytes"] < order["most"]:
        _kept.append(b"x" * (order["megabytes"] * 2**20))
    until = _time.thread_time() + order.get("busy", 0)
    while _time.thread_time() < until:
        pass
    return _plain(*arguments, **named) * order.get("factor", 1)
'''
