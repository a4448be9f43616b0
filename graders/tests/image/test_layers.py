"""What is in the layers of a saved image, whichever way the engine saves it, and which words of an image mean what."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping

import pytest

from mlops_grader.instruments.image import File, Inside, _look, _readable, is_pinned, third_party

WORDS = {".env": b"s3cret", "key": b"0a0b0c"}


def tar(entries: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """An archive with these files and links."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 1_700_000_000
            archive.addfile(entry, io.BytesIO(content))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return output.getvalue()


def look(*layers: bytes, instructions: tuple[str, ...] = ("FROM", "COPY . ."), packed: bool = False) -> Inside:
    """What is seen in an image with these layers, saved as archives or as packed blobs."""
    names = [f"blobs/sha256/{n}" if packed else f"{n}/layer.tar" for n in range(len(layers))]
    contents = dict(zip(names, map(gzip.compress, layers) if packed else layers, strict=True))
    made = [{"created_by": words, "empty_layer": words.startswith("ENV")} for words in instructions]
    config = {"config.json": json.dumps({"history": made}).encode()}
    manifest = {"manifest.json": json.dumps([{"Config": "config.json", "Layers": names}]).encode()}
    with tarfile.open(fileobj=io.BytesIO(tar({**manifest, **config, **contents}))) as archive:
        return _look(archive, WORDS)


@pytest.mark.parametrize("packed", [False, True], ids=["Docker 20.10", "containerd"])
def test_every_file_is_told_with_the_instruction_that_brought_it(packed: bool) -> None:
    inside = look(tar({"etc/hostname": b"x"}), tar({"app/a.py": b"12345"}), packed=packed)
    assert inside.files == (
        File("etc/hostname", 1, 1_700_000_000, "FROM"), File("app/a.py", 5, 1_700_000_000, "COPY . ."),
    )  # fmt: skip


def test_what_only_changed_settings_has_no_layer() -> None:
    inside = look(tar({"a": b"x"}), tar({"b": b"y"}), instructions=("FROM", "ENV A=1", "COPY . ."))
    assert [file.instruction for file in inside.files] == ["FROM", "COPY . ."]


def test_a_word_is_found_where_it_lies() -> None:
    inside = look(tar({"a": b"x"}), tar({"app/.env": b"PASSWORD=s3cret\n"}))
    assert {name: (file.path, file.instruction) for name, file in inside.found.items()} == {
        ".env": ("app/.env", "COPY . .")
    }


def test_a_word_that_a_later_layer_deletes_is_found() -> None:
    inside = look(tar({"app/.env": b"s3cret"}), tar({"app/.wh..env": b""}))
    assert inside.found[".env"].path == "app/.env"


def test_a_word_in_the_middle_of_a_binary_is_found() -> None:
    inside = look(tar({"a": b"x"}), tar({"cache.pyc": b"\x00\xff" * 5000 + b"0a0b0c" + b"\x00" * 5000}))
    assert list(inside.found) == ["key"]


def test_a_word_in_several_layers_is_told_where_it_came_in() -> None:
    inside = look(tar({"first/.env": b"s3cret"}), tar({"second/.env": b"s3cret"}))
    assert inside.found[".env"].path == "first/.env"


def test_an_image_without_words_holds_none() -> None:
    assert look(tar({"a": b"x"}), tar({"b": b"s3cre"})).found == {}


def test_links_and_folders_are_no_files() -> None:
    inside = look(tar({"a": b"x"}, links={"b": "a", "c": "/etc/passwd"}), tar({}))
    assert [file.path for file in inside.files] == ["a"]


def test_layers_that_do_not_match_the_history_are_numbered() -> None:
    inside = look(tar({"a": b"x"}), tar({"b": b"x"}), tar({"c": b"x"}))
    assert [file.instruction for file in inside.files] == ["layer 1", "layer 2", "layer 3"]


def inside_with(*paths: str) -> Inside:
    """An image with these files of ten bytes, the later ones written later."""
    return Inside(tuple(File(path, 10, float(moment), "RUN") for moment, path in enumerate(paths)), {})


