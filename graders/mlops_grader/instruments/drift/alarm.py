"""What a job wrote for Prometheus, served to one with the project's rules: which alerts fire, and which end."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mlops_grader.instruments.prometheus import compression
from mlops_grader.instruments.prometheus.server import Alert, Prometheus, prometheus
from mlops_grader.instruments.waiting import wait_until

QUIET_SECONDS = 8.0  # of compressed time that alerts have to fire although nothing is to be done
PATIENCE_SECONDS = 60.0  # an hour of the rules


@dataclass
class Exporter:
    """Answers every request with `text`, as node_exporter does with the files of its textfile collector."""

    port: int
    text: str


@dataclass(frozen=True)
class Heard:
    """The alerts that fired with the metrics of a quiet week, those that fired only with those of a drifted one, and how many of
    these had not ended when all was quiet again.
    """

    always: Sequence[str]
    fired: Sequence[Alert]
    unended: Sequence[str]


def listen(folder: Path, quiet: str, drifted: str, rules: Sequence[Any], job: str) -> Heard:
    """Show a Prometheus the metrics of a quiet week, then of a drifted one, then of the quiet one again."""
    with exporter(quiet) as source:
        compressed = [compression.rules(document) for document in rules]
        with prometheus(folder, {job: source.port}, "/metrics", compressed) as server:
            wait_until(lambda: False, QUIET_SECONDS)
            always = {alert.name for alert in server.firing()}
            source.text = drifted
            wait_until(lambda: _new(server, always), PATIENCE_SECONDS)
            fired = _new(server, always)
            source.text = quiet
            if fired:
                wait_until(lambda: not _new(server, always), PATIENCE_SECONDS)
            return Heard(sorted(always), fired, [alert.name for alert in _new(server, always)])


@contextmanager
def exporter(text: str) -> Iterator[Exporter]:
    """Serve a text on a free port of this machine, whatever it is at the moment."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(source.text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        source = Exporter(server.server_address[1], text)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield source
        finally:
            server.shutdown()
            thread.join()


def _new(server: Prometheus, always: set[str]) -> list[Alert]:
    return [alert for alert in server.firing() if alert.name not in always]
