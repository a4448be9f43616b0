"""A product in a folder of its own, where its commands can be run and its files changed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.contract import Contract
from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.image import Inside
from mlops_grader.instruments.sandbox import Finished, Limits, Sandbox
from mlops_grader.submission import Submission

RECORD = "model/model.json"  # what the product's export says of the model
DAILY = "*appointments_????-??-??.csv"  # the clinic's daily files, wherever a project keeps them


@dataclass(frozen=True)
class Product:
    """A clean clone with the environment in which its commands run."""

    submission: Submission
    environment: Environment
    sandbox: Sandbox
    contract: Contract

    @property
    def root(self) -> Path:
        """The folder in which its commands run."""
        return self.submission.root

    def run(self, name: str, variables: Mapping[str, str] | None = None, limits: Limits | None = None) -> Finished:
        """Run one command of the contract. Raises Fail when the contract does not name it."""
        return self.shell(self.contract.command(name), variables, limits)

    def shell(self, line: str, variables: Mapping[str, str] | None = None, limits: Limits | None = None) -> Finished:
        """Run a command line in the project's folder and environment."""
        return self.sandbox.run(line, self.root, {**self.environment.variables(), **(variables or {})}, limits)

    def must(self, name: str, variables: Mapping[str, str] | None = None, limits: Limits | None = None) -> Finished:
        """Run one command of the contract. Raises Fail unless it ends with exit code 0."""
        done = self.run(name, variables, limits)
        if not done.ok:
            raise Fail(
                f"the `{name}` command fails: {done}",
                fix=f"run `{done.command}` in a fresh clone and mend what it says",
            )
        return done

    def killed(self, name: str, when: Callable[[], bool], variables: Mapping[str, str] | None = None) -> bool:
        """Run one command of the contract and kill it with all its children as soon as something is so.

        Whether it was still at work then. when: asked again and again while it runs.
        """
        environment = {**self.environment.variables(), **(variables or {})}
        with self.sandbox.start(self.contract.command(name), self.root, environment) as running:
            while running.poll() is None and not when():
                time.sleep(0.0005)
            at_work = running.poll() is None
            running.kill()
            return at_work

    def out_of_disk(self, name: str, most: int, variables: Mapping[str, str] | None = None) -> None:
        """Run one command while no file can grow beyond so many bytes; how it ends is its own affair.

        Windows has no such limit: nothing is run there.
        """
        if sys.platform != "win32":
            self.shell(f"ulimit -f {max(1, most // 512)}; {self.contract.command(name)}", variables)

    def copy(self, folder: Path) -> Product:
        """The same product as it is now, in another folder."""
        return Product(self.submission.copy(folder), self.environment, self.sandbox, self.contract)

    def record(self) -> Mapping[str, Any]:
        """The record of the exported model. Raises Fail when there is none."""
        try:
            said = json.loads((self.root / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise Fail(f"the `export` command leaves no `{RECORD}`", fix="let it write the record of the model")
        return said

    @contextmanager
    def with_a_day_missing(self, random: Random) -> Iterator[None]:
        """Hold one daily file of appointments back: what is made meanwhile differs from all that was made before."""
        found = [name for name in self.submission.files if fnmatch(name, DAILY)]
        days = [name for name in found if name.startswith(f"{self.contract.data.raw}/")] or found
        day = self.root / random.choice(days) if days else None
        if not day:
            yield
            return
        content = day.read_bytes()
        day.unlink()
        try:
            yield
        finally:
            day.write_bytes(content)


def source_file_in(product: Product, inside: Inside, random: Random) -> str:
    """A source file of the project that its image holds too. Raises Fail when the image holds none."""
    held = {(*PurePosixPath(file.path).parts[-depth:], file.size) for file in inside.files for depth in (1, 2)}
    sources = [name for name in product.submission.files if name.endswith(".py") and not _is_test(name)]
    # with the folder above, where there is one: an empty `__init__.py` is in every image
    there = [
        name for name in sources if (*PurePosixPath(name).parts[-2:], (product.root / name).stat().st_size) in held
    ]
    if not there:
        raise Fail("no source file of the project is in the image", fix="copy the package into the image")
    return random.choice(there)


def _is_test(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name.startswith(("test_", "conftest")) or path.name == "noxfile.py" or "tests" in path.parts
