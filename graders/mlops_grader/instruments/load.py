"""Open-loop load: requests leave at set times, whether earlier ones were answered or not, as those of patients do.

Latency counts from the moment at which a request was meant to leave: a service that stalls cannot hide the requests that wait.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from mlops_grader.instruments.client import ANSWER_LIMIT, Client

SENDERS = 64  # requests that can be under way at once
PATIENCE = 10.0  # seconds for one answer


@dataclass(frozen=True)
class Call:
    """One request to be sent. A body that is text goes out as it is, any other as JSON."""

    path: str
    body: Any = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What came of a call. Moments are of `time.monotonic`; `status` is 0 when there was no answer."""

    call: Call
    meant: float
    received: float
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def latency(self) -> float:
        """Seconds from the moment at which it was meant to leave."""
        return self.received - self.meant

    def value(self, key: str) -> Any:
        """One value of a JSON object that came back, None when there is none."""
        with suppress(ValueError, RecursionError):
            said = json.loads(self.content)
            return said.get(key) if isinstance(said, dict) else None
        return None


@dataclass
class Load:
    """Requests under way; `replies` grows until the context ends."""

    replies: list[Reply] = field(default_factory=list)


@contextmanager
def load(client: Client, calls: Callable[[int], Call], rate: Callable[[float], float]) -> Iterator[Load]:
    """Send call after call until the context ends; then wait for the answers that are due.

    rate: requests a second, by the seconds since the start: `steady`, `ramp`, `burst`, or any other course.
    """
    flow, over = Load(), threading.Event()

    def one(call: Call, meant: float) -> None:
        flow.replies.append(send(client, call, meant))

    def pace(pool: ThreadPoolExecutor) -> None:
        started, number = time.monotonic(), 0
        due = started
        while not over.wait(max(0.0, due - time.monotonic())):
            pool.submit(one, calls(number), due)
            number += 1
            due += 1 / rate(due - started)

    with ThreadPoolExecutor(SENDERS) as pool:
        pacer = threading.Thread(target=pace, args=(pool,), daemon=True)
        pacer.start()
        try:
            yield flow
        finally:
            over.set()
            pacer.join()


def steady(rate: float) -> Callable[[float], float]:
    """The same number of requests each second."""
    return lambda _: rate


def ramp(first: float, last: float, seconds: float) -> Callable[[float], float]:
    """From one rate to another within that time, in a straight line, and then the same."""
    return lambda since: first + (last - first) * min(1.0, since / seconds)


def burst(rate: float, height: float, begin: float, end: float) -> Callable[[float], float]:
    """A steady rate, and `height` times that from one moment to another."""
    return lambda since: rate * height if begin <= since < end else rate


def send_all(client: Client, calls: list[Call]) -> list[Reply]:
    """Send calls one after the other; their replies in the same order."""
    return [send(client, call, time.monotonic()) for call in calls]


def send(client: Client, call: Call, meant: float) -> Reply:
    """One call on a connection of its own."""
    text = call.body if isinstance(call.body, str | None) else json.dumps(call.body)
    body = None if text is None else text.encode()
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection = HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
    try:
        connection.request(call.method, call.path, body, {**headers, **call.headers})
        answer = connection.getresponse()
        said = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(call, meant, time.monotonic(), answer.status, said, answer.read(ANSWER_LIMIT))
    except (OSError, HTTPException):
        return Reply(call, meant, time.monotonic(), 0, {}, b"")
    finally:
        connection.close()
