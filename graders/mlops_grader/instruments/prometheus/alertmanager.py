"""An Alertmanager with a submission's routing, whose receivers all lead here."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.instruments.client import free_port
from mlops_grader.instruments.prometheus.programs import started
from mlops_grader.instruments.prometheus.server import await_ready

BODY_LIMIT = 2**20  # bytes of a notification that are read


@dataclass(frozen=True)
class Notification:
    """One alert in one message. `status` is firing or resolved; `at` is of `time.monotonic`."""

    receiver: str
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    at: float

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.labels.get("alertname", "")


@dataclass
class Alertmanager:
    """A running Alertmanager; `received` grows until the context ends."""

    port: int
    received: list[Notification] = field(default_factory=list)

    def since(self, moment: float, status: str = "firing") -> list[Notification]:
        """What arrived after a moment with that status."""
        return [each for each in self.received if each.at >= moment and each.status == status]


@contextmanager
def alertmanager(folder: Path, document: Any) -> Iterator[Alertmanager]:
    """Start it with a configuration in which every receiver is a web hook of the grader, and end it.

    Raises Fail with Alertmanager's words when it does not take the configuration.
    """
    folder.mkdir(parents=True)
    running_on = Alertmanager(free_port())
    with _receiver(running_on.received) as hooks:
        settings = led_here(document, hooks)
        (folder / "alertmanager.yml").write_text(json.dumps(settings, default=str), encoding="utf-8")
        arguments = [
            "--config.file=alertmanager.yml", "--storage.path=data",
            f"--web.listen-address=127.0.0.1:{running_on.port}", "--cluster.listen-address=",
        ]  # fmt: skip
        with started("alertmanager", arguments, folder) as running:
            try:
                await_ready(running, running_on.port)
            except RuntimeError:
                if "oading configuration file failed" in running.output or "config" in running.output.lower():
                    raise Fail(
                        f"Alertmanager does not take the routing: {_reason(running.output)}",
                        fix="amtool check-config says the same, and which line it is",
                    ) from None
                raise
            yield running_on


def led_here(document: Any, port: int) -> dict[str, Any]:
    """The configuration with a web hook of this machine in each receiver, and without what the others needed.

    Raises Fail when it names no receivers.
    """
    receivers = document.get("receivers") if isinstance(document, dict) else None
    known = receivers if isinstance(receivers, list) else []
    names = [each.get("name") if isinstance(each, dict) else None for each in known]
    if not names or not all(isinstance(name, str) for name in names):
        raise Fail("the routing names no receivers", fix="`receivers:` with a `name` each, and `route: receiver:`")
    kept = {key: value for key, value in document.items() if key not in ("global", "templates")}
    general = document.get("global") if isinstance(document.get("global"), dict) else {}
    times = {key: value for key, value in (general or {}).items() if key == "resolve_timeout"}
    hooks = [
        {"name": name, "webhook_configs": [{"url": f"http://127.0.0.1:{port}/{number}", "send_resolved": True}]}
        if _has_somewhere_to_go(receiver)
        else {"name": name}
        for number, (name, receiver) in enumerate(zip(names, known, strict=True))
    ]
    return {**kept, "global": times, "receivers": hooks}


def _has_somewhere_to_go(receiver: Mapping[str, Any]) -> bool:
    return any(value for key, value in receiver.items() if str(key).endswith("_configs"))


@contextmanager
def _receiver(received: list[Notification]) -> Iterator[int]:
    """A server on this machine that takes notifications; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT)
            message = json.loads(self.rfile.read(length))
            for alert in message["alerts"]:
                parts = alert["status"], alert["labels"], alert["annotations"]
                received.append(Notification(message["receiver"], *parts, time.monotonic()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _reason(output: str) -> str:
    lines = [line for line in output.splitlines() if "level=error" in line or "ERROR" in line] or output.splitlines()
    return lines[-1][-500:] if lines else "it says nothing"
