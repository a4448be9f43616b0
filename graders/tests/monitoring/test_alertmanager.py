"""A real Alertmanager with a project's routing: what it sends arrives here, and only the routing is the project's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.prometheus.alertmanager import Alertmanager, Notification, alertmanager, led_here

Told = Callable[[Callable[[], object]], str]
WaitFor = Callable[[Callable[[], object]], None]

HOOK = {"webhook_configs": [{"url": "http://example.org/hook"}]}
QUICK = {"group_wait": "1ms", "group_interval": "200ms", "repeat_interval": "1h", "group_by": ["alertname"]}
ROUTING: Mapping[str, Any] = {
    "global": {"resolve_timeout": "1h", "slack_api_url_file": "/nowhere", "smtp_smarthost": "mail.example.org:25"},
    "templates": ["/nowhere/*.tmpl"],
    "route": {
        "receiver": "tickets",
        **QUICK,
        "routes": [
            {"receiver": "pager", "matchers": ['severity="page"']},
            {"receiver": "nobody", "matchers": ['severity="none"']},
            {"receiver": "empty", "matchers": ['severity="empty"']},
        ],
    },
    "receivers": [
        {"name": "pager", "pagerduty_configs": [{"routing_key_file": "/nowhere"}]},
        {"name": "tickets", **HOOK},
        {"name": "nobody"},
        {"name": "empty", "webhook_configs": []},
    ],
}

real = pytest.mark.usefixtures("programs")


@pytest.fixture(scope="module")
def running(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """An Alertmanager with that routing, for all tests that send different alerts."""
    with alertmanager(tmp_path_factory.mktemp("alerts") / "alertmanager", ROUTING) as manager:
        yield manager


def post(manager: Alertmanager, name: str, severity: str, *, over: bool = False) -> None:
    """Tell it of an alert as Prometheus does."""
    now = datetime.now(UTC)
    alert = {
        "labels": {"alertname": name, "severity": severity},
        "annotations": {"summary": f"{name} it is"},
        "startsAt": (now - timedelta(hours=1)).isoformat(),
        **({"endsAt": (now - timedelta(seconds=1)).isoformat()} if over else {}),
    }
    address = f"http://127.0.0.1:{manager.port}/api/v2/alerts"
    httpx.post(address, json=[alert], timeout=20, trust_env=False).raise_for_status()


def heard(manager: Alertmanager, name: str) -> list[tuple[str, str]]:
    """Receiver and status of each message of that alert."""
    return [(each.receiver, each.status) for each in manager.received if each.name == name]


@pytest.mark.parametrize(("severity", "receiver"), [("page", "pager"), ("ticket", "tickets")])
def test_what_fires_arrives_at_its_receiver(
    running: Alertmanager, wait_for: WaitFor, severity: str, receiver: str
) -> None:
    """With labels, annotations and the moment, by the receiver to which the route leads, whatever tool it would use."""
    before = time.monotonic()
    post(running, f"Fires{severity}", severity)
    wait_for(lambda: heard(running, f"Fires{severity}"))
    (message,) = [each for each in running.received if each.name == f"Fires{severity}"]
    assert (message.receiver, message.status) == (receiver, "firing")
    assert message.labels == {"alertname": f"Fires{severity}", "severity": severity}
    assert message.annotations == {"summary": f"Fires{severity} it is"}
    assert before <= message.at <= time.monotonic()


@pytest.mark.parametrize(("severity", "receiver"), [("page", "pager"), ("ticket", "tickets")])
def test_what_is_over_arrives_too(running: Alertmanager, wait_for: WaitFor, severity: str, receiver: str) -> None:
    """Resolved, at the same receiver, also where the integration of the project would not send that."""
    post(running, f"Ends{severity}", severity)
    wait_for(lambda: heard(running, f"Ends{severity}"))
    post(running, f"Ends{severity}", severity, over=True)
    wait_for(lambda: len(heard(running, f"Ends{severity}")) > 1)
    assert heard(running, f"Ends{severity}") == [(receiver, "firing"), (receiver, "resolved")]


@pytest.mark.parametrize("severity", ["none", "empty"])
def test_a_receiver_without_integrations_gets_nothing(running: Alertmanager, wait_for: WaitFor, severity: str) -> None:
    """Nobody would have heard of it: alerts that are sent later arrive, this one does not."""
    post(running, f"Silent{severity}", severity)
    time.sleep(0.5)
    post(running, f"After{severity}", "page")
    wait_for(lambda: heard(running, f"After{severity}"))
    assert heard(running, f"Silent{severity}") == []


@real
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"route": {"receiver": "gone"}}, 'undefined receiver \\\\?"gone\\\\?" used in route'),
        ({"route": None}, "no route"),
        ({"route": {}}, "root route must specify a default receiver"),
        ({"receivers": [{"name": "tickets"}, {"name": "tickets"}]}, "not unique"),
        ({"recievers": []}, "field recievers not found"),
        ({"route": {"receiver": "tickets", "group_wait": "soon"}}, "not a valid duration"),
        ({"route": {"receiver": "tickets", "matchers": ["a=b"]}}, "must not have any matchers"),
    ],
)
def test_a_routing_that_it_refuses_is_told_in_its_words(tmp_path: Path, changes: Mapping[str, Any], words: str) -> None:
    """The student reads what Alertmanager says of it."""
    document = {"route": {"receiver": "tickets"}, "receivers": [{"name": "tickets", **HOOK}], **changes}
    with (
        pytest.raises(Fail, match=f"(?s)^Alertmanager does not take the routing: .*{words}") as raised,
        alertmanager(tmp_path / "alerts", document),
    ):
        pass
    assert (raised.value.fix.startswith("amtool check-config"), len(raised.value.found) < 600) == (True, True)


@real
def test_a_day_in_the_routing_is_no_error_of_the_grader(tmp_path: Path, told: Told) -> None:
    """YAML reads some texts as days; whether Alertmanager takes them is its own matter."""
    route = {"receiver": "tickets", "routes": [{"match": {"since": date(2024, 1, 1)}}]}

    def start() -> None:
        with alertmanager(tmp_path / "alerts", {"route": route, "receivers": [{"name": "tickets"}]}):
            pass

    words = told(start)
    assert words == "" or words.startswith("Alertmanager does not take the routing: ")


@real
def test_nothing_is_left_running(tmp_path: Path) -> None:
    """Neither the server nor the receiver of its messages."""
    document = {"route": {"receiver": "a"}, "receivers": [{"name": "a", **HOOK}]}
    with alertmanager(tmp_path / "alerts", document) as manager:
        assert processes(manager.port) != []
    assert processes(manager.port) == []
    settings = json.loads((tmp_path / "alerts/alertmanager.yml").read_text())
    with pytest.raises(httpx.ConnectError):
        httpx.post(settings["receivers"][0]["webhook_configs"][0]["url"], trust_env=False)


def processes(port: int) -> list[int]:
    """The processes that listen for an Alertmanager's port by their command."""
    address = f"--web.listen-address=127.0.0.1:{port}"
    return [each.pid for each in psutil.process_iter(["cmdline"]) if address in (each.info["cmdline"] or ())]


