"""Multinomial naive Bayes: counting which words go with which class, and nothing that a clerk could not follow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
DECIMALS = 6
"""What is kept of each weight: the same text on every machine, and no answer that it would change."""


@dataclass(frozen=True)
class Bayes:
    """classes: names, in the order of the columns. prior: (classes,). weights: (words, classes), logarithms.

    temperature: what scores are divided by before they become probabilities. Words are not independent, so that
    the plain scores are far too sure of themselves.
    """

    classes: tuple[str, ...]
    vocabulary: Mapping[str, int]
    prior: Numbers
    weights: Numbers
    temperature: float = 1.0

    def scores(self, words: Sequence[str]) -> Numbers:
        """The logarithm of prior times likelihood for each class; words that it does not know say nothing."""
        known = [self.vocabulary[word] for word in words if word in self.vocabulary]
        total: Numbers = self.prior + self.weights[known].sum(axis=0)
        return total

    def probabilities(self, words: Sequence[str]) -> Numbers:
        """One for each class, with a sum of 1."""
        scores = self.scores(words) / self.temperature
        powers = np.exp(scores - scores.max())
        shares: Numbers = powers / powers.sum()
        return shares

    def known_share(self, words: Sequence[str]) -> float:
        """How much of a letter the model has ever seen, from 0 to 1."""
        return sum(word in self.vocabulary for word in words) / len(words) if words else 0.0

    def document(self) -> dict[str, Any]:
        """As JSON: numbers and words, nothing that could run."""
        return {
            "classes": list(self.classes),
            "words": list(self.vocabulary),
            "prior": self.prior.tolist(),
            "weights": self.weights.tolist(),
            "temperature": self.temperature,
        }


def fit(rows: Sequence[Sequence[str]], classes: Sequence[str], smoothing: float, least: int) -> Bayes:
    """Count. rows: the words of each letter. least: in how many letters a word must stand to be known."""
    names = tuple(sorted(set(classes)))
    spread = Counter(word for row in rows for word in set(row))
    vocabulary = {word: place for place, word in enumerate(sorted(w for w, n in spread.items() if n >= least))}
    counts = np.full((len(vocabulary), len(names)), smoothing)
    for row, name in zip(rows, classes, strict=True):
        for word in row:
            if word in vocabulary:
                counts[vocabulary[word], names.index(name)] += 1
    share = np.array([sum(each == name for each in classes) for name in names]) / len(classes)
    weights = np.log(counts / counts.sum(axis=0))
    return Bayes(names, vocabulary, np.round(np.log(share), DECIMALS), np.round(weights, DECIMALS))


def calibrated(model: Bayes, rows: Sequence[Sequence[str]], classes: Sequence[str]) -> Bayes:
    """The model with the temperature under which letters that it has not seen are least surprising."""

    def surprise(each: Bayes) -> float:
        found = [each.probabilities(row)[each.classes.index(name)] for row, name in zip(rows, classes, strict=True)]
        return float(-np.log(np.maximum(found, 1e-12)).mean())

    warmer = [replace(model, temperature=round(1.0 + 0.25 * step, 2)) for step in range(77)]
    return min(warmer, key=surprise)


def read(document: Any) -> Bayes:
    """The model in a parsed document. Raises ValueError unless its parts fit together."""
    try:
        classes, words = tuple(map(str, document["classes"])), [str(word) for word in document["words"]]
        prior, weights = (np.array(document[name], dtype=np.float64) for name in ("prior", "weights"))
        temperature = float(document["temperature"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is no model: {type(error).__name__}") from None
    finite = bool(np.isfinite(prior).all() and np.isfinite(weights).all())
    if prior.shape != (len(classes),) or weights.shape != (len(words), len(classes)) or not finite or temperature < 1:
        raise ValueError("its parts do not fit together")
    return Bayes(classes, {word: place for place, word in enumerate(words)}, prior, weights, temperature)
