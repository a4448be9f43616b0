"""How good the predictions of test rows are: by group, and by how probable a no-show was said to be."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.pipeline import Pipeline

from noshow.features import feature_matrix
from noshow.learning import probabilities
from noshow.table import Row
from noshow.training_summary import AGES, Bin, Group, Slice, groups_of

BINS = 10
"""How many groups of nearly equal size the calibration is looked at in."""


@dataclass(frozen=True)
class Predicted:
    """A row with an outcome, and what the model says of it."""

    row: Row
    probability: float

    @property
    def missed(self) -> bool:
        return bool(self.row.no_show)


def predicted_rows(model: Pipeline, rows: Sequence[Row]) -> list[Predicted]:
    """Each row with its probability."""
    found = probabilities(model, feature_matrix(row.appointment for row in rows))
    return [Predicted(row, float(probability)) for row, probability in zip(rows, found, strict=True)]


def slices(tested: Sequence[Predicted]) -> list[Slice]:
    """The quality for each value of each group that occurs, the groups together and their values in order."""
    members: dict[tuple[Group, str], list[Predicted]] = defaultdict(list)
    for each in tested:
        for group, value in groups_of(each.row).items():
            members[group, value].append(each)
    ages = [name for _, name in AGES]
    ordered = sorted(members, key=lambda key: (key[0], ages.index(key[1]) if key[1] in ages else 0, key[1]))
    return [_slice(group, value, members[group, value]) for group, value in ordered]


def calibration(tested: Sequence[Predicted]) -> list[Bin]:
    """What was predicted against what happened, in groups of nearly equal size from the safest to the riskiest."""
    ordered = sorted(tested, key=lambda each: each.probability)
    parts = [part for part in np.array_split(np.arange(len(ordered)), BINS) if len(part)]
    return [_bin([ordered[place] for place in part]) for part in parts]


def _slice(group: Group, value: str, members: Sequence[Predicted]) -> Slice:
    missed = [each.missed for each in members]
    predicted = [each.probability for each in members]
    return Slice(
        group=group,
        value=value,
        rows=len(members),
        no_shows=sum(missed),
        mean_prediction=float(np.mean(predicted)),
        brier=float(brier_score_loss(missed, predicted)),
        auc=float(roc_auc_score(missed, predicted)) if 0 < sum(missed) < len(missed) else None,
    )


def _bin(members: Sequence[Predicted]) -> Bin:
    predicted = [each.probability for each in members]
    share = float(np.mean([each.missed for each in members]))
    return Bin(min(predicted), max(predicted), len(members), float(np.mean(predicted)), share)
