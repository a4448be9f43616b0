"""A real Prometheus in compressed time: it scrapes, answers, fires, and is gone with its context."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import psutil
import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments import waiting
from mlops_grader.instruments.client import Client, free_port
from mlops_grader.instruments.prometheus import server as servers
from mlops_grader.instruments.prometheus.server import Prometheus, Sample, await_ready, prometheus
from mlops_grader.instruments.waiting import wait_until

Told = Callable[[Callable[[], object]], str]
Serve = Callable[[Callable[[BaseHTTPRequestHandler, bytes], tuple[int, str, bytes]]], Client]
WaitFor = Callable[[Callable[[], object]], None]

RULES = {
    "groups": [
        {
            "name": "a",
            "rules": [
                {"record": "doubled", "expr": "2 * number"},
                {
                    "alert": "Fires",
                    "expr": 'up{job="gone"} == 0',
                    "labels": {"slo": "availability"},
                    "annotations": {"summary": "{{ $labels.job }} is down"},
                },
                {"alert": "Waits", "expr": 'up{job="gone"} == 0', "for": "1h"},
                {"alert": "Never", "expr": "number > 100"},
            ],
        }
    ]
}
METRICS = b'# TYPE number gauge\nnumber{clinic="north"} 7\n'

real = pytest.mark.usefixtures("programs")


@pytest.fixture(scope="module")
def port() -> int:
    """Where nobody listens."""
    return free_port()


@pytest.fixture(scope="module")
def server(programs: None, tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Prometheus]:
    """A server with those rules and a target that is down."""
    with prometheus(tmp_path_factory.mktemp("server") / "prometheus", {"gone": port}, "/metrics", [RULES]) as running:
        yield running


@real
def test_a_target_is_scraped(serve: Serve, tmp_path: Path, wait_for: WaitFor) -> None:
    """At the path that is given, as the job of its name, several times a second; what is recorded follows."""
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, str, bytes]:
        asked.append(request.path)
        return 200, "text/plain; version=0.0.4", METRICS

    client = serve(answer)
    with prometheus(tmp_path / "prometheus", {"noshow": client.port}, "/internal/metrics", [RULES]) as running:
        wait_for(lambda: running.query("doubled"))
        (sample,), (doubled,) = running.query("number"), running.query("doubled")
        wait_for(lambda: running.query("count_over_time(up[2s])")[0].value >= 3)
        assert running.query("lookback_is_not_a_metric") == []
    instance = f"127.0.0.1:{client.port}"
    metric = {"__name__": "number", "clinic": "north", "instance": instance, "job": "noshow"}
    assert (sample, doubled.value) == (Sample(metric, 7.0), 14.0)
    assert set(asked) == {"/internal/metrics"}


@pytest.mark.parametrize(
    ("expression", "values"),
    [("1 + 1", [2.0]), ("vector(3)", [3.0]), ("nothing_like_it", []), ("-1/0", [-math.inf])],
)
def test_a_query_has_values(server: Prometheus, expression: str, values: list[float]) -> None:
    """Those of its series, or its own."""
    assert [sample.value for sample in server.query(expression)] == values


def test_a_value_may_be_no_number(server: Prometheus) -> None:
    """NaN is read as one."""
    assert math.isnan(server.query("0/0")[0].value)


@pytest.mark.parametrize("expression", ["rate(", "rate(up)", "", "up +", "sum by (up", "rate(up[5q])"])
def test_a_query_that_is_refused_is_told(server: Prometheus, expression: str) -> None:
    """With the query and with the server's words."""
    with pytest.raises(Fail) as raised:
        server.query(expression)
    head, _, words = raised.value.found.partition(": ")
    assert (head, words != "") == (f"Prometheus refuses `{expression}`", True)


@pytest.mark.parametrize("expression", ["up[5m]", '"text"', "up[1s:500ms]"])
def test_a_query_without_a_value_breaks_nothing(server: Prometheus, told: Told, expression: str) -> None:
    """Ranges and texts are no values: the student is told, or sees none."""
    wait_until(lambda: server.query("up"), 30)
    words = told(lambda: server.query(expression))
    assert words == "" or f"`{expression}`" in words


def test_what_fires_is_known(server: Prometheus, wait_for: WaitFor) -> None:
    """With labels and filled-in annotations; what waits is pending, and what is well is not there."""
    wait_for(lambda: len(server.alerts()) == 2)
    (fires,) = server.firing()
    assert (fires.name, fires.state, fires.labels["slo"]) == ("Fires", "firing", "availability")
    assert fires.annotations == {"summary": "gone is down"}
    assert {alert.name: alert.state for alert in server.alerts()} == {"Fires": "firing", "Waits": "pending"}


def test_rules_are_known(server: Prometheus, wait_for: WaitFor) -> None:
    """Each with its health."""
    wait_for(lambda: {rule["health"] for rule in server.rules()} == {"ok"})
    assert [rule["name"] for rule in server.rules()] == ["doubled", "Fires", "Waits", "Never"]


