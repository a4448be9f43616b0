"""A server of bytes on a free port of this machine: it says whatever a test wants, truth or lie."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from mlops_grader.contract import Service
from mlops_grader.instruments.client import Client

Answer = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], int]]:
    """Answer every connection in a thread of its own; the port."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(answer: Answer) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0.05)
        threads.append(threading.Thread(target=_accept, args=(listener, answer, stop)))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def _accept(listener: socket.socket, answer: Answer, stop: threading.Event) -> None:
    talks = []
    with closing(listener):
        while not stop.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                talks.append(threading.Thread(target=_talk, args=(connection, answer)))
                talks[-1].start()
    for talk in talks:
        talk.join()


def _talk(connection: socket.socket, answer: Answer) -> None:
    with closing(connection), suppress(OSError):
        connection.settimeout(20)
        answer(connection)


@pytest.fixture(scope="session")
def read() -> Callable[[socket.socket], bytes]:
    """Read one whole request; its body."""

    def read_request(connection: socket.socket) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            chunk = connection.recv(65536)
            if not chunk:
                return b""
            got += chunk
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
        )
        while len(body) < length:
            chunk = connection.recv(65536)
            if not chunk:
                return body
            body += chunk
        return body

    return read_request


@pytest.fixture
def says(serve: Callable[[Answer], int], read: Callable[[socket.socket], bytes]) -> Callable[..., Client]:
    """A client of a service that gives the same answer to everything."""

    def client(
        body: bytes | object, status: str = "200 OK", headers: str = "Content-Type: application/json\r\n"
    ) -> Client:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"

        def answer(connection: socket.socket) -> None:
            read(connection)
            connection.sendall(head.encode() + content)

        return Client(serve(answer), Service(), lambda: None)

    return client
