"""m06_containers: an image that runs anywhere, judged by building, running, stopping and rebuilding it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath
from random import Random
from secrets import token_hex
from typing import Any

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract
from mlops_grader.figure import Figure
from mlops_grader.instruments import hadolint
from mlops_grader.instruments.client import READY_SECONDS, Client, SlowRequest, differences
from mlops_grader.instruments.container import Container, explain, fast_health_check
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.image import Image, Inside, is_pinned, third_party
from mlops_grader.instruments.product import Product, source_file_in
from mlops_grader.submission import Submission

PART = "containers"  # of the contract
INSIDE = "grader's engine"  # what these checks use and no submission does: for the record, a cell has one for them
CPUS = 2.0  # for the record: as many as a container of the image may use
GRACE = 10  # seconds between SIGTERM and SIGKILL
SIZE_RATIO = 1.3
MIB = 2**20


@check(points=5)
def test_dockerfile_is_clean(submission: Submission, contract: Contract) -> None:
    """hadolint finds no errors and no warnings in the Dockerfile.

    The linter knows the mistakes that cost other teams a night: unpinned packages, shells that hide failures, root.
    An ignore is fine when a comment above it says why.
    """
    text = submission.read(contract.image.dockerfile)
    if not hadolint.instructions(text):
        raise Fail(f"`{contract.image.dockerfile}` holds no instruction", fix="begin it with FROM and a base image")
    if remarks := hadolint.lint(text):
        listed = "\n".join(f"line {remark.line}: {remark.code} {remark.message}" for remark in remarks[:8])
        page = f"https://github.com/hadolint/hadolint/wiki/{remarks[0].code}"
        raise Fail(listed, fix=f"change line {remarks[0].line} as the rule says: {page}")
    if lines := hadolint.unexplained_ignores(text):
        found = f"line {lines[0]} switches a rule off without a reason"
        raise Fail(found, fix="say why in a comment on the line above it")


@check(points=10)
def test_image_builds(image: Image) -> None:
    """The image builds from a clean clone after ingest, train and export.

    A build that works on one laptop only is not a build: the pipeline starts from a clone, every time.
    """


@check(points=5, requires=test_image_builds)
def test_base_image_is_pinned(image: Image) -> None:
    """Every base image names a version.

    `latest` is another image next week. Then the build breaks on a day when nobody changed anything.
    """
    if loose := [base for base in image.build.bases if not is_pinned(base)]:
        raise Fail(f"the build starts from `{loose[0]}`, which moves", fix="name a version, such as `python:3.13-slim`")


@check(points=10, requires=test_image_builds)
def test_becomes_ready(container: Container, contract: Contract, patients: list[dict[str, Any]]) -> None:
    """The container answers a valid request within 30 s of its start.

    Orchestrators restart what does not become ready. A health page that says "ok" without a model fools nobody here.
    """
    _wait(container, contract.service.port, patients[0])


@check(points=10, requires=test_becomes_ready, product=NOSHOW)
def test_predicts_the_same_as_on_the_host(
    container: Container, host_service: Client, patients: list[dict[str, Any]]
) -> None:
    """For 50 patients the container predicts what the product on the host predicts, within 1e-9.

    Another library version, a stale model or a hard-coded answer in the image shows here and nowhere else.
    """
    inside = [container.client.predict(patient) for patient in patients]
    outside = [host_service.predict(patient) for patient in patients]
    if (apart := differences(inside, outside)) > 1e-9:
        raise Fail(
            f"the predictions differ by up to {apart:.3g}: "
            f"the container says {inside[0]:.6f} where the host says {outside[0]:.6f}",
            fix="install the locked versions and copy the model that `export` just made",
        )


@check(points=5, requires=test_becomes_ready)
def test_settings_come_from_the_environment(
    engine: Engine, image: Image, contract: Contract, patients: list[dict[str, Any]]
) -> None:
    """The port and the log level can be set by environment variables.

    One image goes through every stage, test to production; only its settings change.
    """
    names, port = contract.service.settings, contract.service.port + 1234
    lines = {}
    with ExitStack() as stack:
        settings = {level: {names.port: str(port), names.log_level: level} for level in ("DEBUG", "ERROR")}
        start = partial(engine.start, image, contract.service, port=port)
        containers = {level: stack.enter_context(start(settings[level])) for level in settings}
        for level, container in containers.items():
            _wait_with_settings(container, port, names.port, patients)
            lines[level] = len(container.logs().splitlines())
    if lines["ERROR"] >= lines["DEBUG"]:
        raise Fail(
            f"with {names.log_level}=ERROR it logs {lines['ERROR']} lines, with DEBUG {lines['DEBUG']}: "
            "the level changes nothing",
            fix=f"leave the level to {names.log_level}: start the service without a fixed level",
        )


@check(points=10, requires=test_becomes_ready)
def test_runs_as_an_ordinary_user(container: Container, image: Image) -> None:
    """No process in the container runs as root.

    Whoever breaks into the service has the rights of its user. As root, the next kernel bug is a broken machine.
    """
    if roots := [command for command, uid in container.users() if uid == 0]:
        user = image.facts["Config"].get("User")
        why = f"its USER is `{user}`, who is root all the same" if user else "the last stage sets no USER"
        found = f"`{roots[0][:120]}` runs as root: {why}"
        raise Fail(found, fix="make a user in the last stage and switch to it with USER")


@check(points=5, requires=test_becomes_ready)
def test_runs_with_a_read_only_file_system(
    engine: Engine, image: Image, contract: Contract, patients: list[dict[str, Any]]
) -> None:
    """The container works with a read-only root file system and a writable /tmp.

    Clusters mount it so: what cannot be written cannot be changed by an intruder, nor fill the node's disk.
    """
    with engine.start(image, contract.service, read_only=True, tmpfs={"/tmp": ""}) as container:  # noqa: S108  # its own
        fix = "docker run --read-only --tmpfs /tmp; log to standard output, write what must be a file below /tmp"
        _wait(container, contract.service.port, patients[0], fix)


@check(points=10, requires=test_becomes_ready)
def test_stops_when_asked(
    engine: Engine, image: Image, contract: Contract, patients: list[dict[str, Any]], figures: list[Figure]
) -> None:
    """On SIGTERM the container answers the request in flight and exits within 10 s.

    Every deployment stops the old version. Orchestrators send SIGTERM, wait, then kill: what is killed loses requests.
    """
    with engine.start(image, contract.service) as container:
        container.client.wait_until_ready(patients[0], READY_SECONDS)
        client = container.client
        request = SlowRequest(client.port, contract.service, patients[0])
        time.sleep(0.5)  # until the service has read what was sent
        stopping = container.stop_later(GRACE)
        time.sleep(1)
        lost = _finish(request)
        stopped = stopping.wait()
    asked = image.facts["Config"].get("StopSignal") or "SIGTERM"
    if asked in ("SIGKILL", "KILL", "9"):
        found = "the image's STOPSIGNAL is SIGKILL: it loses all that is in flight"
        raise Fail(found, fix="leave STOPSIGNAL out: a program can answer SIGTERM")
    if stopped.killed:
        raise Fail(
            f"still running {GRACE} s after {asked}, killed; its first process is `{container.first_process()[:120]}`",
            fix='make the server the first process, in exec form: CMD ["python", "-m", "..."], or start it with exec',
        )
    if lost:
        raise Fail(
            f"the request in flight was lost: {lost}",
            fix="let the server shut down gracefully: it closes its port, finishes what it has, then exits",
        )
    figures.append(
        Figure("from SIGTERM to the end of the container, the request in flight answered", stopped.seconds, "s")
    )


@check(points=10, requires=test_image_builds, product=NOSHOW)
def test_rebuilds_without_installing_again(
    engine: Engine, context: Product, image: Image, inside: Inside, contract: Contract, scratch: Path, random: Random
) -> None:
    """After a change of one source file the rebuild does not install the dependencies again.

    A team builds dozens of times a day. Seconds or minutes each time is decided by the order of the lines.
    """
    name = source_file_in(context, inside, random)
    changed = context.copy(scratch / "changed")
    with (changed.root / name).open("a", encoding="utf-8") as file:
        file.write(f"\n# {token_hex(8)}\n")  # never seen by this builder: a repeated grade would find everything cached
    place = contract.image
    again = engine.build(changed.root / place.context, changed.root / place.dockerfile, "rebuilt")
    before = third_party(inside.installed(), contract.name)
    after = again.modified(before) if again.build.executed else before  # nothing ran: nothing was installed
    if anew := [path for path, moment in after.items() if int(moment) != int(before[path])]:
        ran = [step.instruction for step in again.build.executed]
        step = next((words for words in ran if "install" in words or "sync" in words), ran[0])
        raise Fail(
            f"after a change in `{name}` the build ran `{step[:160]}` again and installed {len(anew)} packages anew",
            fix="copy the lock file and install first, copy the source after that",
        )


@check(points=10, requires=test_image_builds)
def test_secrets_stay_out_of_the_image(
    image: Image, inside: Inside, secrets: Mapping[str, bytes], submission: Submission, contract: Contract
) -> None:
    """No layer and no setting of the image holds what only lay beside the code: .env, keys, .git, raw data.

    Whoever pulls an image can read every layer of it, also files that a later layer deletes.
    """
    settings = str(image.facts["Config"]).encode() + " ".join(image.instructions()).encode()
    for name, word in secrets.items():
        if held := inside.found.get(name):
            found = f"the planted `{name}` is in the image, as `/{held.path}`, brought in by `{held.instruction[:120]}`"
            raise Fail(
                found + _why_not_ignored(submission, contract),
                fix="copy only what the service needs, and list the rest in a `.dockerignore` in the build context",
            )
        if word in settings:
            found = f"the content of `{name}` is in the image's settings"
            raise Fail(found, fix="pass secrets when the container starts")


@check(points=5, requires=test_image_builds, product=NOSHOW)
def test_image_is_small(image: Image, inside: Inside, yardstick: Image) -> None:
    """The image is at most 1.3 times as large as a plain one with the same service, built on this machine.

    Every node pulls it before it serves; what is not in it need not be patched either.
    """
    ratio = image.size / yardstick.size
    if ratio > SIZE_RATIO:
        found = f"{image.size / MIB:.0f} MiB, {ratio:.1f} times the {yardstick.size / MIB:.0f} MiB of a plain image"
        for step, size in inside.repeated().items():
            if size > yardstick.size / 10:
                raise Fail(
                    f"{found}: `{step[:120]}` writes {size / MIB:.0f} MiB once more that a layer below holds already",
                    fix="set owner and rights where the files come in: COPY --chown, COPY --chmod",
                )
        heaviest = inside.heavier_than(yardstick.look_inside({}))[:5]
        listed = ", ".join(f"`{name}` {size / MIB:.0f} MiB" for name, size in heaviest)
        raise Fail(
            f"{found}; most of the difference: {listed}",
            fix="start from a slim base, install the serving dependencies alone, build in a stage of its own",
        )


@check(points=5, requires=test_becomes_ready)
def test_health_check_tells_the_truth(
    engine: Engine, image: Image, contract: Contract, patients: list[dict[str, Any]]
) -> None:
    """HEALTHCHECK reports healthy while the service answers, and unhealthy when it hangs.

    Platforms replace what is unhealthy. A check that cannot fail keeps a dead service in the rotation.
    """
    declared = image.facts["Config"].get("Healthcheck") or {}
    if not declared.get("Test") or declared["Test"][0] == "NONE":
        fix = "add one that asks the service itself, with a tool that the image has"
        raise Fail("the image declares no HEALTHCHECK", fix=fix)
    with engine.start(image, contract.service, healthcheck=fast_health_check()) as container:
        container.client.wait_until_ready(patients[0], READY_SECONDS)
        if not container.wait_for_health("healthy", READY_SECONDS):
            raise Fail(
                f"the service answers, but its HEALTHCHECK says {container.health()}: {container.health_words()}",
                fix="run the check by hand: docker exec, and use a tool that is in the image",
            )
        container.hang()
        if not container.wait_for_health("unhealthy", READY_SECONDS):
            raise Fail(
                f"the service hangs, and its HEALTHCHECK still says {container.health()}: {_health_command(declared)}",
                fix="let the check ask the service over HTTP, with a time limit, and exit 1 without a good answer",
            )


def _wait(container: Container, port: int, patient: Mapping[str, Any], fix: str = "") -> None:
    try:
        container.client.wait_until_ready(patient, READY_SECONDS)
    except Fail as failure:
        raise explain(container, Fail(failure.found, failure.fix or fix), port) from None


def _wait_with_settings(container: Container, port: int, name: str, patients: list[dict[str, Any]]) -> None:
    try:
        container.client.wait_until_ready(patients[0], READY_SECONDS)
        for patient in patients[:5]:
            container.client.predict(patient)
    except Fail as failure:
        found = explain(container, failure, port).found
        raise Fail(f"with {name}={port}: {found}", fix=f"let the service read {name}; fix no port in CMD") from None


def _health_command(declared: Mapping[str, Any]) -> str:
    return f"`{' '.join(declared['Test'][1:])[:160]}`"


def _why_not_ignored(submission: Submission, contract: Contract) -> str:
    """What is wrong with the place of the list of ignored files; nothing when the engine reads one."""
    place = contract.image
    read = {str(PurePosixPath(place.context, ".dockerignore")), f"{PurePosixPath(place.dockerfile)}.dockerignore"}
    there = [name for name in submission.files if name.endswith(".dockerignore")]
    if read & set(there):
        return ""
    return f"; `{there[0]}` has no effect in that folder" if there else "; the project has no `.dockerignore`"


def _finish(request: SlowRequest) -> str:
    try:
        request.finish()
    except Fail as lost:
        return lost.found
    return ""
