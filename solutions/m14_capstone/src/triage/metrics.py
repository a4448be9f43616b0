"""What Prometheus is told: counts and times by route and status, and what the model makes of the letters."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from triage.sorter import Opinion
from triage.storage import Release

OTHER = "other"
"""One value for all that callers can invent: each value of a label is a series that is kept for weeks."""

METHODS = ("GET", "POST", "HEAD")


class Metrics:
    """The series of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "triage_http_requests_total",
            "Requests that were answered.",
            ["route", "method", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "triage_http_request_duration_seconds",
            "From the head of a request to its answer.",
            ["route"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5),
            registry=registry,
        )
        self.under_way = Gauge("triage_http_requests_under_way", "Requests that are being answered.", registry=registry)
        self.sorted = Counter(
            "triage_letters_sorted_total",
            "Letters by what was said of them.",
            ["label", "urgency"],
            registry=registry,
        )
        self.review = Counter(
            "triage_letters_for_review_total", "Letters that a person reads first.", registry=registry
        )
        self.refused = Counter(
            "triage_letters_refused_total", "Bodies that are no letter.", ["field", "reason"], registry=registry
        )
        shares = [tenth / 10 for tenth in range(1, 10)]
        self.confidence = Histogram(
            "triage_label_confidence_ratio",
            "How sure the model was of a label.",
            buckets=shares,
            registry=registry,
        )
        self.known = Histogram(
            "triage_known_words_ratio",
            "Share of a letter that the model knows.",
            buckets=shares,
            registry=registry,
        )
        self.model = Gauge(
            "triage_model_info", "1 for the model that answers.", ["run_id", "model_sha256"], registry=registry
        )
        self.newest = Gauge(
            "triage_model_newest_letter_timestamp_seconds",
            "Day of the newest letter in training.",
            registry=registry,
        )

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request under its route, which callers cannot invent."""
        self.requests.labels(route, method if method in METHODS else OTHER, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def took(self, opinion: Opinion) -> None:
        """Count one letter."""
        self.sorted.labels(opinion.label, opinion.urgency).inc()
        self.review.inc(int(opinion.review))
        self.confidence.observe(opinion.confidence)
        self.known.observe(opinion.known)

    def show(self, release: Release) -> None:
        """Say which model answers from now on."""
        self.model.clear()
        self.model.labels(release.origin["run_id"], release.origin["model_sha256"]).set(1)
        day = datetime.fromisoformat(release.origin["newest_letter"]).replace(tzinfo=UTC)
        self.newest.set(day.timestamp())

    def text(self) -> bytes:
        """The format that Prometheus reads."""
        return generate_latest(self.registry)
