"""The manifest of the clean data: which files belong to it, from which daily files they were made, and its name."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from noshow.digests import sha256
from noshow.errors import ProductError
from noshow.replacing import replacing_file

MANIFEST = "_manifest.json"
"""Its name in the folder of the clean data. What it does not name does not belong to the data: replacing this one small
file is what makes a whole ingestion happen, or not."""

MAKE_IT = "make it anew with `python -m noshow ingest`"


@dataclass(frozen=True)
class Source:
    """A daily file that was read, and how many rows it holds, the header not counted; 0 when they cannot be counted."""

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Part:
    """A Parquet file, by its path from the folder of the manifest, with `/`."""

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Partition(Part):
    """The Parquet file with the appointments that take place on one day."""

    day: date


@dataclass(frozen=True)
class Manifest:
    """A data set. `name`: the same for the same appointments, however they arrived, and another for any others.

    `partitions` are in order of their days, each day once.
    """

    name: str
    sources: Sequence[Source]
    partitions: Sequence[Partition]
    quarantine: Part


def name_of(partitions: Sequence[Partition]) -> str:
    """The name of a data set: 16 hexadecimal digits that follow from the content of its partitions."""
    lines = "".join(f"{partition.day} {partition.sha256}\n" for partition in partitions)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def save_manifest(manifest: Manifest, clean_dir: Path) -> Path:
    """Write the manifest in one step, in place of an earlier one."""
    path = clean_dir / MANIFEST
    with replacing_file(path) as new:
        text = json.dumps(asdict(manifest), indent=1, default=date.isoformat)
        new.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def load_manifest(clean_dir: Path) -> Manifest:
    """The manifest of the clean data. Raises ProductError when there is none or it is damaged."""
    path = clean_dir / MANIFEST
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            name=said["name"],
            sources=[Source(**source) for source in said["sources"]],
            partitions=[Partition(**{**part, "day": date.fromisoformat(part["day"])}) for part in said["partitions"]],
            quarantine=Part(**said["quarantine"]),
        )
    except FileNotFoundError:
        raise ProductError(f"`{path}` does not exist; make it with `python -m noshow ingest`") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ProductError(f"`{path}` is no manifest: {error}; {MAKE_IT}") from error


def part_path(part: Part, clean_dir: Path) -> Path:
    """The file of a part. Raises ProductError when it is not there or was changed since it was written."""
    path = clean_dir / part.file
    if not path.is_file():
        raise ProductError(f"`{path}` does not exist, and `{MANIFEST}` names it; {MAKE_IT}")
    if sha256(path) != part.sha256:
        raise ProductError(f"`{path}` is not the file that `{MANIFEST}` names; {MAKE_IT}")
    return path
