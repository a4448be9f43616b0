"""Other honest ways to watch a service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from alternatives.m01_environment import uv
from submissions import Alternative, Edit, append, move, remove, replace, write

METRICS, SERVICE, SERVE = "noshow/monitoring.py", "noshow/service.py", "noshow/serve.py"

LIBRARY = '''"""Metrics: requests by a library, the model by our own."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter, Gauge, Histogram
from prometheus_fastapi_instrumentator import Instrumentator

from noshow.appointment import Appointment
from noshow.bundle import Provenance

FIELDS = ("clinic", "age", "booked_at", "starts_at", "distance_km", "previous_appointments", "previous_no_shows", "reminder")
KNOWN = {"age": (1, 95), "distance_km": (0.0, 80.0), "previous_appointments": (0, 150)}

answers = Histogram("risk_ratio", "Risks that were answered.", buckets=(0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8))
champion = Gauge("champion_info", "Which model answers.", ["run"], multiprocess_mode="max")
born = Gauge("champion_trained_timestamp_seconds", "Its birthday.", multiprocess_mode="max")
expected = Gauge("champion_expected_risk_ratio", "What it should answer on average.", multiprocess_mode="max")
outside = Counter("risk_inputs_outside_total", "Inputs that no patient of the training data had.", ["feature"])
refused = Counter("risk_inputs_refused_total", "Inputs that the contract refuses.", ["feature"])


def add_metrics(app: FastAPI) -> None:
    """The library counts and times requests."""
    library = Instrumentator(should_instrument_requests_inprogress=True, excluded_handlers=["/metrics"])
    library.instrument(app, latency_lowr_buckets=(0.05, 0.1, 0.25, 0.5, 1)).expose(app, include_in_schema=False)
    before: Any = app.exception_handlers[RequestValidationError]

    async def refuse(request: Request, error: RequestValidationError) -> Any:
        for place in _places(error.errors()):
            refused.labels(place).inc()
        return await before(request, error)

    app.add_exception_handler(RequestValidationError, refuse)  # type: ignore[arg-type]


def _places(errors: Sequence[Any]) -> Iterator[str]:
    for error in errors:
        yield next((str(part) for part in error["loc"] if part in FIELDS), "other")


def show_model(provenance: Provenance) -> None:
    """Once at the start."""
    champion.labels(provenance.run_id).set(1)
    born.set(datetime.fromisoformat(provenance.trained_at).timestamp())
    expected.set(provenance.metrics["base_rate"])


def count_prediction(appointment: Appointment, probability: float) -> None:
    """Once for each answer."""
    answers.observe(probability)
    for feature, (low, high) in KNOWN.items():
        if not low <= getattr(appointment, feature) <= high:
            outside.labels(feature).inc()


@contextmanager
def shared_metrics(workers: int) -> Iterator[None]:
    """All workers write into one folder."""
    with tempfile.TemporaryDirectory() as folder:
        if workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield
