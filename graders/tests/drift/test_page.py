"""A page is read as a browser reads it: its words, its pictures, and what it would have to fetch."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from mlops_grader.instruments.page import LARGEST, Page, read_page

Told = Callable[[Callable[[], object]], str]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
DATA = "data:image/png;base64," + base64.b64encode(PNG).decode()
BARS = "".join(f'<rect x="{x}" y="1" width="3" height="{x}"/>' for x in range(8))
SCRIPT = "draw([" + ", ".join(str(number) for number in range(400)) + "])"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Page]:
    """The page with this body."""

    def page(body: str) -> Page:
        path = tmp_path / "reports" / "2026-W14.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"<!DOCTYPE html><html><head><title>Week 14</title></head><body>{body}</body></html>", "utf-8")
        return read_page(path, "reports/2026-W14.html")

    return page


Read = Callable[[str], Page]


def test_words_are_what_people_see(read: Read) -> None:
    """In one line, with the characters that entities stand for; scripts, styles and comments are none."""
    body = "<h1>roll\n  back</h1><style>b { color: red }</style><script>var investigate = 1</script>"
    body += "<!-- retrain --><p>a&nbsp;&lt; b &eacute;</p><svg><text>age</text></svg>"
    assert read(body).text == "Week 14 roll back a < b é age"


def test_words_after_a_script_count(read: Read) -> None:
    """It ends where it ends."""
    assert read("<script>if (a < b) { c('</p>') }</script>after<style></style> both").text == "Week 14 after both"


# Pictures


@pytest.mark.parametrize(
    "body",
    [
        f"<svg>{BARS}</svg>",
        f"<svg viewBox='0 0 9 9'><g><g>{BARS}</g></g></svg>",
        f"<svg>{BARS.replace('rect', 'path')}</svg>",
        f"<svg>{BARS.replace('/>', '></rect>')}</svg>",
        f"<SVG>{BARS.replace('rect', 'RECT')}</SVG>",
        f"<svg><svg>{BARS}</svg></svg>",
        f"<svg><svg><rect x='1'/></svg>{BARS}</svg>",
        f"<svg>{'<svg><rect/><rect/></svg>' * 4}</svg>",
        f'<img src="{DATA}">',
        f"<img alt='ages' src='{DATA}'/>",
        f"<img src='{DATA[:60]}\n{DATA[60:]}'>",
        "<img src='data:image/svg+xml;base64," + base64.b64encode(b"<svg></svg>").decode() + "'>",
        "<img src='data:image/svg+xml;utf8," + quote("<svg></svg>") + "'>",
        f"<script>{SCRIPT}</script>",
    ],
    ids=[
        *("svg", "groups", "paths", "closed", "capitals", "nested", "after-nested", "in-parts"),
        *("png", "alt", "wrapped", "svg-image", "svg-text", "script"),
    ],
)
def test_a_picture_is_seen(read: Read, body: str) -> None:
    """Drawn in the page, put into it, or drawn by a script of its own."""
    assert len(read(body).pictures) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<svg></svg>",
        "<svg>" + '<rect x="1"/>' * 7 + "</svg>",
        "<svg>" + "<g></g><text>a</text>" * 20 + "</svg>",
        "<rect/>" * 20,
        "<svg></svg>" + "<rect/>" * 20,
        '<svg><rect x="1"/></svg>' * 20,
        '<svg></svg><svg><rect x="1"/><svg></svg></svg>' * 20,
        "<script>draw()</script>",
        "<script>draw()</script>" * 200,
        f"<style>{'b { color: red } ' * 100}</style>",
        f"<p>{SCRIPT}</p>",
        "<img>",
        "<img src=''>",
        "<img src='data:image/png;base64,'>",
        "<img src='data:image/png;base64,%%%'>",
        "<img src='data:image/png;base64,é'>",
        "<img src='data:image/png;base64,AAAA'>",
        "<img src='data:'>",
        "<img src='missing.png'>",
        "<img src='.'>",
        "<img src='..'>",
        "<img src='a\0b'>",
        f"<img src='{'x' * 5000}'>",
        f"<img src='{DATA[5:]}'>" * 40,
        "<img src='/etc/hostname'>",
        f"<a href='{DATA}'>picture</a>",
    ],
)
def test_what_is_no_picture_is_none(read: Read, body: str) -> None:
    """Decoration, signs, and what cannot be shown; nothing of it does harm."""
    assert read(body).pictures == frozenset()


@pytest.mark.parametrize(
    "content",
    [PNG, b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF1234WEBP", b'<?xml version="1.0"?>\n<svg xmlns="a"></svg>'],
    ids=["png", "jpeg", "gif", "webp", "svg"],
)
def test_pictures_may_lie_beside_the_page(read: Read, tmp_path: Path, content: bytes) -> None:
    """In its folder or below."""
    (tmp_path / "reports" / "plots").mkdir(parents=True)
    (tmp_path / "reports" / "plots" / "age").write_bytes(content)
    assert len(read("<img src='plots/age'>").pictures) == 1


def test_pictures_of_other_folders_are_not_looked_at(read: Read, tmp_path: Path) -> None:
    """Whoever gets the reports does not get them; a way round through a link is none either."""
    (tmp_path / "age.png").write_bytes(PNG)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "age.png").symlink_to(tmp_path / "age.png")
    assert read(f"<img src='../age.png'><img src='age.png'><img src='{tmp_path}/age.png'>").pictures == frozenset()


def test_a_file_that_is_no_picture_is_none(read: Read, tmp_path: Path) -> None:
    """Whatever its name says."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "age.png").write_text("hello")
    assert read("<img src='age.png'>").pictures == frozenset()


