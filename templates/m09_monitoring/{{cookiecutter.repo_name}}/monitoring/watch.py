"""Prometheus and Alertmanager on your own machine: they watch the service on port 8000 with the rules and the routing beside this file.

    python monitoring/watch.py                 # in real time, until Ctrl-C; Prometheus answers on http://127.0.0.1:9090
    python monitoring/watch.py --faster        # sixty times as fast: an hour of your rules passes in a minute
    python monitoring/watch.py --traffic 10    # and send the example request ten times a second

What reaches a receiver is printed here, whoever it is for. Needs the programs `prometheus` and `alertmanager`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
import compression

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent


def main() -> int:
    """Read the command line and watch until Ctrl-C, or for as long as was asked."""
    parser = argparse.ArgumentParser(description="Watch the service with Prometheus and Alertmanager.")
    parser.add_argument("--faster", action="store_true", help="sixty times as fast")
    parser.add_argument("--traffic", type=float, default=0, metavar="RATE", help="example requests a second")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end by itself")
    parser.add_argument("--port", type=int, default=8000, help="of the service")
    parser.add_argument("--prometheus-port", type=int, default=9090, help="on which Prometheus answers")
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        hook = stack.enter_context(receiver())
        watch(Path(folder), options, hook, stack)
        print(f"watching port {options.port}: http://127.0.0.1:{options.prometheus_port}/alerts", flush=True)
        try:
            while time.monotonic() < end:
                time.sleep(1 / options.traffic if options.traffic else 0.2)
                if options.traffic:
                    ask(options.port)
        except KeyboardInterrupt:
            print("ended")
    return 0


def watch(folder: Path, options: argparse.Namespace, hook: int, stack: ExitStack) -> None:
    """Start both programs with configurations of their own; the stack ends them."""
    seconds = compression.SCRAPE_SECONDS if options.faster else 15
    rules = yaml.safe_load((HERE / "rules.yml").read_text(encoding="utf-8"))
    routing = yaml.safe_load((HERE / "alertmanager.yml").read_text(encoding="utf-8"))
    for receiver in routing["receivers"]:
        url = f"http://127.0.0.1:{hook}/{receiver['name']}"
        receiver.update({key: [] for key in list(receiver) if key.endswith("_configs")})
        receiver["webhook_configs"] = [{"url": url, "send_resolved": True}]
    settings = {
        "global": {"scrape_interval": f"{1000 * seconds:.0f}ms", "evaluation_interval": f"{1000 * seconds:.0f}ms"},
        "rule_files": ["rules.json"],
        "scrape_configs": [
            {"job_name": "noshow", "static_configs": [{"targets": [f"127.0.0.1:{options.port}"]}]},
        ],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{options.prometheus_port + 3}"]}]}]
        },
    }
    files = {
        "rules.json": compression.rules(rules) if options.faster else rules,
        "alertmanager.json": compression.routing(routing) if options.faster else routing,
        "prometheus.json": settings,
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
    address = "--web.listen-address=127.0.0.1:"
    commands = {
        "alertmanager": ["--config.file=alertmanager.json", f"{address}{options.prometheus_port + 3}",
                         "--storage.path=alerts", "--cluster.listen-address="],
        "prometheus": ["--config.file=prometheus.json", f"{address}{options.prometheus_port}",
                       "--storage.tsdb.path=data", "--rules.alert.resend-delay=1s"],
    }  # fmt: skip
    for name, arguments in commands.items():
        log = stack.enter_context((folder / f"{name}.log").open("w"))
        process = subprocess.Popen([program(name), *arguments], cwd=folder, stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        time.sleep(1)
        if process.poll() is not None:
            sys.exit(f"{name} ends at once:\n{(folder / f'{name}.log').read_text()[-2000:]}")


def program(name: str) -> str:
    """The path of a program; Debian gives one of them another name."""
    found = shutil.which(name) or shutil.which(f"prometheus-{name}")
    return found or sys.exit(f"{name} is not installed: prometheus.io/download, or your system's packages")


def ask(port: int) -> None:
    """Send the example request, whatever comes of it."""
    body = (PROJECT / "examples" / "request.json").read_bytes()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", body, {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except OSError:  # HTTP errors too
        pass


@contextmanager
def receiver() -> Iterator[int]:
    """Print what Alertmanager sends; the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for alert in message["alerts"]:
                words = alert["annotations"].get("summary", "")
                print(f"{message['receiver']}: {alert['status']} {alert['labels']['alertname']}: {words}", flush=True)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