'''

ALERTS = """\
groups:
  - name: slo
    interval: 30s
    rules:
      - alert: BurnsTheBudgetOfErrors
        expr: |
          (
            sum(rate(http_requests_total{handler="/predict", status="5xx"}[1h]))
              / sum(rate(http_requests_total{handler="/predict"}[1h])) > (14.4 * 0.01)
          and
            sum(rate(http_requests_total{handler="/predict", status="5xx"}[5m]))
              / sum(rate(http_requests_total{handler="/predict"}[5m])) > (14.4 * 0.01)
          ) or (
            sum(rate(http_requests_total{handler="/predict", status="5xx"}[6h]))
              / sum(rate(http_requests_total{handler="/predict"}[6h])) > (6 * 0.01)
          and
            sum(rate(http_requests_total{handler="/predict", status="5xx"}[15m]))
              / sum(rate(http_requests_total{handler="/predict"}[15m])) > (6 * 0.01)
          )
        labels: {severity: critical, slo: availability}
        annotations:
          summary: "Predictions fail: {{ $value | humanizePercentage }}"
          description: Callers get 500.
          runbook_url: https://example.org/clinic/noshow/blob/main/ops/runbook.md#errors
      - alert: Gone
        expr: absent(up{job="noshow"} == 1)
        for: 3m
        labels: {severity: critical, slo: availability}
        annotations:
          summary: The service is gone
          runbook_url: https://example.org/clinic/noshow/blob/main/ops/runbook.md#gone
"""

MORE = """\
groups:
  - name: speed
    rules:
      - alert: Slow
        expr: >
          sum(rate(http_request_duration_seconds_bucket{handler="/predict",le="0.5"}[1h]))
          / sum(rate(http_request_duration_seconds_count{handler="/predict"}[1h])) < 0.9
          and
          sum(rate(http_request_duration_seconds_bucket{handler="/predict",le="0.5"}[5m]))
          / sum(rate(http_request_duration_seconds_count{handler="/predict"}[5m])) < 0.9
        labels: {severity: critical, slo: latency}
        annotations:
          summary: "Only {{ $value | humanizePercentage }} of the answers are fast enough"
          runbook_url: https://example.org/clinic/noshow/blob/main/ops/runbook.md#slow
  - name: champion
    rules:
      - alert: Stale
        expr: (time() - max(champion_trained_timestamp_seconds)) / 86400 > 45
        for: 10m
        labels: {severity: warning, slo: freshness}
        annotations:
          summary: "The champion is {{ $value | printf \\"%.0f\\" }} days old"
          runbook_url: https://example.org/clinic/noshow/blob/main/ops/runbook.md#stale
      - alert: Shifted
        expr: |
          avg_over_time((
            sum(rate(risk_ratio_sum[10m])) / sum(rate(risk_ratio_count[10m])) - max(champion_expected_risk_ratio)
          )[10m:1m]) > 0.12
          or
          avg_over_time((
            sum(rate(risk_ratio_sum[10m])) / sum(rate(risk_ratio_count[10m])) - max(champion_expected_risk_ratio)
          )[10m:1m]) < -0.12
        labels: {severity: warning, slo: prediction}
        annotations:
          summary: "Risks are {{ $value | humanizePercentage }} off"
          runbook_url: https://example.org/clinic/noshow/blob/main/ops/runbook.md#shifted
"""

SLO = """\
[[slo]]
name = "prediction"
promise = "The average risk is what the champion should answer."
objective = 0.9
window = "4w"
within = "40m"

[[slo]]
name = "freshness"
promise = "No model is older than 45 days."
objective = 0.95
max_age_days = 45
window = "90d"
within = "20m"

[[slo]]
name = "latency"
promise = "Nine of ten answers take less than half a second."
objective = 0.9
seconds = 0.5
window = "4w"
within = "8m"

[[slo]]
name = "availability"
promise = "99 of 100 requests are answered."
objective = 0.99
window = "4w"
within = "8m"
"""

RUNBOOK = """\
# What to do

## Errors

Look at the newest lines of the log with level ERROR and go back to the release before, if one was made today.

## Gone

Start the container again; `docker logs` says why it ended. Then write down what you saw.

## Slow

Look at the number of requests under way. More than twenty: add a replica. Fewer: go back to the release before.

## Stale

Train, compare, release. If no new outcomes came in, ask the clinic for its daily files.

## Shifted

Did a caller change its units? The panel of the inputs says which feature. If not: train with the newest outcomes.
"""

ROUTING = """\
global:
  resolve_timeout: 5m
  slack_api_url: https://hooks.example.org/services/T000/B000/XXXX
templates: ['templates/*.tmpl']
route:
  receiver: chat
  group_by: ['...']
  group_wait: 10s
  group_interval: 2m
  repeat_interval: 12h
receivers:
  - name: chat
    slack_configs:
      - channel: '#noshow'
        send_resolved: true
"""

CONTRACT = """
[monitoring]
objectives = "ops/objectives.toml"
rules = ["ops/alerts/slo.yaml", "ops/alerts/champion.yaml"]
routing = "ops/am.yaml"
dashboard = "ops/grafana/board.json"
"""


BY_HAND = '''"""Metrics by hand: a function round each request, a registry for each process, and a folder that all of them share."""

import os
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, multiprocess
from prometheus_client.exposition import choose_encoder

COUNT = Counter("clinic_requests_total", "Answers by endpoint and code.", ["endpoint", "verb", "code"])
TIME = Histogram("clinic_request_seconds", "Time to the answer.", ["endpoint", "code"], buckets=[0.01, 0.05, 0.1, 0.25, 0.4, 0.8, 1.5, 3])
BUSY = Gauge("clinic_requests_active", "Requests under way.", multiprocess_mode="livesum")
RISK = Histogram("clinic_risk_ratio", "Risks told.", buckets=[0.1, 0.2, 0.3, 0.5, 0.7])
WHO = Gauge("clinic_model_trained_timestamp_seconds", "Birth of the model.", ["model"], multiprocess_mode="max")
USUAL = Gauge("clinic_usual_risk_ratio", "Base rate in training.", multiprocess_mode="max")
BAD = Counter("clinic_bad_fields_total", "Fields that are wrong, missing or odd.", ["field", "what"])
ENDPOINTS = {"/predict", "/health", "/ready", "/version"}
LIMITS = {"age": 99, "distance_km": 100, "previous_appointments": 300}


