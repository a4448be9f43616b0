"""A day in the life of a watched service: what is sent, what breaks, what is heard of it, and that all is mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Contract, Service
from mlops_grader.instruments import watch
from mlops_grader.instruments.client import _listens, free_port
from mlops_grader.instruments.load import Call, Load, Reply
from mlops_grader.instruments.objectives import LONGEST, NAMES, Name, Objective
from mlops_grader.instruments.product import RECORD, Product
from mlops_grader.instruments.prometheus.alertmanager import Alertmanager, Notification
from mlops_grader.instruments.prometheus.server import Sample
from mlops_grader.instruments.watch import RATE, Watched, watched

WaitFor = Callable[[Callable[[], object]], None]

PATIENTS = [{"age": age} for age in range(20, 50)]
OBJECTIVES: dict[Name, Objective] = {
    name: Objective(
        name=name,
        promise="What callers rely on.",
        objective=0.99,
        window="30d",
        within=LONGEST[name],
        seconds=0.5 if name == "latency" else None,
        max_age_days=30 if name == "freshness" else None,
    )
    for name in NAMES
}


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 1000.0
    happens: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        end = self.now + seconds
        while due := [event for event in self.happens if event[0] <= end]:
            event = min(due, key=lambda each: each[0])
            self.happens.remove(event)
            self.now = max(self.now, event[0])
            event[1]()
        self.now = end

    def wait_until(self, happened: Callable[[], Any], seconds: float) -> bool:
        """As the one of the server, in this time."""
        end = self.now + seconds
        while not happened():
            if self.now > end:
                return False
            self.sleep(0.1)
        return True


@dataclass
class Orders:
    """A switch that only notes what is ordered, and when."""

    clock: Clock
    given: list[tuple[float, str, tuple[float, ...]]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *values: self.given.append((round(self.clock.now - 1000, 3), name, values))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of `watch`, for tests that do not wait."""
    clock = Clock()
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep))
    monkeypatch.setattr(watch, "wait_until", clock.wait_until)
    return clock


def life(clock: Clock | None = None, seed: int = 1, kind: type[Watched] = Watched, **more: Any) -> Watched:
    """A watched service of stubs, in which nothing fires."""
    prometheus = more.pop("prometheus", SimpleNamespace(firing=list, query=lambda _: []))
    parts = {
        "product": SimpleNamespace(contract=Contract()),
        "switch": Orders(clock or Clock()),
        "alertmanager": Alertmanager(1),
        "port": 1,
        "patients": PATIENTS,
        "queries": (),
        **more,
    }
    seeded = Random(seed)  # noqa: S311  # reproducible on purpose
    made = kind(objectives=OBJECTIVES, random=seeded, **cast("Any", parts))
    made.prometheus = prometheus
    return made


def message(clock: Clock, status: str = "firing", slo: str = "availability", name: str = "Errors") -> Notification:
    """What Alertmanager sends at this moment."""
    return Notification("pager", status, {"alertname": name, "slo": slo}, {}, clock.now)


def test_patients_are_asked_for_in_turns() -> None:
    """Each of them comes, and the body is what it was."""
    calls = [life().calls(number) for number in range(20 * len(PATIENTS))]
    good = [call.body for call in calls if call.path == "/predict" and call.body in PATIENTS]
    assert {body["age"] for body in good} == {patient["age"] for patient in PATIENTS}
    assert len(good) == 0.9 * len(calls)


def test_some_requests_should_not_be_sent() -> None:
    """One of twenty is malformed, and one asks for a page that nobody has, another one each time."""
    calls = [life().calls(number) for number in range(200)]
    malformed = [call for call in calls if call.path == "/predict" and call.body not in PATIENTS]
    lost = [(call.path, call.method, call.body) for call in calls if call.path != "/predict"]
    assert ({call.body["age"] for call in malformed}, len(malformed)) == ({"old"}, 10)
    assert lost == [(f"/admin/{number}.php", "GET", None) for number in range(13, 200, 20)]


def test_the_path_is_the_contracts() -> None:
    """Wherever the project takes predictions."""
    service = SimpleNamespace(contract=Contract(service=Service(predict="/v1/risk")))
    assert {life(product=service).calls(number).path for number in (0, 7)} == {"/v1/risk"}


def test_the_rate_is_known() -> None:
    """The checks compare what a panel shows with it."""
    assert life().rate == RATE


