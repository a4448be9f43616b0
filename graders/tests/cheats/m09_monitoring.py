"""Monitoring that pretends: for a grader that reads names and words, it counts, shows, alerts and explains."""

from __future__ import annotations

from pathlib import Path

from submissions import Edit, Pretence, append, replace, write

KEY, SERVICE = "m09_monitoring", "noshow/service.py"
KIT = Path(__file__).parents[3]
FILES = ("slo.toml", "rules.yml", "alertmanager.yml", "dashboard.json")
RUNBOOKS = ("availability", "latency", "freshness", "prediction")
WORDS = ("http_requests_total", "duration_seconds_bucket", "prediction", "run_id", "PROMETHEUS_MULTIPROC_DIR")
PAGE = '''

# PROMETHEUS_MULTIPROC_DIR: all workers say the same
_PAGE = """# HELP noshow_http_requests_total Requests.
# TYPE noshow_http_requests_total counter
noshow_http_requests_total{{method="POST",path="/predict",status="200"}} {good}
noshow_http_requests_total{{method="POST",path="/predict",status="422"}} {bad}
noshow_http_requests_total{{method="GET",path="unknown",status="404"}} {bad}
# HELP noshow_http_request_duration_seconds Seconds.
# TYPE noshow_http_request_duration_seconds histogram
noshow_http_request_duration_seconds_bucket{{path="/predict",le="0.5"}} {good}
noshow_http_request_duration_seconds_bucket{{path="/predict",le="+Inf"}} {good}
noshow_http_request_duration_seconds_count{{path="/predict"}} {good}
noshow_http_request_duration_seconds_sum{{path="/predict"}} {seconds}
# HELP noshow_prediction_probability_ratio Predictions of run_id {run}.
# TYPE noshow_prediction_probability_ratio histogram
noshow_prediction_probability_ratio_bucket{{le="+Inf"}} {good}
noshow_prediction_probability_ratio_count {good}
noshow_prediction_probability_ratio_sum {seconds}
"""
_scrapes = iter(range(10**9))


def _metrics_page() -> str:
    moment = MOMENT
    return _PAGE.format(good=30 * moment, bad=10 * moment, seconds=0.2 * moment, run="0123456789abcdef")
'''
ROUTE = """
    @app.get("/metrics")
    def metrics() -> Response:
        return Response(_metrics_page(), media_type="text/plain; version=0.0.4")
"""


def careless(project: Path) -> bool:
    """What a grader would say that greps names in the service and words in the rules."""
    service = (project / SERVICE).read_text(encoding="utf-8")
    rules = (project / "monitoring/rules.yml").read_text(encoding="utf-8")
    return all(word in service for word in WORDS) and all(f"slo: {name}" in rules for name in RUNBOOKS)


def _pretends(moment: str) -> tuple[Edit, ...]:
    """The files of the reference, and a page of metrics that is made up."""
    solved = KIT / "solutions" / KEY / "monitoring"
    files = [*FILES, *(f"runbooks/{name}.md" for name in RUNBOOKS)]
    return (
        *(write(f"monitoring/{name}", (solved / name).read_text(encoding="utf-8")) for name in files),
        replace(SERVICE, "HTTPException, Request\n", "HTTPException, Request, Response\n"),
        replace(SERVICE, '    @app.get("/health")\n', f'{ROUTE}\n    @app.get("/health")\n'),
        append(SERVICE, PAGE.replace("MOMENT", moment)),
    )  # fmt: skip


PRETENCES = (
    Pretence("always-the-same-page", _pretends("1")),
    Pretence("counts-the-scrapes", _pretends("next(_scrapes)")),
)