def add_metrics(app: FastAPI) -> None:
    """Everything in one place."""

    @app.middleware("http")
    async def measure(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        path = request.url.path
        if path == "/metrics":
            return await call(request)
        endpoint = path if path in ENDPOINTS else "*"
        verb = request.method if request.method in {"GET", "POST"} else "*"
        begun, code = time.monotonic(), 500
        with BUSY.track_inprogress():
            try:
                answer = await call(request)
                code = answer.status_code
                return answer
            finally:
                TIME.labels(endpoint, code).observe(time.monotonic() - begun)
                COUNT.labels(endpoint, verb, code).inc()

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        registry = REGISTRY
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": kind})


def show_model(provenance: Any) -> None:
    """Which one, and how old."""
    WHO.labels(provenance.model_sha256[:16]).set(datetime.fromisoformat(provenance.trained_at).timestamp())
    USUAL.set(provenance.metrics["base_rate"])


def count_prediction(appointment: Any, probability: float) -> None:
    """One answer."""
    RISK.observe(probability)
    for field, most in LIMITS.items():
        if getattr(appointment, field) > most:
            BAD.labels(field, "odd").inc()


def count_invalid(errors: Any) -> None:
    """One refused request."""
    for error in errors:
        field = error["loc"][1] if len(error["loc"]) > 1 else "body"
        known = {"clinic", "age", "booked_at", "starts_at", "distance_km", "previous_appointments", "previous_no_shows", "reminder"}
        BAD.labels(field if field in known else "?", error["type"] if error["type"] == "missing" else "wrong").inc()


@contextmanager
def shared_metrics(workers: int) -> Any:
    """The folder for several workers lies where temporary files lie."""
    if workers > 1:
        folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"metrics-{os.getpid()}"
        folder.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    yield
'''

PROBLEMS = """

async def _invalid(_: Request, error: RequestValidationError) -> Response:
    count_invalid(error.errors())
"""


def by_hand(name: str, old: str, new: str) -> Edit:
    """Other names and labels of metrics in the rules or the dashboard."""
    return replace(f"monitoring/{name}", old, new)


RENAMED = (
    ("noshow_http_requests_total", "clinic_requests_total"),
    ("noshow_prediction_probability_ratio", "clinic_risk_ratio"),
    ("noshow_model_base_rate_ratio", "clinic_usual_risk_ratio"),
    ("noshow_model_trained_timestamp_seconds", "clinic_model_trained_timestamp_seconds"),
    ("noshow_http_request_duration_seconds", "clinic_request_seconds"),
)


def board(project: Path) -> None:
    """A dashboard as Grafana exports it through its API, with rows, and a unit of its own for each panel."""

    def panel(title: str, unit: str, kind: str, *queries: str) -> dict[str, Any]:
        targets = [
            {"refId": chr(65 + n), "expr": query, "datasource": {"type": "prometheus"}}
            for n, query in enumerate(queries)
        ]
        return {"title": title, "type": kind, "targets": targets, "fieldConfig": {"defaults": {"unit": unit}}}

    rate = 'sum(rate(http_requests_total{job=~"$job",handler="/predict"}[$window]))'
    inside = [
        panel(
            "Risk", "percentunit", "gauge", "sum(rate(risk_ratio_sum[$window])) / sum(rate(risk_ratio_count[$window]))"
        ),
        panel("Outside", "cps", "stat", "sum(rate(risk_inputs_outside_total[$window])) or vector(0)"),
    ]
    panels = [
        {"type": "text", "title": "Read me", "options": {"content": "..."}},
        panel("Requests", "reqps", "stat", 'sum(rate(http_requests_total{job=~"$job"}[${window}]))'),
        panel("Errors", "percent", "timeseries", f'100 * (sum(rate(http_requests_total{{status="5xx"}}[$window])) or vector(0)) / {rate}'),
        panel(
            "Latency", "ms", "timeseries",
            'histogram_quantile(0.9, sum(rate(http_request_duration_highr_seconds_bucket{job=~"$job"}[$window])) by (le)) * 1000',
        ),
        panel("Memory", "bytes", "timeseries", 'process_resident_memory_bytes{job=~"$job"}'),
        {"type": "row", "title": "Champion", "collapsed": True, "panels": inside},
    ]  # fmt: skip
    variables = [
        {"name": "job", "type": "query", "includeAll": True, "current": {"text": ["All"], "value": ["$__all"]}},
        {"name": "window", "type": "interval", "current": {"text": "5m", "value": "5m"}},
    ]
    document = {"dashboard": {"title": "noshow", "panels": panels, "templating": {"list": variables}}, "meta": {}}
    path = project / "ops/grafana/board.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def without_folder(*names: str) -> tuple[Edit, ...]:
    """Remove files of the reference's folder."""
    return tuple(remove(f"monitoring/{name}") for name in names)


RUNBOOKS = tuple(f"runbooks/{name}.md" for name in ("availability", "latency", "freshness", "prediction"))

ALTERNATIVES = (
    Alternative(
        "with-the-instrumentator-library",
        edits=(
            replace(
                "pyproject.toml",
                '"prometheus-client>=0.23"',
                '"prometheus-client>=0.23",\n    "prometheus-fastapi-instrumentator>=7.1"',
            ),
            uv(
                "pip",
                "compile",
                "pyproject.toml",
                "--group",
                "dev",
                "--universal",
                "--generate-hashes",
                "--output-file",
                "requirements.lock",
            ),
            uv(
                "pip",
                "compile",
                "pyproject.toml",
                "--universal",
                "--generate-hashes",
                "--output-file",
                "requirements-serve.lock",
            ),
            move(METRICS, "noshow/telemetry.py"),
            write("noshow/telemetry.py", LIBRARY),
            replace(SERVICE, "from noshow import monitoring\n", "from noshow import telemetry as monitoring\n"),
            replace(SERVE, "from noshow.monitoring import", "from noshow.telemetry import"),
            *without_folder("slo.toml", "rules.yml", "alertmanager.yml", "dashboard.json", *RUNBOOKS),
            write("ops/objectives.toml", SLO),
            write("ops/alerts/slo.yaml", ALERTS),
            write("ops/alerts/champion.yaml", MORE),
            write("ops/am.yaml", ROUTING),
            write("ops/runbook.md", RUNBOOK),
            board,
            append("product.toml", CONTRACT),
        ),
    ),
    Alternative(
        "by-hand-with-a-function-round-each-request",
        edits=(
            move(METRICS, "noshow/clinic_metrics.py"),
            write("noshow/clinic_metrics.py", BY_HAND),
            replace(SERVICE, "from noshow import monitoring\n", "from noshow import clinic_metrics as monitoring\n"),
            replace(SERVE, "from noshow.monitoring import", "from noshow.clinic_metrics import"),
            replace(
                "noshow/problems.py",
                "\n\nasync def _invalid(_: Request, error: RequestValidationError) -> Response:\n",
                PROBLEMS,
            ),
            replace(
                "noshow/problems.py",
                "def problem(",
                "from noshow.clinic_metrics import count_invalid\n\n\ndef problem(",
            ),
            *(by_hand("rules.yml", old, new) for old, new in RENAMED),
            *(by_hand("dashboard.json", old, new) for old, new in RENAMED),
            by_hand("rules.yml", 'path="/predict",status=~"5.."', 'endpoint="/predict",code=~"5.."'),
            by_hand("rules.yml", 'path="/predict"', 'endpoint="/predict"'),
            by_hand("rules.yml", 'le="0.5"', 'le="0.4"'),
            by_hand("slo.toml", "seconds = 0.5", "seconds = 0.4"),
            by_hand("dashboard.json", "sum by (path)", "sum by (endpoint)"),
            by_hand("dashboard.json", 'path=\\"/predict\\"', 'endpoint=\\"/predict\\"'),
            by_hand("dashboard.json", "status=~", "code=~"),
            by_hand("dashboard.json", "noshow_http_requests_in_progress", "clinic_requests_active"),
            by_hand("dashboard.json", "noshow_invalid_inputs_total", "clinic_bad_fields_total"),
            by_hand("dashboard.json", "by (field, reason)", "by (field, what)"),
            by_hand("dashboard.json", "noshow_unusual_inputs_total", "clinic_bad_fields_total"),
        ),
    ),
)
