"""A product that has learned from a practice: what it recorded, what it says of itself, and what it predicts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlops_grader.check import Fail
from mlops_grader.instruments.page import Page, read_page
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished, Limits
from mlops_grader.instruments.training import said
from mlops_grader.instruments.training.practice import Practice
from mlops_grader.instruments.world import request_bodies
from mlops_grader.instruments.world.chance import Floats
from mlops_grader.theirs import remove_folder

WORK = Limits(seconds=600)
LARGEST = 2**26  # bytes of probabilities that are read
IN, OUT = "to-score.jsonl", "scored.jsonl"


@dataclass
class Trained:
    """A copy of the product after `train` and `export`. seconds: how long the training took."""

    product: Product
    practice: Practice
    seconds: float

    @cached_property
    def record(self) -> Mapping[str, Any]:
        """The record of the exported model."""
        return self.product.record()

    @cached_property
    def reported(self) -> said.Summary:
        """What it says of the last training, whichever model is exported: a later module has a gate before that."""
        return said.summary(self.product)

    @cached_property
    def summary(self) -> said.Summary:
        """What it says of the training. Raises Fail unless it is that of the exported model."""
        found = self.reported
        if found.run_id != self.record.get("run_id"):
            shown = self.product.contract.training.summary
            raise Fail(
                f"`{shown}` speaks of run {found.run_id}, and run {self.record.get('run_id')} is exported",
                fix="let the run that is recorded and the one that is reported be the same",
            )
        return found

    @cached_property
    def page(self) -> Page:
        """Its report."""
        shown = self.product.contract.training.report
        return read_page(self.product.submission.path(shown), shown)

    @cached_property
    def past(self) -> Floats:
        """What it predicts of the past."""
        return self._all[: len(self.practice.past)]

    @cached_property
    def future(self) -> Floats:
        """What it predicts of the future."""
        return self._all[len(self.practice.past) :]

    @cached_property
    def _all(self) -> Floats:
        frames = (self.practice.past, self.practice.future)
        return score(self.product, [body for frame in frames for body in request_bodies(frame)])

    def part(self, part: said.Part) -> Any:
        """Which rows of the past lie in a part of the split, as a mask."""
        days = self.practice.days(self.practice.past)
        return (days >= np.datetime64(part.first_day)) & (days <= np.datetime64(part.last_day))

    def tested(self) -> tuple[pd.DataFrame, Floats]:
        """The test appointments, and what it predicts of them. Raises Fail when it says another number of them."""
        rows = self.part(self.summary.test)
        if rows.sum() != self.summary.test.rows:
            test = self.summary.test
            raise Fail(
                f"from {test.first_day} to {test.last_day} there are {rows.sum()} appointments with an outcome, "
                f"and the summary says {test.rows}",
                fix="test all appointments of these days whose outcome is known, and no others",
            )
        return self.practice.past[rows].reset_index(drop=True), self.past[rows]


def score(product: Product, bodies: Sequence[Mapping[str, Any]]) -> Floats:
    """The probabilities that the `score` command gives for requests. Raises Fail when they are not that many probabilities."""
    path, key = product.root / OUT, product.contract.service.prediction
    path.unlink(missing_ok=True)
    (product.root / IN).write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")
    done = product.shell(f"{product.contract.command('score')} {IN} {OUT}", limits=WORK)
    if not done.ok:
        raise Fail(f"the `score` command fails on {len(bodies)} valid requests: {done}", fix="mend what it says")
    try:
        if path.stat().st_size > LARGEST:
            raise Fail(f"`score` writes more than {LARGEST // 2**20} MiB", fix="one short line for each request")
        found = [json.loads(line)[key] for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise Fail(
            f"what `score` writes is not one JSON object with `{key}` on each line: {type(error).__name__}: {error}",
            fix="one line for each request, in the same order",
        ) from None
    if len(found) != len(bodies) or not all(type(p) in (int, float) and 0 <= p <= 1 for p in found):
        raise Fail(
            f"`score` answers {len(bodies)} requests with {len(found)} lines, or not with probabilities",
            fix="one probability from 0 to 1 for each request, in the same order",
        )
    return np.array(found, dtype=np.float64)


def prepare(product: Product, folder: Path, practice: Practice) -> Product:
    """A copy of the product whose data are those of a practice, ingested."""
    copy = product.copy(folder)
    data = copy.root / copy.contract.data.raw
    remove_folder(data)
    practice.write(data)
    if copy.contract.commands.ingest:
        copy.must("ingest", limits=WORK)
    return copy


def train(product: Product, practice: Practice, variables: Mapping[str, str] | None = None) -> Trained:
    """Train, export and score in the product's folder. Raises Fail when one of them fails."""
    done = product.must("train", variables, WORK)
    if product.contract.commands.export:
        product.must("export", variables, WORK)
    trained = Trained(product, practice, done.seconds)
    trained.future  # noqa: B018  # while others train, and not when a check waits for it
    return trained


def killed(product: Product, after: float) -> Finished | None:
    """Begin to train and end it, with all its children, so many seconds after it first changed a file of the project.

    How it ended, None when it was killed: its first change is the moment from which on something can be left half done.
    """
    line, before = product.contract.command("train"), _files(product.root)
    with product.sandbox.start(line, product.root, product.environment.variables(), WORK) as running:
        while _files(product.root) == before and running.poll() is None:
            time.sleep(0.02)
        end = time.monotonic() + after
        while time.monotonic() < end and running.poll() is None:
            time.sleep(0.02)
        return running.poll()


def _files(root: Path) -> frozenset[tuple[str, int, int]]:
    """Path, time and size of each file, without those of git and what Python compiles."""
    found = set()
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__")]
        for name in names:
            with suppress(OSError):  # it may be gone by now
                path = os.path.join(folder, name)  # noqa: PTH118  # many files, many times a second
                said = os.stat(path)  # noqa: PTH116
                found.add((path, said.st_mtime_ns, said.st_size))
    return frozenset(found)