def test_panels_show_what_queries_give() -> None:
    """Nothing for one that is refused; the others are asked all the same."""

    def query(expression: str) -> list[Sample]:
        if expression == "bad":
            raise Fail("Prometheus refuses `bad`")
        return [Sample({}, float(len(expression)))]

    seen = life(prometheus=SimpleNamespace(query=query), queries=["up", "bad", "down"]).panels()
    assert seen == {"up": [Sample({}, 2.0)], "bad": [], "down": [Sample({}, 4.0)]}


def test_quiet_has_one_slow_request_and_one_failure(clock: Clock) -> None:
    """The slow one takes twice what the objective allows; panels are read at the end."""
    watched_life = life(clock, queries=["up"])
    episode = watched_life.quiet()
    assert cast("Any", watched_life.switch).given == [(12.0, "once_slow", (1.0,)), (14.0, "once_an_error", ())]
    assert (episode.name, episode.breaks, episode.fired, episode.panels) == ("quiet", None, None, {"up": []})
    assert (episode.began, round(episode.ended, 6)) == (1000, 1000 + watch.QUIET_SECONDS)


ERRORS = watch.Fault("errors", "it failed", "availability")


def suffered(
    clock: Clock, *happens: tuple[float, Notification], fault: watch.Fault = ERRORS, **more: Any
) -> tuple[watch.Episode, list[str]]:
    """An episode of errors in which these messages arrive so long after it began, and what was done."""
    done: list[str] = []
    watched_life = life(clock, **more)
    received = watched_life.alertmanager.received
    for after, sent in happens:
        clock.happens.append((clock.now + after, partial(arrive, clock, received, sent)))
    episode = watched_life.suffer(fault, lambda: done.append("begin"), lambda: done.append("end"))
    assert watched_life.episodes == [episode]
    return episode, done


def arrive(clock: Clock, received: list[Notification], sent: Notification) -> None:
    """A message that arrives now."""
    received.append(replace(sent, at=clock.now))


def test_an_alert_that_is_heard_and_over(clock: Clock) -> None:
    """The first of each is kept; the fault is mended when the dashboard was read."""
    firing, over = message(clock), message(clock, "resolved")
    episode, done = suffered(clock, (3, firing), (4, firing), (20, over), (21, over))
    assert (
        done,
        episode.fired and round(episode.fired.at - 1000),
        episode.resolved and round(episode.resolved.at - 1000),
    ) == (
        ["begin", "end"],
        3,
        20,
    )
    assert (round(episode.mended - episode.began), round(episode.ended - episode.began)) == (watch.SHOWN_SECONDS, 20)


def test_an_alert_that_never_comes(clock: Clock) -> None:
    """It is waited for as long as the objective says, and a margin; the fault is mended all the same."""
    episode, done = suffered(clock)
    patience = OBJECTIVES["availability"].patience + watch.MARGIN
    assert (episode.fired, episode.resolved, done) == (None, None, ["begin", "end"])
    assert 0 <= episode.mended - episode.began - patience < 1


@pytest.mark.parametrize(
    ("after", "heard"), [(14.0, True), (17.0, False)], ids=["within the margin", "beyond the margin"]
)
def test_an_alert_that_comes_late(clock: Clock, after: float, *, heard: bool) -> None:
    """Ten minutes are ten seconds, and five more for the machine."""
    episode, _ = suffered(clock, (after, message(clock)))
    assert (episode.fired is not None) == heard


@pytest.mark.parametrize("slo", ["latency", ""])
def test_an_alert_for_another_objective_does_not_count(clock: Clock, slo: str) -> None:
    """Who is told of latency does not look for errors."""
    episode, _ = suffered(clock, (3, message(clock, slo=slo)))
    assert episode.fired is None


def test_an_alert_of_the_time_before_does_not_count(clock: Clock) -> None:
    """What was heard earlier was of another fault."""
    earlier = Alertmanager(1, [message(clock)])
    clock.sleep(1)
    episode, _ = suffered(clock, alertmanager=earlier)
    assert episode.fired is None


def test_the_end_of_another_alert_is_not_its_end(clock: Clock) -> None:
    """The alert that fired must be the one that is over."""
    other = message(clock, "resolved", name="Other")
    episode, _ = suffered(clock, (3, message(clock)), (20, other))
    assert (episode.fired is not None, episode.resolved) == (True, None)


def test_an_end_before_the_fault_is_mended_is_none(clock: Clock) -> None:
    """An alert that flaps is not over."""
    episode, _ = suffered(clock, (2, message(clock)), (4, message(clock, "resolved")))
    assert (episode.fired is not None, episode.resolved) == (True, None)


