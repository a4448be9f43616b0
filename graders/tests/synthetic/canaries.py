"""Secrets that no artifact of a run may hold, planted where a careless grader would let them be read, and the search for them."""

from __future__ import annotations

import base64
import io
import lzma
import re
import secrets
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from synthetic.payloads import CANARY

DEEP = 3  # archives within archives that are opened
LARGEST = 2**24  # bytes that are unpacked of each
COMPRESSED = re.compile(rb"(?P<gzip>\x1f\x8b\x08)|(?P<zlib>\x78[\x01\x5e\x9c\xda])|(?P<xz>\xfd7zXZ\x00)")
VARIABLES = (
    "GITHUB_TOKEN", "GH_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "OPENAI_API_KEY",
    "CANVAS_API_TOKEN", "DASK_AUTH_TOKEN", "DOCKER_AUTH_CONFIG", "HF_TOKEN", "SSH_AUTH_SOCK_CANARY", "GIT_TOKEN", "SECRET_OF_STAFF",
)  # fmt: skip


@dataclass(frozen=True)
class Canaries:
    """One token for each place, by the place's name."""

    tokens: Mapping[str, str]

    @classmethod
    def new(cls) -> Canaries:
        """Tokens that were never there before."""
        places = ("environment", "home", "neighbour", "beside")
        return cls({place: f"{CANARY}{secrets.token_hex(12)}" for place in places})

    def environment(self, home: Path) -> dict[str, str]:
        """Variables of the one who grades: every token that staff have, and a home with more of them."""
        home.mkdir(parents=True, exist_ok=True)
        token = self.tokens["home"]
        for name in (
            ".netrc",
            ".git-credentials",
            ".pypirc",
            ".ssh/id_ed25519",
            ".aws/credentials",
            ".config/gh/hosts.yml",
        ):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(f"machine example.org login staff password {token}\n", encoding="utf-8")
        return {**dict.fromkeys(VARIABLES, self.tokens["environment"]), "HOME": str(home)}

    def plant(self, neighbour: Path, submissions: Path) -> None:
        """One in a neighbour's clone, never committed; one beside the submissions."""
        (neighbour / "private-notes.txt").write_text(self.tokens["neighbour"] + "\n", encoding="utf-8")
        (submissions.parent / "exam-answers.txt").write_text(self.tokens["beside"] + "\n", encoding="utf-8")

    def found(self, folder: Path) -> list[str]:
        """Where below a folder a token can be read, in whatever dress: `PATH: the token of PLACE`."""
        dressed = {place: tuple(_dresses(token)) for place, token in self.tokens.items()}
        return sorted(
            {
                f"{path.relative_to(folder)}: the token of {place}"
                for path in folder.rglob("*")
                if path.is_file() and not path.is_symlink()
                for content in _contents(path)
                for place, forms in dressed.items()
                if any(form in content for form in forms)
            }
        )


def _dresses(token: str) -> Iterator[bytes]:
    """The token as it is, reversed, in hexadecimal and in Base64 at each of its three offsets."""
    raw = token.encode()
    for each in (raw, raw[::-1]):
        yield from (each, each.hex().encode(), each.hex().upper().encode(), each.decode().encode("utf-16-le"))
        for offset in range(3):
            text = base64.b64encode(bytes(offset) + each)
            sound = text[4 if offset else 0 : len(text) - 4]  # the ends depend on what stands before and behind
            yield from (sound, sound.replace(b"+", b"-").replace(b"/", b"_"))


def _contents(path: Path) -> Iterator[bytes]:
    """What a file holds, and what it holds when it is opened as what it is."""
    content = path.read_bytes()
    if content.startswith(b"# v") and b"git bundle" in content[:32]:
        yield from (content, _objects(path))  # a pack is nothing but compressed pieces
        return
    yield from _opened(content, DEEP)
    if path.suffix == ".parquet":
        yield _table(path)


def _opened(content: bytes, deep: int) -> Iterator[bytes]:
    yield content
    yield re.sub(rb"\\?[\r\n]|\\n", b"", content)  # as wrapped lines
    if not deep:
        return
    for member in _members(content):
        yield from _opened(member, deep - 1)


def _members(content: bytes) -> Iterator[bytes]:
    """What an archive or a compressed file holds, wherever in a file it begins; nothing of what is none."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    if content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            yield from (file.read() for each in archive if (file := archive.extractfile(each)))
    view = memoryview(content)
    for found in COMPRESSED.finditer(content):
        unpacker = lzma.LZMADecompressor() if found["xz"] else zlib.decompressobj(31 if found["gzip"] else 15)
        with suppress(zlib.error, lzma.LZMAError, EOFError):
            if unpacked := unpacker.decompress(view[found.start() :], LARGEST):
                yield unpacked


def _objects(bundle: Path) -> bytes:
    """Every object of a git bundle, as git shows it."""
    with_all = ("cat-file", "--batch-all-objects", "--batch", "--unordered")
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(["git", "clone", "--quiet", "--bare", "--", str(bundle), name], check=True, capture_output=True)
        return subprocess.run(["git", "-C", name, *with_all], check=True, capture_output=True).stdout


def _table(path: Path) -> bytes:
    """The cells of a Parquet file."""
    import pyarrow.parquet as parquet

    return str(parquet.read_table(path).to_pylist()).encode()
