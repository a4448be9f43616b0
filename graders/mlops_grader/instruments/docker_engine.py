"""The container engine of this machine: builds images, starts containers, and forgets them afterwards."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from mlops_grader.check import Fail, NotRun
from mlops_grader.contract import Service
from mlops_grader.instruments import container as containers
from mlops_grader.instruments.client import LOCAL, Client
from mlops_grader.instruments.engine import build_client
from mlops_grader.instruments.image import Build, Image, read_log
from mlops_grader.submission import UsageError
from mlops_grader.theirs import Theirs, copy_folder

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "mlops-grader.run"
JOB_LABEL = "mlops-grader.job"  # what the submission's own docker commands make carries this one too
COMPOSE_LABEL = "com.docker.compose.project"
# what a cell tells its grader, whose engine is its own: the network for containers, and a folder with base images
NETWORK, SHELF = "MLOPS_GRADER_ENGINE_NETWORK", "MLOPS_GRADER_ENGINE_SHELF"
IMAGES = "MLOPS_GRADER_CELL_IMAGES"  # what the worker is told: base images of its own that every cell may use, with commas between
REACHED_BY = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
BUILD_SECONDS = 1500
CLOCK_SECONDS = 3600  # a process of that number which is older or younger by less is taken for the same one
DOCTOR = "nox -s doctor says what is missing; on Debian and Ubuntu nox -s doctor -- --install mends it"

# what an image is run with unless a check says otherwise
LIMITS: Mapping[str, Any] = {
    "mem_limit": "2g",
    "memswap_limit": "2g",
    "nano_cpus": 2 * containers.SECOND,
    "pids_limit": 256,
}


@dataclass(frozen=True)
class Engine:
    """A reachable engine. Everything that it makes carries the label of this run.

    In a cell the engine serves this one grade. network: the only one of the containers that are started; it leads nowhere.
    shelf: archives of base images, which are taken in when a Dockerfile names them. online: gives a build the network.
    """

    api: DockerClient
    program: Path
    run: str
    root_uid: int
    network: str = ""
    shelf: Path | None = None
    online: Callable[[], AbstractContextManager[None]] = nullcontext

    def build(self, context: Path, dockerfile: Path, name: str) -> Image:
        """Build an image with BuildKit. Raises Fail with the words of the step that failed, NotRun without network."""
        tag = f"mlops-grader/{self.run}:{name}"
        with self._given(context, dockerfile) as (folder, file):
            self._take_from_shelf(file)
            command = [
                str(self.program), "build", "--progress=plain", f"--label={LABEL}={self.run}",
                f"--file={file}", f"--tag={tag}", str(folder),
            ]  # fmt: skip
            with self.online():
                code, log = _execute(command)
        build = read_log(log)
        if code and _execute([str(self.program), "version"])[0]:
            raise UsageError("the container engine ended while it built an image: is there memory enough for it?")
        if code and self.network and FULL in log.lower():
            raise Fail("the build filled the disk of its cell", fix=_FULL)
        if code:
            raise why_it_failed(build, log, in_cell=bool(self.network))
        return Image(self.api, tag, build)

    @contextmanager
    def _given(self, context: Path, dockerfile: Path) -> Iterator[tuple[Path, Path]]:
        """What the docker client is given to read: in a cell, where it is root and follows links, a copy that no student can change."""
        if not self.network:
            yield context, dockerfile
            return
        with tempfile.TemporaryDirectory(prefix="mlops-grader-") as folder:
            copy_folder(context, Path(folder, "context"))
            for name in (dockerfile.name, f"{dockerfile.name}.dockerignore"):
                with suppress(FileNotFoundError):
                    Path(folder, name).write_bytes(Theirs(dockerfile.with_name(name)).read_bytes())
            yield Path(folder, "context"), Path(folder, dockerfile.name)

    @contextmanager
    def start(
        self,
        image: Image,
        service: Service,
        variables: Mapping[str, str] | None = None,
        port: int | None = None,
        **options: Any,
    ) -> Iterator[containers.Container]:
        """Start a container of an image, reached on 127.0.0.1, and remove it afterwards."""
        from docker.errors import APIError

        inside = port or service.port
        try:
            handle = self.api.containers.create(
                image.tag,
                environment=dict(variables or {}),
                labels={LABEL: self.run},
                **{**LIMITS, **self._reached(inside), **options},
            )
        except APIError as error:
            raise _why_it_cannot_start(error) from None
        try:
            _start(handle)
            client = Client(containers.port_of(handle, inside), service, lambda: containers.ending(handle))
            yield containers.Container(handle, client, self.root_uid)
        finally:
            with suppress(APIError):
                handle.remove(force=True, v=True)

    def _take_from_shelf(self, dockerfile: Path) -> None:
        """Load the base images that a Dockerfile names, where they lie here: not every grade is to ask a registry for them."""
        text = dockerfile.read_text(encoding="utf-8", errors="replace") if dockerfile.exists() else ""
        for archive in sorted(self.shelf.glob("*.tar")) if self.shelf else ():
            reference = archive.name.rpartition("@")[0].replace("~", "/")
            if _names(text, reference) and not self.api.api.images(name=reference):
                with archive.open("rb") as opened:
                    self.api.images.load(opened)

    def _reached(self, port: int) -> Mapping[str, Any]:
        """How the engine is told to let the grader reach a container, and in a cell nobody else."""
        published = {"ports": {f"{port}/tcp": (LOCAL, None)}}  # None: any free port
        # a name server that is not there: the engine's own would ask others on behalf of a container without a way out
        return {**published, "network": self.network, "dns": [LOCAL]} if self.network else published

    def forget(self) -> None:
        """Remove the containers and images of this run; layers stay in the build cache."""
        self._forget(self.run)

    def variables(self) -> dict[str, str]:
        """What a docker client in a cleared environment needs to reach the same engine."""
        return {name: os.environ[name] for name in REACHED_BY if os.environ.get(name)}

    def job_labels(self) -> tuple[str, str]:
        """The labels for what the submission's own docker commands make."""
        return f"{LABEL}={self.run}", f"{JOB_LABEL}={self.run}"

    def project(self) -> str:
        """The name under which docker compose keeps what it makes for this run."""
        return f"mlops-grader-{self.run}"

    def forget_job(self) -> None:
        """Remove what the submission's own docker commands made; layers stay in the build cache."""
        for label in (f"{JOB_LABEL}={self.run}", f"{COMPOSE_LABEL}={self.project()}"):
            self._remove(label)

    def forget_the_dead(self) -> None:
        """Remove what runs left whose process is gone, killed before it could clean up."""
        listed = [*self._containers({"label": LABEL}), *self._images({"label": LABEL})]
        for run in {labels[LABEL] for labels in (entry["Labels"] or {} for entry in listed) if LABEL in labels}:
            if _is_dead(run):
                self._forget(run)

    def _forget(self, run: str) -> None:
        for project in (f"mlops-grader-{run}", f"mlops-grader-{run}-own"):
            self._remove(f"{COMPOSE_LABEL}={project}")
        self._remove(f"{LABEL}={run}", f"mlops-grader/{run}:")

    def _remove(self, label: str, tags: str = "") -> None:
        """Remove all with a label; of an image only the tags that begin so, where one does, and its names in local registries."""
        from docker.errors import APIError

        labelled: dict[str, Any] = {"label": label}
        for container in self._containers(labelled):
            with suppress(APIError):
                self.api.api.remove_container(container["Id"], force=True, v=True)
        for image in self._images(labelled):
            names = [*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())]
            # a tag that was built anew leaves the image before it without a name
            for name in [name for name in names if tags and name.startswith((tags, "localhost:"))] or [image["Id"]]:
                with suppress(APIError):
                    self.api.images.remove(name, force=True)
        for kind in (self.api.networks, self.api.volumes):
            for thing in kind.list(filters=labelled):
                with suppress(APIError):
                    thing.remove()

    # the SDK's own lists ask for each entry again, and raise for one that another run has removed meanwhile

    def _containers(self, filters: dict[str, Any]) -> Iterable[dict[str, Any]]:
        yield from self.api.api.containers(all=True, filters=filters)

    def _images(self, filters: dict[str, Any]) -> Iterable[dict[str, Any]]:
        yield from self.api.api.images(filters=filters)


