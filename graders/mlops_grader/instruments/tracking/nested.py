"""A search as it stands on the server: one run, and below it a run for each value that was tried."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlops_grader.check import Fail
from mlops_grader.instruments.tracking.registry import Run

FEWEST = 3  # values that are worth the name of a search


@dataclass(frozen=True)
class Search:
    """A parent and its children."""

    parent: Run
    children: Sequence[Run]

    def named(self) -> list[Run]:
        """The children whose id stands in a parameter or a tag of the parent."""
        words = set(self.parent.words().values())
        return [child for child in self.children if child.id in words]

    def judged_by(self) -> dict[str, list[float]]:
        """The metrics that all children have, not all with one value, in the order of the children."""
        shared = set.intersection(*(set(child.metrics) for child in self.children))
        values = {name: [child.metrics[name] for child in self.children] for name in sorted(shared)}
        return {name: found for name, found in values.items() if len(set(found)) > 1}

    def best(self, run: Run) -> bool:
        """Whether no other child is better in one of these metrics: higher for scores, lower for losses and errors."""
        place = self.children.index(run)
        for name, values in self.judged_by().items():
            best = {"higher": (max(values),), "lower": (min(values),), "": (min(values), max(values))}[_direction(name)]
            if values[place] in best:
                return True
        return False

    def tried(self) -> dict[str, list[str]]:
        """The parameters that are others in each child, in the order of the children."""
        names = set.intersection(*(set(child.parameters) for child in self.children))
        values = {name: [child.parameters[name] for child in self.children] for name in sorted(names)}
        return {name: found for name, found in values.items() if len(set(found)) == len(found)}


def _direction(metric: str) -> str:
    """Which way a metric is better, where its name tells."""
    if re.search(r"loss|brier|error|mse|mae|rmse|ece|deviance", metric, re.IGNORECASE):
        return "lower"
    return "higher" if re.search(r"auc|roc|accura|score|precision|recall|f1|gain", metric, re.IGNORECASE) else ""


def search(runs: Sequence[Run]) -> Search:
    """The search among the runs of an experiment. Raises Fail when there is not one with nested runs."""
    above = {run.parent for run in runs if run.parent}
    parents = [run for run in runs if run.id in above]
    if len(parents) != 1:
        raise Fail(
            f"of {len(runs)} runs that the search left, {len(parents)} have others nested below them",
            fix="begin one run for the search, and give the others its id in the tag `mlflow.parentRunId`",
        )
    children = [run for run in runs if run.parent == parents[0].id]
    if len(children) < FEWEST:
        raise Fail(
            f"the search tried {len(children)} values", fix=f"try {FEWEST} values or more, each in a run of its own"
        )
    return Search(parents[0], children)
