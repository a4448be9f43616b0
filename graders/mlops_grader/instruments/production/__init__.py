"""Production on this machine: a registry, a proxy on one port, and the project's own command that deploys to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.client import Client, free_port
from mlops_grader.instruments.docker_engine import LABEL, Engine
from mlops_grader.instruments.image import Image
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished, Limits, Running

if TYPE_CHECKING:
    from docker.models.containers import Container as Handle
    from docker.models.images import Image as DockerImage

HERE = Path(__file__).parent
GIVEN = ("machine.py", "nginx.conf", "cases.json")  # the project holds copies of these, in `production/`
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
DEPLOYING = Limits(seconds=240)
STARTING_SECONDS = 900  # its two images may have to be fetched
MACHINE = "production/machine.py"


@dataclass(frozen=True)
class Deployment:
    """How one command that deploys ended, and what it wrote on the page of the run."""

    done: Finished
    page: str

    @property
    def said(self) -> str:
        """All that a person can read about it."""
        return f"{self.page}\n{self.done.output}".strip()

    def must_succeed(self, what: str) -> None:
        """Raise Fail unless it ended with exit code 0."""
        if not self.done.ok:
            raise Fail(
                f"{what}: {self.done}",
                fix=f"python {MACHINE} up, push an image to its registry, and run the command by hand",
            )


@dataclass(frozen=True)
class Production:
    """A network with a proxy, a registry, and the folder and variables that a deployment gets."""

    engine: Engine
    product: Product
    name: str
    variables: Mapping[str, str]
    client: Client

    @property
    def folder(self) -> Path:
        """Where deployments write; the proxy reads its part `live`."""
        return Path(self.variables["PRODUCTION_DIR"])

    @property
    def registry(self) -> str:
        """The address of the registry."""
        return self.variables["REGISTRY"]

    def reset(self) -> None:
        """Production as on its first day, with the images that the registry has."""
        for handle in self.containers():
            _remove(handle)
        kept = [self.folder / name for name in ("service.env", "variables.json", "live")]
        for path in [*self.folder.iterdir(), *(self.folder / "live").iterdir()]:
            if path not in kept:
                subprocess.run(["rm", "-rf", "--", str(path)], check=True)
        self._proxy().restart(timeout=0)

    def settings(self) -> dict[str, str]:
        """What the service is told in production, as the file `service.env` says it."""
        lines = (self.folder / "service.env").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def push(self, image: Image, version: str) -> str:
        """Put an image into the registry; its name by digest. Raises RuntimeError when the registry does not take it."""
        repository = f"{self.registry}/{'noshow' if self.product.contract.inputs is None else 'product'}"
        self.engine.api.images.get(image.tag).tag(repository, version)
        for told in self.engine.api.images.push(repository, version, stream=True, decode=True):
            if "error" in told:
                raise RuntimeError(f"the registry does not take the image: {told['error']}")
            if digest := told.get("aux", {}).get("Digest"):
                return f"{repository}@{digest}"
        raise RuntimeError("the registry did not say a digest")

    def deploy(self, image: str) -> Deployment:
        """Run the project's deploy command for an image, to its end."""
        with self.deploying(image) as running:
            return Deployment(running.wait(), self._page())

    def rollback(self) -> Deployment:
        """Run the project's rollback command."""
        with self._running("rollback", {}) as running:
            return Deployment(running.wait(), self._page())

    @contextmanager
    def deploying(self, image: str) -> Iterator[Running]:
        """The deploy command under way; it is killed with all its children when the context ends."""
        with self._running("deploy", {"IMAGE": image}) as running:
            yield running

    @contextmanager
    def _running(self, command: str, more: Mapping[str, str]) -> Iterator[Running]:
        product, page = self.product, self.folder.parent / "page.md"
        page.unlink(missing_ok=True)
        own = {**product.environment.variables(), **self.engine.variables(), "GITHUB_STEP_SUMMARY": str(page)}
        line = product.contract.command(command)
        with product.sandbox.start(line, product.root, {**own, **self.variables, **more}, DEPLOYING) as running:
            yield running

    def _page(self) -> str:
        with suppress(OSError):
            return (self.folder.parent / "page.md").read_text(encoding="utf-8", errors="replace")[:100_000]
        return ""

    def containers(self) -> list[Handle]:
        """All containers of images that this run made, and all others in the network of production but its proxy."""
        filters: list[dict[str, Any]] = [{"label": f"{LABEL}={self.engine.run}"}, {"network": self.name}]
        # a deployment may remove one while they are listed
        listed = self.engine.api.containers.list
        found = [each for chosen in filters for each in listed(all=True, filters=chosen, ignore_removed=True)]
        own = (f"{self.name}-proxy", f"{self.name}-registry")
        return list({str(each.id): each for each in found if each.name not in own}.values())

    def serving(self) -> list[Handle]:
        """The containers of the service that run in production's network."""
        return [
            each
            for each in self.containers()
            if each.status == "running" and self.name in each.attrs["NetworkSettings"]["Networks"]
        ]

    def route_is_valid(self) -> str:
        """What the proxy says against its files as they are now; empty when it would start with them."""
        done: Any = self._proxy().exec_run(["nginx", "-t"])
        return "" if done.exit_code == 0 else done.output.decode("utf-8", errors="replace").strip()

    def digests(self) -> set[str]:
        """The digests by which the registry knows the images that run; an image that it does not know has its own id."""
        return {self._digest(handle) for handle in self.serving()}

    def _digest(self, handle: Handle) -> str:
        image = image_of(handle)
        names: list[str] = [handle.attrs["Config"]["Image"], *(image.attrs["RepoDigests"] or ())]
        known = [name.partition("@")[2] for name in names if name.startswith(f"{self.registry}/") and "@" in name]
        return known[0] if known else str(image.id)

    def repositories(self) -> dict[str, list[str]]:
        """The tags in the registry, by the name of the image."""
        with self._ask() as client:
            names = client.get("_catalog").json()["repositories"] or []
            return {name: sorted(client.get(f"{name}/tags/list").json().get("tags") or []) for name in names}

    def has(self, digest: str) -> bool:
        """Whether the registry holds an image of that digest."""
        with self._ask() as client:
            names = client.get("_catalog").json()["repositories"] or []
            kinds = {"Accept": ", ".join(MANIFESTS)}
            found = [client.head(f"{name}/manifests/{digest}", headers=kinds).status_code for name in names]
        return httpx.codes.OK in found

    def _ask(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://{self.registry}/v2/", trust_env=False)

    def _proxy(self) -> Handle:
        return self.engine.api.containers.get(f"{self.name}-proxy")


@contextmanager
def production(engine: Engine, product: Product, folder: Path) -> Iterator[Production]:
    """Start production with names and ports of its own, and remove it. Raises NotRun when its images cannot be had."""
    # copies: a deployment that changes what the proxy reads must not change the grader
    machine = folder / "machine"
    shutil.copytree(HERE, machine, ignore=shutil.ignore_patterns("__*"))
    name = f"production-{uuid4().hex[:8]}"
    port = free_port()
    options = [f"--name={name}", f"--folder={folder / 'production'}", f"--label={LABEL}={engine.run}"]
    try:
        told = _machine(engine, machine, "up", *options, f"--port={port}", f"--registry-port={free_port()}")
        if told.returncode:
            fix = "docker pull nginx:stable && docker pull registry:3, once, with a network"
            raise NotRun(f"production cannot be started: {told.stderr.strip()}", fix=fix)
        variables = json.loads((folder / "production" / "variables.json").read_text(encoding="utf-8"))
        yield Production(engine, product, name, variables, Client(port, product.contract.service, lambda: None))
    finally:
        _machine(engine, machine, "down", *options)


def _machine(engine: Engine, folder: Path, command: str, *options: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(engine.program.parent), os.environ.get("PATH", os.defpath)))
    line = [sys.executable, "-I", str(folder / "machine.py"), command, *options]
    return subprocess.run(
        line, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=STARTING_SECONDS, check=False
    )


def image_of(handle: Handle) -> DockerImage:
    """The image that a container was made of."""
    image = handle.image
    assert image is not None  # noqa: S101  # no container is without one
    return image


def _remove(handle: Handle) -> None:
    from docker.errors import APIError

    with suppress(APIError):
        handle.remove(force=True, v=True)
