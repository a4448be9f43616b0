"""Open-loop load: it does not wait for the service, latency counts from the intended moment, and nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from typing import Any

import pytest

from mlops_grader.contract import Service
from mlops_grader.instruments import load as loads
from mlops_grader.instruments.client import ANSWER_LIMIT, Client, free_port
from mlops_grader.instruments.load import Call, Reply, burst, load, ramp, send, send_all, steady

Serve = Callable[[Callable[[BaseHTTPRequestHandler, bytes], tuple[int, str, bytes]]], Client]
WaitFor = Callable[[Callable[[], object]], None]

OK = (200, "application/json", b"{}")
RATE = 50.0


class Stalls:
    """A service that answers nothing until it is let go."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.go_on = threading.Event()

    def __call__(self, request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, str, bytes]:
        self.arrived.append(request.path)
        self.go_on.wait(30)
        return OK


def numbered(number: int) -> Call:
    """The call of that number."""
    return Call(f"/{number}", method="GET")


def test_the_course_of_a_load_is_by_time() -> None:
    """Steady, rising in a line to its end, and higher for a while."""
    moments = (0.0, 1.0, 2.0, 3.0, 4.0)
    assert [steady(5)(moment) for moment in moments] == [5, 5, 5, 5, 5]
    assert [ramp(10, 40, 3)(moment) for moment in moments] == [10, 20, 30, 40, 40]
    assert [burst(5, 3, 1, 3)(moment) for moment in moments] == [5, 15, 15, 5, 5]


def test_requests_leave_as_often_as_the_course_says(serve: Serve, wait_for: WaitFor) -> None:
    """A burst packs them closer: what lies between two is one over the rate at the earlier."""
    with load(serve(lambda *_: OK), numbered, burst(20, 4, 0.21, 0.39)) as flow:
        wait_for(lambda: len(flow.replies) >= 24)
    meant = sorted(reply.meant for reply in flow.replies)[:24]
    gaps = [round(later - earlier, 4) for earlier, later in pairwise(meant)]
    assert gaps == [0.05] * 5 + [0.0125] * 12 + [0.05] * 6


def test_a_service_that_stalls_does_not_slow_the_sending(serve: Serve, wait_for: WaitFor) -> None:
    """Requests go on to leave while no answer to any comes."""
    stall = Stalls()
    with load(serve(stall), numbered, steady(RATE)) as flow:
        wait_for(lambda: len(stall.arrived) >= 20)
        answered = len(flow.replies)
        stall.go_on.set()
    assert answered == 0


def test_all_answers_are_there_at_the_end(serve: Serve, wait_for: WaitFor) -> None:
    """Each request has exactly one reply once the context is over, those that were under way at its end too."""
    stall, made = Stalls(), []

    def call(number: int) -> Call:
        made.append(number)
        return numbered(number)

    with load(serve(stall), call, steady(RATE)) as flow:
        wait_for(lambda: len(stall.arrived) >= 10)
        threading.Timer(0.3, stall.go_on.set).start()
    assert sorted(int(reply.call.path[1:]) for reply in flow.replies) == made == list(range(len(made)))
    assert {reply.status for reply in flow.replies} == {200}


def test_a_request_that_was_being_made_at_the_end_is_sent(serve: Serve) -> None:
    """The context waits for it, however long its making takes."""
    making, made = threading.Event(), []

    def call(number: int) -> Call:
        making.set()
        threading.Event().wait(0.3)
        made.append(number)
        return numbered(number)

    with load(serve(lambda *_: OK), call, steady(RATE)) as flow:
        making.wait(30)
    assert (len(flow.replies), made) == (1, [0])


def test_requests_are_meant_at_set_times(serve: Serve, wait_for: WaitFor) -> None:
    """The first at once, each other one a set time after the one before, whatever the machine does."""
    with load(serve(lambda *_: OK), numbered, steady(RATE)) as flow:
        wait_for(lambda: len(flow.replies) >= 10)
    meant = sorted((int(reply.call.path[1:]), reply.meant) for reply in flow.replies)
    steps = {round(moment - meant[0][1] - number / RATE, 6) for number, moment in meant}
    assert steps == {0.0}


def test_none_leaves_before_its_time(serve: Serve, wait_for: WaitFor) -> None:
    """A rate is kept: the answer to the request of a moment comes after it."""
    with load(serve(lambda *_: OK), numbered, steady(RATE)) as flow:
        wait_for(lambda: len(flow.replies) >= 10)
    assert min(reply.latency for reply in flow.replies) > 0


