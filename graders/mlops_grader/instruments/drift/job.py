"""The monitoring job of a product, at work on the files of a practice, on a day that the grader says it is."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from mlops_grader.check import Fail
from mlops_grader.instruments.drift import said
from mlops_grader.instruments.drift.practice import WEEK, Practice
from mlops_grader.instruments.drift.said import Summary
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished, Limits
from mlops_grader.theirs import remove_folder

WORK = Limits(seconds=600)  # libraries that draw in the browser take seconds for each page
MATURE = 0.95  # the share of outcomes from which a week is judged, as the given `summary.py` says


@dataclass(frozen=True)
class Job:
    """A copy of the product whose data are those of a practice."""

    product: Product
    practice: Practice

    @property
    def data(self) -> Path:
        """Where the product looks for daily files."""
        return self.product.root / self.product.contract.data.raw

    @property
    def reports(self) -> Path:
        """Where its reports are to be."""
        return self.product.root / self.product.contract.drift.reports

    def clock(self, today: date) -> dict[str, str]:
        """The variables that say which day it is."""
        return {self.product.contract.drift.clock: today.isoformat()}

    def deliver(self, until: date | None = None, weeks: int | None = None) -> None:
        """Put the practice's files in the place of those that are there."""
        remove_folder(self.data)
        self.practice.write(self.data, until, weeks)

    def monitor(self, today: date) -> Finished:
        """Run the `monitor` command. Raises Fail unless it ends with 0."""
        done = self.product.run("monitor", self.clock(today), WORK)
        if not done.ok:
            raise Fail(
                f"the `monitor` command fails: {done}",
                fix="try it on weeks like those of the grade: `drill/README.md` says how",
            )
        return done

    def summaries(self) -> dict[date, Summary]:
        """What it says of each week, by its Monday."""
        return said.summaries(self.reports, self.product.contract.drift.reports)

    def summary(self, monday: date) -> Summary:
        """What it says of one week. Raises Fail when it says nothing."""
        found = self.summaries()
        if monday not in found:
            raise Fail(
                f"{len(found)} weeks have a summary, and that from {monday} on has none",
                fix="one file for each week that has ended: `save_summary`",
            )
        return found[monday]

    def metrics(self, today: date) -> str:
        """What it writes for Prometheus on a day. Raises Fail when it writes nothing."""
        self.forget()
        self.monitor(today)
        shown = self.product.contract.drift.metrics
        try:
            return (self.product.root / shown).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Fail(
                f"the `monitor` command leaves no `{shown}` that can be read: {error}", fix="write_to_textfile()"
            ) from None

    def forget(self) -> None:
        """Remove all reports."""
        remove_folder(self.reports)

    def must_be_whole(self, happened: str) -> None:
        """Raise Fail when a report that is there was not written to its end. happened: what cut the job short."""
        try:
            self.summaries()
        except Fail as fail:
            raise Fail(f"{happened}, and {fail.found}", fail.fix) from None
        for path in self._pages():
            if "</html>" not in path.read_text(encoding="utf-8", errors="replace")[-200:].lower():
                shown = f"{self.product.contract.drift.reports}/{path.name}"
                raise Fail(f"{happened}, and `{shown}` is half a page", fix="write beside it, then rename")

    def smallest_page(self) -> int:
        """The bytes of the smallest page. Raises Fail when there is none."""
        sizes = [path.stat().st_size for path in self._pages()]
        if not sizes:
            raise Fail(f"there is no page in `{self.product.contract.drift.reports}`", fix="write one for each week")
        return min(sizes)

    def out_of_disk(self, today: date, most: int) -> None:
        """Run it while no file can grow beyond so many bytes; how it ends is its own affair."""
        self.product.out_of_disk("monitor", most, self.clock(today))

    def _pages(self) -> list[Path]:
        return sorted(path for path in self.reports.glob("*.html") if path.is_file())

    def killed(self, today: date, after: float) -> bool:
        """Run it and kill it with all its children after so many seconds; whether it was still at work."""
        end = time.monotonic() + after
        return self.product.killed("monitor", lambda: time.monotonic() >= end, self.clock(today))


def at_work(product: Product, folder: Path, practice: Practice) -> Job:
    """The job with all files of a practice."""
    job = Job(product.copy(folder), practice)
    job.forget()
    job.deliver()
    return job


def after(practice: Practice, weeks: int) -> date:
    """The Friday after the first weeks: all their outcomes are known, and the next week has not ended."""
    return practice.mondays[0] + WEEK * weeks + timedelta(days=4)


@dataclass(frozen=True)
class Known:
    """What was known of a week on a day. before: without what was recorded on that day itself.

    quality: of its predictions, by the names of a summary; None while labels are missing.
    """

    arrived: int
    before: int
    quality: Mapping[str, float] | None


def known(week: pd.DataFrame, today: date) -> Known:
    """The truth about a week of a practice, on a day."""
    from sklearn.metrics import roc_auc_score

    recorded = week["outcome_recorded_at"].dt.date
    there, before = (recorded <= today).to_numpy(), int((recorded < today).sum())
    if there.sum() < MATURE * len(week):
        return Known(int(there.sum()), before, None)
    used = week[there & ~week["called"].to_numpy()]
    quality = {
        "rows": float(len(used)),
        "mean_prediction": float(used["predicted"].mean()),
        "mean_outcome": float(used["no_show"].mean()),
        "auc": float(roc_auc_score(used["no_show"], used["predicted"])),
    }
    return Known(int(there.sum()), before, quality)


def judged(jobs: Sequence[Job]) -> list[dict[date, Summary]]:
    """Let jobs judge all their weeks, two at a time; what each says."""

    def judge(job: Job) -> dict[date, Summary]:
        job.monitor(after(job.practice, len(job.practice.orders)))
        return job.summaries()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(judge, jobs))
