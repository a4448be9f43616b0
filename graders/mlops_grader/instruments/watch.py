"""A day in the life of a watched service, in compressed time: quiet, then one fault after the other, each mended again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.instruments.client import READY_SECONDS, Client, free_port
from mlops_grader.instruments.faults import Switch, with_a_switch
from mlops_grader.instruments.load import Call, Load, Reply, burst, load
from mlops_grader.instruments.objectives import Name, Objective
from mlops_grader.instruments.product import RECORD, Product
from mlops_grader.instruments.prometheus import compression
from mlops_grader.instruments.prometheus.alertmanager import Alertmanager, Notification, alertmanager
from mlops_grader.instruments.prometheus.server import Prometheus, Sample, prometheus
from mlops_grader.instruments.service import started
from mlops_grader.instruments.waiting import wait_until
from mlops_grader.timeline import Curve, Span, Timeline

RATE = 20.0  # requests a second
BURST = (2.0, 6.0, 9.0)  # times as many in the quiet time, from and to which second
WARM_SECONDS = 4.0
QUIET_SECONDS = 20.0
SERVER_ERROR = 500
MARGIN = 5.0  # seconds that the machine may add to what the objectives promise
HEALING_SECONDS = 40.0  # until what fired is resolved: the routing sends that with its next group
NOTE = f"Time was compressed: a second of the rules and of the routing stands for {compression.FACTOR} seconds at work."
TRIES = 3  # quiet times, until the machine is quiet too
MOST_DISTURBED = 0.02  # of the predictions in a quiet time; one slow answer and one failure are half a percent
MOST_SPANS = 100
SHOWN_SECONDS = 6.0  # of a fault, before the dashboard is read
MEGABYTES, MOST_MEGABYTES, BUSY_SECONDS = 20, 400, 0.01  # of memory for each prediction and in all; of the processor


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and the objective that it breaks.

    share: of the predictions; what the objectives promise is for a total failure, and a partial one burns the budget more slowly.
    delay: seconds until the first of them shows.
    """

    name: str
    words: str
    breaks: Name
    share: float = 1.0
    delay: float = 0.0


@dataclass
class Episode:
    """A span of the run. Moments are of `time.monotonic`. panels: the values of each query at its height.

    fired: the first notification of an alert for the objective that it breaks; resolved: the first that says it is over.
    """

    name: str
    words: str
    breaks: Name | None
    began: float
    mended: float = 0.0
    ended: float = 0.0
    fired: Notification | None = None
    resolved: Notification | None = None
    panels: Mapping[str, Sequence[Sample]] = field(default_factory=dict)


