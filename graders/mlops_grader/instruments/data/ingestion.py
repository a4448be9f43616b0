"""A product that ingests files of the grader's own, and what it has then."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.instruments.data.dataset import Dataset, Manifest, load_dataset, load_manifest
from mlops_grader.instruments.data.delivery import write
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished, Limits
from mlops_grader.theirs import remove_folder

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

    def killed_after(self, seconds: float) -> None:
        """Run it and kill it after so many seconds."""
        end = time.monotonic() + seconds
        self.product.killed("ingest", lambda: time.monotonic() >= end, self.variables)

    def killed_at_a_change(self, number: int) -> None:
        """Run it and kill it when the folder of the clean data has changed so many times."""
        seen = [self._there()]

        def changed_often() -> bool:
            now = self._there()
            if now != seen[-1]:
                seen.append(now)
            return len(seen) > number

        self.product.killed("ingest", changed_often, self.variables)

    def killed_when_an_old_file_goes(self) -> None:
        """Run it and kill it as soon as a file that was there before is gone or another one."""
        before = self._there().items()
        self.product.killed("ingest", lambda: not before <= self._there().items(), self.variables)

    def _there(self) -> dict[str, tuple[int, int]]:
        """Size and time of change of each file in the folder of the clean data."""
        found = {}
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118  # a look must be quick
                with suppress(OSError):
                    facts = os.stat(path)  # noqa: PTH116
                    found[path] = (facts.st_size, facts.st_mtime_ns)
        return found

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

    def damage(self) -> None:
        """Turn over the bits of a byte in the middle of the first partition, as a worn disk does."""
        path = self.folder / self.manifest().partitions[0].file
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(bytes(content))

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
    remove_folder(made.raw)
    made.deliver(contents)
    return made
