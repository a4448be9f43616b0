"""Where the pages of a repository lead: their links, images and headings, as a code host shows them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

from mlops_grader.submission import Submission

if TYPE_CHECKING:
    from markdown_it.token import Token

_HTML_TARGETS = re.compile(r"""<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
_HTML_ANCHORS = re.compile(r"""\b(?:id|name)\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
_LINES = re.compile(r"L(\d+)(?:C\d+)?(?:-L(\d+)(?:C\d+)?)?")


@dataclass(frozen=True)
class Link:
    """A link or an image of a page, to another place of the same repository. line: counted from 1; 0 when unknown.

    path: relative to the project, "" for a path that leaves it. fragment: what stands behind #, "" without one.
    """

    page: str
    line: int
    target: str
    path: str
    fragment: str


def pages(submission: Submission) -> list[str]:
    """The README and all that is written in `docs/`."""
    return [name for name in submission.files if name == "README.md" or re.fullmatch(r"docs/.+\.md", name)]


def links(page: str, text: str) -> list[Link]:
    """The links and images of a page that lead into its own repository."""
    return [_link(page, line, target) for line, target in _targets(_parsed(text)) if _is_local(target)]


def claims(page: str, text: str, heading: str) -> list[tuple[str, list[Link]]]:
    """The items of the lists under a heading, down to the next of its level: the words of each, and its links."""
    found: list[tuple[str, list[Link]]] = []
    tokens = _section(_parsed(text), heading)
    for place, token in enumerate(tokens):
        if token.type == "list_item_open" and token.level == 1:
            end = next(
                n for n in range(place, len(tokens)) if tokens[n].type == "list_item_close" and tokens[n].level == 1
            )
            inside = tokens[place:end]
            words = " ".join(each.content for each in inside if each.type == "inline")
            found.append((words, [_link(page, line, target) for line, target in _targets(inside) if _is_local(target)]))
    return found


def has_heading(text: str, heading: str) -> bool:
    """Whether a page has a heading of those words, of any level and case."""
    return any(words.lower() == heading.lower() for words in _headings(_parsed(text)))


def broken(link: Link, submission: Submission) -> str:
    """Why a link leads nowhere in a clean clone; empty when it does not."""
    if not link.path:
        return "it leaves the repository"
    if link.path not in _places(submission.files):
        near = next((name for name in submission.files if name.lower() == link.path.lower()), "")
        return f"git has `{near}`, in other letters" if near else f"there is no `{link.path}` in a clean clone"
    if link.fragment and link.path in submission.files:
        return _lacks(link.fragment, link.path, submission)
    return ""


def _lacks(fragment: str, path: str, submission: Submission) -> str:
    if path.lower().endswith(".md"):
        return "" if fragment in anchors(submission.read(path)) else f"`{path}` has no heading `#{fragment}`"
    if lines := _LINES.fullmatch(fragment):
        there = len(submission.read(path).splitlines())
        last = int(lines[2] or lines[1])
        return f"`{path}` has {there} lines, not {last}" if last > there else ""
    return ""


def anchors(text: str) -> frozenset[str]:
    """The fragments that lead into a page: its headings as GitHub writes them, and names in its HTML."""
    tokens = _parsed(text)
    found: dict[str, int] = {}
    for words in _headings(tokens):
        slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
        while slug in found:
            found[slug] += 1
            slug = f"{slug}-{found[slug]}"
        found[slug] = 0
    raw = "".join(_html(tokens))
    return frozenset(found) | frozenset(_HTML_ANCHORS.findall(raw))


@cache
def _places(files: tuple[str, ...]) -> frozenset[str]:
    """All files and folders that git has, and the project itself."""
    folders = {folder for name in files for folder in _above(name)}
    return frozenset(files) | folders | {"."}


def _above(name: str) -> Iterator[str]:
    while name := posixpath.dirname(name):
        yield name


def _parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def _is_local(target: str) -> bool:
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc


def _link(page: str, line: int, target: str) -> Link:
    parts = urlsplit(target)
    named = unquote(parts.path)
    folder = "" if named.startswith("/") else posixpath.dirname(page)  # code hosts begin at the top
    path = posixpath.normpath(posixpath.join(folder, named.lstrip("/"))) if named else page
    return Link(page, line, target, "" if path.startswith("..") else path, unquote(parts.fragment))


def _targets(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    for token in tokens:
        line = token.map[0] + 1 if token.map else 0
        for child in token.children or ():
            target = child.attrGet("href" if child.type == "link_open" else "src")
            if child.type in ("link_open", "image") and target:
                yield line, str(target)
        for raw in _html([token]):
            yield from ((line, target) for target in _HTML_TARGETS.findall(raw))


def _html(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "html_block":
            yield token.content
        yield "".join(child.content for child in token.children or () if child.type == "html_inline")


def _headings(tokens: Sequence[Token]) -> Iterator[str]:
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            yield _words(following)


def _words(inline: Token) -> str:
    """A heading or a paragraph without its markup."""
    kept = {"softbreak": " ", "hardbreak": " "}
    shown = ("text", "code_inline")
    return "".join(
        kept.get(child.type, child.content if child.type in shown else "") for child in inline.children or ()
    )


def _section(tokens: Sequence[Token], heading: str) -> list[Token]:
    """What stands under a heading, down to the next of its level."""
    inside, level, found = False, "", []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following:
            if inside and token.tag <= level:
                break
            if not inside and _words(following).lower() == heading.lower():
                inside, level = True, token.tag
                continue
        if inside:
            found.append(token)
    return found


def section(text: str, heading: str) -> str | None:
    """The words under a heading, without code, HTML and quotes; None without that heading."""
    tokens = _parsed(text)
    if not has_heading(text, heading):
        return None
    words, quoted = [], 0
    for token in _section(tokens, heading)[2:]:
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "inline" and not quoted:
            words.append(_words(token))
    return " ".join(words)


def to(links: Collection[Link], path: str) -> bool:
    """Whether one of the links leads to that file or folder, or into that folder."""
    return any(link.path == path or link.path.startswith(f"{path}/") for link in links)
