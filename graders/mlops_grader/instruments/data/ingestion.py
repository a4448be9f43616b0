"""A product that ingests files of the grader's own, and what it has then."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.instruments.data.dataset import Dataset, Manifest, load_dataset, load_manifest
from mlops_grader.instruments.data.delivery import write
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished, Limits

KEY = "a key of the grader, 0123456789abcdef"
WORK = Limits(seconds=300)


@dataclass(frozen=True)
class Ingestion:
    """A copy of the product whose daily files are others. key: with which it makes pseudonyms, None: it is given none."""

    product: Product
    key: str | None = KEY

    @property
    def raw(self) -> Path:
        """Where the daily files lie."""
        return self.product.root / self.product.contract.data.raw

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the command."""
        return {} if self.key is None else {self.product.contract.data.key: self.key}

    def deliver(self, contents: Mapping[str, bytes]) -> None:
        """Put files there; one of the same name is replaced."""
        write(contents, self.raw)

    def run(self) -> Finished:
        """Run the `ingest` command, however it ends."""
        return self.product.run("ingest", self.variables, WORK)

    def killed(self, after: float) -> bool:
        """Run it and kill it after so many seconds; whether it was still at work."""
        return self.product.killed("ingest", after, self.variables)

    def out_of_disk(self, most: int) -> None:
        """Run it while no file can grow beyond so many bytes."""
        self.product.out_of_disk("ingest", most, self.variables)

    def ingest(self, limits: Limits = WORK) -> Finished:
        """Run the `ingest` command. Raises Fail unless it ends with 0."""
        return self.product.must("ingest", self.variables, limits)

    def dataset(self) -> Dataset:
        """The clean data. Raises Fail when they cannot be read."""
        shown = self.product.contract.data.manifest
        return load_dataset(self.product.root / shown, shown)

    @property
    def folder(self) -> Path:
        """Where the manifest and the clean data are to be."""
        return (self.product.root / self.product.contract.data.manifest).parent

    def manifest(self) -> Manifest:
        """What belongs to the clean data. Raises Fail when it cannot be read."""
        shown = self.product.contract.data.manifest
        return load_manifest(self.product.root / shown, shown)

    def strays(self, manifest: Manifest) -> list[str]:
        """Files in the folder of the clean data that their manifest does not name."""
        own = self.product.root / self.product.contract.data.manifest
        named = {own, *(self.folder / part.file for part in (*manifest.partitions, manifest.quarantine))}
        resolved = {path.resolve() for path in named}
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file() and path.resolve() not in resolved)
        return [path.relative_to(self.folder).as_posix() for path in found if path.name != ".gitignore"]


def ingestion(product: Product, folder: Path, contents: Mapping[str, bytes], key: str | None = KEY) -> Ingestion:
    """A copy of the product with these daily files and no others."""
    made = Ingestion(product.copy(folder), key)
    shutil.rmtree(made.raw, ignore_errors=True)
    made.deliver(contents)
    return made