@dataclass
class Watched:
    """The service under load, with everything that looks at it; `episodes` is what happened so far."""

    product: Product
    switch: Switch
    alertmanager: Alertmanager
    objectives: Mapping[Name, Objective]
    port: int
    patients: Sequence[Mapping[str, Any]]
    queries: Sequence[str]
    random: Random
    prometheus: Prometheus = field(init=False)
    flow: Load = field(default_factory=Load)
    episodes: list[Episode] = field(default_factory=list)
    _service: ExitStack = field(default_factory=ExitStack)

    @property
    def rate(self) -> float:
        """Requests that are sent a second."""
        return RATE

    def quiet(self) -> Episode:
        """All is well but for one slow request and one that fails; the first time there is a burst of requests too."""
        episode = Episode("quiet", "all was well", None, time.monotonic())
        time.sleep(0.6 * QUIET_SECONDS)
        self.switch.once_slow(2 * self._latency)
        time.sleep(0.1 * QUIET_SECONDS)
        self.switch.once_an_error()
        time.sleep(0.3 * QUIET_SECONDS)
        episode.panels, episode.ended = self.panels(), time.monotonic()
        return episode

    def calm_day(self) -> None:
        """A quiet time in which the machine itself was quiet: where callers really waited, an alert would be right."""
        for left in reversed(range(TRIES)):
            episode = self.quiet()
            wait_until(self._calm, HEALING_SECONDS)
            if self.disturbed(episode) <= MOST_DISTURBED or not left:
                break
            self.alertmanager.received.clear()
        self._note(episode)

    def press(self) -> None:
        """The service needs much more memory and processor than before, and answers as ever: nobody promised anything about that."""
        episode = Episode("pressure", "the service needed more memory and processor", None, time.monotonic())
        self.switch.hungry(MEGABYTES, MOST_MEGABYTES, min(BUSY_SECONDS, self._latency / 10))
        time.sleep(SHOWN_SECONDS)
        episode.panels, episode.mended = self.panels(), time.monotonic()
        self.switch.off()
        wait_until(self._calm, HEALING_SECONDS)
        episode.ended = time.monotonic()
        self._note(episode)

    def disturbed(self, episode: Episode) -> float:
        """The share of an episode's predictions that came too late or not at all, as their callers saw it."""
        predict = self.product.contract.service.predict
        mine = [r for r in self.flow.replies if r.call.path == predict and episode.began <= r.meant <= episode.ended]
        late = [r for r in mine if r.latency > self._latency or r.status == 0 or r.status >= SERVER_ERROR]
        return len(late) / max(1, len(mine))

    def live(self) -> None:
        """Quiet, then pressure, then each kind of fault, in an order and in sizes that the seed gives."""
        self.calm_day()
        self.press()
        failing, slow = self.random.uniform(0.6, 0.95), self.random.uniform(0.6, 0.95)
        seconds = max(1.0, self.random.uniform(3, 4) * self._latency)
        factor = self.random.choice([-1.0, -2.0, 10.0])
        faults = [
            Fault("errors", f"{failing:.0%} of the predictions failed", "availability", failing),
            Fault("slow", f"{slow:.0%} of the predictions took {seconds:.1f} s longer", "latency", slow, seconds),
            Fault("wrong", f"every feature was multiplied by {factor:g}", "prediction"),
        ]
        begin = {
            "errors": lambda: self.switch.errors(failing),
            "slow": lambda: self.switch.slow(slow, seconds),
            "wrong": lambda: self.switch.wrong(factor),
        }
        self.random.shuffle(faults)
        for fault in faults:
            self.suffer(fault, begin[fault.name], self.switch.off)
        if self.random.random() < 0.5:
            self.suffer(Fault("hangs", "the service hung", "availability"), self._running.hang, self._running.go_on)
        else:
            self.suffer(Fault("crash", "the service crashed", "availability"), self._running.kill, self.restart)
        age = self._max_age * self.random.uniform(1.5, 3)
        old = Fault("old", f"a model of {age:.0f} days ago served", "freshness")
        self.suffer(old, lambda: self.restart(days=age), self.restart)

    def suffer(self, fault: Fault, begin: Callable[[], None], end: Callable[[], None]) -> Episode:
        """Let a fault begin, wait for its alert, mend it, and wait until the alert is over."""
        episode = Episode(fault.name, fault.words, fault.breaks, time.monotonic())
        begin()
        patience = self.objectives[fault.breaks].patience / fault.share + fault.delay + MARGIN
        wait_until(lambda: self._heard(episode, episode.began, "firing"), patience)
        episode.fired = self._heard(episode, episode.began, "firing")
        time.sleep(max(0.0, episode.began + SHOWN_SECONDS - time.monotonic()))
        episode.panels, episode.mended = self.panels(), time.monotonic()
        end()
        if episode.fired:
            wait_until(lambda: self._heard(episode, episode.mended, "resolved"), HEALING_SECONDS)
            episode.resolved = self._heard(episode, episode.mended, "resolved")
        wait_until(self._calm, HEALING_SECONDS)
        episode.ended = time.monotonic()
        return self._note(episode)

    def _calm(self) -> bool:
        """Nothing fires, and whoever heard of an alert has heard that it is over: one that returns is told again."""
        last = {tuple(sorted(each.labels.items())): each.status for each in self.alertmanager.received}
        return "firing" not in last.values() and not self.prometheus.firing()

    def start(self) -> None:
        """Start the service on its port and wait until it answers."""
        self._running = self._service.enter_context(started(self.product, port=self.port))
        self._running.client.wait_until_ready(self.patients[0], READY_SECONDS)

    def restart(self, days: float = 0) -> None:
        """End the service and start it with the model of so many days ago."""
        self.stop()
        path = self.product.root / RECORD
        record = dict(self.product.record())
        then = datetime.now(UTC) - timedelta(days=days)
        path.write_text(json.dumps({**record, "trained_at": then.isoformat(timespec="seconds")}), encoding="utf-8")
        self.start()

    def stop(self) -> None:
        """End the service with all its children."""
        self._service.close()

    def panels(self) -> dict[str, Sequence[Sample]]:
        """What each query of the dashboard gives now; nothing for one that is refused."""
        found: dict[str, Sequence[Sample]] = {}
        for query in self.queries:
            try:
                found[query] = self.prometheus.query(query)
            except Fail:
                found[query] = []
        return found

    def calls(self, number: int) -> Call:
        """Requests of patients, and a few that nobody should send."""
        predict, body = self.product.contract.service.predict, self.patients[number % len(self.patients)]
        if number % 20 == 7:
            return Call(predict, {**body, "age": "old"})
        if number % 20 == 13:
            return Call(f"/admin/{number}.php", method="GET")
        return Call(predict, body)

    def timeline(self) -> Timeline:
        """What happened so far, in seconds since the first request."""
        start = min((reply.meant for reply in self.flow.replies), default=time.monotonic())
        seconds = time.monotonic() - start
        spans = [
            Span(
                "faults" if each.name != "quiet" else "quiet",
                each.name,
                each.began - start,
                (each.mended or each.ended) - start,
            )
            for each in self.episodes
        ]
        spans += [Span("alerts", name[:80], begin - start, end - start) for name, begin, end in self._alerts()]
        predict = self.product.contract.service.predict
        mine = [reply for reply in self.flow.replies if reply.call.path == predict]
        return Timeline(NOTE, seconds, _curves(mine, start, int(seconds)), tuple(spans[:MOST_SPANS]))

    def _alerts(self) -> Iterator[tuple[str, float, float]]:
        """Each alert that reached a receiver, from its first message to the one that says it is over."""
        open_since: dict[tuple[tuple[str, str], ...], float] = {}
        for each in self.alertmanager.received:
            key = tuple(sorted(each.labels.items()))
            if each.status == "firing":
                open_since.setdefault(key, each.at)
            elif key in open_since:
                yield each.name, open_since.pop(key), each.at
        for key, since in open_since.items():
            yield dict(key).get("alertname", ""), since, time.monotonic()

    @property
    def _latency(self) -> float:
        return self.objectives["latency"].seconds or 0

    @property
    def _max_age(self) -> float:
        return self.objectives["freshness"].max_age_days or 0

    def _heard(self, episode: Episode, since: float, status: str) -> Notification | None:
        heard = self.alertmanager.since(since, status)
        mine = [each for each in heard if each.labels.get("slo") == episode.breaks]
        if status == "resolved":
            mine = [each for each in mine if episode.fired and each.name == episode.fired.name]
        return mine[0] if mine else None

    def _note(self, episode: Episode) -> Episode:
        self.episodes.append(episode)
        return episode


