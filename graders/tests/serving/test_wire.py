"""Requests by hand: what is sent until the server answers, and when a held connection counts as ended."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from mlops_grader.contract import Service
from mlops_grader.instruments.client import Client, free_port
from mlops_grader.instruments.serving import wire

Behaviour = Callable[[socket.socket], None]
Listen = Callable[[Behaviour], Client]
REFUSAL = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"


@pytest.fixture
def listen() -> Iterator[Listen]:
    """A server that does with each connection what it is told."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(behaviour: Behaviour) -> Client:
        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        behaviour(connection)

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        return Client(listener.getsockname()[1], Service(), lambda: None)

    yield start
    listener.close()


def until_watched(held: wire.Held, seconds: float = 5.0) -> float | None:
    """Look at a held connection until it has ended."""
    until = time.monotonic() + seconds
    while held.ended is None and time.monotonic() < until:
        held.look()
        time.sleep(0.02)
    held.close()
    return held.ended


def test_where_nobody_listens_there_is_no_answer() -> None:
    client = Client(free_port(), Service(), lambda: "it ended")
    assert wire.ask(client, wire.head(client, "/predict"), [b"{}"]) == wire.Heard(0, {}, b"")


@pytest.mark.parametrize(
    "hold",
    [
        wire.idle,
        lambda client: wire.body_that_stops(client, {}, "/predict"),
        lambda client: wire.body_that_drips(client, "/predict"),
    ],
    ids=["nothing", "half a body", "a dripping body"],
)
def test_a_service_that_is_gone_is_told_and_breaks_nothing(
    hold: Callable[[Client], object], told: Callable[[Callable[[], object]], str]
) -> None:
    gone = Client(free_port(), Service(), lambda: None)
    assert told(lambda: hold(gone)).startswith("a connection is not taken (")


def test_a_body_is_sent_until_the_server_has_had_enough(listen: Listen) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(65536)
        time.sleep(0.2)
        connection.sendall(REFUSAL)
        time.sleep(1)

    def pieces() -> Iterator[bytes]:
        for _ in range(1000):
            time.sleep(0.01)
            yield b" " * 1000

    client = listen(refuse)
    heard = wire.ask(client, wire.head(client, "/predict", "Transfer-Encoding: chunked"), wire.chunks(pieces()))
    assert (heard.status, heard.content) == (413, b"no")
    assert 0 < heard.sent < 60_000


def test_a_connection_closed_without_an_answer_is_status_0(listen: Listen) -> None:
    client = listen(lambda _: None)
    assert wire.ask(client, wire.head(client, "/predict"), [b"x"]).status == 0


def test_what_is_no_http_is_status_0(listen: Listen) -> None:
    client = listen(lambda connection: connection.sendall(b"\x00\x01 no\r\n\r\n"))
    assert wire.ask(client, wire.head(client, "/predict")).status == 0


def test_a_chunked_body_has_sizes_and_an_end() -> None:
    assert b"".join(wire.chunks([b"hello", b"x" * 16])) == b"5\r\nhello\r\n10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n"


def test_a_body_that_drips_goes_on_until_it_is_refused(listen: Listen) -> None:
    received: list[int] = []

    def read_a_while(connection: socket.socket) -> None:
        until = time.monotonic() + 0.6
        while time.monotonic() < until:
            received.append(len(connection.recv(65536)))
        connection.sendall(REFUSAL)
        time.sleep(0.5)

    client = listen(read_a_while)
    ended = until_watched(wire.body_that_drips(client, "/predict"))
    assert ended is not None
    assert ended >= 0.5
    assert len(received) > 5


def test_a_body_that_stops_is_waited_for(listen: Listen) -> None:
    client = listen(lambda _: time.sleep(3))
    held = wire.body_that_stops(client, {"age": 47}, "/predict")
    assert until_watched(held, 0.5) is None


def test_an_idle_connection_has_ended_when_it_is_closed_and_not_when_it_was_answered(listen: Listen) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        time.sleep(0.8)

    ended = until_watched(wire.idle(listen(answer)))
    assert ended is not None
    assert ended > 0.5
