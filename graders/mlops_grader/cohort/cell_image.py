"""The image of a cell: the grader that is installed here, with the same versions of all that it needs, built once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions, metadata, requires
from pathlib import Path

from filelock import FileLock
from packaging.requirements import Requirement

from mlops_grader import __version__
from mlops_grader.grading import PACKAGE, identity
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.environment import cache_folder, normalize
from mlops_grader.instruments.prometheus.programs import ALERTMANAGER_IMAGE, SERVER_IMAGE
from mlops_grader.submission import UsageError

REPOSITORY = "mlops-grader/cell"
BASE = "MLOPS_GRADER_CELL_BASE"  # an institution's own base may know its mirrors and certificates
FIRST_UID, USERS = 60600, 256  # a range that no distribution gives away
DOCKERFILE = PACKAGE / "cohort" / "Dockerfile"
BUILD_SECONDS = 3600
KEPT = 4  # images of other graders that stay: two versions of a course may be graded in turn
LEFT_OUT = {"all", "cohort"}  # what only the outside of a cell needs
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}


def name() -> str:
    """The image's name and tag; the tag is a hash of all that decides what is in it."""
    digest = hashlib.sha256(
        f"{identity()}\n{sorted(_arguments().items())}\n{_requirements()}\n{_constraints()}".encode()
    )
    for path in _package():
        digest.update(f"\n{path.relative_to(PACKAGE)}\n".encode() + path.read_bytes())
    return f"{REPOSITORY}:{__version__}-{digest.hexdigest()[:12]}"


def base() -> str:
    """The image on which that of the cells is built."""
    return os.environ.get(BASE, "python:3.13-slim")


def ensure(engine: Engine) -> str:
    """Build the image unless it is there; its name. Raises UsageError with the last words of a build that failed."""
    tag = name()
    place = cache_folder() / "cell"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / "image.lock"):
        if not _is_there(engine, tag):
            _build(engine, tag)
            _forget_others(engine, tag)
    return tag


def _is_there(engine: Engine, tag: str) -> bool:
    return bool(engine.api.api.images(name=tag))


def _build(engine: Engine, tag: str) -> None:
    with tempfile.TemporaryDirectory(prefix="mlops-grader-cell-") as folder:
        context = Path(folder)
        _fill(context)
        arguments = [f"--build-arg={key}={value}" for key, value in _arguments().items()]
        command = [str(engine.program), "build", "--progress=plain", f"--tag={tag}", *arguments, str(context)]
        code, log = _execute(command)
    if code:
        words = "\n".join(log.strip().splitlines()[-12:])
        raise UsageError(
            f"the image of the cells cannot be built:\n{words}\nnox -s doctor says what this machine lacks"
        )


def _execute(command: list[str]) -> tuple[int, str]:
    environment = {**os.environ, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}
    try:
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            timeout=BUILD_SECONDS, check=False, text=True, errors="replace",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, f"not built after {BUILD_SECONDS // 60} minutes"
    return done.returncode, done.stdout


def _fill(context: Path) -> None:
    """Write the build context: the Dockerfile, what is to be installed, and the package with the name of its version."""
    shutil.copy2(DOCKERFILE, context / "Dockerfile")
    (context / "requirements.txt").write_text(_requirements(), encoding="utf-8")
    (context / "constraints.txt").write_text(_constraints(), encoding="utf-8")
    for path in _package():
        target = context / "package" / "mlops_grader" / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    metadata = context / "package" / f"mlops_grader-{__version__}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: mlops-grader\nVersion: {__version__}\n", encoding="utf-8")


def _package() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _arguments() -> dict[str, str]:
    return {
        "BASE": base(),
        "PROMETHEUS": SERVER_IMAGE,
        "ALERTMANAGER": ALERTMANAGER_IMAGE,
        "FIRST_UID": str(FIRST_UID),
        "USERS": str(USERS),
    }


@cache
def _requirements() -> str:
    """What the grader's metadata ask for in any of its extras, one requirement a line."""
    wanted = [Requirement(line) for line in requires("mlops-grader") or ()]
    lines = {_plain(each) for each in wanted if normalize(each.name) != "mlops-grader" and _applies(each)}
    return "".join(f"{line}\n" for line in sorted(lines))


def _applies(requirement: Requirement) -> bool:
    extras = {"", *(metadata("mlops-grader").get_all("Provides-Extra") or ())} - LEFT_OUT
    return not requirement.marker or any(requirement.marker.evaluate({**LINUX, "extra": each}) for each in extras)


def _plain(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


@cache
def _constraints() -> str:
    """The versions that are installed here, so that both graders agree; what came from no index is left out."""
    found = {
        normalize(each.metadata["Name"]): each.version
        for each in distributions()
        if each.metadata["Name"] and "+" not in each.version and each.read_text("direct_url.json") is None
    }
    return "".join(f"{key}=={version}\n" for key, version in sorted(found.items()))


def _forget_others(engine: Engine, tag: str) -> None:
    """Remove the images of other graders but for the latest; one that a cell runs stays."""
    from docker.errors import APIError

    listed = sorted(engine.api.api.images(name=REPOSITORY), key=lambda image: -int(image["Created"]))
    for image in listed[KEPT:]:
        for each in image["RepoTags"] or ():
            if each != tag and each.startswith(f"{REPOSITORY}:"):
                try:
                    engine.api.images.remove(each)
                except APIError:
                    continue  # in use, or gone meanwhile