def test_weights_are_told_by_package_and_by_folder() -> None:
    site = "usr/local/lib/python3.13/site-packages"
    inside = inside_with(
        f"{site}/numpy/core/a.so", f"{site}/numpy/b.so", f"{site}/six.py", "usr/bin/python", "usr/share/doc/a/b", "root"
    )
    assert inside.weights() == {f"{site}/numpy": 20, site: 10, "usr/bin": 10, "usr/share/doc": 10, "root": 10}


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("usr/local/lib/python3.13/site-packages/numpy-2.1.0.dist-info/RECORD", True),
        ("app/.venv/lib/python3.13/site-packages/numpy-2.1.0.dist-info/RECORD", True),
        ("opt/conda/conda-meta/numpy-2.1.0-py313.json", True),
        ("var/lib/dpkg/status", True),
        ("usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO", True),
        ("usr/local/lib/python3.13/site-packages/numpy-2.1.0.dist-info/METADATA", False),
        ("app/RECORD", False),
    ],
)
def test_an_installation_is_known_by_the_record_that_it_writes(path: str, counts: bool) -> None:
    assert bool(inside_with(path).installed()) is counts


@pytest.mark.parametrize(
    ("record", "own", "counts"),
    [
        ("site-packages/noshow-0.1.0.dist-info/RECORD", "noshow", False),
        ("site-packages/No_Show-0.1.0.dist-info/RECORD", "no-show", False),
        ("site-packages/no_show-0.1.0.dist-info/RECORD", "no_show", False),
        ("app/noshow.egg-info/PKG-INFO", "noshow", False),
        ("site-packages/noshow_extras-0.1.0.dist-info/RECORD", "noshow", True),
        ("site-packages/numpy-2.1.0.dist-info/RECORD", "noshow", True),
    ],
)
def test_the_product_itself_is_no_dependency(record: str, own: str, counts: bool) -> None:
    assert bool(third_party({record: 1.0}, own)) is counts


@pytest.mark.parametrize(
    ("reference", "pinned"),
    [
        ("python:3.13-slim", True),
        ("python:3.13.5", True),
        ("python:3.13-slim@sha256:" + "a" * 64, True),
        ("python@sha256:" + "a" * 64, True),
        ("registry.example.org:5000/library/python:3.13", True),
        ("debian:trixie-slim", True),
        ("debian:13", True),
        ("ubuntu:noble", True),
        ("ghcr.io/astral-sh/uv:0.9", True),
        ("node:22-alpine", True),
        ("scratch", True),
        ("python", False),
        ("python:latest", False),
        ("python:3", False),
        ("python:3-slim", False),
        ("python:3-alpine3.20", False),
        ("python:slim", False),
        ("python:bookworm", False),
        ("python:slim-bookworm", False),
        ("registry.example.org:5000/library/python", False),
        ("debian", False),
        ("debian:stable-slim", False),
        ("ubuntu:latest", False),
        ("ghcr.io/astral-sh/uv:latest", False),
        ("node:lts", False),
    ],
)
def test_a_base_is_pinned_when_no_later_release_takes_its_tag_over(reference: str, pinned: bool) -> None:
    assert is_pinned(reference) is pinned


@pytest.mark.parametrize(
    ("created_by", "readable"),
    [
        ("/bin/sh -c #(nop) COPY dir:4f5a in /app ", "COPY dir:4f5a in /app"),
        ("/bin/sh -c #(nop)  CMD [\"python3\"]", 'CMD ["python3"]'),
        ("RUN /bin/sh -c pip install -r requirements.lock # buildkit", "RUN pip install -r requirements.lock"),
        ("COPY noshow ./noshow # buildkit", "COPY noshow ./noshow"),
        ("RUN /bin/sh -c set -eux; \t\tapt-get update;   rm -r x # buildkit", "RUN set -eux; apt-get update; rm -r x"),
        ("WORKDIR /app", "WORKDIR /app"),
    ],
)  # fmt: skip
def test_the_history_reads_like_the_dockerfile(created_by: str, readable: str) -> None:
    assert _readable(created_by) == readable