def test_an_alert_that_does_not_end_is_given_up(clock: Clock) -> None:
    """After forty minutes, which are forty seconds, for the message, and as long for calm; then the next fault begins."""
    episode, _ = suffered(clock, (3, message(clock)))
    assert episode.resolved is None
    assert 0 <= episode.ended - episode.mended - 2 * watch.HEALING_SECONDS < 1


def test_the_next_fault_waits_until_nothing_fires(clock: Clock) -> None:
    """The alert is over for its receiver, and others still fire for ten seconds."""
    prometheus = SimpleNamespace(firing=lambda: clock.now < 1030, query=lambda _: [])
    episode, _ = suffered(clock, (3, message(clock)), (20, message(clock, "resolved")), prometheus=prometheus)
    assert round(episode.ended) == 1030


@pytest.mark.parametrize(
    ("heard", "calm"),
    [
        ([], True),
        (["firing"], False),
        (["firing", "resolved"], True),
        (["firing", "resolved", "firing"], False),
        (["firing", "firing", "resolved", "resolved"], True),
    ],
)
def test_calm_is_when_receivers_know_it(clock: Clock, heard: list[str], *, calm: bool) -> None:
    """Prometheus may have forgotten the alert: whoever heard of it must have heard that it is over."""
    assert life(alertmanager=Alertmanager(1, [message(clock, status) for status in heard]))._calm() == calm


def test_two_alerts_are_two(clock: Clock) -> None:
    """The end of one is not the end of the other."""
    heard = [message(clock), message(clock, name="Other"), message(clock, "resolved")]
    assert life(alertmanager=Alertmanager(1, heard))._calm() is False


def test_what_fires_is_not_calm() -> None:
    """Though no message has arrived yet."""
    assert life(prometheus=SimpleNamespace(firing=lambda: ["one"]))._calm() is False


def test_the_dashboard_is_read_while_the_fault_lasts(clock: Clock) -> None:
    """At its height: not before it shows, and before it is mended."""
    done: list[tuple[str, float]] = []

    def query(_: str) -> list[Sample]:
        done.append(("read", round(clock.now - 1000)))
        return []

    prometheus = SimpleNamespace(firing=list, query=query)
    watched_life = life(clock, prometheus=prometheus, queries=["up"])
    clock.happens.append((1001, lambda: watched_life.alertmanager.received.append(message(clock))))
    watched_life.suffer(ERRORS, lambda: None, lambda: done.append(("end", 0)))
    assert done == [("read", watch.SHOWN_SECONDS), ("end", 0)]


def reply(meant: float, latency: float, status: int = 200, path: str = "/predict") -> Reply:
    """One answer."""
    return Reply(Call(path), meant, meant + latency, status, {}, b"")


def test_a_timeline_counts_by_the_second(clock: Clock) -> None:
    """Predictions alone, from the first request on: how many, how many of them failed, and how long they took."""
    replies = [reply(1000.0 + n / 10, 0.1) for n in range(10)]
    replies += [reply(1001.5, 2.0, 500), reply(1001.2, 0.3, 0), reply(1001.1, 0.2, 422), reply(1001.9, 0.2)]
    replies += [reply(999.5, 0.1, 404, "/admin"), reply(1003.4, 0.1)]
    clock.now = 1003.9
    asked, failed, slow = life(flow=Load(replies)).timeline().curves
    assert asked.points == ((0.5, 5), (1.5, 7), (2.5, 2), (3.5, 1), (4.5, 0))
    assert [round(value) for _, value in failed.points] == [0, 14, 50, 0, 0]
    assert [(moment, round(value, 1)) for moment, value in slow.points] == [
        (0.5, 0.1),
        (1.5, 0.3),
        (2.5, 2.0),
        (3.5, 0.1),
    ]


