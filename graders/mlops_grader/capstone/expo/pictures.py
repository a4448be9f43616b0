"""Pictures that students made: decoded and written anew, so that nothing but the picture itself reaches a page."""

from __future__ import annotations

import io
import os
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST = 8 * 2**20  # bytes of a file
MOST_PIXELS = 40_000_000
WIDEST = 1600  # pixels on a page
MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
KINDS = {"PNG": "png", "JPEG": "jpg", "WEBP": "png"}  # what is read, and what is written


class PictureError(Exception):
    """Why a file cannot be shown as a picture, and the way out."""


@dataclass(frozen=True)
class Picture:
    """A picture as it is published. `suffix` says what it is."""

    content: bytes
    suffix: str
    width: int
    height: int


def read(project: Path, name: str) -> Picture:
    """A picture of a project. Raises PictureError.

    It is decoded and written anew: place and camera go, a file that is something else beside a picture becomes only
    a picture, and one that is larger than a page becomes as wide as the page.
    """
    content = _content(project, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _anew(content, name)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(_unknown(content, name)) from None
    except Exception as error:  # a decoder has many ways to trip over a broken file, and none may stop an expo
        raise PictureError(f"`{name}` is broken ({type(error).__name__}): save it again as PNG") from None


def _content(project: Path, name: str) -> bytes:
    """The bytes of a regular file inside the project."""
    path = project / PurePosixPath(name.replace("\\", "/"))
    if "\0" in name or not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(project)):
        raise PictureError(f"`{name}` lies outside the project: name a file inside it")
    try:
        facts = path.stat()
    except OSError:
        raise PictureError(f"there is no `{name}`: commit it, or take the key out") from None
    if not stat.S_ISREG(facts.st_mode):
        raise PictureError(f"`{name}` is no file: name a picture")
    if facts.st_size > LARGEST:
        raise PictureError(
            f"`{name}` has {facts.st_size / 2**20:.1f} MiB, and {LARGEST // 2**20} are allowed: make it smaller"
        )
    return path.read_bytes()


def _anew(content: bytes, name: str) -> Picture:
    with Image.open(io.BytesIO(content), formats=tuple(KINDS)) as found:
        if found.width * found.height > MOST_PIXELS:
            raise PictureError(f"`{name}` is {found.width} by {found.height} pixels: make it smaller")
        suffix = KINDS[found.format or "PNG"]
        upright = ImageOps.exif_transpose(found)
        shown = upright.convert("RGB" if suffix == "jpg" else "RGBA")
    shown.thumbnail((WIDEST, 2 * WIDEST))
    bare = Image.new(shown.mode, shown.size)
    bare.paste(shown)
    written = io.BytesIO()
    if suffix == "jpg":
        bare.save(written, "JPEG", quality=88)
    else:
        bare.save(written, "PNG")
    return Picture(written.getvalue(), suffix, bare.width, bare.height)


def _unknown(content: bytes, name: str) -> str:
    if content.startswith(MAGIC):
        return f"`{name}` begins like a picture and is none: save it again as PNG"
    head = content[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype")):
        return f"`{name}` is SVG, which can hold scripts and addresses: export it as PNG"
    return f"`{name}` is no PNG, JPEG or WebP, whatever its name says: save it as PNG"
