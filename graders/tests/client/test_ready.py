"""Ready is what answers a valid request, whatever a health page says; a slow request shows what a stop loses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable

import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Service
from mlops_grader.instruments.client import Client, SlowRequest, free_port

Says = Callable[..., Client]
Serve = Callable[[Callable[[socket.socket], None]], int]
Read = Callable[[socket.socket], bytes]

GOOD = json.dumps({"no_show_probability": 0.25}).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"


def why_not_ready(client: Client, seconds: float = 1) -> str:
    """What it did instead of answering."""
    with pytest.raises(Fail) as raised:
        client.wait_until_ready({"age": 47}, seconds)
    return raised.value.found


def test_a_service_that_answers_is_ready(says: Says) -> None:
    assert says(GOOD).wait_until_ready({"age": 47}, 30) >= 0


def test_an_answer_of_whoever_took_the_port_of_a_container_that_ended_does_not_count(serve: Serve, read: Read) -> None:
    answered = []

    def answer(connection: socket.socket) -> None:
        answered.append(read(connection))
        connection.sendall(OK % (len(GOOD), GOOD))

    client = Client(serve(answer), Service(), lambda: "the container exited with code 1" if answered else None)
    assert why_not_ready(client) == "the container exited with code 1"


def test_a_service_may_take_its_time(serve: Serve, read: Read) -> None:
    """It answers 503 three times before it is ready."""
    asked = []

    def answer(connection: socket.socket) -> None:
        asked.append(read(connection))
        busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        connection.sendall(OK % (len(GOOD), GOOD) if len(asked) > 3 else busy)

    Client(serve(answer), Service(), lambda: None).wait_until_ready({"age": 47}, 30)
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("body", "status", "last"),
    [
        (b'{"status": "ok"}', "200 OK", 'the answer has no `no_show_probability`: 200 \'{"status": "ok"}\''),
        (b'{"status": "ready"}', "503 Busy", 'POST /predict answered 503 \'{"status": "ready"}\''),
        (b"<h1>It works!</h1>", "200 OK", "the answer has no `no_show_probability`: 200 '<h1>It works!</h1>'"),
        (b'{"no_show_probability": NaN}', "200 OK", "`no_show_probability` is nan, not a probability"),
        (b'{"no_show_probability": "ready"}', "200 OK", "`no_show_probability` is 'ready', not a probability"),
    ],
    ids=["says ok", "says ready", "a page", "no model", "words"],
)
def test_the_words_of_a_health_page_are_not_believed(says: Says, body: bytes, status: str, last: str) -> None:
    assert why_not_ready(says(body, status)) == f"no valid request was answered within 1 s; last: {last}"


def test_a_service_that_opens_its_port_and_is_silent_is_not_ready(serve: Serve, read: Read) -> None:
    def answer(connection: socket.socket) -> None:
        read(connection)
        connection.recv(1)

    assert why_not_ready(Client(serve(answer), Service(), lambda: None)).endswith(
        "last: POST /predict got no answer: timed out"
    )


def test_a_port_where_nobody_listens_is_not_ready() -> None:
    words = why_not_ready(Client(free_port(), Service(), lambda: None))
    assert words.startswith("no valid request was answered within 1 s; last: POST /predict got no answer: ")


def test_the_end_of_the_service_is_told_at_once(serve: Serve) -> None:
    """Nothing is waited for when its process is gone, also when another one listens on its port."""
    client = Client(free_port(), Service(), lambda: "the container exited with code 3")
    assert why_not_ready(client, seconds=3600) == "the container exited with code 3"


def test_a_slow_request_is_answered_after_its_last_byte(serve: Serve, read: Read) -> None:
    bodies: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        bodies.append(read(connection))
        connection.sendall(OK % (len(GOOD), GOOD))

    request = SlowRequest(serve(answer), Service(), {"age": 47})
    before = list(bodies)
    assert (before, request.finish(), bodies) == ([], 0.25, [b'{"age": 47}'])


@pytest.mark.parametrize("goodbye", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"garbage\r\n\r\n"])
def test_a_slow_request_that_is_dropped_is_lost(serve: Serve, goodbye: bytes) -> None:
    dropped = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(goodbye)
        connection.shutdown(socket.SHUT_RDWR)
        dropped.set()

    request = SlowRequest(serve(answer), Service(), {"age": 47})
    dropped.wait(20)
    with pytest.raises(Fail, match=r"^the connection was dropped \("):
        request.finish()


def test_a_slow_request_that_is_answered_by_half_is_lost(serve: Serve, read: Read) -> None:
    """The whole request was taken; the answer ends before the length that it promised."""

    def answer(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + GOOD)

    with pytest.raises(Fail, match=r"^the connection was dropped \("):
        SlowRequest(serve(answer), Service(), {"age": 47}).finish()


def test_a_slow_request_that_gets_an_error_is_shown(serve: Serve, read: Read) -> None:
    def answer(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(b"HTTP/1.1 503 Going\r\nContent-Length: 3\r\n\r\nbye")

    with pytest.raises(Fail) as raised:
        SlowRequest(serve(answer), Service(), {"age": 47}).finish()
    assert raised.value.found == "POST /predict answered 503 'bye'"


def test_a_slow_request_to_nobody_is_a_failure_of_the_service() -> None:
    with pytest.raises(Fail, match=r"^the connection was refused \("):
        SlowRequest(free_port(), Service(), {"age": 47})