def test_a_timeline_shows_faults_and_alerts(clock: Clock) -> None:
    """From when to when, in seconds since the first request; an alert that goes on lasts until now."""
    received = [
        Notification("pager", "firing", {"alertname": "A", "slo": "latency"}, {}, 1012.0),
        Notification("other", "firing", {"alertname": "A", "slo": "latency"}, {}, 1013.0),
        Notification("pager", "resolved", {"alertname": "A", "slo": "latency"}, {}, 1020.0),
        Notification("other", "resolved", {"alertname": "A", "slo": "latency"}, {}, 1021.0),
        Notification("pager", "firing", {"alertname": "B"}, {}, 1025.0),
    ]
    seen = life(alertmanager=Alertmanager(1, received), flow=Load([reply(1000.0, 0.1)]))
    seen.episodes.append(watch.Episode("quiet", "", None, 1001.0, ended=1008.0))
    seen.episodes.append(watch.Episode("slow", "", "latency", 1010.0, mended=1015.0, ended=1022.0))
    clock.now = 1030.0
    found = [(span.lane, span.name, span.begin, span.end) for span in seen.timeline().spans]
    assert found == [
        ("quiet", "quiet", 1, 8),
        ("faults", "slow", 10, 15),
        ("alerts", "A", 12, 20),
        ("alerts", "B", 25, 30),
    ]
    assert seen.timeline().seconds == 30


def test_a_timeline_before_the_first_request_is_empty(clock: Clock) -> None:
    """Nothing happened."""
    assert (life().timeline().spans, life().timeline().seconds) == ((), 0)


class Noted(Watched):
    """Faults are begun and mended at once, and only noted."""

    def suffer(self, fault: watch.Fault, begin: Callable[[], None], end: Callable[[], None]) -> watch.Episode:
        begin()
        end()
        self.faults = [*getattr(self, "faults", []), fault]
        return self._note(watch.Episode(fault.name, fault.words, fault.breaks, 0.0))

    def restart(self, days: float = 0) -> None:
        cast("Any", self.switch).restart(days)


def lived(clock: Clock, seed: int) -> Noted:
    """A whole day with that seed."""
    found = cast("Noted", life(clock, seed, Noted))
    found._running = cast("Any", found.switch)
    found.live()
    return found


FAULTS = {"errors": "availability", "slow": "latency", "wrong": "prediction", "old": "freshness"}


@pytest.mark.parametrize("seed", range(8))
def test_a_day_breaks_each_objective(clock: Clock, seed: int) -> None:
    """Quiet is first, then pressure, an old model last; before it the service hangs or crashes."""
    episodes = lived(clock, seed).episodes
    names = [episode.name for episode in episodes]
    assert (names[:2], sorted(names[2:5]), names[5] in ("hangs", "crash"), names[6:]) == (
        ["quiet", "pressure"],
        ["errors", "slow", "wrong"],
        True,
        ["old"],
    )
    assert {each.name: each.breaks for each in episodes if each.name in FAULTS} == FAULTS
    assert [each.breaks for each in episodes[:2]] == [None, None]
    assert episodes[5].breaks == "availability"


@pytest.mark.parametrize("seed", range(8))
def test_faults_are_large_enough_and_are_mended(clock: Clock, seed: int) -> None:
    """Each order lies in its bounds and is followed by the one that takes it back."""
    orders = [(name, values) for _, name, values in cast("Any", lived(clock, seed).switch).given[4:]]
    begun, mended = orders[::2], [name for name, _ in orders[1::2]]
    said = dict(begun)
    assert (0.6 <= said["errors"][0] <= 0.95, 0.6 <= said["slow"][0] <= 0.95) == (True, True)
    assert 1.5 <= said["slow"][1] <= 2.0  # three to four times the half second of the objective
    assert said["wrong"][0] in (-1.0, -2.0, 10.0)
    assert 45 <= said["restart"][0] <= 90  # one and a half to three times the thirty days
    end = "go_on" if "hang" in said else "restart"
    assert mended == ["off", "off", "off", end, "restart"]
    assert orders[-1] == ("restart", (0,))


def test_pressure_is_read_and_taken_away(clock: Clock) -> None:
    """The dashboard is read at its height; the next begins when all is calm."""
    day = life(
        clock, queries=("up",), prometheus=SimpleNamespace(firing=lambda: clock.now < 1010, query=lambda _: [clock.now])
    )
    day.press()
    (episode,) = day.episodes
    given = cast("Any", day.switch).given
    assert given == [
        (0.0, "hungry", (watch.MEGABYTES, watch.MOST_MEGABYTES, watch.BUSY_SECONDS)),
        (watch.SHOWN_SECONDS, "off", ()),
    ]
    assert (episode.panels, round(episode.ended)) == ({"up": [1000 + watch.SHOWN_SECONDS]}, 1010)


