"""The door to a server passes everything on, unless it is closed, silent, or holds one kind of request back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from mlops_grader.instruments.tracking.proxy import Door, door

from .conftest import Shelf

SET = "/api/2.0/mlflow/registered-models/alias"
WORDS = {"name": "m", "alias": "champion", "version": "2"}


@pytest.fixture
def way(shelf: Shelf) -> Iterator[Door]:
    """A door to the invented server."""
    with door(shelf.url) as found:
        yield found


def ask(way: Door, path: str = "/api/2.0/mlflow/registered-models/alias?name=m", seconds: float = 5) -> httpx.Response:
    return httpx.get(way.url + path, timeout=seconds, trust_env=False)


def test_an_open_door_changes_nothing(way: Door, shelf: Shelf) -> None:
    """Method, path, headers and body arrive; status, headers and body come back."""
    reply = httpx.post(way.url + SET, json=WORDS, headers={"X-Mine": "7"}, timeout=5, trust_env=False)
    assert (reply.status_code, reply.headers["X-Said-By"], reply.json()) == (200, "the server", {})
    method, path, body, headers = shelf.asked[0]
    assert (method, path, headers["X-Mine"]) == ("POST", SET, "7")
    assert body == b'{"name":"m","alias":"champion","version":"2"}'
    assert ask(way).json() == {"model_version": {"version": "2"}}
    assert ask(way, "/api/2.0/mlflow/registered-models/alias?name=other").status_code == 404


def test_a_body_in_chunks_arrives_whole(way: Door, shelf: Shelf) -> None:
    """As artifacts may be sent."""
    parts = (part for part in (b'{"name":"m",', b'"alias":"champion","version":"3"}'))
    httpx.post(way.url + SET, content=parts, timeout=5, trust_env=False)
    assert shelf.aliases == {"m": "3"}


def test_a_closed_door_answers_nothing(way: Door, shelf: Shelf) -> None:
    """The connection ends, and nothing reaches the server."""
    way.state = "away"
    with pytest.raises(httpx.RemoteProtocolError):
        ask(way)
    assert shelf.asked == []


def test_a_silent_door_lets_one_wait(way: Door, shelf: Shelf) -> None:
    """Until whoever asks has had enough."""
    way.state = "silent"
    with pytest.raises(httpx.ReadTimeout):
        ask(way, seconds=0.3)
    assert shelf.asked == []


def test_only_a_new_alias_is_held_back(way: Door, shelf: Shelf) -> None:
    """It is let through when it is told so; reading an alias is not held back."""
    way.holds_aliases = True
    sender = threading.Thread(target=lambda: httpx.post(way.url + SET, json=WORDS, timeout=20, trust_env=False))
    sender.start()
    assert way.held.wait(5)
    time.sleep(0.1)
    assert (shelf.aliases, ask(way).status_code) == ({}, 404)
    way.let_through()
    sender.join(5)
    assert shelf.aliases == {"m": "2"}


def test_what_was_given_up_is_not_done_late(way: Door, shelf: Shelf) -> None:
    """Who was held back and has gone does not move the alias afterwards."""
    way.holds_aliases = True
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(way.url + SET, json=WORDS, timeout=0.3, trust_env=False)
    way.let_through()
    time.sleep(0.3)
    assert shelf.aliases == {}
    assert httpx.post(way.url + SET, json=WORDS, timeout=5, trust_env=False).status_code == 200
    assert shelf.aliases == {"m": "2"}


def test_nothing_waits_when_the_door_is_gone(shelf: Shelf) -> None:
    """Who was held back is let go at the end."""
    ended = threading.Event()

    def send(url: str) -> None:
        try:
            httpx.get(f"{url}/x", timeout=20, trust_env=False)
        except httpx.HTTPError:
            ended.set()

    with door(shelf.url) as way:
        way.state = "silent"
        sender = threading.Thread(target=send, args=(way.url,))
        sender.start()
        time.sleep(0.2)
    assert ended.wait(5)
    sender.join(5)