def run_label() -> str:
    """A name for this run that tells, on this machine, whether its process still lives."""
    return f"{_machine()}-{os.getpid()}-{int(psutil.Process().create_time())}"


def of_this_grade(online: Callable[[], AbstractContextManager[None]]) -> Engine:
    """The engine for the checks of this grade, as the cell says in which it runs. Raises NotRun as `connect` does.

    online: gives what runs in its context the network, where a cell has taken it away.
    """
    engine = connect(run_label())
    if NETWORK not in os.environ:
        return engine
    return replace(engine, network=os.environ[NETWORK], shelf=Path(os.environ[SHELF]), online=online)


def connect(run: str) -> Engine:
    """The engine of this machine. Raises NotRun when there is none, or none that builds with BuildKit."""
    try:
        import docker
        from docker.errors import DockerException
    except ModuleNotFoundError:
        raise NotRun(
            "the Python package docker is not installed", fix="uv pip install 'mlops-grader[containers]'"
        ) from None
    try:
        api = docker.from_env(timeout=120)
        info = api.info()
    except DockerException:
        place = os.environ.get("DOCKER_HOST", "the usual place")
        raise NotRun(f"no container engine answers at {place}", fix=DOCTOR) from None
    program = build_client()
    if program is None:
        api.close()
        raise NotRun("no docker client on PATH can build with BuildKit", fix=DOCTOR)
    engine = Engine(api, program, run, _root_uid(info))
    engine.forget_the_dead()
    return engine


