"""Stand-ins of Docker's own actions: logging in to a registry, building an image and pushing it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from mlops_grader.instruments.workflow.played import Bench, Inputs, Played, place
from mlops_grader.instruments.workflow.store import lines

LOCAL = ("localhost", "127.0.0.1")


def login(inputs: Inputs, bench: Bench) -> Played:
    """docker/login-action: logs in to a registry on localhost, and says so when it is another one."""
    registry = inputs.get("registry", "docker.io")
    if registry.split(":")[0] not in LOCAL:
        return Played(log=f"not logged in to {registry}, which is not on this machine")
    words = [str(bench.machine.programs / "docker"), "login", "--username", inputs.get("username", ""), "--password"]
    done = bench.run([*words, inputs.get("password", ""), registry])
    return Played(log=done.tail(1)) if done.ok else Played(failed=done.tail(2))


def build_push(inputs: Inputs, bench: Bench) -> Played:
    """docker/build-push-action: builds with BuildKit, and pushes when told to. Without `context` it takes a clean clone."""
    docker = bench.machine.programs / "docker"
    if not bench.machine.engine:
        return Played(lacking="a container engine")
    tags = [tag.strip() for line in lines(inputs.get("tags")) for tag in line.split(",")]
    pushed = tags if inputs.get("push") == "true" else []
    if far := [tag for tag in pushed if tag.split(":")[0].split("/")[0] not in LOCAL]:
        return Played(lacking=f"a push to a registry, `{far[0]}`")
    context = place(bench, inputs["context"]) if inputs.get("context") else _clean_clone(bench)
    digest_file = bench.machine.temp / "image-id"
    command = [str(docker), "build", "--progress=plain", f"--iidfile={digest_file}", *_options(inputs, bench, context)]
    done = bench.run([*command, *(f"--tag={tag}" for tag in tags), str(context)])
    if not done.ok:
        return Played(failed=done.stopped or f"exit code {done.exit}", log=done.output, builds_image=True)
    outputs = {"imageid": digest_file.read_text(encoding="utf-8"), "digest": "", "metadata": "{}"}
    log = done.output
    for tag in pushed:
        told = bench.run([str(docker), "push", tag])
        log += told.output
        if not told.ok:
            return Played(failed=f"push: {told.tail(2)}", log=log, builds_image=True)
        found = re.search(r"digest: (sha256:\w+)", told.output)
        outputs["digest"] = found[1] if found else ""
    return Played(outputs=outputs, log=log, builds_image=True)


def _options(inputs: Inputs, bench: Bench, context: Path) -> Iterator[str]:
    if file := inputs.get("file"):
        yield f"--file={place(bench, file) if inputs.get('context') else context / file}"
    if target := inputs.get("target"):
        yield f"--target={target}"
    for name in ("build-args", "labels", "secrets"):
        yield from (f"--{name.removesuffix('s')}={line}" for line in lines(inputs.get(name)))
    if inputs.get("no-cache") == "true":
        yield "--no-cache"


def _clean_clone(bench: Bench) -> Path:
    """What the action builds from when no context is named: the commit as git has it, without anything made in the job."""
    folder = bench.machine.temp / "context"
    shutil.rmtree(folder, ignore_errors=True)
    bench.run(["git", "clone", "--quiet", bench.repository.resolve().as_uri(), str(folder)], bench.machine.temp)
    bench.run(["git", "checkout", "--quiet", bench.commit], folder)
    return folder
