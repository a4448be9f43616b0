"""The monitoring job of a product: its files, its day, what it leaves, and what was known of a week on a day."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from sklearn.metrics import roc_auc_score

from mlops_grader.contract import Data, Drift
from mlops_grader.instruments.drift.job import Job, after, at_work, judged, known
from mlops_grader.instruments.drift.practice import Order, Practice
from mlops_grader.instruments.product import Product

Told = Callable[[Callable[[], object]], str]
Text = Callable[..., str]
Make = Callable[..., Product]
WaitFor = Callable[[Callable[[], object]], None]

MONDAY = date(2026, 3, 30)
DAY = date(2026, 4, 10)
ELSEWHERE = Drift(reports="out/weekly", metrics="out/drift.prom", clock="NOW")

# says which day it is told, in a summary and as a metric
SAYS = """
import os, pathlib
reports = pathlib.Path("reports")
reports.mkdir(exist_ok=True)
(reports / "metrics.prom").write_text("day " + os.environ["TODAY"] + " é", encoding="utf-8")
"""


@pytest.fixture
def at_hand(product: Make, quiet: Practice) -> Callable[..., Job]:
    """A job whose `monitor` command runs this script."""

    def make(script: str = SAYS, drift: Drift | None = None, **files: str) -> Job:
        return Job(product(files, drift, monitor=script), quiet)

    return make


def test_it_is_told_which_day_it_is(at_hand: Callable[..., Job]) -> None:
    """In the variable of the contract."""
    job = at_hand("import os; print(os.environ['TODAY'])")
    assert job.monitor(DAY).output.strip() == "2026-04-10"
    job = at_hand("import os; print(os.environ['NOW'], 'TODAY' in os.environ)", ELSEWHERE)
    assert job.monitor(DAY).output.strip() == "2026-04-10 False"


def test_a_job_that_fails_is_told(at_hand: Callable[..., Job], told: Told) -> None:
    """With what it said last."""
    found = told(lambda: at_hand("raise SystemExit('no files')").monitor(DAY))
    assert found.startswith("the `monitor` command fails: ")
    assert found.endswith("exit code 1\nno files")


@pytest.mark.parametrize("folder", ["data/raw", "archive/days"])
def test_files_take_the_place_of_those_that_are_there(
    at_hand: Callable[..., Job], quiet: Practice, tmp_path: Path, folder: str
) -> None:
    """Where the contract says that the data are; nothing of before stays."""
    made = at_hand(**{f"{folder}/old/appointments_2025-01-01.csv": "a"})
    contract = made.product.contract.model_copy(update={"data": Data(raw=folder)})
    job = replace(made, product=replace(made.product, contract=contract))
    job.deliver(until=DAY, weeks=1)
    quiet.write(tmp_path / "same", DAY, 1)
    there = {path.name: path.read_bytes() for path in (job.product.root / folder).iterdir()}
    assert there == {path.name: path.read_bytes() for path in (tmp_path / "same").iterdir()}
    assert job.data == job.product.root / folder


def test_it_works_on_a_copy_with_all_files(product: Make, quiet: Practice, tmp_path: Path) -> None:
    """And without the reports that came with the project, which stays as it was."""
    given = product({"reports/2026-W01.json": "{}", "data/raw/appointments_2025-01-01.csv": "a"}, monitor=SAYS)
    job = at_work(given, tmp_path / "copy", quiet)
    assert not job.reports.exists()
    assert len(list(job.data.glob("predictions_*"))) == 15
    assert sorted(path.name for path in (given.root / "data/raw").iterdir()) == ["appointments_2025-01-01.csv"]
    assert (given.root / "reports/2026-W01.json").is_file()
    assert (job.product.root / "monitor.py").is_file()


def test_a_summary_is_that_of_its_week(at_hand: Callable[..., Job], summary: Text) -> None:
    """In the folder of the contract."""
    job = at_hand(drift=ELSEWHERE, **{"out/weekly/2026-W14.json": summary(), "reports/2026-W15.json": "{"})
    assert list(job.summaries()) == [MONDAY]
    assert job.summary(MONDAY).window == "2026-W14"


def test_a_missing_summary_is_told(at_hand: Callable[..., Job], summary: Text, told: Told) -> None:
    """With how many there are."""
    job = at_hand(**{"reports/2026-W14.json": summary()})
    found = told(lambda: job.summary(date(2026, 4, 6)))
    assert found == "1 weeks have a summary, and that from 2026-04-06 on has none"


# Metrics


def test_metrics_are_those_of_the_day(at_hand: Callable[..., Job]) -> None:
    """Written by that run."""
    job = at_hand()
    assert [job.metrics(day) for day in (DAY, MONDAY)] == ["day 2026-04-10 é", "day 2026-03-30 é"]


def test_metrics_may_lie_elsewhere(at_hand: Callable[..., Job]) -> None:
    """The contract says where."""
    script = "import os, pathlib\npathlib.Path('out').mkdir(exist_ok=True)\nopen('out/drift.prom', 'w').write('a 1')"
    assert at_hand(script, ELSEWHERE).metrics(DAY) == "a 1"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("", "the `monitor` command leaves no `reports/metrics.prom` that can be read: "),
        ("import os; os.makedirs('reports/metrics.prom')", "the `monitor` command leaves no `reports/metrics.prom`"),
        ("import os; os.makedirs('reports'); open('reports/metrics.prom', 'wb').write(b'a \\xff')", "the `monitor` command leaves"),
        ("raise SystemExit(2)", "the `monitor` command fails: "),
    ],
    ids=["none", "folder", "bytes", "fails"],
)  # fmt: skip
def test_metrics_that_cannot_be_read_are_told(at_hand: Callable[..., Job], told: Told, script: str, words: str) -> None:
    """Those of an earlier run do not stand for them."""
    job = at_hand(script, **{"reports/metrics.prom": "old 1"})
    assert told(lambda: job.metrics(DAY)).startswith(words)


# Whole reports

PAGE = "<html><body>week</body></html>"


@pytest.mark.parametrize(
    "page", [PAGE, PAGE + "\n", PAGE.upper(), PAGE + "\n<!-- made by a job -->\n", "<p>" * 1000 + PAGE, PAGE + "\udcff"]
)
def test_a_whole_page_is_whole(at_hand: Callable[..., Job], page: str) -> None:
    """It ends where a page ends, in whatever case and with what may come after it."""
    job = at_hand()
    job.reports.mkdir()
    (job.reports / "2026-W14.html").write_bytes(page.encode(errors="surrogateescape"))
    assert job.must_be_whole("the job was killed") is None


@pytest.mark.parametrize("page", ["", PAGE[:-1], PAGE[:-7], "<!-- </html> -->" + "<p>" * 100, PAGE + " " * 200])
def test_half_a_page_is_told(at_hand: Callable[..., Job], told: Told, page: str) -> None:
    """With what happened before."""
    job = at_hand(**{"reports/2026-W14.html": page, "reports/2026-W15.html": PAGE})
    found = told(lambda: job.must_be_whole("the job was killed"))
    assert found == "the job was killed, and `reports/2026-W14.html` is half a page"


def test_half_a_summary_is_told(at_hand: Callable[..., Job], summary: Text, told: Told) -> None:
    """With what happened before too."""
    job = at_hand(**{"reports/2026-W14.json": summary()[:-5], "reports/2026-W14.html": PAGE})
    assert told(lambda: job.must_be_whole("the disk was full")).startswith(
        "the disk was full, and `reports/2026-W14.json` is no JSON: "
    )


def test_nothing_is_whole(at_hand: Callable[..., Job]) -> None:
    """Whoever was stopped before the first report has left no half one; what is no file is none either."""
    job = at_hand()
    assert job.must_be_whole("the job was killed") is None
    (job.reports / "assets.html").mkdir(parents=True)
    (job.reports / "latest.html").symlink_to("2026-W14.html")
    assert job.must_be_whole("the job was killed") is None


def test_the_smallest_page_is_measured(at_hand: Callable[..., Job], told: Told) -> None:
    """In bytes; without any page that is told."""
    job = at_hand(**{"reports/a.html": "é" * 20, "reports/b.html": "x" * 30, "reports/c.json": ""})
    assert job.smallest_page() == 30
    job.forget()
    assert told(job.smallest_page) == "there is no page in `reports`"


windows = pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no files")

GROWS = """
import os
os.makedirs("reports", exist_ok=True)
for name, size in (("small", 1000), ("large", 9000)):
    with open(f"reports/{name}", "wb", buffering=0) as file:
        for _ in range(size // 100):
            file.write(b"x" * 100)
open("reports/day", "w").write(os.environ["TODAY"])
"""


@windows
def test_files_do_not_grow_where_there_is_no_disk(at_hand: Callable[..., Job]) -> None:
    """What fits is written; how the job takes it is its own affair."""
    job = at_hand(GROWS)
    job.out_of_disk(DAY, 4096)
    assert (job.reports / "small").stat().st_size == 1000
    assert 0 < (job.reports / "large").stat().st_size <= 4096
    job.out_of_disk(DAY, 20_000)
    assert ((job.reports / "large").stat().st_size, (job.reports / "day").read_text()) == (9000, "2026-04-10")


@windows
def test_hardly_any_disk_is_more_than_none(at_hand: Callable[..., Job]) -> None:
    """A limit below the smallest that there is becomes that one."""
    job = at_hand(GROWS)
    job.out_of_disk(DAY, 10)
    assert (job.reports / "small").stat().st_size == 512


# Killing

PARENT = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path("child.tmp").write_text(str(child.pid) + " " + os.environ["TODAY"])
os.rename("child.tmp", "child.pid")
time.sleep(300)
"""


def test_a_job_at_work_is_killed_with_its_children(at_hand: Callable[..., Job], wait_for: WaitFor) -> None:
    """It was told the day before that."""
    job = at_hand(PARENT)
    seconds = 1.0
    while not (job.product.root / "child.pid").exists():
        assert job.killed(DAY, seconds)
        seconds *= 2
    pid, day = (job.product.root / "child.pid").read_text().split()
    wait_for(lambda: not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE)
    assert day == "2026-04-10"


def test_a_job_that_was_done_is_not_killed(at_hand: Callable[..., Job]) -> None:
    """It is not waited for longer than it runs."""
    job = at_hand()
    assert job.killed(DAY, 300) is False
    assert (job.reports / "metrics.prom").is_file()


# What is known when


def test_after_some_weeks_their_outcomes_are_known(quiet: Practice) -> None:
    """All of them, and the week that follows has not ended."""
    for weeks in (1, 2, 3):
        today = after(quiet, weeks)
        assert today == MONDAY + timedelta(7 * weeks + 4)
        assert pd.concat(quiet.weeks[:weeks])["outcome_recorded_at"].dt.date.max() <= today
    assert after(quiet, 0) == MONDAY + timedelta(4)


@pytest.mark.parametrize("days", range(12))
def test_what_is_known_is_what_was_recorded_by_that_day(quiet: Practice, days: int) -> None:
    """From Monday, when there is nothing, to the Friday after; that day's own records count."""
    week, today = quiet.weeks[0], MONDAY + timedelta(days)
    recorded = week["outcome_recorded_at"] < pd.Timestamp(today + timedelta(1))
    found = known(week, today)
    earlier = week["outcome_recorded_at"] < pd.Timestamp(today)
    assert (found.arrived, found.before) == (recorded.sum(), earlier.sum())
    assert (found.quality is None) == (recorded.sum() < 0.95 * len(week))


def test_labels_arrive_from_the_first_day_to_the_last(quiet: Practice) -> None:
    """None on Monday, some on Friday, all on the Friday after."""
    found = [known(quiet.weeks[0], MONDAY + timedelta(days)).arrived for days in (0, 4, 11)]
    assert found[0] == 0 < found[1] < found[2] == len(quiet.weeks[0])


def hand_made(recorded: int, rows: int = 40) -> pd.DataFrame:
    """A week of which so many outcomes are recorded on Tuesday and the others on Friday; every fourth patient was called."""
    at = [
        pd.Timestamp("2026-04-07T16:00") if number < recorded else pd.Timestamp("2026-04-10") for number in range(rows)
    ]
    return pd.DataFrame(
        {
            "outcome_recorded_at": at,
            "called": [number % 4 == 0 for number in range(rows)],
            "predicted": [number / rows for number in range(rows)],
            "no_show": [number % 4 == 0 or number % 3 == 0 for number in range(rows)],
        }
    )


@pytest.mark.parametrize(("recorded", "judged"), [(37, False), (38, True), (40, True)])
def test_a_week_is_judged_when_nearly_all_is_known(recorded: int, judged: bool) -> None:
    """95 of 100."""
    found = known(hand_made(recorded), date(2026, 4, 7))
    assert (found.arrived, found.quality is not None) == (recorded, judged)


def test_the_quality_is_that_of_patients_who_were_not_called() -> None:
    """And whose outcome is known."""
    frame = hand_made(38)
    used = frame[~frame["called"]][:28]
    assert known(frame, date(2026, 4, 7)).quality == {
        "rows": 28,
        "mean_prediction": pytest.approx(used["predicted"].mean()),
        "mean_outcome": pytest.approx(used["no_show"].mean()),
        "auc": pytest.approx(roc_auc_score(used["no_show"], used["predicted"])),
    }
    assert np.mean(used["no_show"]) < frame["no_show"].mean()


def test_jobs_judge_all_their_weeks(product: Make, quiet: Practice, tmp_path: Path, summary: Text) -> None:
    """Each on the Friday after its last week; what they say is in the order in which they were asked."""
    script = """
import json, os, pathlib
said = json.loads(pathlib.Path("summary.json").read_text())
said["as_of"] = os.environ["TODAY"]
pathlib.Path("reports").mkdir()
pathlib.Path("reports/2026-W14.json").write_text(json.dumps(said))
"""
    jobs = []
    for number, weeks in enumerate((3, 1)):
        given = product({"summary.json": summary(appointments=number)}, monitor=script)
        jobs.append(Job(given.copy(tmp_path / str(number)), Practice(5, (Order(),) * weeks)))
    found = [(each[MONDAY].appointments, each[MONDAY].as_of) for each in judged(jobs)]
    assert found == [(0, date(2026, 4, 24)), (1, date(2026, 4, 10))]
