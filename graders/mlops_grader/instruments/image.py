"""A container image: what its build executed, what it weighs, and what its layers hold."""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container as Handle

LARGEST_SEARCHED = 64 * 2**20  # bytes; larger files are not searched for planted words

# files that an installer writes anew each time it installs something
_INSTALLED = re.compile(r"(\.dist-info/RECORD|\.egg-info/PKG-INFO|/conda-meta/[^/]+\.json|var/lib/dpkg/status)$")


@dataclass(frozen=True)
class Step:
    """One instruction of a build: its words, whether the cache answered for it, and what it printed."""

    name: str
    cached: bool
    failed: bool
    output: str

    @property
    def instruction(self) -> str:
        """The instruction without its place, `RUN pip install ...`."""
        return re.sub(r"^\[[^]]*\]\s*", "", self.name)


@dataclass(frozen=True)
class Build:
    """A build as it was executed, read from BuildKit's own log."""

    steps: tuple[Step, ...]

    @property
    def bases(self) -> tuple[str, ...]:
        """The images that it started from, as the Dockerfile asks for them once variables are filled in."""
        found = (re.match(r"\[(?:\S+ )?internal\] load metadata for (\S+)", step.name) for step in self.steps)
        return tuple(match[1].removeprefix("docker.io/").removeprefix("library/") for match in found if match)

    @property
    def executed(self) -> tuple[Step, ...]:
        """The RUN instructions that the cache did not answer for."""
        return tuple(step for step in self.steps if step.instruction.startswith("RUN") and not step.cached)


@dataclass(frozen=True)
class Image:
    """An image in the engine, and the build that made it."""

    api: DockerClient
    tag: str
    build: Build

    @property
    def facts(self) -> dict[str, Any]:
        """What the engine knows of it: configuration, history, size."""
        return dict(self.api.images.get(self.tag).attrs)

    @property
    def size(self) -> int:
        """Bytes of all its layers, unpacked."""
        return int(self.facts["Size"])

    def instructions(self) -> tuple[str, ...]:
        """What the image was made with, lowest first: what made a layer, and what only changed settings."""
        history = reversed(self.api.images.get(self.tag).history())
        return tuple(_readable(entry["CreatedBy"]) for entry in history)

    def look_inside(self, words: Mapping[str, bytes]) -> Inside:
        """Unpack its layers once: which of the named words their files hold, and what is there."""
        with tempfile.TemporaryFile() as file:
            for chunk in self.api.api.get_image(self.tag):
                file.write(chunk)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                return _look(archive, words)

    def modified(self, paths: Collection[str]) -> dict[str, float]:
        """When each of these files was last written, in seconds since 1970; files that are not there are left out."""
        container = self.api.api.create_container(self.tag, command=["-"])
        try:
            return dict(_times(self.api, container["Id"], paths))
        finally:
            self.api.api.remove_container(container["Id"], force=True)


def holds(container: Handle, sha256: str) -> bool:
    """Whether a file in a container's file system has that hash, in hexadecimal digits."""
    with tempfile.TemporaryFile() as file:
        chunks: Any = container.export()  # bytes, whatever its types say
        file.writelines(chunks)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            files: Iterator[Any] = (archive.extractfile(member) for member in archive if member.isfile())
            return any(hashlib.file_digest(content, "sha256").hexdigest() == sha256 for content in files)


def _times(api: DockerClient, container: str, paths: Collection[str]) -> Iterator[tuple[str, float]]:
    from docker.errors import NotFound

    for path in paths:
        try:
            stream, _ = api.api.get_archive(container, "/" + path)
        except NotFound:
            continue
        with tempfile.TemporaryFile() as file:
            for chunk in stream:
                file.write(chunk)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                yield path, archive.getmembers()[0].mtime


@dataclass(frozen=True)
class File:
    """A file in a layer. Size in bytes, modified in seconds since 1970, instruction as the Dockerfile says it."""

    path: str
    size: int
    modified: float
    instruction: str


@dataclass(frozen=True)
class Inside:
    """What the layers of an image hold. `found` maps the name of a searched word to a file that holds it."""

    files: tuple[File, ...]
    found: Mapping[str, File]

    def installed(self) -> dict[str, float]:
        """When each distribution was installed, by the path of the record that its installer wrote."""
        return {file.path: file.modified for file in self.files if _INSTALLED.search(file.path)}

    def repeated(self) -> dict[str, int]:
        """Bytes of files that a layer below holds already, by the instruction that wrote them once more."""
        sizes: dict[str, int] = {}
        again: dict[str, int] = {}
        for file in self.files:
            if sizes.get(file.path) == file.size:
                again[file.instruction] = again.get(file.instruction, 0) + file.size
            sizes[file.path] = file.size
        return again

    def weights(self) -> dict[str, int]:
        """Bytes by installed package or, elsewhere, by folder of the third level."""
        weights: dict[str, int] = {}
        for file in self.files:
            weights[_part(file.path)] = weights.get(_part(file.path), 0) + file.size
        return weights

    def heavier_than(self, other: Inside) -> list[tuple[str, int]]:
        """Parts with the bytes that they have more than there, heaviest first; packages by name, wherever they are."""
        usual, own = _by_name(other.weights()), _by_name(self.weights())
        extra = [(name, size - usual.get(name, 0)) for name, size in own.items()]
        return sorted(extra, key=lambda part: part[1], reverse=True)


