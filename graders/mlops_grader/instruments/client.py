"""Talks HTTP to a product: waits until it answers, asks for predictions, and sends a body slowly."""

from __future__ import annotations

import json
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, IncompleteRead
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock

from mlops_grader.check import Fail
from mlops_grader.contract import Service
from mlops_grader.submission import Submission, UsageError

READY_SECONDS = 30  # how long a service may take until it answers
LEAVING_SECONDS = 5  # how long something that is about to end may still listen
TURN_SECONDS = 1800  # how long a grader waits for a port that another one uses
LOCAL = "127.0.0.1"
ANSWER_LIMIT = 2**20  # bytes of an answer that are read


@dataclass(frozen=True)
class Client:
    """One product on a port of this machine. `alive` says why it is gone, None while it runs."""

    port: int
    service: Service
    alive: Callable[[], str | None]

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://{LOCAL}:{self.port}"

    def predict(self, body: Mapping[str, Any], timeout: float = 10.0) -> Any:
        """The prediction that it answers for one valid request, a probability in most products. Raises Fail for any other answer."""
        try:
            answer = self._ask("POST", self.service.predict, timeout, json=body)
        except httpx.HTTPError as error:
            raise Fail(f"POST {self.service.predict} got no answer: {plain(error)}") from None
        return prediction(answer, self.service)

    def get(self, path: str, timeout: float = 5.0) -> httpx.Response:
        """The answer to a GET. Raises httpx.HTTPError when there is none."""
        return self._ask("GET", path, timeout)

    def wait_until_ready(self, body: Mapping[str, Any], seconds: float) -> float:
        """Seconds until a valid request was answered. Raises Fail that says what it did instead.

        The words of a health endpoint are not believed: ready is what answers.
        """
        started = time.monotonic()
        last = "nothing was tried"
        while time.monotonic() - started < seconds:
            try:
                self.predict(body, timeout=min(5.0, seconds))
            except Fail as failure:
                last = failure.found
            else:
                last = ""
            if gone := self.alive():  # after an answer too: it may be that of somebody else who took the port
                raise Fail(gone, fix="start it by hand in a fresh clone and mend what it says")
            if not last:
                return time.monotonic() - started
            time.sleep(0.1)
        raise Fail(f"no valid request was answered within {seconds:g} s; last: {last}")

    def _ask(self, method: str, path: str, timeout: float, **more: Any) -> httpx.Response:
        # a connection of its own: a kept one would hide that a server stops listening
        started = time.monotonic()
        # plain HTTP to this machine: reading the certificates that TLS needs would take longer than most answers
        with (
            httpx.Client(base_url=self.address, timeout=timeout, trust_env=False, verify=False) as client,  # noqa: S501
            client.stream(method, path, **more) as answer,
        ):
            read = b""
            for chunk in answer.iter_bytes():
                read += chunk
                if len(read) > ANSWER_LIMIT:
                    raise httpx.DecodingError("the answer is larger than 1 MiB")
                if time.monotonic() - started > timeout:
                    raise httpx.ReadTimeout(f"it was not complete after {timeout:g} s")
            return httpx.Response(
                answer.status_code, headers={"content-type": answer.headers.get("content-type", "")}, content=read
            )


class SlowRequest:
    """A request that is in flight for as long as its last byte is held back. Raises Fail when nobody takes it."""

    def __init__(self, port: int, service: Service, body: Mapping[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self._service = service
        self._last = payload[-1:]
        self._connection = HTTPConnection(LOCAL, port, timeout=15)
        try:
            self._connection.putrequest("POST", service.predict)
            self._connection.putheader("Content-Type", "application/json")
            self._connection.putheader("Content-Length", str(len(payload)))
            self._connection.endheaders(payload[:-1])
        except OSError as error:
            self._connection.close()
            raise Fail(f"the connection was refused ({plain(error)})") from None

    def finish(self) -> Any:
        """Send the last byte and read the prediction. Raises Fail when the answer does not come."""
        try:
            with closing(self._connection) as connection:
                connection.send(self._last)
                answer = connection.getresponse()
                content = answer.read(ANSWER_LIMIT)
                if answer.length:  # bytes that were promised and did not come
                    raise IncompleteRead(content, answer.length)
        except (OSError, HTTPException) as error:
            raise Fail(f"the connection was dropped ({plain(error)})") from None
        return prediction(httpx.Response(answer.status, content=content), self._service)


def prediction(answer: httpx.Response, service: Service) -> Any:
    """The prediction in an answer: a probability, or any JSON value but null where the product is one's own.

    Raises Fail that shows the answer when there is none.
    """
    # decoded by us: the charset that an answer claims may name any codec
    shown = f"{answer.status_code} {answer.content[:800].decode('utf-8', errors='replace')[:200]!r}"
    if answer.status_code != httpx.codes.OK:
        raise Fail(f"POST {service.predict} answered {shown}")
    try:
        value = answer.json()[service.prediction]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Fail(
            f"the answer has no `{service.prediction}`: {shown}",
            fix="name the key in `product.toml`: [service] prediction",
        ) from None
    if service.any_answer:
        if value is None:
            raise Fail(f"`{service.prediction}` is null: {shown}", fix="answer with a value, or with an error")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Fail(f"`{service.prediction}` is {repr(value)[:200]}, not a probability")
    return float(value)


def example(submission: Submission, service: Service) -> dict[str, Any]:
    """The valid request that the contract names. Raises Fail when it is missing or not a JSON object."""
    try:
        body = json.loads(submission.read(service.example))
    except (ValueError, RecursionError) as error:
        raise Fail(f"`{service.example}` is not JSON: {error}", fix="put one valid request there") from None
    if not isinstance(body, dict):
        raise Fail(f"`{service.example}` is not a JSON object", fix="put one valid request there")
    return body


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def plain(error: Exception) -> str:
    """An exception as a phrase."""
    return str(error) or type(error).__name__


def differences(left: Sequence[float], right: Sequence[float]) -> float:
    """The largest absolute difference between two rows of probabilities."""
    return max(abs(a - b) for a, b in zip(left, right, strict=True))


def same(left: Any, right: Any, apart: float = 1e-9) -> bool:
    """Whether two predictions are equal, their numbers within that."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key], apart) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(*pair, apart) for pair in zip(left, right, strict=True))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return abs(left - right) <= apart
    return type(left) is type(right) and bool(left == right)


@contextmanager
def alone_on(port: int) -> Iterator[None]:
    """Keep a port that a submission has chosen from other graders of this machine, which wait for their turn.

    Raises UsageError when something else listens there.
    """
    with FileLock(Path(tempfile.gettempdir()) / f"mlops-grader-port-{port}.lock", timeout=TURN_SECONDS):
        until = time.monotonic() + LEAVING_SECONDS
        while _listens(port):
            if time.monotonic() > until:
                raise UsageError(f"port {port} is taken on this machine: end what listens there, then grade again")
            time.sleep(0.2)
        yield


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
