"""Releases: the order of the steps, with a production that is made of notes."""

from pathlib import Path

import containers
import proxy
import pytest
import release
from containers import Container, RefusedError
from release import Place

OLD, NEW = "registry/triage@sha256:" + "a" * 64, "registry/triage@sha256:" + "b" * 64


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to containers and proxy, in order."""
    done: list[str] = []

    def note(words: str, container: Container) -> None:
        done.append(f"{words} {container.name}")

    monkeypatch.setattr(Container, "start", lambda self, image: done.append(f"start {self.name} {image[-1]}"))
    for name in ("empty", "keep_running"):
        monkeypatch.setattr(Container, name, lambda self, name=name: note(name, self))
    monkeypatch.setattr(Container, "runs", lambda _: True)
    monkeypatch.setattr(release, "wait_until_it_answers", lambda _: None)
    monkeypatch.setattr(release, "examine", lambda *_, **__: None)
    monkeypatch.setattr(proxy, "follow", lambda _: done.append("follow"))
    return done


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty production."""
    (tmp_path / "live").mkdir()
    return Place(tmp_path, "net", "net-proxy")


def test_versions_take_turns_in_the_two_slots(place: Place, steps: list[str]) -> None:
    for image in (OLD, NEW):
        release.release(place, image, timed=True)

    assert steps == [
        "empty net-triage-blue", "start net-triage-blue a", "follow", "keep_running net-triage-blue",
        "follow", "empty net-triage-green", "start net-triage-green b", "follow", "keep_running net-triage-green",
        "empty net-triage-blue",
    ]  # fmt: skip
    assert "b" * 64 in place.route.read_text()
    assert place.releases() == [OLD, NEW]


def test_what_is_refused_leaves_the_old_one(place: Place, steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    release.release(place, OLD, timed=True)
    before = place.route.read_text()

    def refuse(*_: object, **__: object) -> None:
        raise RefusedError("it sorts wrongly")

    monkeypatch.setattr(release, "examine", refuse)
    with pytest.raises(RefusedError, match="wrongly"):
        release.release(place, NEW, timed=True)

    assert (place.route.read_text(), place.releases()) == (before, [OLD])
    assert steps[-1] == "empty net-triage-green"


def test_going_back_finds_the_image_before(place: Place, steps: list[str]) -> None:
    with pytest.raises(RefusedError, match="no earlier"):
        release.before(place)
    for image in (OLD, NEW):
        release.release(place, image, timed=True)

    assert release.before(place) == OLD


def test_the_same_version_again_starts_nothing(place: Place, steps: list[str]) -> None:
    release.release(place, OLD, timed=True)
    steps.clear()

    assert "already" in release.release(place, OLD, timed=True)
    assert steps == ["follow", "empty net-triage-green"]


def test_a_release_that_was_killed_before_it_was_noted_is_noted(place: Place, steps: list[str]) -> None:
    release.release(place, OLD, timed=True)
    proxy.write(place.route, proxy.Route(NEW, "green", "net-triage-green:8480").text())
    release.release(place, NEW, timed=True)

    assert place.releases() == [OLD, NEW]


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(RefusedError, match="PRODUCTION_DIR"):
        Place.of({})


def test_what_docker_says_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "docker").write_text("#!/bin/sh\necho no such network >&2\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)

    with pytest.raises(RefusedError, match="no such network"):
        containers.docker("run")
