"""Wrong ways to watch a service, each wrong in one way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from submissions import Edit, Mistake, replace, write

METRICS, SERVICE, SERVE, ACCESS = "noshow/monitoring.py", "noshow/service.py", "noshow/serve.py", "noshow/access.py"
RULES, ROUTING, DASHBOARD = "monitoring/rules.yml", "monitoring/alertmanager.yml", "monitoring/dashboard.json"
OBSERVE = "duration.labels(path).observe(time.perf_counter() - started)\n"
SLOW = """          job:noshow_slow_predictions:ratio_rate1h > 6 * (1 - 0.99)
          and job:noshow_slow_predictions:ratio_rate5m > 6 * (1 - 0.99)
"""
OLD = """        expr: time() - noshow_model_trained_timestamp_seconds{job="noshow"} > 30 * 24 * 3600
        for: 5m
"""
WRONG_TEST = """\
rule_files: [rules.yml]
tests:
  - interval: 1m
    input_series:
      - series: up{job="noshow"}
        values: 0x10
    alert_rule_test:
      - eval_time: 5m
        alertname: ServiceIsDown
        exp_alerts: []
"""
LOGS_INPUT = """    for error in errors:
        logging.getLogger(__name__).info("refused", extra={"fields": {"input": str(error["input"])}})
