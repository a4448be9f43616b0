"""A probability counts when it is one; every other answer is told in words, and none breaks the grader."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Service
from mlops_grader.instruments import client as clients
from mlops_grader.instruments.client import Client, alone_on, differences, example, free_port, prediction
from mlops_grader.submission import Submission, UsageError

Says = Callable[..., Client]
Serve = Callable[[Callable[[socket.socket], None]], int]

GOOD = {"no_show_probability": 0.25}


def found(client: Client, **more: Any) -> str:
    """What is wrong with its answer."""
    with pytest.raises(Fail) as raised:
        client.predict({"age": 47}, **more)
    return raised.value.found


@pytest.mark.parametrize("value", [0, 1, 0.25, 1e-300])
def test_a_number_from_0_to_1_is_a_probability(says: Says, value: float) -> None:
    assert says({"no_show_probability": value}).predict({}) == value


def test_the_request_arrives_as_json(serve: Serve, read: Callable[[socket.socket], bytes]) -> None:
    """A service that answers with what it was asked."""

    def echo(connection: socket.socket) -> None:
        age = json.loads(read(connection))["age"]
        content = json.dumps({"no_show_probability": age / 100}).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content))

    assert Client(serve(echo), Service(), lambda: None).predict({"age": 47}) == 0.47


def test_the_key_is_what_the_contract_says(says: Says) -> None:
    client = says({"risk": 0.5})
    assert Client(client.port, Service(prediction="risk"), client.alive).predict({}) == 0.5


@pytest.mark.parametrize(
    "body",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"-0.1",
        b"1.1",
        b'"0.5"',
        b"true",
        b"null",
        b"[0.5]",
        b"{}",
        b"1" + b"0" * 400,
        b"1e999",
    ],
)
def test_what_is_no_probability_is_shown(says: Says, body: bytes) -> None:
    words = found(says(b'{"no_show_probability": %s}' % body))
    assert (words.startswith("`no_show_probability` is "), words.endswith(", not a probability")) == (True, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ok",
        b"0.25",
        b"[0.25]",
        b"{",
        b"<html></html>",
        b'{"probability": 0.25}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_an_answer_without_the_key_is_shown(says: Says, body: bytes) -> None:
    assert found(says(body)).startswith("the answer has no `no_show_probability`: 200 ")


@pytest.mark.parametrize(
    "status", ["201 Created", "204 No Content", "307 Temporary Redirect", "404 Not Found", "422 Bad", "500 Oh"]
)
def test_another_status_is_shown(says: Says, status: str) -> None:
    assert found(says(GOOD if status[:3] != "204" else b"", status)).startswith(f"POST /predict answered {status[:3]} ")


def test_a_redirect_is_not_followed(says: Says) -> None:
    elsewhere = says(GOOD)
    words = found(says(b"", "307 Temporary Redirect", f"Location: {elsewhere.address}/predict\r\n"))
    assert words == "POST /predict answered 307 ''"


@pytest.mark.parametrize("charset", ["hex", "rot13", "zip", "no-such-thing", "utf-16", "idna"])
def test_a_strange_charset_breaks_nothing(says: Says, charset: str) -> None:
    words = found(says(b"oops", "500 Oh", f"Content-Type: text/plain; charset={charset}\r\n"))
    assert words == "POST /predict answered 500 'oops'"


def test_an_answer_over_1_mib_is_not_read(says: Says) -> None:
    client = says(b" " * (clients.ANSWER_LIMIT + 1) + json.dumps(GOOD).encode())
    assert found(client) == "POST /predict got no answer: the answer is larger than 1 MiB"


def test_an_answer_of_1_mib_is_read(says: Says) -> None:
    content = json.dumps(GOOD).encode()
    assert says(b" " * (clients.ANSWER_LIMIT - len(content)) + content).predict({}) == 0.25


def test_a_packed_answer_that_grows_is_not_unpacked_to_the_end(says: Says) -> None:
    bomb = gzip.compress(b" " * (64 * 2**20))
    words = found(says(bomb, headers="Content-Encoding: gzip\r\n"))
    assert words == "POST /predict got no answer: the answer is larger than 1 MiB"


@pytest.mark.parametrize(
    "lie", [b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", b"", b"HTTP/9.9 1\r\n\r\n"]
)
def test_a_server_that_speaks_no_http_is_told(serve: Serve, read: Callable[[socket.socket], bytes], lie: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(lie)

    assert found(Client(serve(answer), Service(), lambda: None)).startswith("POST /predict got no answer: ")


def test_a_port_where_nobody_listens_is_told() -> None:
    assert found(Client(free_port(), Service(), lambda: None)).startswith("POST /predict got no answer: ")


def test_a_server_that_says_nothing_is_given_up(serve: Serve, read: Callable[[socket.socket], bytes]) -> None:
    def answer(connection: socket.socket) -> None:
        read(connection)
        connection.recv(1)  # until the client hangs up

    assert (
        found(Client(serve(answer), Service(), lambda: None), timeout=0.2) == "POST /predict got no answer: timed out"
    )


def test_a_server_that_answers_without_end_is_given_up(serve: Serve, read: Callable[[socket.socket], bytes]) -> None:
    """Each byte comes in time; the whole answer does not."""

    def answer(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    words = found(Client(serve(answer), Service(), lambda: None), timeout=1)
    assert words == "POST /predict got no answer: it was not complete after 1 s"


def test_the_persons_proxy_is_not_used(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert says(GOOD).predict({}) == 0.25


def test_any_page_can_be_asked_for(says: Says) -> None:
    answer = says(b"up 1\n", headers="Content-Type: text/plain\r\n").get("/metrics")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "up 1\n", "text/plain")


def test_a_probability_is_read_from_any_answer() -> None:
    assert prediction(httpx.Response(200, json=GOOD), Service()) == 0.25


def test_the_largest_difference_counts() -> None:
    assert differences([0.1, 0.5, 0.9], [0.1, 0.25, 0.8]) == 0.25


def test_rows_of_different_length_are_no_comparison() -> None:
    with pytest.raises(ValueError, match="zip"):
        differences([0.1], [0.1, 0.2])


def test_a_port_that_is_served_already_is_told(says: Says) -> None:
    with pytest.raises(UsageError, match="is taken on this machine: end what listens there"), alone_on(says(GOOD).port):
        pass


def test_two_graders_take_turns_on_a_port() -> None:
    port, turns = free_port(), []

    def grader(name: str) -> None:
        with alone_on(port):
            turns.append(f"{name} begins")
            time.sleep(0.2)
            turns.append(f"{name} ends")

    both = [threading.Thread(target=grader, args=(name,)) for name in "ab"]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert [turn.split()[1] for turn in turns] == ["begins", "ends", "begins", "ends"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no `examples/request.json` in a clean clone"),
        ("{", "`examples/request.json` is not JSON"),
        ("[1]", "`examples/request.json` is not a JSON object"),
        ("[" * 100_000, "`examples/request.json` is not JSON"),
    ],
)
def test_an_example_that_is_no_request_is_told(
    project: Callable[..., Any], snap: Callable[..., Submission], content: str | None, words: str
) -> None:
    taken = snap(project({"a.py": "", **({"examples/request.json": content} if content else {})}))
    with pytest.raises(Fail) as raised:
        example(taken, Service())
    assert raised.value.found.startswith(words)


def test_an_example_is_read(project: Callable[..., Any], snap: Callable[..., Submission]) -> None:
    assert example(snap(project({"examples/request.json": '\ufeff{"age": 47}'})), Service()) == {"age": 47}
