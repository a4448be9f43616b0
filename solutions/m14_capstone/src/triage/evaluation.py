"""How good are answers? Figures on letters that training has never seen, as a whole and by slice."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from triage import keywords
from triage.letters import LABELS, Letter, Sorted
from triage.sorter import Sorter

ROUNDS = 500
Judge = Callable[[Letter], tuple[str, str]]


def evaluate(sorter: Sorter, test: Sequence[Sorted], trained: Sequence[Sorted], seed: int) -> dict[str, Any]:
    """Everything that the report shows, as one JSON object."""
    opinions = [sorter.sort(each.letter) for each in test]
    said = [(each.label, each.urgency) for each in opinions]
    sure = [(each, answer) for each, answer, own in zip(test, said, opinions, strict=True) if not own.review]
    most = max(LABELS, key=[each.label for each in trained].count)
    return {
        "letters": len(test),
        "model": figures(test, said),
        "interval": interval(test, said, seed),
        "review_share": round(1 - len(sure) / len(test), 4),
        "accuracy_without_review": accuracy([each for each, _ in sure], [answer for _, answer in sure]),
        "baselines": {
            "keywords": figures(test, [(keywords.label(each.letter), keywords.urgency(each.letter)) for each in test]),
            "most_frequent": figures(test, [(most, "ordinary")] * len(test)),
        },
        "slices": slices(test, said),
        "by_label": {name: _by_label(name, test, said) for name in LABELS},
    }


def figures(test: Sequence[Sorted], said: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Accuracy of the label, the share of urgent letters that is found, the share of alarms that is right."""
    urgent = [answer[1] == "urgent" for each, answer in zip(test, said, strict=True) if each.urgency == "urgent"]
    alarms = [each.urgency == "urgent" for each, answer in zip(test, said, strict=True) if answer[1] == "urgent"]
    return {"accuracy": accuracy(test, said), "urgent_found": share(urgent), "alarms_right": share(alarms)}


def accuracy(test: Sequence[Sorted], said: Sequence[tuple[str, str]]) -> float:
    """The share of labels that are the clerk's."""
    return share([each.label == answer[0] for each, answer in zip(test, said, strict=True)])


def share(hits: Sequence[bool]) -> float:
    """How many are true, from 0 to 1; 0 of nothing."""
    return round(sum(hits) / len(hits), 4) if hits else 0.0


def interval(test: Sequence[Sorted], said: Sequence[tuple[str, str]], seed: int) -> list[float]:
    """Between what limits the accuracy would lie for 95 of 100 such sets of letters (bootstrap)."""
    random, hits = Random(seed), [each.label == answer[0] for each, answer in zip(test, said, strict=True)]
    found = sorted(share(random.choices(hits, k=len(hits))) for _ in range(ROUNDS))
    return [found[int(0.025 * ROUNDS)], found[int(0.975 * ROUNDS) - 1]]


def slices(test: Sequence[Sorted], said: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The same figures for each channel, each kind of writer, and short and long letters."""
    groups: dict[str, Callable[[Sorted], str]] = {
        "channel": lambda each: each.letter.channel,
        "writer": lambda each: each.writer,
        "length": lambda each: "short" if len(each.letter.text) < 200 else "long",
    }
    rows = []
    for group, of in groups.items():
        for value in sorted({of(each) for each in test}):
            mine = [(each, answer) for each, answer in zip(test, said, strict=True) if of(each) == value]
            found = figures([each for each, _ in mine], [answer for _, answer in mine])
            rows.append({"group": group, "value": value, "letters": len(mine), **found})
    return rows


def _by_label(name: str, test: Sequence[Sorted], said: Sequence[tuple[str, str]]) -> dict[str, float]:
    found = [answer[0] == name for each, answer in zip(test, said, strict=True) if each.label == name]
    right = [each.label == name for each, answer in zip(test, said, strict=True) if answer[0] == name]
    return {"letters": len(found), "found": share(found), "right": share(right)}
