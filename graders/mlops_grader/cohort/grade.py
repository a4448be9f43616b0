"""`cohort grade`: take in what a class handed in, grade it for the record, and write down every attempt."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from mlops_grader.cohort import cell_engine, copies, disposable, gradebook, handout, history, late, plan
from mlops_grader.cohort import options as given
from mlops_grader.cohort.doors import Doors, own
from mlops_grader.cohort.joblog import FILE, JobLog
from mlops_grader.cohort.options import arguments as arguments
from mlops_grader.cohort.plan import Keys
from mlops_grader.cohort.progress import Shown, summary
from mlops_grader.cohort.records import Attempt, Settings, State, Why
from mlops_grader.grading import module_named, terminable
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

if TYPE_CHECKING:
    from mlops_grader.cohort.schedule import Batch

ALL_GRADED, FOR_A_PERSON, STOPPED = 0, 1, 130


def run(options: argparse.Namespace, console: Console, doors: Doors | None = None) -> int:
    """Grade a class. Returns 0 when everybody is graded, 1 when something is for a person to look at. Raises UsageError."""
    _must_make_sense(options)
    with JobLog(options.out, make=True) as log, log.held(), terminable():
        go = Go(options, console, doors or own(), log)
        try:
            go.begin()
            go.take_in()
            go.grade()
            return go.tell()
        except KeyboardInterrupt:
            return go.stopped()


def _must_make_sense(options: argparse.Namespace) -> None:
    """Raise UsageError before a folder is made for a run that could not start."""
    kept = None
    if options.out.joinpath(FILE).is_file():
        with JobLog(options.out) as log:
            kept = log.settings_or_none()
    settings = given.settings_of(options, kept)
    module_named(settings.module)
    late.policy(settings.late)


@dataclass
class Go:
    """One start of a run, from the roster to the last word."""

    options: argparse.Namespace
    console: Console
    doors: Doors
    log: JobLog
    phases: dict[str, list[float]] = field(default_factory=dict)
    before: int = 0  # the last attempt that had been asked for earlier

    def begin(self) -> None:
        """Read the roster, and write down what is asked."""
        stated = given.settings_of(self.options, self.log.settings_or_none())
        self.sources = given.sources_of(self.options, stated)
        roster = self.doors.roster(self.sources.roster)
        kept: Settings = self.log.begin(stated, tuple(roster))
        self.settings = replace(kept, disposable=kept.disposable or self.options.disposable)
        for note in roster.notes:
            self._say(note, style="yellow")
        if disposable.is_needed(kept.module) and not self.settings.disposable:
            self._say(
                f"Without --disposable no check of {kept.module} is run, and everybody has 0 points: see docs/cell.md",
                style="yellow",
            )
        self.students = plan.chosen(self.log.students(), self.options.student)
        if again := self.log.recover():
            self._say(f"An earlier start was cut off: {again} that were being graded then wait again.")

    def take_in(self) -> None:
        """Collect what was handed in, and queue what is to be graded."""
        started, taken = time.monotonic(), itertools.count(1)
        students = self.log.students()
        with self.console.status("taking in what was handed in") as status:

            def told(_student: str, _words: str) -> None:
                status.update(f"taking in what was handed in: {next(taken)} of {len(students)}")

            found = self.doors.collect(
                self.sources.submissions, students, self.settings, self._handout(), self.log.folder, told
            )
        self.log.take_in(found.submissions, found.strays)
        self.phases["intake, each"] = [(time.monotonic() - started) / max(1, len(found.submissions))]
        keys = Keys(self.settings, self.doors.graders.image())
        plan.renew(self.log, keys)
        self.before = max((each.number for each in self.log.outline()), default=0)
        self.log.queue(plan.asked(self.log, keys, self.options.why, self.students), self.settings.module)

    def grade(self) -> None:
        """Grade all that waits of the students chosen."""
        waiting = [each for each in self.log.outline() if each.state is State.QUEUED and each.student in self.students]
        if not waiting:
            self._say("Nothing waits to be graded.")
            return
        with self._batch(len(waiting)) as (batch, shown):
            batch.run(waiting)
        self.phases |= shown.phases

    def tell(self) -> int:
        """Complete what is derived from the log, and say how things stand."""
        copies.complete(self.log)
        if self.options.why is Why.REGRADE:
            self._tell_differences()
        self.console.print(summary(self.phases))
        for words in gradebook.written(self.log):
            self._say(words)
        if strays := self.log.strays():
            self._say(f"Of nobody in the roster: {', '.join(strays)}", style="yellow")
        empty = [each for each in self.log.submissions().values() if each.problem]
        known = {
            each.id for each in self.log.students() if each.login
        }  # others may have handed in, and nobody can tell
        absent = [each.student for each in empty if not each.place and each.student in known]
        problems = [each for each in empty if each.student not in absent]
        errors = [each for each in plan.last(self.log).values() if each.state is State.ERROR]
        graded = {each.student for each in self.log.outline() if each.state is State.GRADED}
        self._say(
            f"{len(graded)} of {len(self.log.students())} graded, {len(absent)} handed in nothing, "
            f"{len(errors)} ended in an error, {len(problems)} with a problem."
        )
        if errors:
            self._say(f"When the cause is mended: {self._again} --rerun-failed")
        return FOR_A_PERSON if problems or errors else ALL_GRADED

    def stopped(self) -> int:
        """Say how to go on after Ctrl-C."""
        left = sum(each.state is State.QUEUED for each in self.log.outline())
        self._say(
            f"Stopped. What was graded is kept; {left} wait. To go on: {self._again}",
            style="yellow",
        )
        return STOPPED

    @property
    def _again(self) -> str:
        """The command that goes on, with what a run does not keep: where it is graded."""
        there = f" --scheduler {self.options.scheduler}" if self.options.scheduler else ""
        return f"cohort grade --out {self.options.out}{there}{' --disposable' * self.options.disposable}"

    @contextlib.contextmanager
    def _batch(self, total: int) -> Iterator[tuple[Batch, Shown]]:
        """A batch on its workers; what is left of its cells, and of those of a start that was killed, is removed."""
        try:
            from mlops_grader.cohort import cluster, mending, orders, schedule
        except ImportError as lacking:
            raise UsageError(f"{lacking}: pip install 'mlops-grader[cohort]'") from None
        asked, address = self.options, self.options.scheduler
        cpus = asked.cpus or getattr(module_named(self.settings.module), "CPUS", 1.0)
        limits = orders.Limits(seconds=asked.seconds, memory=asked.memory, cpus=cpus, disk=asked.disk)
        memory = cell_engine.memory(self.settings.module, limits.memory)
        # what submissions make with the engine of one machine has names and ports that they have chosen
        alone = disposable.takes_place_of_a_cell(self.settings.module, self.settings.disposable)
        workers = asked.workers or (1 if alone else cluster.fitting(memory, limits.cpus))
        if not address and (words := cluster.room(workers, memory)):
            self._say(words, style="yellow")
        place = cluster.foreign(address) if address else cluster.local(min(workers, total), self.log.folder)
        graders, local = self.doors.graders, not address
        with place as client, Shown(self.console, total) as shown:
            mender = mending.Mender(client, graders, self.settings.run, local)
            mender.forget()
            try:
                yield (
                    schedule.Batch(client, self.log, self.settings, graders, limits, shown, local, self._copied),
                    shown,
                )
            finally:
                mender.forget()

    def _copied(self, number: int) -> None:
        attempt: Attempt = self.log.attempt(number)
        if attempt.document is not None:
            copies.write(self.log.folder, attempt)

    def _handout(self) -> object:
        """What the class was handed out, None when that was not said."""
        folder: Path | None = self.sources.handout
        if folder is None:
            self._say("No --handout: given files are graded as they were handed in.", style="yellow")
            return None
        return self.doors.handout(handout.of_module(folder, self.settings.module))

    def _tell_differences(self) -> None:
        """What the attempts of this start changed against the grade before them, student by student."""
        graded = [each for each in self.log.outline() if each.state is State.GRADED]
        changed = same = 0
        for new in (each for each in graded if each.number > self.before):
            earlier = [each.number for each in graded if each.student == new.student and each.number < new.number]
            if not earlier:
                continue
            differs = history.of_attempts(self.log.attempt(earlier[-1]), self.log.attempt(new.number))
            if differs is None or (not differs.points and not differs.checks):
                same += 1
                continue
            changed += 1
            self._say("\n".join((f"{new.student}: {differs.words[0]}", *differs.words[1:])))
        self._say(f"Regraded: {changed} came out otherwise, {same} as before.")

    def _say(self, words: str, style: str = "") -> None:
        self.console.print(plain(words), style=style, markup=False, soft_wrap=True, highlight=False)
