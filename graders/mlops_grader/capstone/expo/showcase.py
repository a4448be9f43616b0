"""What a team says about its product at the expo: `docs/showcase.toml`, or what can be found without it."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import pydantic

from mlops_grader.plain import plain

FILE = "docs/showcase.toml"
README = "README.md"
LONGEST = 1200  # characters of a text on a page
READ = 2**18  # bytes of a text file that are read
UNDONE = "TODO("
SCREENSHOTS = tuple(
    f"docs/{folder}screenshot.{kind}" for folder in ("expo/", "") for kind in ("png", "jpg", "jpeg", "webp")
)
ARCHITECTURES = tuple(name.replace("screenshot", "architecture") for name in SCREENSHOTS)

_Words = Annotated[str, pydantic.Field(max_length=LONGEST)]
_Address = Annotated[str, pydantic.Field(pattern=r"^(https?://[^\s<>\"']+)?$", max_length=500)]


class ShowcaseError(Exception):
    """What is wrong with the file, and the way out."""


@dataclass(frozen=True)
class Showcase:
    """Problem and people in words, pictures as names of files in the project, a web address; "" for what is not there.

    The texts under `_shows` are read out to people who do not see the pictures.
    """

    problem: str = ""
    users: str = ""
    domain: str = ""
    screenshot: str = ""
    screenshot_shows: str = ""
    architecture: str = ""
    architecture_shows: str = ""
    demo: str = ""


class _Table(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=True)

    problem: Annotated[_Words, pydantic.Field(min_length=1)]
    users: _Words = ""
    domain: Annotated[str, pydantic.Field(max_length=60)] = ""
    screenshot: str = ""
    screenshot_shows: _Words = ""
    architecture: str = ""
    architecture_shows: _Words = ""
    demo: _Address = ""


def load(project: Path) -> Showcase | None:
    """What the file says; None without one. Raises ShowcaseError that names the key and the way out."""
    text = _text(project, FILE)
    if text is None:
        return None
    try:
        said = _Table.model_validate(tomllib.loads(text)).model_dump()
    except tomllib.TOMLDecodeError as error:
        raise ShowcaseError(f"`{FILE}` is not valid TOML: {error}") from None
    except RecursionError:
        raise ShowcaseError(f"`{FILE}` is not valid TOML: it is nested too deep") from None
    except pydantic.ValidationError as error:
        raise ShowcaseError(_explained(error)) from None
    return Showcase(**{key: _flowing(value) for key, value in said.items()})


def found(project: Path, said: Showcase | None) -> Showcase:
    """What a team said, filled up with what its README and the usual names of pictures give."""
    known = said or Showcase()
    problem = known.problem if UNDONE not in known.problem else ""
    return replace(
        known,
        problem=problem or described(_text(project, README) or ""),
        screenshot=known.screenshot or _first(project, SCREENSHOTS),
        architecture=known.architecture or _first(project, ARCHITECTURES),
    )


def described(readme: str) -> str:
    """The first paragraph under "What it does, and for whom", or else the first of the page; "" when it is still to do."""
    _, asked, below = readme.partition("\n## What it does")
    rest = below.partition("\n")[2] if asked else readme
    for paragraph in re.split(r"\n\s*\n", rest.split("\n## ")[0].strip()):
        words = " ".join(line for line in paragraph.splitlines() if not line.startswith("#")).strip()
        if words and not words.startswith(("```", "![", "[![", "|", "<")):
            return "" if UNDONE in words else plain(words)[:LONGEST]
    return ""


def _flowing(text: str) -> str:
    """A text whose lines end where the page does, and whose paragraphs stay."""
    return re.sub(r"[ \t]*(?<!\n)\n(?!\n)[ \t]*", " ", re.sub(r"\n[ \t]+(?=\n)", "\n", text))


def _first(project: Path, names: tuple[str, ...]) -> str:
    return next((name for name in names if (project / name).is_file()), "")


def _text(project: Path, name: str) -> str | None:
    """A text file of the project; None when it is not there. Raises ShowcaseError when it is no text or far too long."""
    path = project / name
    try:
        if not path.is_file() or not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(project)):
            return None
        with path.open("rb") as file:
            content = file.read(READ + 1)
        if len(content) > READ:
            raise ShowcaseError(f"`{name}` is larger than {READ // 2**10} KiB: keep it short")
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        raise ShowcaseError(f"`{name}` cannot be read as UTF-8 text: save it as UTF-8") from None


def _explained(error: pydantic.ValidationError) -> str:
    errors = error.errors()  # a key that is misspelt is missing, too: the misspelling says more
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, _Table.model_fields, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(_Table.model_fields)}"
        return f"`{FILE}` has the unknown key `{key}`: {hint}"
    if first["type"] == "missing":
        return f"`{FILE}` has no `{key}`: say in two or three sentences which problem the product solves"
    if key == "demo":
        return f"`{FILE}`: `demo` is no web address: write one that begins with https://"
    return f"`{FILE}`: `{key}` is {first['input']!r:.100}: {first['msg']}"