def _curves(replies: Sequence[Reply], start: float, seconds: int) -> tuple[Curve, ...]:
    """Second by second: predictions asked for, the share without one, and the 95th percentile of the latency."""
    bins: list[list[Reply]] = [[] for _ in range(seconds + 1)]
    for reply in replies:
        bins[min(seconds, int(reply.meant - start))].append(reply)
    asked = tuple((at + 0.5, float(len(found))) for at, found in enumerate(bins))
    lost = tuple(
        (at + 0.5, 100 * sum(r.status == 0 or r.status >= 500 for r in found) / max(1, len(found)))
        for at, found in enumerate(bins)
    )
    slow = tuple(
        (at + 0.5, sorted(r.latency for r in found)[int(0.95 * len(found))]) for at, found in enumerate(bins) if found
    )
    return Curve("predictions", "a second", asked), Curve("failed", "%", lost), Curve("95th percentile", "s", slow)


@contextmanager
def watched(
    product: Product,
    folder: Path,
    patients: Sequence[Mapping[str, Any]],
    objectives: Mapping[Name, Objective],
    rules: Sequence[Any],
    routing: Any,
    queries: Sequence[str],
    random: Random,
) -> Iterator[Watched]:
    """Start the service with a switch in it, Alertmanager, Prometheus and load, and end them all."""
    copy, switch = with_a_switch(product, folder / "product")
    port, contract = free_port(), product.contract
    with ExitStack() as stack:
        alerts = stack.enter_context(alertmanager(folder / "alertmanager", compression.routing(routing)))
        compressed = [compression.rules(document) for document in rules]
        targets = {contract.name: port}
        service = stack.enter_context(ExitStack())
        life = Watched(copy, switch, alerts, objectives, port, patients, queries, random, _service=service)
        life.restart()  # before anybody looks: a service that is not there yet is no fault
        server = prometheus(folder / "prometheus", targets, contract.service.metrics, compressed, alerts.port)
        life.prometheus = stack.enter_context(server)
        client = Client(port, contract.service, lambda: None)
        life.flow = stack.enter_context(load(client, life.calls, burst(RATE, *BURST)))
        time.sleep(WARM_SECONDS)
        yield life
