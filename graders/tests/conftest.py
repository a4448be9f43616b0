"""What the tests share: projects in git, a sandbox, and the tools of this machine that some tests need."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest
from uv import find_uv_bin

import handout
from mlops_grader.check import Fail, NotRun
from mlops_grader.grading import modules
from mlops_grader.instruments import docker_engine
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.image import Image
from mlops_grader.instruments.prometheus.programs import NAMES, program
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission, snapshot

BASE = "python:3.13-slim"
TINY = "iniconfig"  # a small package without dependencies
TURNS = 3  # the modules are examined in depth by turns: a third at each commit
PERSON = {f"GIT_{role}_{key}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}

Files = Mapping[str, str | bytes]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--whole`: what a night has time for."""
    words = "grade every alternative, and every mistake with every check, of all modules; without it, the first of each, of a third"
    parser.addoption("--whole", action="store_true", help=words)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only a whole examination has time for, unless it is asked for by its own name."""
    asked = config.getoption("--whole") or config.getoption("keyword") or any("[" in name for name in config.args)
    turn = _turn()
    later = [] if asked else [item for item in items if item.get_closest_marker("whole") or _waits(item, turn)]
    items[:] = [item for item in items if item not in later]
    config.hook.pytest_deselected(items=later)


def _turn() -> int | None:
    """Which of the turns it is: drawn by the name of the commit, so that it is the same each time. None without git."""
    asked = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--verify", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return int(done.stdout, 16) % TURNS if done.returncode == 0 else None


def _waits(item: pytest.Item, turn: int | None) -> bool:
    """The module of a test that is marked `in_turn` has its turn at another commit."""
    mark = item.get_closest_marker("in_turn")
    return mark is not None and turn is not None and modules().index(mark.args[0]) % TURNS != turn


@pytest.fixture(scope="session")
def git() -> Callable[..., str]:
    """Run git in a folder as a person with no settings of their own; what it prints."""

    def run(folder: Path, *arguments: str) -> str:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **PERSON}
        command = [
            "git",
            "-c",
            "protocol.file.allow=always",
            "-c",
            "init.defaultBranch=main",
            "-C",
            str(folder),
            *arguments,
        ]
        return subprocess.run(command, env={**kept, **own}, capture_output=True, text=True, check=True).stdout.strip()

    return run


@pytest.fixture(scope="session")
def write() -> Callable[[Path, Files], None]:
    """Write files, bytes or text, below a folder."""

    def write_files(folder: Path, files: Files) -> None:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write_files


@pytest.fixture
def project(tmp_path: Path, git: Callable[..., str], write: Callable[[Path, Files], None]) -> Callable[..., Path]:
    """Make a git repository with these files and one commit; without files, one that has no commit yet."""

    def make(files: Files | None = None, name: str = "project") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        git(folder, "init", "--quiet")
        if files:
            write(folder, files)
            git(folder, "add", "--all")
            git(folder, "commit", "--quiet", "--message=first")
        return folder

    return make


@pytest.fixture
def snap(tmp_path: Path) -> Callable[..., Submission]:
    """The submission of a project, cloned into a new folder each time."""

    def take(folder: Path, commit: str | None = None) -> Submission:
        place = tmp_path / f"snapshot-{len(list(tmp_path.glob('snapshot-*')))}"
        place.mkdir()
        return snapshot(folder, place, commit)

    return take


@pytest.fixture
def sandbox(tmp_path: Path) -> HostSandbox:
    """A sandbox with a home of its own."""
    return HostSandbox(tmp_path / "home")


@pytest.fixture(scope="session")
def wait_for() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true; a generous time after which the test fails."""

    def wait(happened: Callable[[], object], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, "what the test waits for never happened"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The container engine of this machine with the base image of the course."""
    run = docker_engine.run_label()
    try:
        engine = docker_engine.connect(run)
    except NotRun as lacking:
        lack(f"no container engine: {lacking.found}. To run this test: nox -s doctor -- --install")
    try:
        if not engine.api.images.list(BASE):
            lack(f"the image {BASE} is not here. To run this test: docker pull {BASE}, or .ci/base-images {BASE}")
        yield engine
    finally:
        engine.forget()
        engine.api.close()


@pytest.fixture
def build(engine: Engine, tmp_path: Path, write: Callable[[Path, Files], None]) -> Callable[..., Image]:
    """Build the image of a Dockerfile, given as its lines, with further files in the context."""

    def build_image(*lines: str, files: Files | None = None, name: str | None = None) -> Image:
        folder = tmp_path / "context"
        write(folder, {**(files or {}), "Dockerfile": "\n".join(lines) + "\n"})
        return engine.build(folder, folder / "Dockerfile", name or tmp_path.name.lower().strip("_-"))

    return build_image


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A package index that answers commands in the sandbox."""
    folder = tmp_path_factory.mktemp("registry")
    ask = [find_uv_bin(), "pip", "install", "--no-cache", "--dry-run", "--target", str(folder / "to"), TINY]
    done = HostSandbox(folder / "home").run(ask, folder)
    if not done.ok:
        lack(f"no package index answers ({done.tail(1)}). To run it: connect to a network, or set UV_DEFAULT_INDEX")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of all modules, as `export --all` makes them."""
    folder = tmp_path_factory.mktemp("handout")
    assert handout.main(["export", "--all", "--to", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, registry: None) -> Path:
    """The wheel of the grader, built as for a release."""
    folder, kit = tmp_path_factory.mktemp("dist"), Path(__file__).parents[2]
    subprocess.run([find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(kit)], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def programs() -> None:
    """Prometheus, promtool and Alertmanager are on this machine."""
    for name in NAMES:
        try:
            program(name, Path.cwd())
        except NotRun as lacking:
            lack(f"{lacking.found}. To run this test: {lacking.fix}")


@pytest.fixture(autouse=True)
def _what_the_marks_need(request: pytest.FixtureRequest) -> None:
    """Tests marked `network`, `engine` or `prometheus` run where there is one."""
    for mark, fixture in (("network", "registry"), ("engine", "engine"), ("prometheus", "programs")):
        if request.node.get_closest_marker(mark):
            request.getfixturevalue(fixture)


def lack(reason: str) -> NoReturn:
    """Skip a test that this machine cannot run; in CI that is a failure, or nobody would notice."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def told() -> Callable[[Callable[[], object]], str]:
    """What a student is told when this is tried, empty when nothing is. Any other exception is a test that fails."""

    def words(act: Callable[[], object]) -> str:
        try:
            act()
        except Fail as failure:
            said = failure
        else:
            return ""
        assert said.fix, "what to do about it is said too"
        return said.found

    return words
