"""`python -m noshow retrain`: make a challenger from recent outcomes, and promote it when it is better."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy import stats

from noshow import export
from noshow.bundle import Bundle, load_bundle
from noshow.commit import current_commit
from noshow.comparison import WEEKS_COMPARED, Comparison, save_comparison
from noshow.configuration import read_configuration
from noshow.errors import ProductError
from noshow.features import feature_matrix
from noshow.learning import Split, fit, measure, probabilities
from noshow.performance import clinic_days, mature
from noshow.settings import Settings
from noshow.table import Row, fingerprint
from noshow.tracking import Training, open_store, promote, record_challenger
from noshow.weeks import OPEN_DAYS
from noshow.windows import Case, Week, read_history

WEEKS_TO_LEARN = 8
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Improvement:
    """How much lower the challenger's log loss is, with its interval."""

    champion: float
    challenger: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        return self.champion - self.challenger


def run(settings: Settings) -> str:
    """Fit a challenger to what was known by today, compare it with the champion, and promote and export it if it is better.

    Leaves the comparison (`save_comparison`) in `settings.reports_dir`, whatever it says.
    """
    configuration = read_configuration(settings.training_file)
    champion = load_bundle(settings.model_dir)
    weeks = [week for week in read_history(settings.raw_dir, settings.today).weeks if _usable(week)]
    learned, compared = weeks[-WEEKS_COMPARED - WEEKS_TO_LEARN : -WEEKS_COMPARED], weeks[-WEEKS_COMPARED:]
    if len(learned) < WEEKS_COMPARED:
        raise ProductError(f"{len(weeks)} weeks with outcomes are too few to learn from and to compare on; wait")
    cases = _counting(compared)
    split = Split(train=[_row(case) for case in _counting(learned)], test=[_row(case) for case in cases])
    model = fit(split.train, configuration)
    found = improvement(cases, champion, probabilities(model, feature_matrix(case.appointment for case in cases)))
    store = open_store(settings)
    training = Training(
        parameters={
            "model": "logistic regression",
            "inverse_regularisation": configuration.inverse_regularisation,
            "first_week": learned[0].name,
            "last_week": learned[-1].name,
            "train_rows": len(split.train),
            "test_rows": len(split.test),
            "first_test_day": compared[0].monday,
        },
        metrics=measure(model, split),
        tags={
            "data_sha256": fingerprint(split.train),
            "commit": current_commit(),
            "scikit_learn": sklearn.__version__,
            "champion": champion.provenance.run_id,
            "as_of": str(settings.today),
        },
        model=model,
    )
    challenger = record_challenger(store, training)
    comparison = Comparison(
        as_of=settings.today,
        champion=champion.provenance.run_id,
        challenger=challenger.run_id,
        first_day=compared[0].monday,
        last_day=compared[-1].monday + timedelta(days=OPEN_DAYS - 1),
        rows=len(cases),
        metric="log_loss",
        champion_score=found.champion,
        challenger_score=found.challenger,
        improvement=found.mean,
        low=found.low,
        high=found.high,
        confidence=CONFIDENCE,
        test="t interval of the difference in log loss, clinics and days as groups",
        promoted=found.low > 0,
        because="the interval is above 0" if found.low > 0 else "the interval holds 0 or less: it could be chance",
    )
    save_comparison(comparison, settings.reports_dir)
    if comparison.promoted:
        promote(store, challenger, comparison.because)
        export.run(settings)
    what = "promoted and exported" if comparison.promoted else "not promoted"
    return f"challenger {challenger.run_id} {what}: log loss better by {found.mean:.4f} ({found.low:.4f} to {found.high:.4f})"


def improvement(cases: Sequence[Case], champion: Bundle, challenger: NDArray[np.float64]) -> Improvement:
    """Both on the same cases. Groups of a clinic and a day are the unit: what happens to one happens to its neighbours."""
    matrix = feature_matrix(case.appointment for case in cases)
    missed = np.array([bool(case.no_show) for case in cases])
    losses = [_losses(missed, each) for each in (probabilities(champion.model, matrix), challenger)]
    better = losses[0] - losses[1]
    _, number = np.unique(np.array(clinic_days(cases)), return_inverse=True)
    groups = np.bincount(number, weights=better - better.mean())
    error = float(np.sqrt((groups**2).sum() * len(groups) / (len(groups) - 1)) / len(better))
    reach = error * float(stats.t.ppf((1 + CONFIDENCE) / 2, len(groups) - 1))
    mean = float(better.mean())
    return Improvement(float(losses[0].mean()), float(losses[1].mean()), mean - reach, mean + reach)


def _losses(missed: NDArray[np.bool_], predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.log(np.where(missed, predicted, 1 - predicted))


def _usable(week: Week) -> bool:
    return mature(week.labels) and not week.broken


def _counting(weeks: Sequence[Week]) -> list[Case]:
    """The appointments whose outcome the model did not bring about itself."""
    return [case for week in weeks for case in week.cases if case.counts]


def _row(case: Case) -> Row:
    return Row(case.appointment_id, case.sex, case.appointment, case.no_show)