def test_secrets_and_templates_are_not_taken_along() -> None:
    """Receivers lead to this machine, and nothing of the project's tools and files is in the configuration."""
    secret = {"slack_configs": [{"api_url": "https://hooks.example.org/s3cret"}], "email_configs": [{"to": "a@b"}]}
    document = {
        "global": {"resolve_timeout": "5s", "smtp_auth_password": "s3cret", "http_config": {"authorization": {}}},
        "templates": ["s3cret.tmpl"],
        "route": {"receiver": "a"},
        "inhibit_rules": [{"equal": ["job"]}],
        "receivers": [{"name": "a", **secret}, {"name": "b"}],
    }
    assert led_here(document, 99) == {
        "global": {"resolve_timeout": "5s"},
        "route": {"receiver": "a"},
        "inhibit_rules": [{"equal": ["job"]}],
        "receivers": [
            {"name": "a", "webhook_configs": [{"url": "http://127.0.0.1:99/0", "send_resolved": True}]},
            {"name": "b"},
        ],
    }


def test_what_is_not_given_is_not_needed() -> None:
    """A routing without `global` has none."""
    assert led_here({"receivers": [{"name": "a"}], "global": None}, 99)["global"] == {}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        5,
        {},
        {"receivers": None},
        {"receivers": []},
        {"receivers": {"name": "a"}},
        {"receivers": "a"},
        {"receivers": ["a"]},
        {"receivers": [None]},
        {"receivers": [{}]},
        {"receivers": [{"name": None}]},
        {"receivers": [{"name": 5}]},
        {"receivers": [{"name": "a"}, {}]},
        {"receivers": [{"name": "a"}, "b"]},
        {"receivers": [{"name": "a"}, None]},
    ],
    ids=repr,
)
def test_without_receivers_the_student_reads_so(document: Any) -> None:
    """Whatever the file holds in their place."""
    with pytest.raises(Fail, match="the routing names no receivers"):
        led_here(document, 99)


@pytest.mark.parametrize("odd", [5, "text", [], [1], True], ids=repr)
def test_a_global_of_another_shape_breaks_nothing(told: Told, odd: Any) -> None:
    """Nothing of it is taken along, or the student is told."""
    words = told(lambda: led_here({"receivers": [{"name": "a"}], "global": odd}, 99))
    assert words == "" or "routing" in words


@pytest.mark.parametrize("key", [5, None, True], ids=repr)
def test_a_receiver_with_an_odd_key_breaks_nothing(key: Any) -> None:
    """It has nowhere to go."""
    assert led_here({"receivers": [{"name": "a", key: [1]}]}, 99)["receivers"] == [{"name": "a"}]


def test_what_was_heard_since_a_moment() -> None:
    """Of one status, the moment itself included."""
    received = [
        Notification("a", status, {"alertname": f"{at:g}"}, {}, at)
        for at in (1.0, 2.0, 3.0)
        for status in ("firing", "resolved")
    ]
    manager = Alertmanager(1, received)
    assert [(each.name, each.status) for each in manager.since(2.0)] == [("2", "firing"), ("3", "firing")]
    assert [(each.name, each.status) for each in manager.since(3.0, "resolved")] == [("3", "resolved")]


def test_an_alert_without_a_name_has_none() -> None:
    """It has no words in its place."""
    assert Notification("a", "firing", {}, {}, 0.0).name == ""
