"""A product that is told wrong things: what it says, and what becomes of the model that is there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished
from mlops_grader.instruments.training import configuration as configurations
from mlops_grader.instruments.training.trained import WORK
from mlops_grader.instruments.training.trainings import Trainings

LINES = 5  # that a person reads


@dataclass(frozen=True)
class Wrong:
    """A configuration that is wrong. text: None for a file that is not there. named: the words that must be told.

    late: it may be noticed only while the model is fitted, and then a run may have been recorded.
    """

    words: str
    text: str | None
    named: tuple[str, ...]
    late: bool = False


def wrongs(trainings: Trainings, random: Random) -> tuple[Wrong, ...]:
    """Four wrong configurations, each wrong in one way."""
    right, setting, _ = trainings.setting
    name, key = right.name.rsplit("/", 1)[-1], setting.key
    unknown = configurations.misspelt(key, random)
    too_low = str(-random.randint(1, 9))
    return (
        Wrong(f"has an unknown key, `{unknown}`", right.with_unknown(key, unknown), (name, unknown)),
        Wrong(f'says `{key}` is "many"', right.having(key, '"many"'), (name, key), late=True),
        Wrong(f"says `{key}` is {too_low}", right.having(key, too_low), (name, key), late=True),
        Wrong("is not there", None, (name,)),
    )


def must_be_refused(trainings: Trainings, wrong: Sequence[Wrong]) -> None:
    """Try each in a copy. Raises Fail when one is not refused cleanly, or leaves another model than was there."""
    copies = [trainings.first.product.copy(trainings.folder / f"wrong-{n}") for n in range(len(wrong))]
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(_train, copies, wrong))
    for copy, each, done in zip(copies, wrong, ends, strict=True):
        shown = f"`{copy.contract.training.config}` {each.words}"
        if done.ok:
            raise Fail(f"{shown}, and the `train` command ends well", fix="check every key before anything is computed")
        told = [line for line in done.output.splitlines() if line.strip()]
        missing = [word for word in each.named if word not in done.output]
        if missing or len(told) > LINES or "Traceback" in done.output or done.stopped:
            lacks = f", and does not say `{missing[0]}`" if missing else f", in {len(told)} lines"
            raise Fail(f"{shown}, and the `train` command fails{lacks}: {done}", fix="one line that names file and key")
    late = [(copy, each) for copy, each in zip(copies, wrong, strict=True) if each.late]
    with ThreadPoolExecutor(2) as pool:
        for run, (_, each) in zip(pool.map(_exported, [copy for copy, _ in late]), late, strict=True):
            if run != trainings.first.record.get("run_id"):
                raise Fail(
                    f"`{copies[0].contract.training.config}` {each.words}, and a run was recorded all the same",
                    fix="record when all is computed, and compute when the configuration is right",
                )


def _train(product: Product, wrong: Wrong) -> Finished:
    if wrong.text is None:
        product.submission.path(product.contract.training.config).unlink()
    else:
        configurations.write(product, wrong.text)
    return product.run("train", limits=WORK)


def _exported(product: Product) -> object:
    if product.contract.commands.export:
        product.must("export", limits=WORK)
    return product.record().get("run_id")
