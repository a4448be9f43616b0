"""The paragraph of a lesson that teaches a check, from Markdown to HTML that carries no markup of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

LEVEL = 5  # of the first headings inside a section: the page's own headings lie above
HEADING = 3  # tokens that a heading consists of: it opens, has words, closes
LONGEST = 200_000  # characters of a lesson that are read; it lies in the project, where anybody can lengthen it
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FOLD = re.compile(r"(<details>\s*<summary>[^<]*</summary>|</details>)")
_SUMMARY = re.compile(r"<summary>([^<]*)</summary>")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Lesson:
    """A lesson, parsed."""

    tokens: Sequence[Token]

    def section(self, anchor: str) -> str:
        """As HTML, what stands under the heading with that anchor, up to the next of its level; "" without one."""
        slugs = list(_slugs(self.tokens))
        start = next((place for place, slug in slugs if slug == anchor), None)
        if start is None:
            return ""
        top = _level(self.tokens[start])
        end = next((place for place, _ in slugs if place > start and _level(self.tokens[place]) <= top), None)
        return _rendered([_lowered(token, top) for token in self.tokens[start + HEADING : end]])


def read(markdown: str) -> Lesson:
    """Parse the text of a lesson."""
    return Lesson(tuple(_markdown().parse(markdown[:LONGEST])))


def _slugs(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Each heading's place and its anchor as GitHub makes it: the second of the same words gets -1."""
    seen: Counter[str] = Counter()
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0:
            words = "".join(child.content for child in tokens[place + 1].children or ())
            slug = _NOT_IN_SLUG.sub("", words.strip().lower()).replace(" ", "-")
            yield place, f"{slug}-{seen[slug]}" if seen[slug] else slug
            seen[slug] += 1


def _level(heading: Token) -> int:
    return int(heading.tag[1:])


def _lowered(token: Token, top: int) -> Token:
    """A heading of the section, moved below the headings of the page."""
    if not token.type.startswith("heading_"):
        return token
    return token.copy(tag=f"h{max(LEVEL, min(6, LEVEL + _level(token) - top - 1))}")


def _markdown() -> MarkdownIt:
    """A parser that knows markup when it sees it, so that the renderer can keep it out."""
    return MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable(["table", "strikethrough"])


def _rendered(body: Sequence[Token]) -> str:
    parser = _markdown()
    env = {"folds": 0}  # how many are open
    text = str(parser.renderer.render(body, parser.options, env))
    return text + "</details>" * int(env["folds"])


class _Renderer(RendererHTML):
    """Escapes all markup except folds, leaves comments out, and loads nothing from anywhere."""

    def html_block(self, tokens: Sequence[Token], idx: int, _: Any, env: Any) -> str:
        pieces = _FOLD.split(_COMMENT.sub("", tokens[idx].content))
        return "".join(_piece(piece.strip(), env, may_fold=tokens[idx].level == 0) for piece in pieces if piece.strip())

    def html_inline(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return escape(_COMMENT.sub("", tokens[idx].content))

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"[picture: {escape(self.renderInlineAsText(tokens[idx].children or [], options, env))}]"

    def link_open(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        target = str(tokens[idx].attrGet("href"))
        if not target.startswith(("https://", "http://")):
            return "<a>"  # it leads to a file beside the lesson, which is not beside the page
        return f'<a href="{escape(target)}" rel="noreferrer">'

    def table_open(self, *_: Any) -> str:
        return '<div class="table" tabindex="0" role="region" aria-label="Table"><table>\n'

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"


def _piece(piece: str, env: Any, *, may_fold: bool) -> str:
    """A piece of markup: the tags of a fold where they can be balanced, anything else as text."""
    if summary := _SUMMARY.search(piece) if _FOLD.fullmatch(piece) else None:
        env["folds"] += may_fold
        words = escape(unescape(summary[1].strip()))
        return f"<details><summary>{words}</summary>" if may_fold else f"<p><strong>{words}</strong></p>"
    if piece != "</details>":
        return f"<p>{escape(piece)}</p>"
    if may_fold and env["folds"]:
        env["folds"] -= 1
        return "</details>"
    return ""
