"""The groups and bins that a summary speaks of, computed again from appointments and predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from mlops_grader.check import Fail
from mlops_grader.instruments.training import quality
from mlops_grader.instruments.training.said import Bin, Group, Slice
from mlops_grader.instruments.world.chance import Floats

AGES = ((0, "under 18"), (18, "18 to 34"), (35, "35 to 64"), (65, "65 and older"))
FEWEST = 4  # bins: with less nobody sees a curve
EDGE = 1e-4  # people round what stands at the ends of a bin


def true_slices(frame: pd.DataFrame, predicted: Floats) -> Iterator[Slice]:
    """How good predictions are for each value of each group that occurs."""
    columns: dict[Group, pd.Series] = {
        "clinic": frame["clinic"],
        "sex": frame["sex"],
        "age": frame["age"].map(age_group),
        "reminder": frame["reminder"],
    }
    missed = frame["no_show"].to_numpy()
    for group, values in columns.items():
        for value in sorted(set(values)):
            rows = (values == value).to_numpy()
            here, said = missed[rows], predicted[rows]
            auc = quality.auc(here, said) if 0 < here.sum() < len(here) else None
            yield Slice(
                group=group,
                value=str(value),
                rows=int(rows.sum()),
                no_shows=int(here.sum()),
                mean_prediction=float(said.mean()),
                brier=quality.brier(here, said),
                auc=auc,
            )


def age_group(age: int) -> str:
    """The name of the group to which an age belongs."""
    return next(name for begin, name in reversed(AGES) if age >= begin)


def must_be_those_of(said: Sequence[Slice], frame: pd.DataFrame, predicted: Floats, tolerance: float) -> None:
    """Raise Fail when a slice is missing or made up, or says something else than the appointments do."""
    told = {(each.group, each.value): each for each in said}
    for true in true_slices(frame, predicted):
        found = told.pop((true.group, true.value), None)
        if found is None:
            raise Fail(
                f"no slice has `group` `{true.group}` and `value` `{true.value}`", fix="one for each value in the test"
            )
        for name in ("rows", "no_shows", "mean_prediction", "brier", "auc"):
            number, wanted = getattr(found, name), getattr(true, name)
            if (number is None) != (wanted is None) or (number is not None and abs(number - wanted) > tolerance):
                raise Fail(
                    f"`{name}` of the slice `{true.group}` `{true.value}` is {number}, and of these test appointments it is {wanted}",
                    fix="compute each slice from its own test appointments, with the exported model",
                )
    if told or len({(each.group, each.value) for each in said}) != len(said):
        group, value = next(iter(told), ("", "twice"))
        raise Fail(f"there is a slice `{group}` `{value}` that the test has not", fix="each slice once")


def must_be_bins_of(said: Sequence[Bin], frame: pd.DataFrame, predicted: Floats, tolerance: float) -> None:
    """Raise Fail when the bins are not a division of these appointments from low to high.

    How they are cut is free. Equal predictions may fall into two bins, so counts are compared with both ends and without.
    """
    if len(said) < FEWEST or [each.low for each in said] != sorted(each.low for each in said):
        raise Fail(
            f"`calibration` has {len(said)} bins, or they are not in order", fix=f"at least {FEWEST}, from low to high"
        )
    missed = frame["no_show"].to_numpy()
    total = sum(each.rows for each in said)
    mean = sum(each.rows * each.mean_prediction for each in said) / max(total, 1)
    if total != len(frame) or abs(mean - predicted.mean()) > tolerance:
        raise Fail(
            f"the bins hold {total} of {len(frame)} test appointments, predicted {mean:.4f} on average and not {predicted.mean():.4f}",
            fix="each test appointment in one bin",
        )
    for each in said:
        inside = (predicted > each.low + EDGE) & (predicted < each.high - EDGE)
        around = (predicted >= each.low - EDGE) & (predicted <= each.high + EDGE)
        counted = each.share_missed * each.rows
        slack = tolerance * each.rows + 0.5
        possible = missed[inside].sum() - slack <= counted <= missed[around].sum() + slack
        if not np.count_nonzero(inside) <= each.rows <= np.count_nonzero(around) or not possible:
            raise Fail(
                f"the bin from {each.low:.4f} to {each.high:.4f} says {each.rows} appointments and {each.share_missed:.3f} missed; "
                f"there are {np.count_nonzero(around)}, and {missed[around].mean() if around.any() else 0:.3f} of them missed",
                fix="count predictions and outcomes of the same appointments",
            )
