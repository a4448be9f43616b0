"""Grades the synthetic class of sixty for the record: how fast that is, what the machinery adds, and that nobody fooled it."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import synthetic
from mlops_grader.cohort import cell
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Attempt
from synthetic import running, trust
from synthetic.canaries import Canaries
from synthetic.member import KEY
from synthetic.writing import SLUG

SEED, WORKERS = 7, 2
DAY = 86_400.0  # seconds
OPTIONS = ("--seed", str(SEED), "--workers", str(WORKERS), "--memory", "6GiB", "--seconds", "1800")


def measure(folder: Path, say: Callable[[str, float], None]) -> list[str]:
    """Print the figures and the table of who got what; what is not as it should be."""
    cell.prepare(KEY)
    written = synthetic.write(folder / "class", synthetic.members(), SEED)
    canaries = Canaries.new()
    canaries.plant(written.submissions / f"{SLUG}-full-reference", written.submissions)
    environment = running.variables(canaries.environment(folder / "home"))
    out, before = folder / "class" / "run", trust.fingerprint(written.submissions)
    words = running.command(written, out, running.handed_out(folder / "handout"), *OPTIONS)
    started = time.monotonic()
    done = running.run(words, environment, DAY)
    seconds = time.monotonic() - started
    (out / "printed.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    with JobLog(out) as log:
        judged = trust.judge(log, written.members)
        sys.stdout.write(trust.table(judged) + "\n")
        _say_figures(log.attempts(), seconds, say)
        wrong = [str(each) for each in judged if each.wrong]
        wrong += [f"{each} was changed" for each in trust.untouched(out, log)]
        wrong += [f"left on the machine: {each}" for each in trust.left_over(log.settings().run)]
    wrong += [f"leaked: {each}" for each in canaries.found(out)]
    if before != trust.fingerprint(written.submissions):
        wrong.append("the folder of submissions was changed")
    shutil.rmtree(folder / "class", ignore_errors=True)
    return wrong


def _say_figures(attempts: tuple[Attempt, ...], seconds: float, say: Callable[[str, float], None]) -> None:
    """Of the attempts that ended: a single grade's own time is what its result says; one without a result took all of its time."""
    ended = [(_busy(each), each.result.seconds if each.result else _busy(each)) for each in attempts if each.ended_at]
    busy, inside = sum(one for one, _ in ended), sum(one for _, one in ended)
    say("synthetic class, whole run, s", seconds)
    say("submissions graded", len(ended))
    say("submissions an hour on this machine", len(ended) / seconds * 3600)
    say("sum of the single grades, s", inside)
    say(f"wall time to that sum over {WORKERS} workers, ratio", seconds / (inside / WORKERS))
    say("overhead of a submission at its worker, s", (busy - inside) / len(ended))
    say("overhead of a submission with intake, start and end, s", (seconds * WORKERS - inside) / len(ended))


def _busy(attempt: Attempt) -> float:
    """Seconds that an attempt held its worker."""
    ended, started = attempt.ended_at, attempt.started_at
    return (ended - started).total_seconds() if ended and started else 0.0