def _execute(command: Sequence[str]) -> tuple[int, str]:
    """Exit code and output, its line ends as they are: the log reader must tell them apart."""
    environment = {**os.environ, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}
    try:
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            timeout=BUILD_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Fail(f"the image was not built after {BUILD_SECONDS // 60} minutes") from None
    return done.returncode, done.stdout.decode("utf-8", errors="replace").replace("\r\n", "\n")


def why_it_failed(build: Build, log: str, *, in_cell: bool = False) -> Exception:
    """What to raise for a build that failed: Fail for the student, NotRun without network, UsageError for a full disk."""
    if FULL in log.lower():
        return UsageError("the disk is full: docker system prune frees what old builds left")
    step = next((step for step in build.steps if step.failed), None)
    errors = [line for line in log.splitlines() if re.match(r"(ERROR|error|failed)\b", line)]
    words = errors[-1] if errors else "\n".join(log.splitlines()[-5:])
    if step is None:
        return Fail(f"the image does not build: {words}", fix="run docker build in a fresh clone and mend what it says")
    if "resolve image config" in step.name:
        return _why_no_frontend(step.name.rsplit(" ", 1)[-1], words)
    if "load metadata" in step.name:
        return _why_no_base(step.name.rsplit(" ", 1)[-1], words, in_cell=in_cell)
    printed = "\n".join(step.output.splitlines()[-8:])
    found = f"the image does not build: `{step.instruction}` fails\n{printed or words}"
    return Fail(found, fix=_MISSING if re.match("(COPY|ADD) .*not found", f"{step.instruction} {words}") else _MEND)


FULL = "no space left on device"
_FULL = "docker system df after a build in a fresh clone: install less, and keep no caches in the image"
_ON_THE_WORKER = f", on the worker, and name it in {IMAGES}"
_MEND = "run docker build in a fresh clone and mend that step"
_MISSING = "is that file committed, below the build context, and not shut out by `.dockerignore`?"


def _names(dockerfile: str, reference: str) -> bool:
    """Whether a Dockerfile may start from an image: its name and its tag both stand there, be it in an ARG."""
    return all(re.search(rf"(?<![\w.-]){re.escape(part)}(?![\w.-])", dockerfile) for part in reference.rsplit(":", 1))


def _why_no_base(base: str, words: str, *, in_cell: bool) -> Exception:
    unreachable = re.search(r"dial tcp|no such host|timeout|x509", words)
    if not unreachable and re.search(r"not found|does not exist|denied|manifest unknown", words):
        return Fail(
            f"the base image `{base}` does not exist: {words}", fix="name an image and tag that the registry has"
        )
    return NotRun(
        f"the base image `{base}` is not on this machine and the image registry cannot be reached",
        fix=f"docker pull {base}, once, with a network{_ON_THE_WORKER if in_cell else ''}",
    )


def _why_no_frontend(frontend: str, words: str) -> Exception:
    return NotRun(
        f"the first line of the Dockerfile asks for the frontend `{frontend}`, which cannot be reached: {words}",
        fix="build once with a network, or remove the `# syntax=` line: plain instructions need none",
    )


def _start(handle: Any) -> None:
    from docker.errors import APIError

    try:
        handle.start()
    except APIError as error:
        raise _why_it_cannot_start(error) from None


def _why_it_cannot_start(error: Any) -> Fail:
    words = str(error.explanation or error)
    if "no command specified" in words.lower():
        return Fail(
            "the image has no CMD and no ENTRYPOINT: it starts nothing",
            fix='end the Dockerfile with CMD ["...", "..."]',
        )
    return Fail(f"the container cannot start: {words}", fix="docker run it by hand and mend what it says")


def _root_uid(info: Mapping[str, Any]) -> int:
    """The user id that a container's root has on the engine's machine, which the engine shows for its processes."""
    options = " ".join(info.get("SecurityOptions") or ())
    if "name=rootless" in options and hasattr(os, "getuid"):
        return os.getuid()
    remapped = re.search(r"/(\d+)\.\d+$", str(info.get("DockerRootDir", "")))
    return int(remapped[1]) if remapped and "name=userns" in options else 0


def _machine() -> str:
    return re.sub(r"[^a-z0-9]+", "", platform.node().lower())[:20] or "machine"


def _is_dead(run: str) -> bool:
    machine, pid, born = [*run.rsplit("-", 2), "", ""][:3]
    if machine != _machine() or not pid.isdigit():
        return False
    try:
        # the system's clock may be set anew while a grade runs, and the age of its process moves with it
        return abs(psutil.Process(int(pid)).create_time() - int(born)) > CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False