def _by_name(weights: Mapping[str, int]) -> dict[str, int]:
    names: dict[str, int] = {}
    for part, size in weights.items():
        name = re.sub(r".*/(site|dist)-packages/", "", part)
        names[name] = names.get(name, 0) + size
    return names


def _part(path: str) -> str:
    parts = path.split("/")
    depth = next((number for number, part in enumerate(parts) if part in ("site-packages", "dist-packages")), 1)
    return "/".join(parts[: min(depth + 2, max(1, len(parts) - 1))])


def _look(archive: tarfile.TarFile, words: Mapping[str, bytes]) -> Inside:
    manifest = json.load(_extract(archive, "manifest.json"))[0]
    layers = manifest["Layers"]
    files: list[File] = []
    found: dict[str, File] = {}
    for name, path in zip(_behind(archive, manifest["Config"], len(layers)), layers, strict=True):
        with tarfile.open(fileobj=_extract(archive, path)) as layer:
            for entry in filter(tarfile.TarInfo.isfile, layer):
                file = File(entry.name.removeprefix("./"), entry.size, entry.mtime, name)
                files.append(file)
                found |= {word: file for word in _held(layer, entry, words) if word not in found}
    return Inside(tuple(files), found)


def _held(layer: tarfile.TarFile, entry: tarfile.TarInfo, words: Mapping[str, bytes]) -> list[str]:
    if not words or entry.size > LARGEST_SEARCHED:
        return []
    content = _extract_entry(layer, entry)
    return [name for name, word in words.items() if word in content]


def _extract(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"the saved image has no `{name}`")
    return file


def _extract_entry(layer: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = layer.extractfile(entry)
    return file.read() if file else b""


def _behind(archive: tarfile.TarFile, config: str, layers: int) -> list[str]:
    """The instruction behind each layer, lowest first: the image's own history says which of them made none."""
    history = json.load(_extract(archive, config)).get("history") or []
    made = [_readable(entry.get("created_by", "")) for entry in history if not entry.get("empty_layer")]
    return made if len(made) == layers else [f"layer {number + 1}" for number in range(layers)]


def _readable(created_by: str) -> str:
    text = created_by.replace("/bin/sh -c #(nop) ", "").removesuffix(" # buildkit").strip()
    return (
        " ".join(text.removeprefix("RUN /bin/sh -c ").split())
        if not text.startswith("RUN ")
        else "RUN " + " ".join(text.removeprefix("RUN ").removeprefix("/bin/sh -c ").split())
    )


def read_log(log: str) -> Build:
    """The steps in what `docker build --progress=plain` prints.

    Only a line feed ends a line: what a command prints after a carriage return is still its own line, not BuildKit's.
    """
    names: dict[str, str] = {}
    cached, failed = set(), set()
    output: dict[str, list[str]] = {}
    for line in log.split("\n"):
        match = re.match(r"#(\d+) (.*)", line)
        if not match:
            continue
        number, text = match.groups()
        if number not in names:
            names[number] = text
        elif text == "CACHED":
            cached.add(number)
        elif text.startswith("ERROR"):
            failed.add(number)
        elif printed := re.match(r"\d+\.\d+ (.*)", text):
            output.setdefault(number, []).append(printed[1])
    return Build(
        tuple(Step(name, key in cached, key in failed, "\n".join(output.get(key, []))) for key, name in names.items())
    )


def is_pinned(reference: str) -> bool:
    """Whether a base image names a version: a digest, or a tag that a later release does not take over.

    A tag needs a number or a release's code name. One of `python` begins with two numbers: its minor versions
    differ, and `python:bookworm` is the newest of them.
    """
    name, _, digest = reference.partition("@")
    if digest or name == "scratch":
        return True
    name, _, tag = name.rpartition("/")[2].partition(":")
    if name == "python":
        return bool(re.match(r"\d+\.\d+", tag))
    return bool(re.search(r"\d", tag) or re.match(_CODE_NAMES, tag))


_CODE_NAMES = r"(trixie|bookworm|bullseye|noble|jammy|focal)\b"


def third_party(installed: Mapping[str, float], own: str) -> dict[str, float]:
    """Installation times without those of the product itself, which may be installed with each change."""
    return {
        path: moment for path, moment in installed.items() if _distribution(path) != re.sub(r"[-_.]+", "-", own.lower())
    }


def _distribution(record: str) -> str:
    """The normalized name in `.../no_show-0.1.0.dist-info/RECORD`; its version begins after the first dash."""
    folder = record.rpartition("/")[0].rpartition("/")[2]
    name = re.sub(r"\.(dist|egg)-info$", "", folder).partition("-")[0]
    return re.sub(r"[-_.]+", "-", name.lower())
