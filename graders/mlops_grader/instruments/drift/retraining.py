"""A product that retrains while its practice changes: an equal challenger, a worse one, and a better one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, Literal

import numpy as np
import pandas as pd

from mlops_grader.check import Fail
from mlops_grader.instruments.client import READY_SECONDS
from mlops_grader.instruments.drift import said
from mlops_grader.instruments.drift.job import Job, after
from mlops_grader.instruments.drift.practice import Order, Practice, features
from mlops_grader.instruments.drift.said import Comparison
from mlops_grader.instruments.load import Call, send_all
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished, Limits
from mlops_grader.instruments.service import started
from mlops_grader.instruments.world import ConceptDrift, request_bodies
from mlops_grader.instruments.world.chance import Floats
from mlops_grader.instruments.world.simulation import START

Kind = Literal["equal", "worse", "better"]
Metric = Literal["log_loss", "brier", "auc"]

COMPARED = 3  # the newest weeks, as the given `comparison.py` says
EQUAL, PASSING, NORMAL, LASTING, FUTURE = 11, 8, COMPARED, 12, 1  # weeks of each part of a story
CALLS = 2.5  # a call nearly always helps here: whoever learns from the called learns that the risky come
CHANGE = ConceptDrift("lead", -3.0, START)
LUCKY = (0.2, 1.2)  # how many standard errors an equal challenger seems better: more than nothing, less than is shown
CANDIDATES = 60
TRAINING = Limits(seconds=600)

_QUIET, _CHANGED = (Order(),), (Order(CHANGE),)
_COURSES: tuple[tuple[tuple[Order, ...], Mapping[Kind, int]], ...] = (
    (
        _QUIET * EQUAL + _CHANGED * PASSING + _QUIET * NORMAL + _CHANGED * (LASTING + FUTURE),
        {"equal": EQUAL, "worse": EQUAL + PASSING + NORMAL, "better": EQUAL + PASSING + NORMAL + LASTING},
    ),
    (
        _QUIET * EQUAL + _CHANGED * (LASTING + FUTURE) + _QUIET * NORMAL,
        {"equal": EQUAL, "worse": EQUAL + LASTING + FUTURE + NORMAL, "better": EQUAL + LASTING},
    ),
)
WIDTHS = (0.4, 2.5)  # of an interval against the one computed here: methods differ, made-up ones by more
WORDS: dict[Kind, str] = {
    "equal": "nothing had changed",
    "worse": "patients had decided differently for many weeks, and for three as before again",
    "better": "patients had decided differently for twelve weeks",
}


@dataclass(frozen=True)
class Attempt:
    """One retraining: how the command ended, what it said, and the records of the exported model before and after."""

    kind: Kind
    today: date
    weeks: int
    finished: Finished
    before: dict[str, Any]
    after: dict[str, Any]
    job: Job

    def comparison(self) -> Comparison:
        """What was recorded of it. Raises Fail when the command failed or left nothing."""
        if not self.finished.ok:
            raise Fail(f"{WORDS[self.kind]}, and the `retrain` command fails: {self.finished}", fix="mend what it says")
        return said.comparison(self.job.reports, self.job.product.contract.drift.reports, self.today)

    @property
    def words(self) -> str:
        """What had happened before it."""
        return WORDS[self.kind]

    @property
    def changed(self) -> bool:
        """Whether another model is exported now."""
        return self.before.get("model_sha256") != self.after.get("model_sha256")

    def compared(self) -> pd.DataFrame:
        """The appointments on which both were to be compared: of the newest three weeks, without those who were called."""
        frame = pd.concat(self.job.practice.weeks[self.weeks - COMPARED : self.weeks], ignore_index=True)
        return frame[~frame["called"]]

    def future(self) -> pd.DataFrame:
        """The appointments of the week after."""
        return self.job.practice.weeks[self.weeks]


@dataclass(frozen=True)
class Evidence:
    """Both models on the same appointments, computed again. error: the standard error of the improvement."""

    champion: float
    challenger: float
    improvement: float
    error: float

    def fits(self, said: Comparison) -> bool:
        """Whether an interval is about as wide as such a comparison allows."""
        from scipy.stats import norm

        width = (said.high - said.low) / 2 / float(norm.ppf((1 + said.confidence) / 2))
        return WIDTHS[0] < width / self.error < WIDTHS[1]


@dataclass
class Retrained:
    """The whole story, and the product with the first champion."""

    attempts: dict[Kind, Attempt]
    first: Product

    def in_the_next_week(self) -> tuple[float, float]:
        """The log loss of the first champion and of the last model in the week after, where nobody called."""
        week = self._better.future()
        alone = ~week["called"].to_numpy()
        old, new = (score("log_loss", week["no_show"][alone], each[-len(week) :][alone]) for each in self._answers)
        return old, new

    def among_the_risky(self) -> tuple[float, float]:
        """Of the riskiest fifth in that week, what the last model says on average and what is true when nobody calls."""
        week = self._better.future()
        risky = self._better.job.practice.risky(week)
        return float(self._answers[1][-len(week) :][risky].mean()), float(week["no_show_probability"][risky].mean())

    def evidence(self, metric: Metric) -> Evidence:
        """What the last comparison should have found."""
        frame = self._better.compared()
        old, new = (each[: len(frame)] for each in self._answers)
        champion, challenger = score(metric, frame["no_show"], old), score(metric, frame["no_show"], new)
        better = champion - challenger if metric != "auc" else challenger - champion
        return Evidence(champion, challenger, better, _error_of(metric, frame, old, new))

    @property
    def _better(self) -> Attempt:
        return self.attempts["better"]

    @cached_property
    def _answers(self) -> list[Floats]:
        """What the first champion and the last model answer for all that was compared and for the week after."""
        better = self._better
        frame = pd.concat([better.compared(), better.future()], ignore_index=True)
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda product: _predictions(product, frame), (self.first, better.job.product)))


def _predictions(product: Product, frame: pd.DataFrame) -> Floats:
    """What the exported model of a product answers for rows of a world's frame."""
    service = product.contract.service
    bodies = request_bodies(frame)
    with started(product, {service.settings.log_level: "ERROR"}) as running:
        running.client.wait_until_ready(bodies[0], READY_SECONDS)
        replies = send_all(running.client, [Call(service.predict, body) for body in bodies])
    values = [reply.value(service.prediction) for reply in replies]
    if not all(isinstance(value, float) and 0 < value < 1 for value in values):
        raise Fail("the service does not answer as before retraining", fix="export what `serve` can load")
    return np.asarray(values, dtype=np.float64)


