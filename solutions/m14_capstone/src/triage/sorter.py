"""The model that answers: two counts of words, one for the kind of a letter and one for its urgency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from triage import bayes
from triage.bayes import Bayes
from triage.letters import Letter
from triage.words import words

FORMAT = "triage/sorter/1"


@dataclass(frozen=True)
class Opinion:
    """What the model thinks of a letter. review: so unsure that a person should read it first."""

    label: str
    confidence: float
    urgency: str
    urgent: float
    review: bool
    known: float

    def answer(self) -> dict[str, Any]:
        """What a caller is told."""
        return {
            "label": self.label,
            "confidence": round(self.confidence, 4),
            "urgency": self.urgency,
            "urgent_probability": round(self.urgent, 4),
            "review": self.review,
        }


@dataclass(frozen=True)
class Sorter:
    """kind, haste: the two models. urgent_from: the probability from which a letter is urgent."""

    kind: Bayes
    haste: Bayes
    urgent_from: float
    review_below: float

    def sort(self, letter: Letter) -> Opinion:
        """The opinion on one letter. The channel is not asked: how somebody writes must not decide what is done."""
        found = words(letter)
        shares = self.kind.probabilities(found)
        best = int(shares.argmax())
        urgent = float(self.haste.probabilities(found)[self.haste.classes.index("urgent")])
        return Opinion(
            self.kind.classes[best],
            float(shares[best]),
            "urgent" if urgent >= self.urgent_from else "ordinary",
            urgent,
            bool(shares[best] < self.review_below),
            self.kind.known_share(found),
        )

    def document(self) -> dict[str, Any]:
        """As JSON."""
        limits = {"urgent_from": self.urgent_from, "review_below": self.review_below}
        return {"format": FORMAT, **limits, "kind": self.kind.document(), "haste": self.haste.document()}


def read(document: Any) -> Sorter:
    """The sorter in a parsed document. Raises ValueError when it is none."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise ValueError(f"it is not of the format {FORMAT}")
    limits = document.get("urgent_from"), document.get("review_below")
    if not all(isinstance(limit, float) and 0 < limit < 1 for limit in limits):
        raise ValueError("its limits are no shares")
    kind, haste = (bayes.read(document.get(name)) for name in ("kind", "haste"))
    if "urgent" not in haste.classes:
        raise ValueError("it cannot tell what is urgent")
    return Sorter(kind, haste, float(document["urgent_from"]), float(document["review_below"]))
