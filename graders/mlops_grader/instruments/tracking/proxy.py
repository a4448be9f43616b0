"""A door to a tracking server that can be closed, go silent, or hold one kind of request back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import httpx

State = Literal["open", "away", "silent"]

HOLDING = 120.0  # seconds for which a request is held back at most
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "te", "upgrade"}
ALIAS = "registered-models/alias"


class Door:
    """Where a product finds the server. `held` is set when a request is held back, and `release` lets it through."""

    def __init__(self, port: int, server: str) -> None:
        self.port = port
        self.server = server
        self.state: State = "open"
        self.holds_aliases = False
        self.held = threading.Event()
        self.release = threading.Event()
        self.closed = threading.Event()

    def let_through(self) -> None:
        """Hold nothing back any more."""
        self.holds_aliases = False
        self.release.set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def door(server: str) -> Iterator[Door]:
    """Open a door to the server at an address, and close it for good in the end."""
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    listening.daemon_threads = True
    listening.door = found = Door(listening.server_address[1], server)  # type: ignore[attr-defined]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.closed.set()
        found.release.set()
        listening.shutdown()
        listening.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        """Answer one request in the way in which the door is at the moment."""
        with suppress(OSError):
            super().handle_one_request()

    def answer(self) -> None:
        """Pass it on, hold it back, or let it wait in vain."""
        place: Door = self.server.door  # type: ignore[attr-defined]
        body = self._body()
        if place.holds_aliases and ALIAS in self.path and self.command == "POST":
            place.held.set()
            place.release.wait(HOLDING)
            if self._nobody_waits():
                self.close_connection = True
                return
        silent = place.state == "silent"
        while place.state == "silent" and not place.closed.wait(0.05):
            pass
        if silent or place.state == "away" or place.closed.is_set():  # what nobody waits for any more is not done late
            self.close_connection = True
            return
        self._pass(place.server, body)

    def __getattr__(self, name: str) -> object:
        """One answer for every method, which the class above looks up as `do_GET` and so on."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def _nobody_waits(self) -> bool:
        """Whether the one who asked has gone: what is asked again is not done twice, and what was given up is not done late."""
        self.connection.settimeout(0.01)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(None)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _pass(self, server: str, body: bytes) -> None:
        headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP | {"host"}}
        try:
            answer = httpx.request(
                self.command, server + self.path, content=body, headers=headers, timeout=120, trust_env=False
            )
        except httpx.HTTPError:
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        for key, value in answer.headers.items():
            if key.lower() not in HOP | {"date", "server"}:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the class above
        """Say nothing."""
