"""Which docker client is chosen, on invented search paths with invented clients."""

import os
from pathlib import Path

import pytest

from mlops_grader.instruments.engine import build_client, builds_with_buildkit, client_major_version, clients

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the invented clients are shell scripts")

OLD = "Docker version 20.10.24+dfsg1, build 297e128"
NEW = "Docker version 28.2.2, build e6534b4"


def fake_client(folder: Path, version: str, buildx: bool = False) -> Path:
    """A `docker` that says its version and has the buildx plugin or not."""
    folder.mkdir(parents=True, exist_ok=True)
    client = folder / "docker"
    plugin = 'echo "github.com/docker/buildx v0.24.0"' if buildx else 'echo "unknown command" >&2; exit 1'
    client.write_text(f'#!/bin/sh\ncase "$1" in\n--version) echo "{version}" ;;\nbuildx) {plugin} ;;\nesac\n', "utf-8")
    client.chmod(0o755)
    return client


def path_of(*files: Path) -> str:
    """A search path with the folders of these files."""
    return os.pathsep.join(str(file.parent) for file in files)


def test_a_bare_client_that_comes_first_is_passed_over(tmp_path: Path) -> None:
    bare, old = fake_client(tmp_path / "a", NEW), fake_client(tmp_path / "b", OLD)
    assert build_client(path_of(bare, old)) == old


def test_the_first_of_several_that_build_is_taken(tmp_path: Path) -> None:
    new, old = fake_client(tmp_path / "a", NEW, buildx=True), fake_client(tmp_path / "b", OLD)
    assert build_client(path_of(new, old)) == new


def test_there_is_none_when_no_client_builds(tmp_path: Path) -> None:
    assert build_client(path_of(fake_client(tmp_path / "a", NEW))) is None


def test_there_is_none_on_a_path_without_clients(tmp_path: Path) -> None:
    assert build_client(str(tmp_path)) is None


def test_an_empty_entry_of_the_path_is_not_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_client(tmp_path, OLD)
    monkeypatch.chdir(tmp_path)
    assert build_client(os.pathsep) is None


def test_the_path_of_the_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = fake_client(tmp_path / "a", OLD)
    monkeypatch.setenv("PATH", f"{old.parent}:/usr/bin:/bin")
    assert build_client() == old


def test_a_folder_that_is_a_link_to_another_is_listed_once(tmp_path: Path) -> None:
    client = fake_client(tmp_path / "usr", OLD)
    (tmp_path / "bin").symlink_to(tmp_path / "usr")
    assert list(clients(path_of(client, tmp_path / "bin" / "docker"))) == [client]


def test_a_file_that_may_not_be_executed_is_no_client(tmp_path: Path) -> None:
    fake_client(tmp_path, OLD).chmod(0o644)
    assert list(clients(str(tmp_path))) == []


@pytest.mark.parametrize(
    ("version", "buildx", "builds"),
    [
        ("Docker version 22.0.9, build 1", False, True),
        ("Docker version 23.0.0, build 1", False, False),
        ("Docker version 23.0.0, build 1", True, True),
        ("podman version 4.9.3", True, False),
    ],
)
def test_buildkit_is_built_in_before_23_and_a_plugin_since(
    tmp_path: Path, version: str, buildx: bool, builds: bool
) -> None:
    assert builds_with_buildkit(fake_client(tmp_path, version, buildx)) is builds


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/no/such/interpreter\n", "#!/bin/sh\nprintf '\\377'\n"])
def test_a_client_that_cannot_say_its_version_has_none(tmp_path: Path, text: str) -> None:
    client = fake_client(tmp_path, OLD)
    client.write_text(text, "utf-8")
    assert client_major_version(client) is None


def test_a_client_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_grader.instruments.engine.ANSWER_SECONDS", 0.2)
    client = fake_client(tmp_path, OLD)
    client.write_text("#!/bin/sh\nexec sleep 20\n", "utf-8")
    assert client_major_version(client) is None
