"""Steady requests to a service from patients of the simulated world, while something happens to it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import httpx

from mlops_grader.check import Fail
from mlops_grader.instruments.client import Client, plain, prediction

SENDERS = 3
PAUSE = 0.05  # seconds between an answer and the sender's next request
PATIENCE = 10.0  # seconds for one answer
ANSWER_LIMIT = 2**20  # bytes


@dataclass(frozen=True)
class Answer:
    """One request and what came of it. Moments are of `time.monotonic`; lost says why there is no prediction.

    probability: of the course's product; of another one, whatever it predicts.
    """

    patient: int
    sent: float
    received: float
    probability: Any = -1.0
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: str = ""


@dataclass
class Traffic:
    """Requests under way; `answers` grows until the context ends."""

    answers: list[Answer] = field(default_factory=list)

    def lost(self) -> list[Answer]:
        """Requests without a prediction."""
        return [answer for answer in self.answers if answer.lost]

    def since(self, moment: float) -> list[Answer]:
        """Answers to requests that were sent after a moment."""
        return [answer for answer in self.answers if answer.sent >= moment]

    def must_lose_nothing(self, when: str) -> None:
        """Raise Fail when a request got no prediction."""
        if lost := self.lost():
            raise Fail(
                f"{when}, {len(lost)} of {len(self.answers)} requests were lost; the first: {lost[0].lost}",
                fix="send requests to the new container before the old one is stopped, and stop that with time to finish",
            )


@contextmanager
def traffic(client: Client, patients: Sequence[Mapping[str, Any]]) -> Iterator[Traffic]:
    """Send requests from a few senders until the context ends, at most some 60 a second in all."""
    flow, over = Traffic(), threading.Event()

    def send(first: int) -> None:
        number = first
        while not over.is_set():
            flow.answers.append(ask(client, number % len(patients), patients[number % len(patients)]))
            number += SENDERS
            over.wait(PAUSE)

    senders = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        yield flow
    finally:
        over.set()
        for sender in senders:
            sender.join(PATIENCE + 1)


def ask(client: Client, patient: int, body: Mapping[str, Any]) -> Answer:
    """One request on a connection of its own."""
    sent = time.monotonic()
    connection = HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
    try:
        content, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
        connection.request("POST", client.service.predict, content, kind)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        value = prediction(httpx.Response(answer.status, content=answer.read(ANSWER_LIMIT)), client.service)
    except (OSError, HTTPException) as error:
        return Answer(patient, sent, time.monotonic(), lost=f"no answer ({plain(error)})")
    except Fail as failure:
        return Answer(patient, sent, time.monotonic(), lost=failure.found)
    finally:
        connection.close()
    return Answer(patient, sent, time.monotonic(), value, headers)
