"""The clean data on disk: files that are never changed, and a manifest that says which of them count."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from noshow.digests import sha256
from noshow.manifest import MANIFEST, Manifest, Part, Partition, Source, name_of, save_manifest
from noshow.replacing import replacing_file


def save(rows: pa.Table, quarantine: pa.Table, sources: Sequence[Source], clean_dir: Path) -> Manifest:
    """Make these rows and this quarantine the clean data, all at once; the manifest of it.

    Files are named by their content, so what is there already is not written again, and none that counts is touched
    before the manifest names the new ones. What it does not name is removed afterwards.
    """
    partitions = []
    for day, part in _days(rows):
        file, digest = _keep(part, clean_dir, f"day={day}")
        partitions.append(Partition(file, part.num_rows, digest, day))
    file, digest = _keep(quarantine, clean_dir, "_quarantine")
    part = Part(file, quarantine.num_rows, digest)
    manifest = Manifest(name_of(partitions), sorted(sources, key=lambda source: source.file), partitions, part)
    save_manifest(manifest, clean_dir)
    _remove_others(manifest, clean_dir)
    return manifest


def _days(rows: pa.Table) -> Iterator[tuple[date, pa.Table]]:
    """The rows of each day, which are in order of time."""
    days = rows["starts_at"].to_numpy().astype("datetime64[D]")
    found, starts = np.unique(days, return_index=True)
    for day, start, end in zip(found, starts, [*starts[1:], len(days)], strict=True):
        yield day.item(), rows.slice(start, end - start)


def _keep(table: pa.Table, clean_dir: Path, folder: str) -> tuple[str, str]:
    """Write a table under a name that follows from its content; the name and the SHA-256."""
    sink = pa.BufferOutputStream()
    parquet.write_table(table.combine_chunks(), sink)
    content = sink.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    file = f"{folder}/{digest[:16]}.parquet"
    if not (clean_dir / file).is_file() or sha256(clean_dir / file) != digest:
        with replacing_file(clean_dir / file) as new:
            new.write_bytes(content)
    return file, digest


def _remove_others(manifest: Manifest, clean_dir: Path) -> None:
    """Remove files that no manifest names: of earlier data, and of an ingestion that was cut short."""
    named = {clean_dir / MANIFEST, *(clean_dir / part.file for part in (*manifest.partitions, manifest.quarantine))}
    for path in clean_dir.rglob("*"):
        if path.is_file() and path not in named:
            path.unlink()
    for folder in sorted((path for path in clean_dir.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            shutil.rmtree(folder)
