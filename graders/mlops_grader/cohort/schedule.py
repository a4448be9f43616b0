"""Give every waiting attempt to a worker, one at a time each, and write down what comes back, whatever happens to workers."""

from __future__ import annotations

import contextlib
import queue
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from distributed import Client, Future

from mlops_grader.cohort import answers, task
from mlops_grader.cohort.doors import Graders
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.mending import Mender
from mlops_grader.cohort.orders import Limits, Orders
from mlops_grader.cohort.records import Attempt, Returned, Settings
from mlops_grader.cohort.slots import Slot, Slots
from mlops_grader.grading import identity
from mlops_grader.submission import UsageError

TRIES = 3  # of one attempt in one go, before a person looks at it
TICK, LOOK = 0.25, 1.0  # seconds between looks at the clock, and at the list of workers
PREPARE = 3600.0  # seconds in which a worker must be ready
ALONE = (
    300.0  # seconds without a worker of one's own, until a person is asked; one that is begun anew is there much sooner
)


class Watcher(Protocol):
    """Who is told how the batch goes on."""

    def began(self, attempt: Attempt) -> None:
        """An attempt was given to a worker."""

    def ended(self, attempt: Attempt, returned: Returned) -> None:
        """An attempt has ended, graded or for a person."""

    def again(self, attempt: Attempt, why: str) -> None:
        """An attempt waits once more."""

    def told(self, words: str) -> None:
        """Something that a person should know."""

    def tick(self, running: int, workers: int) -> None:
        """Time goes by."""


