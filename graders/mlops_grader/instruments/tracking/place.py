"""A copy of the product beside a tracking server: what it is told, and what a training of it left on the server."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished, Limits
from mlops_grader.instruments.tracking.registry import Registry, Run, Version
from mlops_grader.owner import as_owner
from mlops_grader.submission import git

WORK = Limits(seconds=300)


@dataclass(frozen=True)
class Place:
    """A product in a folder, the server that it is told of, and the names under which it is to be found there."""

    product: Product
    registry: Registry
    url: str
    experiment: str
    model: str
    key: str

    @property
    def root(self) -> Path:
        """The product's folder."""
        return self.product.root

    def variables(self) -> dict[str, str]:
        """What the product's commands are told."""
        names = self.product.contract.tracking
        return {
            "MLFLOW_TRACKING_URI": self.url,
            names.experiment: self.experiment,
            names.model: self.model,
            self.product.contract.data.key: self.key,
        }

    def copy(self, folder: Path, name: str) -> Place:
        """The same product in another folder, with names of its own on the server."""
        return replace(self, product=self.product.copy(folder), experiment=name, model=name)

    def must(self, command: str, more: Mapping[str, str] | None = None) -> Finished:
        """Run a command. Raises Fail unless it ends with exit code 0."""
        return self.product.must(command, {**self.variables(), **(more or {})}, WORK)

    def told(self, command: str, *words: str, more: Mapping[str, str] | None = None, limits: Limits = WORK) -> Finished:
        """Run a command with words after it, however it ends."""
        line = " ".join((self.product.contract.command(command), *words))
        return self.product.shell(line, {**self.variables(), **(more or {})}, limits)

    def champion(self) -> str | None:
        """The number of the version that has the alias now."""
        return self.registry.alias(self.model, self.product.contract.tracking.alias)

    def tags(self, version: Version) -> tuple[str, str]:
        """What the gate decided about a version, and why; empty where it says nothing."""
        names = self.product.contract.tracking
        now = self.registry.version(version.model, version.number).tags
        return now.get(names.decision, ""), now.get(names.because, "")

    def commit(self, words: str) -> str:
        """Commit all that is there and not ignored; the commit."""
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", words)
        return self.head()

    def head(self) -> str:
        """The commit that is checked out."""
        return git(self.root, "rev-parse", "HEAD").strip()

    def as_cloned(self) -> None:
        """Remove what git does not know: the folder is as after a clone."""
        git(self.root, "clean", "-fdxq")


@dataclass(frozen=True)
class Recorded:
    """A training: where, how the command ended, and the run and the version that it left."""

    place: Place
    finished: Finished
    run: Run
    version: Version


def recorded(place: Place, finished: Finished, known: frozenset[str] = frozenset()) -> Recorded:
    """What a training left on the server, without the versions that were there before.

    Raises Fail when there is not one new version with a run in the experiment that the product was told.
    """
    names = place.product.contract.tracking
    versions = [each for each in place.registry.versions(place.model) if each.number not in known]
    runs = {each.id: each for each in place.registry.runs(place.experiment)}
    if not runs:
        raise Fail(
            f"after `{finished.command}` the server has no run in the experiment that `{names.experiment}` names",
            fix="record the training on the server of MLFLOW_TRACKING_URI, in that experiment",
        )
    if len(versions) != 1:
        raise Fail(
            f"after `{finished.command}` the registered model that `{names.model}` names has {len(versions)} new versions",
            fix="register the model of each training as one version",
        )
    if versions[0].run_id not in runs:
        raise Fail(
            f"version {versions[0].number} belongs to run {versions[0].run_id or 'none'}, which is not in the experiment",
            fix="register the version with the id of the run that made it",
        )
    return Recorded(place, finished, runs[versions[0].run_id], versions[0])


def trained(place: Place, known: frozenset[str] = frozenset(), more: Mapping[str, str] | None = None) -> Recorded:
    """Train, and find what was recorded. Raises Fail when training fails or leaves no record."""
    return recorded(place, place.must("train", more), known)


def with_credentials(url: str, user: str, word: str) -> str:
    """The address with a user and a password in it."""
    return urlsplit(url)._replace(netloc=f"{user}:{word}@{urlsplit(url).netloc}").geturl()


def add_remote(root: Path, url: str) -> None:
    """Give the repository an address from which it seems to have been cloned."""
    command = ["git", "-C", str(root), "remote", "add", "clinic", url]
    with as_owner(root) as user:
        subprocess.run(command, check=True, capture_output=True, **user)
