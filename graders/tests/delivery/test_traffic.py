"""Traffic: what it sends, what it counts as lost, and that it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Service
from mlops_grader.instruments.client import Client, free_port
from mlops_grader.instruments.traffic import SENDERS, Answer, Traffic, ask, traffic

PATIENTS = [{"age": age} for age in range(10)]


@contextmanager
def serving(answer: Callable[[dict[str, int]], tuple[int, bytes]]) -> Iterator[Client]:
    """A service that answers with a status and a body."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("X-Image-Digest", "sha256:1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Client(server.server_port, Service(), lambda: None)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def risk_of(patient: dict[str, int]) -> tuple[int, bytes]:
    """A tenth for each year."""
    return 200, json.dumps({"no_show_probability": patient["age"] / 10}).encode()


def test_every_patient_is_asked_for(wait_for: Callable[[Callable[[], object]], None]) -> None:
    """Answers hold the number of the patient, the probability and the headers in small letters."""
    with serving(risk_of) as client, traffic(client, PATIENTS) as flow:
        wait_for(lambda: {answer.patient for answer in flow.answers} == set(range(len(PATIENTS))))
    assert flow.lost() == []
    assert all(answer.probability == answer.patient / 10 for answer in flow.answers)
    assert flow.answers[0].headers["x-image-digest"] == "sha256:1"


def test_traffic_ends_with_its_context() -> None:
    """No sender is left, and no answer comes later."""
    before = threading.active_count()
    with serving(risk_of) as client:
        with traffic(client, PATIENTS) as flow:
            assert threading.active_count() >= before + SENDERS
        count = len(flow.answers)
        assert {thread.name for thread in threading.enumerate() if "send" in thread.name} == set()
    assert len(flow.answers) == count


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (502, b"bad gateway", "answered 502"),
        (200, b"<html>", "has no `no_show_probability`"),
        (200, b'{"no_show_probability": 7}', "not a probability"),
    ],
)
def test_an_answer_without_a_prediction_is_lost(status: int, body: bytes, words: str) -> None:
    """An error, another document and an impossible number are no predictions; the words say which it was."""
    with serving(lambda _: (status, body)) as client:
        answer = ask(client, 3, PATIENTS[3])
    assert words in answer.lost


def test_a_refused_connection_is_lost() -> None:
    """Where nothing listens a request is lost at once."""
    assert "refused" in ask(Client(free_port(), Service(), lambda: None), 0, PATIENTS[0]).lost


def test_what_was_lost_is_counted_and_shown() -> None:
    """The failure says how many of how many, and what came of the first."""
    flow = Traffic([Answer(0, 1.0, 1.1, 0.5), Answer(1, 2.0, 2.1, lost="no answer"), Answer(2, 3.0, 3.1, lost="404")])
    with pytest.raises(Fail, match="during the switch, 2 of 3 requests were lost; the first: no answer"):
        flow.must_lose_nothing("during the switch")


def test_answers_since_a_moment_are_those_sent_after_it() -> None:
    """A request that was on its way at that moment is not among them."""
    flow = Traffic([Answer(0, 1.0, 5.0, 0.5), Answer(1, 2.0, 2.1, 0.5)])
    assert [answer.patient for answer in flow.since(2.0)] == [1]
