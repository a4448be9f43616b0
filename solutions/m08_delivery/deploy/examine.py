"""Is a version fit to serve? It is asked questions with known answers, and timed beside the one that serves."""

import json
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
CASES = TOP / "production" / "cases.json"
EXAMPLE = TOP / "examples" / "request.json"
REQUESTS = 40
"""How many requests each version is timed with: the 95th percentile is the second slowest."""
ROUNDS = 2
"""How often it has to be too slow: one bad round may be the machine's."""
TIMES_SLOWER, SECONDS_SLOWER = 2.0, 0.05
"""The limit: twice as slow as the version that serves and a little more, since two measurements are never equal."""


class Refused(Exception):
    """A version must not serve; the words say why."""


@dataclass(frozen=True)
class Service:
    """A version of the service at an address."""

    address: str

    def predict(self, request: dict[str, Any], timeout: float = 5) -> float:
        """The probability that the patient does not come. Raises Refused when no answer holds one."""
        body, kind = json.dumps(request).encode(), {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.address}/predict", body, kind)
        try:
            with urllib.request.urlopen(asked, timeout=timeout) as answer:
                return float(json.load(answer)["no_show_probability"])
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            raise Refused(f"a request is not answered: {error}") from error

    def is_ready(self) -> bool:
        """Whether a real request is answered; the words of a health endpoint are not enough."""
        try:
            self.predict(json.loads(EXAMPLE.read_text()))
        except Refused:
            return False
        return True

    def seconds(self, request: dict[str, Any]) -> float:
        """How long one answer takes."""
        started = time.perf_counter()
        self.predict(request)
        return time.perf_counter() - started


def answers_rightly(service: Service) -> None:
    """Ask for patients whose risk is known. Raises Refused with the first answer outside of its limits."""
    for case in json.loads(CASES.read_text()):
        answer = service.predict(case["request"])
        if not case["at_least"] <= answer <= case["at_most"]:
            wanted = f"from {case['at_least']} to {case['at_most']}"
            raise Refused(f"{case['name']}: it answers {answer:.3f}, known is {wanted}")


def is_fast_enough(service: Service, than: Service) -> None:
    """Time both in turn, so that both meet the same load. Raises Refused when the new one's slow answers are slower.

    A version that does not answer at all is no measure: then there is nothing to compare with.
    """
    if not than.is_ready():
        return
    request = json.loads(EXAMPLE.read_text())
    for _ in range(ROUNDS):
        pairs = [(service.seconds(request), than.seconds(request)) for _ in range(REQUESTS)]
        fresh, known = (percentile_95([pair[place] for pair in pairs]) for place in (0, 1))
        if fresh <= TIMES_SLOWER * known + SECONDS_SLOWER:
            return
    raise Refused(
        f"its 95th percentile is {1000 * fresh:.0f} ms, that of the version which serves {1000 * known:.0f} ms"
    )


def percentile_95(seconds: list[float]) -> float:
    """The time within which 95 of 100 answers came."""
    return sorted(seconds)[int(0.95 * len(seconds))]