def test_latency_counts_from_the_intended_moment(
    serve: Serve, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that waits for a sender has waited, even when the service answers it at once."""
    monkeypatch.setattr(loads, "SENDERS", 1)
    stall = Stalls()
    with load(serve(stall), numbered, steady(RATE)) as flow:
        wait_for(lambda: stall.arrived)
        threading.Event().wait(0.5)
        stall.go_on.set()
        wait_for(lambda: len(flow.replies) >= 4)
    first, second, *_ = flow.replies
    assert [first.latency > 0.4, second.latency > 0.4, second.meant < first.received] == [True, True, True]


def test_load_ends_with_its_context(serve: Serve) -> None:
    """No thread of it is left, also when the context ends in an error."""
    client = serve(lambda *_: OK)
    before = set(threading.enumerate())
    with suppress(ZeroDivisionError), load(client, numbered, steady(RATE)):
        raise ZeroDivisionError
    left = {thread for thread in set(threading.enumerate()) - before if "process_request" not in thread.name}
    assert left == set()


def test_calls_that_get_no_answer_are_replies(wait_for: WaitFor) -> None:
    """Where nobody listens each has the status 0."""
    with load(Client(free_port(), Service(), lambda: None), numbered, steady(RATE)) as flow:
        wait_for(lambda: len(flow.replies) >= 3)
    assert {(reply.status, reply.content, dict(reply.headers) == {}) for reply in flow.replies} == {(0, b"", True)}


def echo(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
    """What arrived."""
    kind = request.headers.get("Content-Type", "")
    said = {"method": request.command, "path": request.path, "body": body.decode("utf-8", "replace"), "type": kind}
    return 200, "application/json", json.dumps({**said, "id": request.headers.get("X-Request-ID", "")}).encode()


@pytest.mark.parametrize(
    ("call", "arrives"),
    [
        (Call("/predict", {"age": 47}), {"method": "POST", "body": '{"age": 47}', "type": "application/json"}),
        (Call("/predict", "{"), {"method": "POST", "body": "{", "type": "application/json"}),
        (Call("/predict", ""), {"method": "POST", "body": "", "type": "application/json"}),
        (Call("/predict", []), {"body": "[]"}),
        (Call("/predict", 0), {"body": "0"}),
        (Call("/predict", {"name": "Łukasz"}), {"body": '{"name": "\\u0141ukasz"}'}),
        (Call("/predict", '{"name": "Zoë"}'), {"body": '{"name": "Zoë"}'}),
        (Call("/predict", '{"name": "Łukasz"}'), {"body": '{"name": "Łukasz"}'}),
        (Call("/a?b=c", method="GET"), {"method": "GET", "path": "/a?b=c", "body": "", "type": ""}),
        (Call("/predict", method="PUT"), {"method": "PUT", "type": ""}),
        (Call("/predict", {}, headers={"X-Request-ID": "a1"}), {"id": "a1", "type": "application/json"}),
        (Call("/predict", "a,b", headers={"Content-Type": "text/csv"}), {"body": "a,b", "type": "text/csv"}),
    ],
)
def test_a_call_arrives_as_it_is(serve: Serve, call: Call, arrives: dict[str, str]) -> None:
    """Text is sent as it is, other bodies as JSON, and none where there is none; a call's headers go before our own."""
    (reply,) = send_all(serve(echo), [call])
    assert {key: reply.value(key) for key in arrives} == arrives


def test_calls_are_sent_in_their_order(serve: Serve) -> None:
    """One after the other, and so come the replies."""
    arrived: list[str] = []

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, str, bytes]:
        arrived.append(request.path)
        return 404 if request.path == "/1" else 200, "text/plain", request.path.encode()

    replies = send_all(serve(answer), [numbered(number) for number in range(5)])
    assert arrived == [reply.call.path for reply in replies] == [f"/{number}" for number in range(5)]
    assert [reply.status for reply in replies] == [200, 404, 200, 200, 200]
    assert [reply.content for reply in replies] == [f"/{number}".encode() for number in range(5)]
    assert all(one.received <= other.meant for one, other in pairwise(replies))


def test_names_of_headers_come_in_small_letters(serve: Serve) -> None:
    """So that they are found however a service spells them."""
    (reply,) = send_all(serve(lambda *_: OK), [numbered(0)])
    assert reply.headers["content-type"] == "application/json"


def test_a_service_that_is_silent_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the patience for one answer it has none."""
    monkeypatch.setattr(loads, "PATIENCE", 0.2)
    stall = Stalls()
    (reply,) = send_all(serve(stall), [numbered(0)])
    stall.go_on.set()
    assert (reply.status, reply.latency >= 0.2) == (0, True)


def test_an_answer_is_read_to_a_limit(serve: Serve) -> None:
    """A service that says too much does not fill the memory."""
    client = serve(lambda *_: (200, "text/plain", b"x" * (ANSWER_LIMIT + 10)))
    assert len(send(client, numbered(0), 0.0).content) == ANSWER_LIMIT


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": 1}', 1),
        (b'{"b": 1}', None),
        (b"[1]", None),
        (b'"a"', None),
        (b"null", None),
        (b"{", None),
        (b"", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
)
def test_a_value_is_that_of_a_json_object(content: bytes, value: Any) -> None:
    """Any other answer has none."""
    assert Reply(numbered(0), 0, 0, 200, {}, content).value("a") == value
