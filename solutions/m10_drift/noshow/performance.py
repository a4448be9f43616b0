"""Whether the predictions are still right: predictions against outcomes, where nobody stepped in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import roc_auc_score

from noshow.features import FEATURES, feature_matrix
from noshow.summary import MATURE, Labels, Performance
from noshow.windows import Case

SIGNIFICANT = 0.005
"""How often the outcomes of a week may look wrong although the model is right, all questions together."""

ALONG = ("log_lead_days", "no_show_rate", "reminder_none")
"""The features along which the errors are looked at, beside their average and their course with the risk."""


@dataclass(frozen=True)
class Judgement:
    """The quality of one week's predictions, and for each question how probable such errors are for a model that is right."""

    performance: Performance
    p_values: dict[str, float]

    @property
    def wrong(self) -> list[str]:
        """The questions whose answer is more than chance, the clearest first."""
        level = SIGNIFICANT / len(self.p_values)
        return sorted((name for name, p in self.p_values.items() if p < level), key=self.p_values.__getitem__)


def mature(labels: Labels) -> bool:
    """Whether so many outcomes are known that those which are not cannot mislead."""
    return labels.expected > 0 and labels.arrived >= MATURE * labels.expected


def judge(cases: Sequence[Case]) -> Judgement | None:
    """The quality of the predictions whose outcome counts; None when there are too few."""
    used = [(case, case.predicted) for case in cases if case.counts]
    predicted = np.array([each.probability for _, each in used if each])
    missed = np.array([bool(case.no_show) for case, _ in used])
    groups = clinic_days([case for case, _ in used])
    if len(set(groups)) < len(ALONG) + 2:
        return None
    auc = float(roc_auc_score(missed, predicted)) if 0 < missed.sum() < len(missed) else None
    performance = Performance(len(used), float(predicted.mean()), float(missed.mean()), auc)
    errors = missed - predicted
    matrix = feature_matrix(case.appointment for case, _ in used)
    along = {"risk": np.log(predicted / (1 - predicted)), **{name: matrix[:, FEATURES.index(name)] for name in ALONG}}
    p_values = {"average": by_groups(errors, groups)}
    p_values |= {name: by_groups(errors * (values - values.mean()), groups) for name, values in along.items()}
    return Judgement(performance, p_values)


def clinic_days(cases: Sequence[Case]) -> list[str]:
    """What belongs together: the appointments of one clinic on one day share the weather, and whatever else happens."""
    return [f"{case.appointment.starts_at:%Y-%m-%d} {case.appointment.clinic}" for case in cases]


def by_groups(errors: NDArray[np.float64], groups: Sequence[str]) -> float:
    """How probable the sum of errors is when they are 0 on average: a t test on the sums of the groups.

    Single appointments are not independent, groups nearly are.
    """
    _, number = np.unique(np.array(groups), return_inverse=True)
    p_value = float(stats.ttest_1samp(np.bincount(number, weights=errors), 0).pvalue)
    return 1.0 if np.isnan(p_value) else p_value
