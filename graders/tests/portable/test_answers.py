"""Predictions of any kind: what counts as one, and when two are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import load
from mlops_grader.instruments.client import prediction, same
from mlops_grader.instruments.environment import Environment, needs_none


def said(folder: Path, contract: str, answer: Any) -> Any:
    """The prediction in an answer to a product with that contract."""
    (folder / "product.toml").write_text(contract, "utf-8")
    return prediction(httpx.Response(200, json={"label": answer}), load(folder).service)


OWN = '[inputs]\nexamples = "a"\n[service]\nprediction = "label"\n'
COURSE = '[service]\nprediction = "label"\n'


@pytest.mark.parametrize("answer", ["billing", 7, 1.5, True, ["a"], {"a": 1}, "", 0, False])
def test_with_inputs_any_value_is_a_prediction(tmp_path: Path, answer: Any) -> None:
    assert said(tmp_path, OWN, answer) == answer


def test_with_inputs_null_is_none(tmp_path: Path) -> None:
    with pytest.raises(Fail, match="`label` is null"):
        said(tmp_path, OWN, None)


@pytest.mark.parametrize("answer", ["billing", 7, True, None])
def test_without_inputs_a_prediction_is_a_probability(tmp_path: Path, answer: Any) -> None:
    with pytest.raises(Fail, match="not a probability"):
        said(tmp_path, COURSE, answer)


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (0.5, 0.5 + 1e-10, True),
        (0.5, 0.5 + 1e-8, False),
        (1, 1.0, True),
        (True, 1, False),
        (None, None, True),
        ("1", 1, False),
        ({"a": [1, 0.2]}, {"a": [1, 0.2 + 1e-10]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [1], False),
    ],
)
def test_two_predictions_are_the_same_when_they_are_equal_but_for_rounding(left: Any, right: Any, alike: bool) -> None:
    assert same(left, right) is alike


def test_without_a_setup_command_a_product_of_ones_own_has_no_environment(tmp_path: Path) -> None:
    (tmp_path / "product.toml").write_text(OWN, "utf-8")
    own = load(tmp_path)
    (tmp_path / "product.toml").write_text(COURSE, "utf-8")
    assert (needs_none(own), needs_none(load(tmp_path))) == (True, False)


def test_no_environment_is_no_virtual_one_and_holds_nothing(tmp_path: Path) -> None:
    bare = Environment(tmp_path / "none", bare=True)
    assert ({"VIRTUAL_ENV", "PATH"} & set(bare.variables()), bare.installed(), bare.local()) == (set(), {}, frozenset())


def test_where_no_serve_command_is_named_the_service_is_its_container(tmp_path: Path) -> None:
    (tmp_path / "product.toml").write_text(OWN, "utf-8")
    container = load(tmp_path).in_container_alone
    (tmp_path / "product.toml").write_text(OWN + '[commands]\nserve = "run"\n', "utf-8")
    host = load(tmp_path).in_container_alone
    (tmp_path / "product.toml").write_text(COURSE, "utf-8")
    assert (container, host, load(tmp_path).in_container_alone) == (True, False, False)
