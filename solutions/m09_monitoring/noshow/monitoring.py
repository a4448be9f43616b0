"""What can be seen from outside: metrics for Prometheus at /metrics, and one log line for each prediction."""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noshow.appointment import Appointment
from noshow.bundle import Provenance
from noshow.contract import PredictionRequest
from noshow.features import lead_days

METRICS_PATH = "/metrics"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that tells prometheus_client where the workers of one service put their numbers together."""

UNKNOWN = "unknown"
"""One value for all that callers can invent: each value of a label is a series that Prometheus keeps for weeks."""

USUAL = {"age": (0, 100), "distance_km": (0, 80), "lead_days": (0, 90), "previous_appointments": (0, 200)}
"""Where the values lie that the model has learned from. The contract allows more."""

requests = Counter("noshow_http_requests_total", "Requests that were answered.", ["method", "path", "status"])
duration = Histogram(
    "noshow_http_request_duration_seconds",
    "From the first byte of a request to the last of its answer.",
    ["path"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5),
)
in_progress = Gauge("noshow_http_requests_in_progress", "Requests under way.", multiprocess_mode="livesum")
model = Gauge("noshow_model_info", "1 for the model that answers now.", ["run_id", "sha256"], multiprocess_mode="max")
trained = Gauge("noshow_model_trained_timestamp_seconds", "When the model was trained.", multiprocess_mode="max")
base_rate = Gauge("noshow_model_base_rate_ratio", "Share of no-shows that it was trained on.", multiprocess_mode="max")
predicted = Histogram(
    "noshow_prediction_probability_ratio",
    "Probabilities that were answered.",
    buckets=[tenth / 10 for tenth in range(1, 10)],
)
shown: set[tuple[str, str]] = set()
"""The models that have answered since the start."""

invalid = Counter("noshow_invalid_inputs_total", "Fields of requests that were refused.", ["field", "reason"])
unusual = Counter("noshow_unusual_inputs_total", "Values that are allowed and that the model has not seen.", ["field"])


@contextmanager
def shared_metrics(workers: int) -> Iterator[None]:
    """A folder in which several workers put their numbers together; one worker needs none."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]


def add_metrics(app: FastAPI) -> None:
    """Count and time the requests of a service, and answer /metrics."""
    app.add_middleware(RequestMetrics)
    answer_invalid: Any = app.exception_handlers[RequestValidationError]

    @app.exception_handler(RequestValidationError)
    async def count_and_answer(request: Request, error: RequestValidationError) -> Response:
        count_invalid(error.errors())
        answer: Response = await answer_invalid(request, error)
        return answer

    @app.get(METRICS_PATH, include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(_registry()), headers={"Content-Type": CONTENT_TYPE_LATEST})


def show_model(provenance: Provenance) -> None:
    """Say which model answers from now on, and that the one before it does not any more."""
    for run_id, digest in shown:
        model.labels(run_id=run_id, sha256=digest).set(0)
    shown.add((provenance.run_id, provenance.model_sha256))
    model.labels(run_id=provenance.run_id, sha256=provenance.model_sha256).set(1)
    trained.set(datetime.fromisoformat(provenance.trained_at).timestamp())
    base_rate.set(provenance.metrics["base_rate"])


def count_prediction(appointment: Appointment, probability: float) -> None:
    """What went in that the model does not know, and what came out."""
    predicted.observe(probability)
    values: dict[str, Any] = {name: getattr(appointment, name, None) for name in USUAL}
    values["lead_days"] = lead_days(appointment.booked_at, appointment.starts_at)
    for name, (least, most) in USUAL.items():
        if not least <= values[name] <= most:
            unusual.labels(field=name).inc()


def count_invalid(errors: Sequence[Any]) -> None:
    """Which fields of a refused request were missing or wrong; fields that the contract does not know count as one."""
    for error in errors:
        name = str(error["loc"][-1])
        field = name if name in PredictionRequest.model_fields else UNKNOWN
        invalid.labels(field=field, reason="missing" if error["type"] == "missing" else "wrong").inc()


class RequestMetrics:
    """Counts and times each request under the path of its route, which callers cannot invent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and measure it when it is done."""
        if scope["type"] != "http" or scope["path"] == METRICS_PATH:
            await self.app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        in_progress.inc()
        try:
            await self.app(scope, receive, send_and_look)
        finally:
            in_progress.dec()
            path = getattr(scope.get("route"), "path", UNKNOWN)
            duration.labels(path).observe(time.perf_counter() - started)
            requests.labels(_method(scope), path, str(status)).inc()


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in ("GET", "POST", "HEAD") else UNKNOWN


def _registry() -> CollectorRegistry:
    if SHARED not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
