"""Training: letters of the past in, a sorter and a report of the months after them out. The same each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from triage import bayes
from triage.bayes import Bayes
from triage.configuration import Configuration
from triage.letters import Sorted
from triage.sorter import Sorter
from triage.words import words


@dataclass(frozen=True)
class Periods:
    """Letters by the time at which they came: a service meets the letters of tomorrow, so the test is later too."""

    fit: Sequence[Sorted]
    validation: Sequence[Sorted]
    test: Sequence[Sorted]

    @property
    def trained(self) -> list[Sorted]:
        """All that the final model counts."""
        return [*self.fit, *self.validation]


def split(corpus: Sequence[Sorted], validate_from: date, test_from: date) -> Periods:
    """Cut at two days. Raises ValueError when one of the periods is empty."""
    periods = Periods(
        [each for each in corpus if each.received < validate_from],
        [each for each in corpus if validate_from <= each.received < test_from],
        [each for each in corpus if each.received >= test_from],
    )
    if not (periods.fit and periods.validation and periods.test):
        raise ValueError("one of the three periods has no letter: look at the days in `training.toml`")
    return periods


def train(periods: Periods, told: Configuration) -> Sorter:
    """Find the temperatures on the months of validation, then count the letters of these months too."""
    kind = _fitted(periods, [each.label for each in periods.trained], told)
    haste = _fitted(periods, [each.urgency for each in periods.trained], told)
    return Sorter(kind, haste, told.urgent_from, told.review_below)


def _fitted(periods: Periods, classes: Sequence[str], told: Configuration) -> Bayes:
    """classes: those of `periods.trained`, in that order."""
    rows, cut = [words(each.letter) for each in periods.trained], len(periods.fit)
    first = bayes.fit(rows[:cut], classes[:cut], told.smoothing, told.least_letters)
    temperature = bayes.calibrated(first, rows[cut:], classes[cut:]).temperature
    whole = bayes.fit(rows, classes, told.smoothing, told.least_letters)
    return Bayes(whole.classes, whole.vocabulary, whole.prior, whole.weights, temperature)
