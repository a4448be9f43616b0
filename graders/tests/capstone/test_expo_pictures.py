"""Pictures of students reach a page as nothing but pictures, or not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from exhibits import png, screenshot
from mlops_grader.capstone.expo import pictures
from mlops_grader.capstone.expo.pictures import PictureError, read

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def encoded(kind: str, **options: object) -> bytes:
    """A small picture of that kind."""
    written = io.BytesIO()
    Image.new("RGB", (40, 20), "#3366aa").save(written, kind, **options)
    return written.getvalue()


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "png")])
def test_a_picture_is_known_by_what_it_holds(tmp_path: Path, kind: str, suffix: str) -> None:
    """Whatever its name says."""
    (tmp_path / "picture.gif").write_bytes(encoded(kind))
    found = read(tmp_path, "picture.gif")
    assert (found.suffix, found.width, found.height) == (suffix, 40, 20)


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    """A site is the same when it is made again."""
    (tmp_path / "a.png").write_bytes(screenshot(1))
    assert read(tmp_path, "a.png") == read(tmp_path, "a.png")


def test_what_hides_beside_the_picture_does_not_come_along(tmp_path: Path) -> None:
    """A comment, a place, and a whole page after the end."""
    exif = Image.Exif()
    exif[0x010E] = "TAKEN AT HOME"
    (tmp_path / "a.jpg").write_bytes(
        encoded("JPEG", exif=exif, comment=b"TAKEN AT HOME") + b"<script>alert(1)</script>"
    )
    content = read(tmp_path, "a.jpg").content
    assert (b"TAKEN AT HOME" in content, b"<script>" in content, b"Exif" in content) == (False, False, False)


def test_a_picture_that_lies_on_its_side_is_put_upright(tmp_path: Path) -> None:
    """The note that a telephone leaves goes, so what it says is done before."""
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a.jpg").write_bytes(encoded("JPEG", exif=exif))
    found = read(tmp_path, "a.jpg")
    assert (found.width, found.height) == (20, 40)


def test_a_picture_is_no_wider_than_a_page(tmp_path: Path) -> None:
    """A photograph of 20 MB is no page."""
    (tmp_path / "a.png").write_bytes(png(Image.new("RGB", (4000, 1000))))
    found = read(tmp_path, "a.png")
    assert (found.width, found.height) == (1600, 400)


BROKEN = {
    "svg": (SVG, "is SVG"),
    "page": (b"<!DOCTYPE html><script>alert(1)</script>", "is SVG, which can hold scripts"),
    "text": (b"not a picture", "is no PNG, JPEG or WebP"),
    "empty": (b"", "is no PNG, JPEG or WebP"),
    "head": (screenshot(1)[:8], "begins like a picture and is none"),
    "half": (screenshot(1)[:-900], "is broken"),
    "gif": (encoded("GIF"), "is no PNG, JPEG or WebP"),
    "many pixels": (png(Image.new("1", (30_000, 30_000))), "is broken (DecompressionBombError"),
    "rather many pixels": (png(Image.new("1", (9_000, 9_000))), "9000 by 9000 pixels"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_shown_is_refused_with_a_way_out(tmp_path: Path, kind: str) -> None:
    """And never with a traceback: an expo goes on without one picture."""
    content, words = BROKEN[kind]
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PictureError) as told:
        read(tmp_path, "a.png")
    assert (words in str(told.value), ": " in str(told.value)) == (True, True)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is told, and the size that is allowed."""
    monkeypatch.setattr(pictures, "LARGEST", 2**20)
    (tmp_path / "a.png").write_bytes(b"\0" * (2**20 + 1))
    with pytest.raises(PictureError, match=r"has 1\.0 MiB, and 1 are allowed"):
        read(tmp_path, "a.png")


@pytest.mark.parametrize(
    "name", ["../secret.png", "/etc/hostname", "..\\secret.png", "docs/../../secret.png", "a\0.png", "link.png", "."]
)
def test_no_name_leads_out_of_the_project(tmp_path: Path, name: str) -> None:
    """Neither with dots, nor as a whole path, nor through a link."""
    project = tmp_path / "project"
    (project / "docs").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(encoded("PNG"))
    (project / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(PictureError):
        read(project, name)


def test_a_pipe_does_not_hold_the_expo_up(tmp_path: Path) -> None:
    """Only files are opened."""
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(PictureError, match="is no file"):
        read(tmp_path, "a.png")


def test_a_picture_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(PictureError, match=r"there is no `docs/a\.png`: commit it"):
        read(tmp_path, "docs/a.png")