def test_pictures_are_told_apart(read: Read) -> None:
    """By what they show: the same twice is one, others are others."""
    other = BARS.replace('height="7"', 'height="9"')
    svgs = [read(f"<svg>{strokes}</svg>").pictures for strokes in (BARS, other, BARS)]
    assert (svgs[0] == svgs[2], svgs[0] == svgs[1]) == (True, False)
    assert len(read(f"<svg>{BARS}</svg><p></p><svg>{other}</svg><svg>{BARS}</svg>").pictures) == 2
    images = [base64.b64encode(PNG + more).decode() for more in (b"1", b"2")]
    assert len(read("".join(f"<img src='data:image/png;base64,{each}'>" for each in images)).pictures) == 2
    assert len(read(f"<script>{SCRIPT}</script><script>{SCRIPT}+1</script>").pictures) == 2


def test_the_place_of_attributes_makes_no_other_picture(read: Read) -> None:
    """A library may write them in another order."""
    turned = BARS.replace('y="1" width="3"', 'width="3" y="1"')
    assert read(f"<svg>{BARS}</svg>").pictures == read(f"<svg>{turned}</svg>").pictures


# What would be fetched


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ("<script src='https://cdn.example.org/plotly.js'></script>", "https://cdn.example.org/plotly.js"),
        ("<script src='//cdn.example.org/plotly.js'></script>", "//cdn.example.org/plotly.js"),
        ("<link rel=stylesheet href='http://example.org/a.css'>", "http://example.org/a.css"),
        ("<img src='https://example.org/a.png'>", "https://example.org/a.png"),
        ("<iframe src='https://example.org/'></iframe>", "https://example.org/"),
        ("<IMG SRC='https://example.org/b.png'/>", "https://example.org/b.png"),
    ],
)
def test_what_a_browser_would_fetch_is_told(read: Read, body: str, address: str) -> None:
    """Scripts, stylesheets and images of elsewhere, and a remote image is no picture."""
    page = read(body)
    assert (page.fetched, page.pictures) == ((address,), frozenset())


@pytest.mark.parametrize(
    "body",
    [
        "<a href='https://example.org/'>more</a>",
        "<p>https://example.org/a.js</p>",
        "<link rel=stylesheet href='own.css'><script src='own.js'></script><img src='own.png'>",
        f"<img src='{DATA}'>",
        f"<script>{'https://example.org/a.js ' * 3}</script>",
        "<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    ],
)
def test_links_and_own_files_are_not_fetched(read: Read, body: str) -> None:
    """A link is followed by people."""
    assert read(body).fetched == ()


# Pages that are none


@pytest.mark.parametrize(
    "body",
    [
        "<",
        "<p",
        "<p <p <p",
        "</svg></svg></script>",
        "<svg>" + BARS,
        "<script>" + SCRIPT,
        "<!-- no end",
        "<![CDATA[ no end",
        "<![odd[ thing",
        "<![",
        "<!doctype",
        "<?php",
        "<!ELEMENT a",
        "&#x110000; &#99999999999; &nope;",
        "<a b='c",
        "<p>" * 10_000,
        "<svg>" * 3_000,
        "\0\x01\ud7ff",
    ],
)
def test_broken_pages_are_read_as_far_as_they_go(read: Read, told: Told, body: str) -> None:
    """A browser shows something too; what cannot be read at all is told."""
    words = told(lambda: read(f"<p>before</p>{body}"))
    assert words == "" or words.startswith("`reports/2026-W14.html` is no HTML: ")
    if not words:
        assert read(f"<p>before</p>{body}").text.startswith("Week 14 before")


def test_a_missing_page_is_told(tmp_path: Path, told: Told) -> None:
    """By the name that the project gives it."""
    found = told(lambda: read_page(tmp_path / "a.html", "reports/a.html"))
    assert found == "there is no page `reports/a.html` that can be read: FileNotFoundError"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with names")
def test_a_pipe_is_no_page(tmp_path: Path, told: Told) -> None:
    """Nobody writes into it."""
    os.mkfifo(tmp_path / "a.html")
    assert told(lambda: read_page(tmp_path / "a.html", "a.html")).startswith(
        "there is no page `a.html` that can be read: "
    )


def test_a_folder_is_no_page(tmp_path: Path, told: Told) -> None:
    """Whatever its name."""
    assert told(lambda: read_page(tmp_path, "reports")).startswith("there is no page `reports` that can be read: ")


def test_a_page_that_is_no_text_is_told(tmp_path: Path, told: Told) -> None:
    """It is to be UTF-8."""
    (tmp_path / "a.html").write_bytes(b"<html>\xff</html>")
    found = told(lambda: read_page(tmp_path / "a.html", "a.html"))
    assert found == "there is no page `a.html` that can be read: UnicodeDecodeError"


@pytest.mark.skipif(sys.platform == "win32", reason="a sparse file needs a file system of Unix")
@pytest.mark.parametrize(("more", "words"), [(1, "`a.html` has more than 30 MiB"), (0, "")])
def test_a_huge_page_is_not_read(tmp_path: Path, told: Told, more: int, words: str) -> None:
    """To the byte."""
    with (tmp_path / "a.html").open("wb") as file:
        file.truncate(LARGEST + more)
    assert told(lambda: read_page(tmp_path / "a.html", "a.html")) == words