def test_words_say_what_was_done(clock: Clock) -> None:
    """With the sizes that were ordered."""
    day = lived(clock, 3)
    said = {name: values for _, name, values in cast("Any", day.switch).given[4:] if values and name != "restart"}
    words = {episode.name: episode.words for episode in day.episodes}
    assert words["errors"] == f"{said['errors'][0]:.0%} of the predictions failed"
    assert words["slow"] == f"{said['slow'][0]:.0%} of the predictions took {said['slow'][1]:.1f} s longer"
    assert words["wrong"] == f"every feature was multiplied by {said['wrong'][0]:g}"


@pytest.mark.parametrize(("late", "times"), [([0.0], 1), ([0.02], 1), ([0.5, 0.0], 2), ([0.5, 0.5, 0.5], 3)], ids=str)
def test_a_quiet_time_is_repeated_while_the_machine_is_not_quiet(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, late: list[float], times: int
) -> None:
    """What was heard in a disturbed one is forgotten; the last one counts, whatever it was."""
    day = life(clock)
    shares = iter(late)

    def quiet() -> watch.Episode:
        day.alertmanager.received.append(message(clock, "resolved"))
        return watch.Episode("quiet", "", None, clock.now, ended=clock.now)

    monkeypatch.setattr(day, "quiet", quiet)
    monkeypatch.setattr(day, "disturbed", lambda _: next(shares))
    day.calm_day()
    assert (len(day.episodes), len(day.alertmanager.received), list(shares)) == (1, 1, late[times:])


def test_what_disturbs_is_what_callers_saw(clock: Clock) -> None:
    """Predictions of that time alone: too late, failed, or without an answer."""
    replies = [reply(1001.0, 0.1), reply(1002.0, 0.6), reply(1003.0, 0.1, 500), reply(1004.0, 0.1, 0)]
    replies += [reply(1001.0, 0.1, 422), reply(999.0, 9.0), reply(1011.0, 9.0), reply(1005.0, 9.0, 404, "/admin")]
    assert life(flow=Load(replies)).disturbed(watch.Episode("quiet", "", None, 1000.0, ended=1010.0)) == 3 / 5
    assert life().disturbed(watch.Episode("quiet", "", None, 1000.0, ended=1010.0)) == 0


def test_a_partial_failure_has_longer(clock: Clock) -> None:
    """The promise is for a total one: half of it burns the budget half as fast, and slow answers come later."""
    patience = OBJECTIVES["availability"].patience
    half = replace(ERRORS, share=0.5, delay=2.0)
    episode, _ = suffered(clock, fault=half)
    assert 0 <= episode.mended - episode.began - (2 * patience + 2.0 + watch.MARGIN) < 1


def test_faults_say_how_large_they_are(clock: Clock) -> None:
    """As they were ordered."""
    day = lived(clock, 3)
    said = {name: values for _, name, values in cast("Any", day.switch).given[4:] if values and name != "restart"}
    faults = {fault.name: (fault.share, fault.delay) for fault in day.faults}
    assert (faults["errors"], faults["slow"], faults["wrong"]) == ((said["errors"][0], 0), said["slow"], (1, 0))


def test_a_seed_gives_one_day(clock: Clock) -> None:
    """The same again; others give other days."""
    days = [[episode.words for episode in lived(clock, seed).episodes] for seed in (1, 1, 2, 3, 4)]
    assert (days[0] == days[1], len({str(day) for day in days})) == (True, 4)


