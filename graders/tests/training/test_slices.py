"""Slices and bins that were counted rightly are taken, in any cut; what was not counted is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops_grader.instruments.training.practice import Practice
from mlops_grader.instruments.training.said import Bin, Slice
from mlops_grader.instruments.training.slices import AGES, age_group, must_be_bins_of, must_be_those_of, true_slices
from mlops_grader.instruments.world.chance import Floats

Told = Callable[[Callable[[], object]], str]
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def tested(practice: Practice) -> tuple[pd.DataFrame, Floats]:
    """Appointments, and probabilities with ties."""
    return practice.future, np.round(practice.reference(), 2)


def cut(frame: pd.DataFrame, predicted: Floats, parts: Sequence[Any]) -> list[Bin]:
    """The bins of these rows."""
    missed = frame["no_show"].to_numpy()
    return [
        Bin(
            low=predicted[part].min(),
            high=predicted[part].max(),
            rows=len(predicted[part]),
            mean_prediction=predicted[part].mean(),
            share_missed=missed[part].mean(),
        )
        for part in parts
    ]


def test_groups_hold_all_appointments(tested: tuple[pd.DataFrame, Floats]) -> None:
    """Each group is a division, and every name occurs in this practice."""
    found = list(true_slices(*tested))
    for group, count in (("clinic", 4), ("sex", 2), ("age", 4), ("reminder", 3)):
        mine = [each for each in found if each.group == group]
        assert (len(mine), sum(each.rows for each in mine)) == (count, len(tested[0]))
        assert sum(each.no_shows for each in mine) == tested[0]["no_show"].sum()


def test_ages_have_the_names_that_the_project_is_given() -> None:
    """At their edges too."""
    ages = (0, 17, 18, 34, 35, 64, 65, 99)
    assert [age_group(age) for age in ages] == [name for _, name in AGES for _ in range(2)]


def test_what_is_true_is_taken(tested: tuple[pd.DataFrame, Floats], told: Told) -> None:
    """In any order, rounded to four digits."""
    said = [each.model_copy(update={"brier": round(each.brier, 4)}) for each in true_slices(*tested)]
    assert told(lambda: must_be_those_of(said[::-1], *tested, TOLERANCE)) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": 3}, "`rows` of the slice `clinic` `harbour` is 3"),
        ({"no_shows": 3}, "`no_shows` of the slice"),
        ({"brier": 0.25}, "`brier` of the slice"),
        ({"auc": None}, "`auc` of the slice `clinic` `harbour` is None"),
        ({"mean_prediction": 0.5}, "`mean_prediction` of the slice"),
        ({"value": "moon"}, "no slice has `group` `clinic` and `value` `harbour`"),
    ],
)
def test_what_is_wrong_is_told(
    tested: tuple[pd.DataFrame, Floats], told: Told, change: dict[str, Any], words: str
) -> None:
    """With the slice and the number."""
    first, *others = true_slices(*tested)
    said = [first.model_copy(update=change), *others]
    assert words in told(lambda: must_be_those_of(said, *tested, TOLERANCE))


def test_slices_that_are_made_up_or_come_twice_are_told(tested: tuple[pd.DataFrame, Floats], told: Told) -> None:
    """Even where all others are right."""
    true = list(true_slices(*tested))
    moon: Slice = true[0].model_copy(update={"value": "moon"})
    for more in (moon, true[0]):
        found = told(lambda more=more: must_be_those_of([*true, more], *tested, TOLERANCE))
        assert found.startswith("there is a slice")


@pytest.mark.parametrize("count", [4, 10, 37])
def test_bins_may_have_any_size(tested: tuple[pd.DataFrame, Floats], told: Told, count: int) -> None:
    """Of equal counts, where equal predictions fall into two bins, or of equal width."""
    predicted = tested[1]
    by_count = np.array_split(np.argsort(predicted, kind="stable"), count)
    edges = np.linspace(0, 1, count + 1)
    by_width = [np.flatnonzero((predicted >= low) & (predicted < high)) for low, high in pairwise(edges)]
    for parts in (by_count, [part for part in by_width if len(part)]):
        if len(parts) >= 4:
            assert told(lambda parts=parts: must_be_bins_of(cut(*tested, parts), *tested, TOLERANCE)) == ""


def test_bins_of_other_rows_are_told(tested: tuple[pd.DataFrame, Floats], told: Told) -> None:
    """Missing, in another order, of other outcomes, or too few."""
    frame, predicted = tested
    right = cut(*tested, np.array_split(np.argsort(predicted, kind="stable"), 10))
    turned = [each.model_copy(update={"share_missed": 1 - each.share_missed}) for each in right]
    moved = [
        each.model_copy(update={"rows": each.rows + step}) for each, step in zip(right, [500, -500] * 5, strict=True)
    ]
    for wrong, words in (
        (right[:-1], "of 7200 test appointments"),
        (right[::-1], "not in order"),
        (right[:3], "has 3 bins"),
        (turned, "of them missed"),
        (moved, "the bin"),
    ):
        assert words in told(lambda wrong=wrong: must_be_bins_of(wrong, frame, predicted, TOLERANCE))
