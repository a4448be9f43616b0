"""Comparing what two copies of a product answer."""

from __future__ import annotations

import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Service
from mlops_grader.instruments import clean
from mlops_grader.instruments.clean import first_difference, shown
from mlops_grader.instruments.client import Client


@pytest.mark.parametrize(
    ("left", "right", "place"),
    [
        ([1.0, "a", {"x": [0.5]}], [1.0, "a", {"x": [0.5]}], None),
        ([0.1 + 0.2], [0.3], None),
        (["a", "b"], ["a", "c"], 1),
        ([{"x": 1}], [{"x": 1, "y": 2}], 0),
        ([1, True], [1, 1], 1),
    ],
)
def test_the_first_difference(left: list[object], right: list[object], place: int | None) -> None:
    """Rounding is none, another type is one."""
    assert first_difference(left, right) == place


def test_a_long_value_is_cut() -> None:
    """A report stays readable."""
    assert (shown({"a": "é"}), len(shown("x" * 500)), shown("x" * 500)[-4:]) == ('{"a": "é"}', 200, " ...")


def test_a_refused_valid_request_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the report can send it again."""

    def refuse(*_: object) -> None:
        raise Fail("POST /predict answered 422")

    monkeypatch.setattr(Client, "predict", refuse)
    client = Client(1, Service(), lambda: None)
    with pytest.raises(Fail, match=r'the valid request \{"a": 1\}: POST /predict answered 422') as refused:
        clean.answers(client, [{"a": 1}])
    assert "[inputs]" in refused.value.fix
