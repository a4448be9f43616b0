"""What a run makes on the engine goes with the run, also when it was killed; what others made stays."""

from __future__ import annotations

import dataclasses
import gc
import os
import platform
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlops_grader.check import NotRun
from mlops_grader.instruments import docker_engine
from mlops_grader.instruments.docker_engine import LABEL, Engine, connect, run_label

MACHINE = re.sub(r"[^a-z0-9]+", "", platform.node().lower())[:20] or "machine"


@pytest.fixture
def other(engine: Engine) -> Iterator[Engine]:
    """A run of its own on the same engine."""
    run = f"elsewhere-{os.getpid()}-{abs(hash(os.urandom(8)))}"
    yield dataclasses.replace(engine, run=run)
    dataclasses.replace(engine, run=run).forget()


def left(engine: Engine, run: str) -> tuple[int, int]:
    """Containers and images that carry the label of a run."""
    labelled: Any = {"label": f"{LABEL}={run}"}
    return len(engine.api.containers.list(all=True, filters=labelled)), len(engine.api.images.list(filters=labelled))


def make(engine: Engine, folder: Path, content: str = "1") -> None:
    """One image of that run, and one container of it that was never started."""
    folder.mkdir(exist_ok=True)
    (folder / "a").write_text(content, "utf-8")
    (folder / "Dockerfile").write_text('FROM scratch\nCOPY a /a\nCMD ["/a"]\n', "utf-8")
    image = engine.build(folder, folder / "Dockerfile", "left")
    engine.api.containers.create(image.tag, labels={LABEL: engine.run})


@pytest.mark.engine
def test_a_run_forgets_what_it_made(other: Engine, tmp_path: Path) -> None:
    make(other, tmp_path / "context", tmp_path.name)
    before = left(other, other.run)
    other.forget()
    assert (before, left(other, other.run)) == ((1, 1), (0, 0))


@pytest.mark.engine
def test_an_image_whose_tag_was_built_anew_is_forgotten_too(other: Engine, tmp_path: Path) -> None:
    for content in ("first", "second"):
        make(other, tmp_path / "context", tmp_path.name + content)
    before = left(other, other.run)
    other.forget()
    assert (before, left(other, other.run)) == ((2, 2), (0, 0))


@pytest.mark.engine
def test_a_run_leaves_alone_what_others_made(engine: Engine, other: Engine, tmp_path: Path) -> None:
    make(other, tmp_path / "context", tmp_path.name)
    dataclasses.replace(other, run=f"{other.run}-2").forget()
    assert left(engine, other.run) == (1, 1)


@pytest.mark.engine
def test_what_a_killed_run_left_is_forgotten(engine: Engine, tmp_path: Path) -> None:
    """The number of its process is too large for any process of this machine."""
    dead = dataclasses.replace(engine, run=f"{MACHINE}-{2**31 - 1 - os.getpid()}-1700000000")
    make(dead, tmp_path / "context", tmp_path.name)
    engine.forget_the_dead()
    assert left(engine, dead.run) == (0, 0)


@pytest.mark.engine
def test_what_a_run_of_another_machine_left_stays(engine: Engine, other: Engine, tmp_path: Path) -> None:
    """Two machines may share an engine, and nobody here can tell whether a process over there lives."""
    make(other, tmp_path / "context", tmp_path.name)
    engine.forget_the_dead()
    assert left(engine, other.run) == (1, 1)


@pytest.mark.engine
def test_neighbours_may_come_and_go_meanwhile(engine: Engine, other: Engine, tmp_path: Path) -> None:
    """Several projects are graded at once: what is listed may be gone before it is looked at."""
    make(other, tmp_path / "context", tmp_path.name)
    (image,) = engine.api.images.list(filters={"label": f"{LABEL}={other.run}"})
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            engine.api.containers.create(str(image.id), labels={LABEL: other.run}).remove()

    neighbour = threading.Thread(target=come_and_go)
    neighbour.start()
    try:
        for _ in range(100):
            connect(engine.run).api.close()
    finally:
        ended.set()
        neighbour.join()


def test_a_run_that_lives_is_not_dead() -> None:
    assert docker_engine._is_dead(run_label()) is False


def test_a_run_is_not_dead_because_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system tells a process's age by its clock, which others may set while the process lives."""
    machine, pid, born = run_label().rsplit("-", 2)
    assert docker_engine._is_dead(f"{machine}-{pid}-{int(born) - 90}") is False


def test_a_process_that_took_over_the_number_is_another_run() -> None:
    machine, pid, born = run_label().rsplit("-", 2)
    assert docker_engine._is_dead(f"{machine}-{pid}-{int(born) - 100_000}") is True


def test_a_run_whose_process_may_not_be_looked_at_is_not_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> psutil.Process:
        raise psutil.AccessDenied(pid)

    run = run_label()
    monkeypatch.setattr(psutil, "Process", refuse)
    assert docker_engine._is_dead(run) is False


@pytest.mark.parametrize("label", ["", "x", f"{MACHINE}-x-1", f"{MACHINE}-1-x", "--"])
def test_a_label_that_no_run_wrote_is_left_alone(label: str) -> None:
    assert docker_engine._is_dead(label) is False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library forgets a socket
def test_a_machine_without_an_engine_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    try:
        connect("run")
    except NotRun as lacking:
        found = lacking.found
    gc.collect()
    assert found == f"no container engine answers at unix://{tmp_path}/no.sock"


@pytest.mark.engine
def test_a_machine_without_a_client_that_builds_says_so(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotRun, match=r"^no docker client on PATH can build with BuildKit$"):
        connect("run")


@pytest.mark.parametrize(
    ("info", "uid"),
    [
        ({"SecurityOptions": ["name=seccomp,profile=default"], "DockerRootDir": "/var/lib/docker"}, 0),
        ({"SecurityOptions": ["name=userns"], "DockerRootDir": "/var/lib/docker/100000.100000"}, 100000),
        ({"SecurityOptions": None}, 0),
    ],
)
def test_root_in_a_container_is_known_by_its_number_outside(info: dict[str, Any], uid: int) -> None:
    assert docker_engine._root_uid(info) == uid


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no such numbers")
def test_root_in_a_container_of_a_rootless_engine_is_the_person() -> None:
    assert docker_engine._root_uid({"SecurityOptions": ["name=rootless"]}) == os.getuid()


@pytest.mark.engine
def test_the_build_client_may_be_any_on_the_path(engine: Engine) -> None:
    assert engine.program.name.startswith("docker")
