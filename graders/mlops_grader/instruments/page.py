"""A report for people, read as a browser reads it: its words, its pictures, and what it would have to fetch."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

from mlops_grader.check import Fail

LARGEST = 30 * 2**20  # bytes of a page: libraries that draw in the browser bring some megabytes
STROKES = 8  # elements of a drawing that are no decoration
SCRIPT = 1000  # characters of a script that can draw something
DRAWN = frozenset({"path", "line", "polyline", "polygon", "rect", "circle", "use"})
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")


@dataclass(frozen=True)
class Page:
    """What a page shows. pictures: a fingerprint of each."""

    text: str
    pictures: frozenset[str]
    fetched: tuple[str, ...]


@dataclass
class _Reader(HTMLParser):
    folder: Path
    words: list[str] = field(default_factory=list)
    pictures: set[str] = field(default_factory=set)
    fetched: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    strokes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        source = values.get("src") or (values.get("href", "") if tag == "link" else "")
        if source.startswith(("http:", "https:", "//")):
            self.fetched.append(source)
        elif tag == "img" and source:
            self._image(source)
        if tag in ("svg", "script", "style"):
            self.inside.append(tag)
        if "svg" in self.inside and tag in DRAWN:
            self.strokes.append(repr(sorted(values.items())))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.inside:
            return
        self.inside.remove(tag)
        if tag == "svg" and "svg" not in self.inside:  # a drawing may hold others, each with a part of its strokes
            if len(self.strokes) >= STROKES:
                self.pictures.add(_fingerprint("".join(self.strokes).encode()))
            self.strokes.clear()

    def handle_data(self, data: str) -> None:
        if "script" in self.inside and len(data) > SCRIPT:
            self.pictures.add(_fingerprint(data.encode()))
        if not {"script", "style"} & set(self.inside):
            self.words.append(data)

    def _image(self, source: str) -> None:
        try:
            content = _inline(source) if source.startswith("data:") else self._beside(source)
        except (OSError, ValueError):  # a name that no file can have, and what is no base64
            return
        if content.startswith(MAGIC) or b"<svg" in content[:2000]:
            self.pictures.add(_fingerprint(content))

    def _beside(self, source: str) -> bytes:
        path = self.folder / source
        return path.read_bytes() if path.is_file() and path.resolve().is_relative_to(self.folder) else b""


def read_page(path: Path, shown: str) -> Page:
    """Read a page. Raises Fail when it is not there, is not text, or is too large to be read."""
    try:
        if not path.is_file():
            raise FileNotFoundError
        if path.stat().st_size > LARGEST:
            raise Fail(f"`{shown}` has more than {LARGEST // 2**20} MiB", fix="show what matters")
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Fail(
            f"there is no page `{shown}` that can be read: {type(error).__name__}",
            fix="let the command write it, as UTF-8 text",
        ) from None
    reader = _Reader(path.parent.resolve())
    try:
        reader.feed(content)
        reader.close()
    except AssertionError as error:  # of the parser, at `<![` and what no browser knows after it
        raise Fail(f"`{shown}` is no HTML: {error}", fix="mend the markup there") from None
    return Page(" ".join(" ".join(reader.words).split()), frozenset(reader.pictures), tuple(reader.fetched))


def _inline(source: str) -> bytes:
    """The content of a `data:` address."""
    head, _, body = source.partition(",")
    content = unquote_to_bytes(body)
    return base64.b64decode(b"".join(content.split()), validate=True) if head.endswith(";base64") else content


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
