"""Versions of a product of any kind: images made from the team's own, good ones that answer alike, and faulty ones."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.client import READY_SECONDS
from mlops_grader.instruments.container import explain
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.image import Image
from mlops_grader.instruments.production import Production
from mlops_grader.instruments.versions import REASONS, Version

# programs of images that wait for ever, whatever else is in the image
IDLE = (
    ["sleep", "86400"],
    ["tail", "-f", "/dev/null"],
    ["python3", "-c", "import time; time.sleep(86400)"],
    ["node", "-e", "setInterval(() => {}, 86400)"],
)
IDLE_SECONDS = 1.0  # after which a program that waits is still there


@dataclass
class Derived:
    """Makes each version of a product when it is first asked for, and puts it into the registry.

    Versions differ in a label alone and answer alike: which one answered is told by the digest of its image.
    """

    engine: Engine
    production: Production
    image: Image
    patients: Sequence[Mapping[str, Any]]
    folder: Path
    random: Random
    _made: dict[str, Version] = field(default_factory=dict)

    @property
    def first(self) -> Version:
        """A good version."""
        if "first" not in self._made:
            self._must_answer()
        return self._version("first", "a good version", ())

    @property
    def second(self) -> Version:
        """Another good version."""
        return self._version("second", "a good version", ())

    @property
    def third(self) -> Version:
        """One more good version."""
        return self._version("third", "a good version", ())

    def faulty(self, fault: Callable[..., str]) -> Version:
        """A version with the fault of that name: `crashes` or `never_ready`."""
        name = fault.__name__
        if name == "crashes":
            words = json.dumps(["sh", "-c", f"echo '{self.random.choice(REASONS)}'; exit 3"])
            return self._version(name, "a version that ends at its start", (f"ENTRYPOINT {words}", "CMD []"))
        if name == "never_ready" and name not in self._made:
            return self._version(name, "a version that lives and never answers", self._idle())
        return self._made[name]

    def _version(self, name: str, words: str, lines: Sequence[str]) -> Version:
        if name not in self._made:
            image = self._build(name, lines)
            header = self.production.client.service.digest_header
            self._made[name] = Version(name, self.production.push(image, name), words, header=header)
        return self._made[name]

    def _build(self, name: str, lines: Sequence[str]) -> Image:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        text = "\n".join((f"FROM {self.image.tag}", f"LABEL mlops-grader.version={name}", *lines))
        (folder / "Dockerfile").write_text(text + "\n", encoding="utf-8")
        return self.engine.build(folder, folder / "Dockerfile", f"version-{name.replace('_', '-')}")

    def _must_answer(self) -> None:
        """Raise Fail unless the team's image answers when it is started by itself."""
        service = self.production.client.service
        with self.engine.start(self.image, service) as container:
            try:
                container.client.wait_until_ready(self.patients[0], READY_SECONDS)
            except Fail as failure:
                raise explain(container, failure, service.port) from None

    def _idle(self) -> Sequence[str]:
        """What makes the image wait for ever, tried out. Raises NotRun when it holds no program that can."""
        for number, command in enumerate(IDLE):
            lines = (f"ENTRYPOINT {json.dumps(command)}", "CMD []")
            image = self._build(f"idle{number}", lines)
            try:
                with self.engine.start(image, self.production.client.service) as container:
                    time.sleep(IDLE_SECONDS)
                    if container.client.alive() is None:
                        return lines
            except Fail:  # the image lacks that program
                continue
        raise NotRun("the image holds no program that waits", fix="have `sleep` in the image, as most bases do")