"""


def metrics(old: str, new: str) -> tuple[Edit, ...]:
    """Other words in the module of the metrics."""
    return (replace(METRICS, old, new),)


def rules(old: str, new: str) -> tuple[Edit, ...]:
    """Other words in the rules."""
    return (replace(RULES, old, new),)


def dashboard(change: Callable[[list[Any]], None]) -> tuple[Edit, ...]:
    """Other panels."""

    def edit(project: Path) -> None:
        document = json.loads((project / DASHBOARD).read_text(encoding="utf-8"))
        change(document["panels"])
        (project / DASHBOARD).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    return (edit,)


def without(title: str) -> Callable[[list[Any]], None]:
    """Take panels away whose title begins so."""

    def change(panels: list[Any]) -> None:
        kept = [panel for panel in panels if not panel["title"].startswith(title)]
        if len(kept) == len(panels):
            raise ValueError(f"the dashboard has no panel `{title}` any more: this edit has gone stale")
        panels[:] = kept

    return change


def old_name(panels: list[Any]) -> None:
    """The first panel asks for a name that the service had once."""
    panels[0]["targets"][0]["expr"] = 'sum(rate(http_requests_total{job="$job"}[$__rate_interval]))'


def limits_only(panels: list[Any]) -> None:
    """The panel of the saturation shows how much there could be."""
    (full,) = [panel for panel in panels if panel["title"] == "Saturation"]
    full["targets"] = [{**full["targets"][0], "expr": 'max(process_max_fds{job="$job"})'}]


def no_unit(panels: list[Any]) -> None:
    """The panel of the latency shows bare numbers."""
    del panels[2]["fieldConfig"]["defaults"]["unit"]


TRUE = (
    Mistake(
        "every-answer-is-a-success",
        fails="test_metrics_are_true",
        says="rose by",
        edits=metrics('                status = message["status"]\n', "                status = 200\n"),
    ),
    Mistake(
        "milliseconds-in-a-histogram-of-seconds",
        fails="test_metrics_are_true",
        says="callers waited",
        edits=metrics(
            OBSERVE, OBSERVE.replace("time.perf_counter() - started", "1000 * (time.perf_counter() - started)")
        ),
    ),
    Mistake(
        "counts-before-the-route-is-known",
        fails="test_metrics_are_true",
        says="no counter with a label for the path and one for the status moved",
        edits=metrics('getattr(scope.get("route"), "path", UNKNOWN)', "UNKNOWN"),
    ),
)

WELL_FORMED = (
    Mistake(
        "unit-is-abbreviated",
        fails="test_metrics_are_well_formed",
        says="abbreviated units",
        edits=metrics("noshow_model_trained_timestamp_seconds", "noshow_model_age_ms"),
    ),
    Mistake(
        "metric-without-help",
        fails="test_metrics_are_well_formed",
        says="no help text",
        edits=metrics('"Requests under way."', '""'),
    ),
)

WORKERS = (
    Mistake(
        "each-worker-for-itself",
        fails="test_metrics_are_true_with_several_workers",
        says="and a scrape shows",
        edits=(replace(SERVE, "shared_metrics(settings.workers)", "shared_metrics(1)"),),
    ),
    Mistake(
        "one-worker-whatever-is-asked",
        fails="test_metrics_are_true_with_several_workers",
        says="the service is 1 process",
        edits=(
            replace(
                SERVE,
                "if settings.workers > 1 else create_app(settings)",
                "if settings.workers > 99 else create_app(settings)",
            ),
            replace(SERVE, "(several if settings.workers > 1 else {})", "(several if settings.workers > 99 else {})"),
        ),
    ),
)

FEW = (
    Mistake(
        "path-as-it-was-asked-for",
        fails="test_series_stay_few",
        says="500 different requests added",
        edits=metrics('getattr(scope.get("route"), "path", UNKNOWN)', 'scope["path"]'),
    ),
    Mistake(
        "logs-what-was-refused",
        fails="test_series_stay_few",
        says="the log shows",
        edits=(
            replace(METRICS, "    for error in errors:\n", LOGS_INPUT + "    for error in errors:\n"),
            replace(METRICS, "import os\n", "import logging\nimport os\n"),
        ),
    ),
    Mistake(
        "field-as-it-was-sent",
        fails="test_series_stay_few",
        says="500 different requests added",
        edits=metrics("name if name in PredictionRequest.model_fields else UNKNOWN", "name"),
    ),
)

MODEL = (
    Mistake(
        "rounds-what-it-predicts",
        fails="test_shows_the_model",
        says="no histogram rose by that",
        edits=metrics("predicted.observe(probability)", "predicted.observe(round(probability, 1))"),
    ),
    Mistake(
        "model-without-a-name",
        fails="test_shows_the_model",
        says="no series says which model answers",
        edits=metrics("run_id=provenance.run_id, sha256=provenance.model_sha256", 'run_id="champion", sha256="newest"'),
    ),
    Mistake(
        "invalid-without-the-field",
        fails="test_shows_the_model",
        says="no counter with the label value",
        edits=metrics("invalid.labels(field=field,", "invalid.labels(field=UNKNOWN,"),
    ),
)

LOGS = (
    Mistake(
        "id-of-its-own",
        fails="test_a_request_can_be_found_in_the_logs",
        says="is answered with the id",
        edits=(replace(ACCESS, 'given = headers.get(HEADER, "")', 'given = ""'),),
    ),
    Mistake(
        "prediction-is-not-logged",
        fails="test_a_request_can_be_found_in_the_logs",
        says="and none the probability",
        edits=(replace(SERVICE, ', "no_show_probability": probability}', "}"),),
    ),
    Mistake(
        "takes-any-id",
        fails="test_a_request_can_be_found_in_the_logs",
        says="an id of 5,000 characters is taken over",
        edits=(replace(ACCESS, "[A-Za-z0-9._-]{1,64}", ".+"),),
    ),
)

COST = (
    Mistake(
        "writes-everything-at-each-request",
        fails="test_measuring_costs_little",
        says="times as long",
        edits=metrics(
            "        in_progress.inc()\n",
            "        in_progress.inc()\n        size = [len(generate_latest()) for _ in range(5)]\n",
        ),
    ),
    Mistake(
        "cannot-be-switched-off",
        fails="test_measuring_costs_little",
        says="the metrics are there",
        edits=(
            replace(
                SERVICE,
                "    if settings.metrics:\n        monitoring.add_metrics(app)\n",
                "    monitoring.add_metrics(app)\n",
            ),
        ),
    ),
)

OBJECTIVES = (
    Mistake(
        "runbook-without-the-paragraph",
        fails="test_each_objective_has_its_alerts",
        says="has no heading",
        edits=(replace("monitoring/runbooks/latency.md", "## PredictionsAreSlow", "## What to do"),),
    ),
    Mistake(
        "one-window",
        fails="test_each_objective_has_its_alerts",
        says="no alert for latency looks at two windows",
        edits=rules(SLOW, "          job:noshow_slow_predictions:ratio_rate1h > 6 * (1 - 0.99)\n"),
    ),
    Mistake(
        "tests-of-rules-that-fail",
        fails="test_each_objective_has_its_alerts",
        says="the tests of the rules in `monitoring/rules_test.yml` fail",
        edits=(write("monitoring/rules_test.yml", WRONG_TEST),),
    ),
    Mistake(
        "rules-that-do-not-load",
        fails="test_each_objective_has_its_alerts",
        says="Prometheus does not load",
        edits=rules("[6h]))\n          / sum", "[6h])\n          / sum"),
    ),
)

FIRE = (
    Mistake(
        "looks-at-very-slow-answers-only",
        fails="test_alerts_fire_for_each_fault",
        says="no alert for latency reached a receiver",
        edits=rules('le="0.5"', 'le="5.0"'),
    ),
    Mistake(
        "waits-for-two-hours",
        fails="test_alerts_fire_for_each_fault",
        says="no alert for freshness reached a receiver",
        edits=rules(OLD, OLD.replace("5m", "2h")),
    ),
    Mistake(
        "pager-without-a-number",
        fails="test_alerts_fire_for_each_fault",
        says="reached a receiver",
        edits=(
            replace(
                ROUTING,
                "  - name: pager\n    webhook_configs:\n      - url: http://127.0.0.1:9095/page\n",
                "  - name: pager\n",
            ),
        ),
    ),
    Mistake(
        "always-fires",
        fails="test_alerts_fire_for_each_fault",
        says="no alert for prediction reached a receiver",
        edits=rules(
            "          abs(job:noshow_prediction_probability:mean15m - on (job) max by (job) (noshow_model_base_rate_ratio)) > 0.1\n",
            "          max by (job) (noshow_model_base_rate_ratio) > 0\n",
        ),
    ),
)

QUIET = (
    Mistake(
        "fires-for-one-slow-answer",
        fails="test_alerts_stay_quiet",
        says="`PredictionsAreSlow` fires",
        edits=rules(SLOW, SLOW.replace("6 * (1 - 0.99)", "0")),
    ),
    Mistake(
        "callers-mistakes-count-as-ours",
        fails="test_alerts_stay_quiet",
        says="fires",
        edits=rules('status=~"5.."}[30m]', 'status=~"[45].."}[30m]')
        + rules('status=~"5.."}[6h]', 'status=~"[45].."}[6h]'),
    ),
)

ENDS = (
    Mistake(
        "keeps-firing",
        fails="test_alerts_end_with_the_fault",
        says="still fires",
        edits=rules(OLD, OLD + "        keep_firing_for: 6h\n"),
    ),
    Mistake(
        "two-long-windows",
        fails="test_alerts_end_with_the_fault",
        says="`PredictionsAreSlow` still fires",
        edits=rules('le="0.5"}[5m]', 'le="0.5"}[50m]')
        + rules('duration_seconds_count{path="/predict"}[5m]', 'duration_seconds_count{path="/predict"}[50m]'),
    ),
)

SHOWN = (
    Mistake(
        "asks-for-a-name-of-last-year",
        fails="test_dashboard_answers",
        says="the panel `Traffic` shows nothing under traffic",
        edits=dashboard(old_name),
    ),
    Mistake(
        "bare-numbers",
        fails="test_dashboard_answers",
        says="the panel `Latency` has no unit",
        edits=dashboard(no_unit),
    ),
    Mistake(
        "how-full-it-is-shows-nowhere",
        fails="test_dashboard_answers",
        says="no panel answers saturation",
        edits=dashboard(without("Saturation")),
    ),
    Mistake(
        "shows-what-is-there-and-not-what-is-used",
        fails="test_dashboard_answers",
        says="no panel answers saturation",
        edits=dashboard(limits_only),
    ),
    Mistake(
        "model-shows-nowhere",
        fails="test_dashboard_answers",
        says="no panel answers the model",
        edits=dashboard(without("Model")),
    ),
)

MISTAKES = TRUE + WELL_FORMED + WORKERS + FEW + MODEL + LOGS + COST + OBJECTIVES + FIRE + QUIET + ENDS + SHOWN

# what the gate makes in one project: no check of a group needs another of it, and no edit changes what another changes
TOGETHER = (
    (
        "unit-is-abbreviated",
        "each-worker-for-itself",
        "path-as-it-was-asked-for",
        "rounds-what-it-predicts",
        "id-of-its-own",
        "writes-everything-at-each-request",
    ),
    ("fires-for-one-slow-answer", "keeps-firing", "asks-for-a-name-of-last-year"),
)
