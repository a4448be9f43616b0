"""Containers on the engine of this machine: started with limits, watched, stopped, hung, explained, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from docker.errors import NotFound

from mlops_grader.check import Fail
from mlops_grader.contract import Service
from mlops_grader.instruments.client import SlowRequest
from mlops_grader.instruments.container import Container, _listeners, explain, fast_health_check
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.image import Image

pytestmark = pytest.mark.engine

Start = Callable[..., AbstractContextManager[Container]]
WaitFor = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="module")
def running(engine: Engine, image: Image) -> Iterator[Container]:
    """A container that answers; tests only look at it."""
    with engine.start(image, Service(), {"WORD": "größe"}) as container:
        container.client.wait_until_ready({}, 60)
        yield container


def test_its_service_answers_on_a_port_of_this_machine(running: Container) -> None:
    assert running.client.predict({}) == 0.25


def test_that_port_is_open_to_this_machine_alone(running: Container) -> None:
    running.handle.reload()
    assert {binding["HostIp"] for binding in running.handle.attrs["NetworkSettings"]["Ports"]["8000/tcp"]} == {
        "127.0.0.1"
    }


def test_it_runs_with_limits(running: Container) -> None:
    limits = running.handle.attrs["HostConfig"]
    assert (limits["Memory"], limits["MemorySwap"], limits["PidsLimit"], limits["NanoCpus"]) == (
        2 * 2**30,
        2 * 2**30,
        256,
        2 * 10**9,
    )


def test_it_carries_the_label_of_the_run(engine: Engine, running: Container) -> None:
    assert running.handle.labels["mlops-grader.run"] == engine.run


def test_what_it_printed_is_read(running: Container) -> None:
    assert running.logs().splitlines()[0] == "serving größe"


def test_the_user_of_each_process_is_told(running: Container) -> None:
    assert running.users() == [("python /server.py", 1000)]


def test_root_is_told_as_0(start: Start, wait_for: WaitFor) -> None:
    with start(user="0") as container:
        wait_for(
            lambda: container.users() == [("python /server.py", 0)]
        )  # right after its start it has no command line yet


def test_its_first_process_is_what_the_image_says(running: Container) -> None:
    assert running.first_process() == "python /server.py"


def test_its_addresses_are_told(running: Container) -> None:
    assert running.listening() == ["0.0.0.0:8000"]


def test_a_container_that_stops_when_asked_is_not_killed(start: Start) -> None:
    with start() as container:
        container.client.wait_until_ready({}, 60)
        stopped = container.stop(grace=60)
    assert (stopped.exit, stopped.killed) == (0, False)


def test_a_request_in_flight_is_answered_while_it_stops(start: Start) -> None:
    with start() as container:
        container.client.wait_until_ready({}, 60)
        request = SlowRequest(container.client.port, Service(), {"age": 47})
        container.client.wait_until_ready({}, 60)  # who came later is answered: the first one has been let in
        stopping = container.stop_later(grace=60)
        assert (request.finish(), stopping.wait().killed) == (0.25, False)


def test_a_container_that_does_not_listen_to_signals_is_killed(start: Start) -> None:
    """`sh` as the first process passes no signal on to its child."""
    with start(command=["sh", "-c", "sleep 60; true"]) as container:
        stopped = container.stop(grace=1)
    assert (stopped.exit, stopped.killed) == (137, True)


def test_a_container_is_removed_with_its_context(start: Start) -> None:
    with start() as container:
        pass
    with pytest.raises(NotFound):
        container.handle.reload()


def test_a_container_is_removed_when_the_check_fails(start: Start) -> None:
    with pytest.raises(KeyError), start() as container:
        raise KeyError
    with pytest.raises(NotFound):
        container.handle.reload()


def test_a_container_that_ended_says_so_at_once(start: Start) -> None:
    with start(command=["python", "-c", "raise SystemExit(3)"]) as container, pytest.raises(Fail) as raised:
        container.client.wait_until_ready({}, 600)
    assert raised.value.found == "the container exited with code 3"


def test_a_container_that_eats_its_memory_says_so(start: Start) -> None:
    hungry = ["python", "-c", "x = b'x' * (200 * 2**20)"]
    with start(command=hungry, mem_limit="64m", memswap_limit="64m") as container, pytest.raises(Fail) as raised:
        container.client.wait_until_ready({}, 600)
    assert raised.value.found == "the container ran out of memory"


def test_health_is_what_its_check_says(start: Start) -> None:
    with start(healthcheck=fast_health_check()) as container:
        container.client.wait_until_ready({}, 60)
        healthy = container.wait_for_health("healthy", 60)
        container.hang()
        assert (healthy, container.wait_for_health("unhealthy", 60)) == (True, True)


def test_without_a_health_check_there_is_no_health(start: Start) -> None:
    with start(healthcheck={"test": ["NONE"]}) as container:
        assert (container.health(), container.health_words(), container.wait_for_health("healthy", 0.1)) == (
            "",
            "",
            False,
        )


def test_a_container_that_hangs_keeps_its_port_and_answers_nothing(start: Start) -> None:
    with start() as container:
        container.client.wait_until_ready({}, 60)
        container.hang()
        with pytest.raises(Fail, match=r"^POST /predict got no answer: timed out$"):
            container.client.predict({}, timeout=0.5)


def test_a_container_that_listens_to_itself_alone_is_explained(start: Start, wait_for: WaitFor) -> None:
    with start({"HOST": "127.0.0.1"}) as container:
        wait_for(container.listening)
        failure = explain(container, Fail("nobody answers"), 8000)
    assert failure.found == (
        "it listens on 127.0.0.1:8000 inside the container, not on 0.0.0.0:8000\nits last words:\nserving"
    )


def test_a_container_on_another_port_is_explained(start: Start, wait_for: WaitFor) -> None:
    with start({"PORT": "9000"}) as container:
        wait_for(container.listening)
        failure = explain(container, Fail("nobody answers"), 8000)
    assert failure.found.startswith("it listens on 0.0.0.0:9000 inside the container, not on 0.0.0.0:8000\n")


def test_a_container_that_ended_is_explained_by_its_last_words(start: Start, wait_for: WaitFor) -> None:
    with start(command=["python", "-c", "import joblib"]) as container:
        wait_for(container.client.alive)
        failure = explain(container, Fail("the container exited with code 1"), 8000)
    assert failure.found.splitlines()[-1] == "ModuleNotFoundError: No module named 'joblib'"


def test_a_silent_container_is_explained(start: Start) -> None:
    with start(command=["sleep", "60"]) as container:
        failure = explain(container, Fail("nobody answers"), 8000)
    assert failure.found == "nobody answers; it ran `sleep 60`\nit printed nothing"


def test_an_image_without_a_command_starts_nothing(engine: Engine, build: Callable[..., Image]) -> None:
    image = build("FROM scratch", "COPY a /a", files={"a": "1"})
    with pytest.raises(Fail) as raised, engine.start(image, Service()):
        pass
    assert raised.value.found == "the image has no CMD and no ENTRYPOINT: it starts nothing"


def test_a_command_that_is_not_in_the_image_cannot_start(
    engine: Engine, build: Callable[..., Image], tmp_path: Path
) -> None:
    image = build("FROM scratch", "COPY a /a", 'CMD ["uvicorn", "app"]', files={"a": "1"})
    with pytest.raises(Fail) as raised, engine.start(image, Service()):
        pass
    assert (raised.value.found.startswith("the container cannot start: "), '"uvicorn"' in raised.value.found) == (
        True,
        True,
    )
    assert engine.api.containers.list(all=True, filters={"ancestor": image.tag}) == []


@pytest.mark.parametrize(
    ("row", "address"),
    [
        ("0: 0100007F:1F40 00000000:0000 0A 0", ["127.0.0.1:8000"]),
        ("0: 00000000:1F40 00000000:0000 0A 0", ["0.0.0.0:8000"]),
        ("0: 00000000000000000000000000000000:1F40 0:0 0A 0", ["[::]:8000"]),
        ("0: 0100007F:1F40 00000000:0000 01 0", []),
        ("  sl  local_address rem_address   st tx_queue", []),
        ("", []),
    ],
)
def test_addresses_are_read_from_the_tables_of_linux(row: str, address: list[str]) -> None:
    assert _listeners(row) == address