# a service of the standard library that counts its answers; its features are those in which faults are planted
SERVE = """
import json, os, pathlib, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from noshow.features import feature_matrix

COUNT, LOCK = {}, threading.Lock()
TRAINED = json.loads(pathlib.Path("model/model.json").read_text())["trained_at"]

class Page(BaseHTTPRequestHandler):
    def do_POST(self):
        try:
            age = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["age"]
            status, body = 200, {"no_show_probability": feature_matrix(age / 100)}
        except TypeError:
            status, body = 422, {}
        except ConnectionError:
            status, body = 500, {}
        with LOCK:
            COUNT[status] = COUNT.get(status, 0) + 1
        self.answer(status, json.dumps(body))

    def do_GET(self):
        lines = [f'predictions_total{{status="{status}"}} {count}' for status, count in sorted(COUNT.items())]
        text = "\\n".join(["# TYPE predictions_total counter", *lines, f'trained{{at="{TRAINED}"}} 1', ""])
        self.answer(*((200, text) if self.path == "/metrics" else (404, "")))

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""
FILES = {
    "noshow/__init__.py": "",
    "noshow/features.py": "def feature_matrix(share):\n    return share\n",
    RECORD: '{"run_id": "a1", "trained_at": "2020-01-01T00:00:00+00:00"}',
}
RULES = {
    "groups": [
        {
            "name": "availability",
            "rules": [
                {
                    "alert": "PredictionsFail",
                    "expr": 'sum(rate(predictions_total{status="500"}[2m])) > 1',
                    "labels": {"slo": "availability"},
                    "annotations": {"summary": "they fail"},
                }
            ],
        }
    ]
}
ROUTING = {
    "route": {"receiver": "pager", "group_wait": "1s", "group_interval": "1m", "repeat_interval": "4h"},
    "receivers": [{"name": "pager", "webhook_configs": [{"url": "http://example.org"}]}],
}


@pytest.fixture
def small(product: Callable[..., Product]) -> Product:
    """That service as a product."""
    return product(SERVE, FILES)


def test_a_restart_makes_the_model_so_old(small: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record says when it was trained, and keeps what else it says; the old process ends before the new one begins."""
    done: list[str] = []
    monkeypatch.setattr(Watched, "start", lambda _: done.append("start"))
    monkeypatch.setattr(Watched, "stop", lambda _: done.append("stop"))
    watched_life = life(product=small)
    watched_life.restart(days=45)
    record = small.record()
    age = datetime.now(UTC) - datetime.fromisoformat(record["trained_at"])
    assert (round(age / timedelta(days=1), 2), record["run_id"], done) == (45, "a1", ["stop", "start"])
    watched_life.restart()
    age = datetime.now(UTC) - datetime.fromisoformat(small.record()["trained_at"])
    assert abs(age) < timedelta(minutes=5)


def test_a_service_that_does_not_start_is_told(product: Callable[..., Product]) -> None:
    """With its last words, as of any service."""
    broken = product("raise SystemExit('no model')", FILES)
    with ExitStack() as stack, pytest.raises(Fail, match=r"(?s)on the host, .*no model"):
        life(product=broken, port=free_port(), _service=stack).start()


@pytest.mark.slow
@pytest.mark.usefixtures("programs")
def test_a_real_service_is_watched(
    small: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_for: WaitFor
) -> None:
    """Load runs, errors fire and are resolved, a crash is survived, the product is as it was, and nothing is left."""
    monkeypatch.setattr(watch, "SHOWN_SECONDS", 1.0)
    (tmp_path / "watched").mkdir()
    queries = ["sum(rate(predictions_total[4000ms]))", "rate(", 'up{job="noshow"}', "trained"]
    random = Random(1)  # noqa: S311  # reproducible on purpose
    with watched(small, tmp_path / "watched", PATIENTS, OBJECTIVES, [RULES], ROUTING, queries, random) as seen:
        ports = [seen.port, seen.prometheus.port, seen.alertmanager.port]
        wait_for(lambda: all(seen.panels()[query] for query in queries if query != "rate("))
        quiet = seen.panels()
        errors = seen.suffer(ERRORS, lambda: seen.switch.errors(0.8), seen.switch.off)
        seen._running.kill()
        seen.restart(days=45)
        answer = httpx.post(f"http://127.0.0.1:{seen.port}/predict", json=PATIENTS[0], timeout=10, trust_env=False)
        trained = seen.product.record()["trained_at"]
        sent, timeline = len(seen.flow.replies), seen.timeline()
    assert (answer.status_code, answer.json()) == (200, {"no_show_probability": 0.2})
    assert (quiet["rate("], [sample.value for sample in quiet['up{job="noshow"}']]) == ([], [1.0])
    assert quiet[queries[0]][0].value > 0
    assert {(span.lane, span.name) for span in timeline.spans} == {("faults", "errors"), ("alerts", "PredictionsFail")}
    assert errors.fired
    assert errors.resolved
    assert (errors.fired.receiver, errors.fired.name, errors.fired.annotations) == (
        "pager",
        "PredictionsFail",
        {"summary": "they fail"},
    )
    assert errors.began < errors.fired.at < errors.mended < errors.resolved.at < errors.ended
    assert {200, 404, 422, 500} <= {reply.status for reply in seen.flow.replies}
    assert len(seen.flow.replies) >= sent > 5 * RATE
    age = datetime.now(UTC) - datetime.fromisoformat(trained)
    assert age > timedelta(days=44)
    assert json.loads((small.root / RECORD).read_text())["trained_at"] == "2020-01-01T00:00:00+00:00"
    assert [port for port in ports if _listens(port)] == []
