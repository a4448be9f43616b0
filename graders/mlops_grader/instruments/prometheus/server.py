"""A Prometheus server that scrapes one product and evaluates its rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from mlops_grader.check import Fail
from mlops_grader.instruments.client import free_port
from mlops_grader.instruments.prometheus.compression import SCRAPE_SECONDS
from mlops_grader.instruments.prometheus.programs import started
from mlops_grader.instruments.sandbox import Running
from mlops_grader.instruments.waiting import wait_until

STARTING_SECONDS = 30
LOG_SECONDS = 5
LOOKBACK_SECONDS = 20 * SCRAPE_SECONDS


@dataclass(frozen=True)
class Sample:
    """One value of a series. `metric` holds its name and labels."""

    metric: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Alert:
    """An alert as Prometheus holds it: `state` is pending or firing."""

    name: str
    state: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Prometheus:
    """A running server."""

    port: int

    def query(self, expression: str) -> list[Sample]:
        """The value of a PromQL expression now. Raises Fail with the server's words when it is refused."""
        found = self._ask("query", query=expression)
        if found["resultType"] == "scalar":
            return [Sample({}, float(found["result"][1]))]
        if found["resultType"] == "string":
            return []
        values = [(entry["metric"], entry.get("value") or entry["values"][-1]) for entry in found["result"]]
        return [Sample(metric, float(value)) for metric, (_, value) in values]

    def alerts(self) -> list[Alert]:
        """What is pending and firing now."""
        return [
            Alert(entry["labels"]["alertname"], entry["state"], entry["labels"], entry["annotations"])
            for entry in self._ask("alerts")["alerts"]
        ]

    def firing(self) -> list[Alert]:
        """What is firing now."""
        return [alert for alert in self.alerts() if alert.state == "firing"]

    def rules(self) -> list[Mapping[str, Any]]:
        """All rules with their state and what is wrong with them."""
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def _ask(self, what: str, **parameters: str) -> Any:
        address = f"http://127.0.0.1:{self.port}/api/v1/{what}"
        answer = httpx.get(address, params=parameters, timeout=10, trust_env=False).json()
        if answer["status"] != "success":
            raise Fail(f"Prometheus refuses `{parameters.get('query', what)}`: {answer.get('error')}")
        return answer["data"]


@contextmanager
def prometheus(
    folder: Path, targets: Mapping[str, int], metrics: str, rules: Sequence[Any] = (), alertmanager: int | None = None
) -> Iterator[Prometheus]:
    """Start a server with its data in a folder, and end it.

    targets: ports of this machine by the name of their job. metrics: the path that is scraped. rules: documents of rule files.
    alertmanager: the port to which alerts are sent.
    """
    folder.mkdir(parents=True)
    seconds = f"{1000 * SCRAPE_SECONDS:.0f}ms"
    settings = {
        "global": {"scrape_interval": seconds, "scrape_timeout": seconds, "evaluation_interval": seconds},
        "rule_files": ["rules-*.yml"],
        "scrape_configs": [
            {"job_name": job, "metrics_path": metrics, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for job, port in targets.items()
        ],
    }
    if alertmanager:
        known = {"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}
        settings["alerting"] = {"alertmanagers": [known]}
    (folder / "prometheus.yml").write_text(json.dumps(settings), encoding="utf-8")
    port = free_port()
    arguments = [
        "--config.file=prometheus.yml", "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}", f"--query.lookback-delta={1000 * LOOKBACK_SECONDS:.0f}ms",
        "--web.enable-lifecycle",
        "--rules.alert.resend-delay=500ms", "--rules.alert.for-grace-period=1s", "--rules.alert.for-outage-tolerance=1s",
    ]  # fmt: skip
    with started("prometheus", arguments, folder) as running:
        await_ready(running, port)
        server = Prometheus(port)
        # the first scrape comes five seconds after the start: rules that looked at nothing meanwhile would find the service gone
        wait_until(lambda: len(server.query("up")) >= len(targets), STARTING_SECONDS)
        for number, document in enumerate(rules):
            (folder / f"rules-{number}.yml").write_text(
                json.dumps(document, default=str), encoding="utf-8"
            )  # JSON is YAML
        answer = httpx.post(f"http://127.0.0.1:{port}/-/reload", timeout=30, trust_env=False)
        if answer.status_code != httpx.codes.OK:
            wait_until(lambda: _errors(running), LOG_SECONDS)  # the answer may come before the line that says why
            words = _errors(running) or [answer.text]
            found = f"Prometheus does not load the rules in compressed time: {words[0][-500:]}"
            raise Fail(found, fix="mend the rule that it names")
        yield server


def _errors(running: Running) -> list[str]:
    return [line for line in running.output.splitlines() if "level=error" in line or "level=ERROR" in line]


def await_ready(running: Running, port: int) -> None:
    """Wait until a server of this kind is ready. Raises RuntimeError with its last words when it ends or never is."""

    def answers() -> bool:
        try:
            address = f"http://127.0.0.1:{port}/-/ready"
            return httpx.get(address, timeout=2, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    if not wait_until(lambda: running.poll() is not None or answers(), STARTING_SECONDS) or running.poll():
        raise RuntimeError(f"a server does not become ready: {running.output[-2000:]}")