def _error_of(metric: Metric, frame: pd.DataFrame, old: Floats, new: Floats) -> float:
    """The standard error of the improvement: of an average over appointments, or by a bootstrap of them for the AUC."""
    missed = frame["no_show"].to_numpy()
    if metric == "auc":
        draws = np.random.default_rng(0).integers(len(frame), size=(200, len(frame)))
        found = [score(metric, missed[rows], new[rows]) - score(metric, missed[rows], old[rows]) for rows in draws]
        return float(np.std(found))
    if metric == "brier":
        return standard_error(frame, (old - missed) ** 2 - (new - missed) ** 2)
    return standard_error(frame, losses(missed, old) - losses(missed, new))


@dataclass(frozen=True)
class Story:
    """A practice, and after how many of its weeks each challenger is made."""

    practice: Practice
    ends: Mapping[Kind, int]


def story(seed: int) -> Story:
    """A practice in which first nothing changes, and then something that passes and something that lasts, in either order.

    Of several practices the first one in which an equal challenger seems better by chance: who promotes whatever has the
    better number is to be seen.
    """
    random = Random(f"story {seed}")  # noqa: S311  # reproducible on purpose
    orders, ends = random.choice(_COURSES)
    for _ in range(CANDIDATES):
        chosen = random.randrange(2**31)
        if all(LUCKY[0] < luck < LUCKY[1] for luck in _luck(Practice(chosen, orders[:EQUAL], CALLS))):
            break
    return Story(Practice(chosen, orders, CALLS), ends)


def retrained(product: Product, folder: Path, story: Story) -> Retrained:
    """Make a champion from the weeks before the model, and let three copies of it retrain, each at its time."""
    practice, ends = story.practice, story.ends
    first = Job(product.copy(folder / "first"), practice)
    first.forget()
    first.deliver(weeks=0)
    for name in ("ingest", "train", "export"):
        first.product.must(name, limits=TRAINING)
    jobs = {kind: Job(first.product.copy(folder / kind), practice) for kind in ends}
    for kind, job in jobs.items():
        job.deliver(until=after(practice, ends[kind]))
    with ThreadPoolExecutor(2) as pool:
        attempts = pool.map(lambda kind: _attempt(jobs[kind], kind, ends[kind]), ends)
    return Retrained(dict(zip(ends, attempts, strict=True)), first.product)


def _attempt(job: Job, kind: Kind, weeks: int) -> Attempt:
    today = after(job.practice, weeks)
    before = dict(job.product.record())
    finished = job.product.run("retrain", job.clock(today), TRAINING)
    if finished.ok and kind != "better":  # a champion in the registry comes out with the next export
        job.product.must("export")
    return Attempt(kind, today, weeks, finished, before, dict(job.product.record()), job)


def losses(missed: Any, predicted: Floats) -> Floats:
    """The log loss of each prediction."""
    return np.asarray(-np.log(np.where(missed, predicted, 1 - predicted)))


def score(metric: Metric, missed: Any, predicted: Floats) -> float:
    """The quality of predictions in a metric of scikit-learn."""
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    measure = {"log_loss": log_loss, "brier": brier_score_loss, "auc": roc_auc_score}[metric]
    return float(measure(missed, predicted))


def standard_error(frame: pd.DataFrame, differences: Floats) -> float:
    """Of an average over appointments that come in groups, a clinic on a day."""
    groups = (frame["starts_at"].dt.date.astype(str) + frame["clinic"]).to_numpy()
    _, number = np.unique(groups.astype(str), return_inverse=True)
    sums = np.bincount(number, weights=differences - differences.mean())
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(differences))


def _luck(practice: Practice) -> Sequence[float]:
    """By how many standard errors two usual challengers seem better than a usual champion when nothing has changed."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def fitted(frame: pd.DataFrame) -> Any:
        return make_pipeline(StandardScaler(), LogisticRegression()).fit(features(frame), frame["no_show"])

    def without_calls(weeks: Sequence[pd.DataFrame]) -> pd.DataFrame:
        frame = pd.concat(weeks, ignore_index=True)
        return frame[~frame["called"]]

    before, later = practice.weeks[: EQUAL - COMPARED], without_calls(practice.weeks[EQUAL - COMPARED : EQUAL])
    reference = practice.reference
    champion = fitted(reference[: int(len(reference) * 0.8)])
    found = []
    for learned in (without_calls(before), pd.concat([reference, without_calls(before)], ignore_index=True)):
        challenger = fitted(learned)
        by_both = [
            losses(later["no_show"], model.predict_proba(features(later))[:, 1]) for model in (champion, challenger)
        ]
        differences = by_both[0] - by_both[1]
        found.append(float(differences.mean()) / standard_error(later, differences))
    return found
