"""Requests by hand, byte for byte: what no HTTP client sends, and how long a server puts up with it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPResponse

from mlops_grader.check import Fail
from mlops_grader.instruments.client import Client, plain

ANSWER_LIMIT = 2**20  # bytes
PATIENCE = 10.0  # seconds for an answer
LIVES_ON = "let the service live on, whatever it was asked"
PAUSE = 0.01  # seconds: 6 MiB a second in pieces of 64 KiB


@dataclass(frozen=True)
class Heard:
    """What came back on a connection: status 0 when it was closed without an answer, or nobody listened.

    sent: bytes of the body that went out.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    sent: int = 0


def head(client: Client, path: str, *lines: str, method: str = "POST") -> bytes:
    """The head of a request."""
    first = (f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{client.port}")
    return ("\r\n".join((*first, *lines)) + "\r\n\r\n").encode("latin-1")


def ask(client: Client, opening: bytes, pieces: Iterable[bytes] = (), *, half_close: bool = False) -> Heard:
    """Send a head and the pieces of a body, as far as the server takes them, and read the answer."""
    sent = 0
    try:
        opened = socket.create_connection(("127.0.0.1", client.port), timeout=PATIENCE)
    except OSError:
        return Heard(0, {}, b"")
    with closing(opened) as connection:
        with suppress(OSError):  # the server may have answered and closed before all was sent
            connection.sendall(opening)
            for piece in pieces:
                if _has_something_to_say(connection):
                    break
                connection.sendall(piece)
                sent += len(piece)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        return _answer(connection, sent)


def chunks(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Pieces as a body without a length sends them, with its end."""
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"


def unhurried(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Pieces with a pause after each: what buffers of this machine swallow before a server can answer is not the server's doing."""
    for piece in pieces:
        yield piece
        time.sleep(PAUSE)


class Held:
    """A connection that is kept open: by a body that never comes to its end, or by nothing at all. Raises Fail when nobody takes it."""

    def __init__(self, client: Client, opening: bytes, *, drip: bytes = b"", answered: bool = False) -> None:
        self._connection = socket.socket()
        self._connection.settimeout(PATIENCE)
        try:
            self._connection.connect(("127.0.0.1", client.port))
            self._connection.sendall(opening)
        except OSError as error:
            self._connection.close()
            raise Fail(f"a connection is not taken ({plain(error)})", fix=LIVES_ON) from None
        if answered:
            _answer(self._connection, 0)
        self._connection.setblocking(False)
        self._drip = drip
        self._opened = time.monotonic()
        self.ended: float | None = None

    def look(self) -> None:
        """Send one more byte where the body drips, and note when the server has answered or closed the connection."""
        if self.ended is None and self._is_over():
            self.ended = time.monotonic() - self._opened

    def close(self) -> None:
        """End it from this side."""
        self._connection.close()

    def _is_over(self) -> bool:
        try:
            if self._drip:
                self._connection.send(self._drip)
            self._connection.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def idle(client: Client) -> Held:
    """A connection on which one request was answered and nothing follows."""
    return Held(client, head(client, client.service.live, method="GET"), answered=True)


def body_that_stops(client: Client, body: Mapping[str, object], path: str) -> Held:
    """A request of whose body only the half comes."""
    content = json.dumps(body).encode()
    opening = head(client, path, "Content-Type: application/json", f"Content-Length: {len(content)}")
    return Held(client, opening + content[: len(content) // 2])


def body_that_drips(client: Client, path: str) -> Held:
    """A request whose body comes byte by byte and has no end in sight."""
    opening = head(client, path, "Content-Type: application/json", "Content-Length: 30000")
    return Held(client, opening + b"{", drip=b" ")


def _has_something_to_say(connection: socket.socket) -> bool:
    """Whether an answer, or the end of the connection, has come while we still send."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(PATIENCE)
    return True


def _answer(connection: socket.socket, sent: int) -> Heard:
    answer = HTTPResponse(connection)
    try:
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Heard(answer.status, headers, answer.read(ANSWER_LIMIT), sent)
    except Exception:  # whatever a server sends that is no answer
        return Heard(0, {}, b"", sent)
    finally:
        answer.close()