@real
def test_what_fires_is_sent(serve: Serve, tmp_path: Path, wait_for: WaitFor, port: int) -> None:
    """To the port of an Alertmanager, again and again."""
    sent: list[bytes] = []

    def answer(_: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        sent.append(body)
        return 200, "application/json", b"{}"

    alerts = serve(answer).port
    with prometheus(tmp_path / "prometheus", {"gone": port}, "/metrics", [RULES], alerts):
        wait_for(lambda: len(sent) >= 3)
    assert all(b'"alertname":"Fires"' in body and b"Waits" not in body for body in sent)


@real
def test_several_rule_files_are_loaded(tmp_path: Path, port: int) -> None:
    """Each under a name of its own."""
    with prometheus(tmp_path / "prometheus", {"gone": port}, "/metrics", [RULES, RULES]) as running:
        assert len(running.rules()) == 8


@real
def test_a_day_in_a_rule_is_a_text(tmp_path: Path, port: int) -> None:
    """YAML reads `reviewed: 2024-05-01` as a day, and promtool takes it."""
    rule = {"alert": "A", "expr": "up", "annotations": {"reviewed": date(2024, 5, 1)}}
    document = {"groups": [{"name": "a", "rules": [rule]}]}
    with prometheus(tmp_path / "prometheus", {"gone": port}, "/metrics", [document]) as running:
        assert running.rules()[0]["annotations"] == {"reviewed": "2024-05-01"}


@real
def test_rules_are_not_asked_before_the_first_scrape(tmp_path: Path, port: int) -> None:
    """A service that nobody has looked at yet is not gone: nothing fires for it at the start."""
    rule = {"alert": "Gone", "expr": 'absent(up{job="gone"})'}
    document = {"groups": [{"name": "a", "rules": [rule]}]}
    with prometheus(tmp_path / "prometheus", {"gone": port}, "/metrics", [document]) as running:
        assert wait_until(lambda: running.rules()[0]["lastEvaluation"] > "0001-01-02", 30)
        assert running.query('count_over_time(ALERTS{alertname="Gone"}[1m])') == []


@pytest.fixture(scope="module")
def refused(programs: None, tmp_path_factory: pytest.TempPathFactory, port: int) -> str:
    """What a student is told of a rule that only Prometheus itself refuses."""
    document = {"groups": [{"name": "a", "rules": [{"alert": "A", "expr": "rate("}]}]}
    with pytest.raises(Fail) as raised, prometheus(tmp_path_factory.mktemp("r") / "p", {"a": port}, "/m", [document]):
        pass
    return raised.value.found


def test_rules_that_it_refuses_are_told(refused: str) -> None:
    """They were good before they were compressed."""
    assert refused.startswith("Prometheus does not load the rules in compressed time: ")


def test_what_it_refuses_is_told_with_the_reason(refused: str) -> None:
    """Which rule it is and what is wrong with it, not only that something is."""
    assert "unclosed left parenthesis" in refused


@real
def test_nothing_is_left_running(tmp_path: Path, port: int) -> None:
    """Also when the context ends in an error."""
    with suppress(ZeroDivisionError), prometheus(tmp_path / "prometheus", {"gone": port}, "/m") as running:
        started = processes(running.port)
        raise ZeroDivisionError
    assert (started != [], processes(running.port)) == (True, [])
    with pytest.raises(httpx.ConnectError):
        running.query("up")


def processes(port: int) -> list[int]:
    """The processes whose command says that they listen there."""
    address = f"--web.listen-address=127.0.0.1:{port}"
    return [each.pid for each in psutil.process_iter(["cmdline"]) if address in (each.info["cmdline"] or ())]


def test_a_server_that_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last words are told at once."""
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: pytest.fail("it waits"))
    monkeypatch.setattr(waiting, "time", clock)
    running = SimpleNamespace(poll=lambda: "exit code 1", output="it cannot")
    with pytest.raises(RuntimeError, match="a server does not become ready: it cannot"):
        await_ready(cast("Any", running), free_port())


def test_a_server_that_is_not_ready_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A status of 503 is not ready, however long it goes on."""
    monkeypatch.setattr(servers, "STARTING_SECONDS", 0.3)
    running = SimpleNamespace(poll=lambda: None, output="loading")
    with pytest.raises(RuntimeError, match="a server does not become ready: loading"):
        await_ready(cast("Any", running), serve(lambda *_: (503, "text/plain", b"")).port)


def test_a_server_that_becomes_ready_is_waited_for(serve: Serve) -> None:
    """It says so at its own page."""
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, str, bytes]:
        asked.append(request.path)
        return 200 if len(asked) > 2 else 503, "text/plain", b""

    await_ready(cast("Any", SimpleNamespace(poll=lambda: None, output="")), serve(answer).port)
    assert asked == ["/-/ready"] * 3


@pytest.mark.parametrize(("answers", "happened", "asked"), [([True], True, 1), ([0, 0, [1]], True, 3)])
def test_what_happens_is_waited_for(answers: list[Any], *, happened: bool, asked: int) -> None:
    """As often as it takes."""
    left = list(answers)
    assert (wait_until(lambda: left.pop(0), 60), len(answers) - len(left)) == (happened, asked)


def test_what_never_happens_is_given_up() -> None:
    """It was asked once at least, and not before its time."""
    asked: list[float] = []
    began = time.monotonic()
    assert wait_until(lambda: asked.append(0), 0.25) is False
    assert (time.monotonic() - began >= 0.25, len(asked) >= 2) == (True, True)
    assert (wait_until(lambda: asked.append(0), -1), len(asked) >= 3) == (False, True)
