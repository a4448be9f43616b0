"""The search for canaries finds them in every dress in which they could leave, and nothing where there is none."""

from __future__ import annotations

import base64
import gzip
import io
import json
import sqlite3
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from synthetic.canaries import VARIABLES, Canaries

CANARIES = Canaries.new()
TOKEN = CANARIES.tokens["home"]
SAID = f"before {TOKEN} after".encode()


def _zipped(content: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", content)
    return kept.getvalue()


def _tarred(content: bytes) -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz") as archive:
        facts = tarfile.TarInfo("member")
        facts.size = len(content)
        archive.addfile(facts, io.BytesIO(content))
    return kept.getvalue()


DRESSES: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda content: content,
    "reversed": lambda content: content[::-1],
    "hexadecimal": lambda content: content.hex().encode(),
    "wrapped base64": lambda content: base64.encodebytes(content * 3),
    "json of base64": lambda content: json.dumps({"log": base64.b64encode(b"x" + content).decode()}).encode(),
    "base64 in a link": lambda content: base64.urlsafe_b64encode(b"xy" + content),
    "gzip": gzip.compress,
    "zlib in something": lambda content: b"something" + zlib.compress(content),
    "zip": _zipped,
    "tar.gz": _tarred,
    "zip of gzip": lambda content: _zipped(gzip.compress(content)),
    "utf-16": lambda content: content.decode().encode("utf-16"),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_a_token_is_found_in_every_dress(dress: str, tmp_path: Path) -> None:
    (tmp_path / "artifact").write_bytes(DRESSES[dress](SAID))
    assert CANARIES.found(tmp_path) == ["artifact: the token of home"]


def test_a_token_in_a_database_is_found(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "run.db") as data:
        data.execute("CREATE TABLE log (text)")
        data.execute("INSERT INTO log VALUES (?)", (SAID.decode(),))
    assert CANARIES.found(tmp_path) == ["run.db: the token of home"]


def test_a_token_in_a_git_bundle_is_found(
    project: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    folder = project({"stolen.txt": SAID})
    (tmp_path / "run").mkdir()
    git(folder, "bundle", "create", "--quiet", str(tmp_path / "run" / "a.bundle"), "main")
    assert CANARIES.found(tmp_path / "run") == ["a.bundle: the token of home"]


def test_a_token_in_a_parquet_table_is_found(tmp_path: Path) -> None:
    """Its columns are compressed in a way of their own."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"log": [SAID.decode() * 3] * 500})
    parquet.write_table(
        table, tmp_path / "gradebook.parquet", compression="brotli", use_dictionary=False, write_statistics=False
    )
    assert TOKEN.encode() not in (tmp_path / "gradebook.parquet").read_bytes()
    assert CANARIES.found(tmp_path) == ["gradebook.parquet: the token of home"]


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    """The word alone is none, nor is another canary."""
    for name, content in {"a.json": b"canary-", "b.gz": gzip.compress(Canaries.new().tokens["home"].encode())}.items():
        (tmp_path / name).write_bytes(content)
    assert CANARIES.found(tmp_path) == []


def test_they_are_where_staff_keep_their_tokens(tmp_path: Path) -> None:
    """The twin: who looks into the environment, the home, a neighbour's clone and beside the class finds one in each."""
    neighbour, submissions = tmp_path / "class" / "neighbour", tmp_path / "class" / "submissions"
    neighbour.mkdir(parents=True)
    submissions.mkdir()
    variables = CANARIES.environment(tmp_path / "home")
    CANARIES.plant(neighbour, submissions)
    said = subprocess.run(["env"], env=variables, capture_output=True, check=True).stdout
    (tmp_path / "class" / "environment").write_bytes(said)
    places = {line.rpartition(" ")[2] for line in CANARIES.found(tmp_path)}
    assert (places, set(VARIABLES) <= set(variables)) == (set(CANARIES.tokens), True)