@dataclass
class Batch:
    """One go through what waits.

    Each worker has at most one task of ours, given to it by name: so a worker that dies costs one try of one attempt, Dask never
    repeats anything by itself, and a parcel is read when its turn comes. ended: called with each attempt that has ended.
    """

    client: Client
    log: JobLog
    settings: Settings
    graders: Graders
    limits: Limits
    watcher: Watcher
    is_local: bool = True
    ended: Callable[[int], None] = lambda _: None
    slots: Slots = field(default_factory=Slots)
    waiting: deque[Attempt] = field(default_factory=deque)
    failures: dict[int, list[str]] = field(default_factory=dict)  # by number: addresses at which it failed in this go
    broken: dict[int, tuple[Attempt, str, str]] = field(default_factory=dict)  # by token: what waits for a repair
    heard: queue.SimpleQueue[tuple[str, int]] = field(default_factory=queue.SimpleQueue)
    tokens: int = 0
    looked: float = float("-inf")

    def __post_init__(self) -> None:
        """Take what stays the same for the whole batch."""
        self.mender = Mender(self.client, self.graders, self.settings.run, self.is_local)
        self.orders = Orders(self.log.folder, self.settings, self.limits, self.log.submissions())
        self.since = self.manned = time.monotonic()
        self.topic = f"mlops-grader-{self.settings.run}-{self.client.id}"

    def run(self, attempts: Iterable[Attempt]) -> None:
        """Grade all of these. Raises UsageError when no worker is fit; then, and after Ctrl-C, they wait for the next go."""
        self.waiting.extend(attempts)
        self.client.subscribe_topic(self.topic, lambda event: self.heard.put(("began", event[1])))
        try:
            while self.waiting or self.broken or any(slot.attempt for slot in self.slots):
                self._look()
                self._prepare()
                self._give()
                self._hear()
                self._watch()
                self.watcher.tick(sum(1 for slot in self.slots if slot.attempt), len(self.slots.usable))
        finally:
            self._leave()

    # workers

    def _look(self) -> None:
        """Learn which workers came and went."""
        if time.monotonic() - self.looked < LOOK:
            return
        self.looked = time.monotonic()
        here = set(self.client.nthreads()) - self.mender.under_repair
        for slot in self.slots.gone(here):
            self._lost(slot, "its worker ended", hangs=False)
        self.slots.came(here)
        if self.slots.by_address or not self.is_local:  # workers of a scheduler may come hours later
            self.manned = time.monotonic()
        elif time.monotonic() - self.manned > ALONE:
            raise UsageError(
                f"every worker has ended, and none came back for {ALONE:.0f} s: look at the memory of this machine "
                "(`dmesg`) and at --workers, then start again; everything waits"
            )

    def _prepare(self) -> None:
        for slot in self.slots.to_prepare():
            self._submit(
                slot,
                None,
                task.welcome,
                self.graders.prepare,
                self.settings.module,
                identity(),
                self.settings.disposable,
            )
        if self.slots.by_address and not self.slots.usable:
            raise UsageError("no worker can grade:\n" + "\n".join(sorted({slot.refused for slot in self.slots})))

    def _watch(self) -> None:
        """End what has been silent for too long: its worker hangs, and with it whatever it had started."""
        for slot in self.slots:
            if slot.attempt:
                # workers of one's own have nothing else to do; at others the turn may be long in coming, and they say when it has
                since, most = (
                    slot.began or (slot.given if self.is_local else None),
                    self.limits.seconds + self.limits.grace,
                )
            else:
                since, most = slot.given, PREPARE
            if slot.busy and since is not None and time.monotonic() - since > most:
                self._lost(slot, f"its worker was silent for {most:.0f} s", hangs=True)

    def _lost(self, slot: Slot, words: str, *, hangs: bool) -> None:
        """A worker is gone or hangs, and with it what it had begun; that waits until what is left of it was removed."""
        attempt, future, token = slot.attempt, slot.future, slot.token
        self.slots.by_address.pop(slot.address, None)
        if future is not None:
            future.cancel()
        if attempt:
            self.broken[token] = (attempt, slot.address, words)
        elif future is not None:
            self._unready(slot, words)
        if attempt or hangs:
            student = attempt.student if attempt else None
            self.mender.mend(slot.address, student, hangs=hangs, then=lambda: self.heard.put(("mended", token)))

    # attempts

    def _give(self) -> None:
        for slot in self.slots:
            if slot.free and (attempt := self._next(slot)):
                self._begin(slot, attempt)

    def _next(self, slot: Slot) -> Attempt | None:
        """The next that waits; not one that failed at this worker, as long as there is one at which it did not."""
        ready = {each.address for each in self.slots.usable if each.ready}
        for place, attempt in enumerate(self.waiting):
            failed = self.failures.get(attempt.number, [])
            if slot.address not in failed or ready.issubset(failed):
                del self.waiting[place]
                return attempt
        return None

    def _begin(self, slot: Slot, attempt: Attempt) -> None:
        self.log.start(attempt.number, slot.address)
        self.watcher.began(attempt)
        try:
            parcel = self.orders.parcel(attempt.student)
        except (OSError, UsageError) as error:
            words = f"what was handed in cannot be read any more ({error}): take it in again, then --rerun-failed"
            self._end(attempt, Returned(None, words))
            return
        order = self.orders.of(attempt)
        self._submit(slot, attempt, task.work, self.graders.grade, parcel, order, self.topic, self.tokens + 1)

    def _submit(self, slot: Slot, attempt: Attempt | None, work: Callable[..., object], *values: object) -> None:
        self.tokens += 1
        token = self.tokens
        future = self.client.submit(
            work,
            *values,
            key=f"{self.topic}-{token}",  # says nothing about a student to others of the scheduler
            workers=[slot.address],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        slot.give(token, future, attempt)
        future.add_done_callback(lambda _: self.heard.put(("done", token)))

    def _hear(self) -> None:
        """Take in all that was said, after waiting for a first word; words about tasks known for lost are too late."""
        with contextlib.suppress(queue.Empty):
            word, token = self.heard.get(timeout=TICK)
            while True:
                self._told(word, token)
                word, token = self.heard.get_nowait()

    def _told(self, word: str, token: int) -> None:
        if word == "mended":
            if token in self.broken:
                attempt, address, words = self.broken.pop(token)
                self._failed(attempt, address, Returned(None, words, retry=True))
        elif slot := self.slots.of(token):
            if word == "began":
                slot.began = time.monotonic()
            elif slot.attempt:
                self._answered(slot, slot.attempt)
            else:
                self._prepared(slot)

    def _prepared(self, slot: Slot) -> None:
        said = answers.of(slot.future)
        slot.clear()
        if isinstance(said, Returned):
            self._unready(slot, said.error)
        elif said:
            self._refuse(slot, said)
        else:
            slot.ready = True
            self.slots.unready.pop(slot.host, None)

    def _unready(self, slot: Slot, words: str) -> None:
        """A worker broke while it was made ready; when that goes on, its machine is of no use."""
        times = self.slots.unready[slot.host] = self.slots.unready.get(slot.host, 0) + 1
        if times >= TRIES:
            self._refuse(slot, f"it broke {times} times while it was made ready; at last: {words}")
            self.slots.useless[slot.host] = slot.refused

    def _refuse(self, slot: Slot, words: str) -> None:
        slot.refused = f"{slot.address}: {words}"
        self.watcher.told(slot.refused)

    def _answered(self, slot: Slot, attempt: Attempt) -> None:
        said, given = answers.of(slot.future), slot.given
        if answers.is_loss(slot.future):
            self._lost(slot, said.error if isinstance(said, Returned) else "its worker ended", hangs=False)
            return
        slot.clear()
        waited = given - self.since
        said = answers.timed(said, waited, time.monotonic() - given)
        student = attempt.student
        submission, seed = self.orders.submissions[student], self.orders.seed(student)
        said = answers.judged(said, attempt, submission, seed, lambda: self.orders.trees(student))
        if said.document is not None or not said.retry:
            slot.doubts = 0
            self._end(attempt, said)
        else:
            slot.doubt()
            self._failed(attempt, slot.address, said)

    def _failed(self, attempt: Attempt, address: str, said: Returned) -> None:
        places = self.failures.setdefault(attempt.number, [])
        places.append(address)
        if len(places) < TRIES:
            self.log.again(attempt.number)
            self.waiting.append(attempt)
            self.watcher.again(attempt, said.error)
        else:
            self._end(attempt, answers.given_up(said, places))

    def _end(self, attempt: Attempt, returned: Returned) -> None:
        self.log.end(attempt.number, returned)
        self.ended(attempt.number)
        self.watcher.ended(attempt, returned)

    def _leave(self) -> None:
        """Take back what was given and not answered."""
        for slot in self.slots:
            future: Future[object] | None = slot.future
            if future is not None:
                future.cancel()
        with contextlib.suppress(ValueError):
            self.client.unsubscribe_topic(self.topic)
        self.log.recover()
