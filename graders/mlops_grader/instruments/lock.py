"""A lock file, whichever tool wrote it: what it pins, and what happens when its hashes are wrong."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from mlops_grader.check import Fail
from mlops_grader.instruments.environment import normalize

Pins = dict[str, set[str]]
"""Versions by normalized name; more than one where the lock tells platforms or Pythons apart."""

# the hash of a package in any of the formats, and not the hash of the declaration that some of them hold too
_HASH = re.compile(r"""(?<!content_hash = ")(sha256(?:[:=]|\s*=\s*["']))([0-9a-f]{64})""")


def pins(name: str, text: str) -> Pins:
    """What a lock pins: requirement lines, TOML with packages (uv, Poetry, PDM, pylock) or JSON (Pipenv).

    Raises Fail when it is none of these.
    """
    found: Pins = {}
    try:
        listed = list(
            _toml(text) if _looks_like_toml(text) else _json(text) if text.lstrip().startswith("{") else _lines(text)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Fail(f"`{name}` cannot be read as a lock: {error}", fix="let your tool write it anew") from None
    for package, version in listed:
        found.setdefault(normalize(package), set()).add(plain_version(version))
    if not found:
        raise Fail(
            f"`{name}` pins nothing", fix="lock the dependencies, for example with uv pip compile --generate-hashes"
        )
    return found


def with_wrong_hashes(name: str, text: str) -> str:
    """The lock with every SHA-256 changed. Raises Fail when it holds none."""
    if not _HASH.search(text):
        raise Fail(
            f"`{name}` holds no hashes", fix="lock with hashes, for example with uv pip compile --generate-hashes"
        )
    return _HASH.sub(lambda match: match[1] + match[2][::-1], text)


def plain_version(text: str) -> str:
    """A version in its usual form: 2024.07.04 is 2024.7.4. What is no version stays as it is."""
    try:
        return str(Version(text))
    except InvalidVersion:
        return text


def _looks_like_toml(text: str) -> bool:
    return bool(re.search(r"^\[\[packages?\]\]", text, re.MULTILINE))


def _toml(text: str) -> Iterator[tuple[str, str]]:
    document = tomllib.loads(text)
    for package in document.get("package", []) + document.get("packages", []):
        if "version" in package:
            yield package["name"], package["version"]


def _json(text: str) -> Iterator[tuple[str, str]]:
    document = json.loads(text)
    for group in ("default", "develop"):
        for package, facts in document.get(group, {}).items():
            yield package, facts["version"].removeprefix("==")


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\\\n", " ").splitlines():
        words = re.split(r"\s+(?:#|--hash)", line.strip(), maxsplit=1)[0]
        if not words or words.startswith(("#", "-")):
            continue
        try:
            requirement = Requirement(words)
        except InvalidRequirement as error:
            raise ValueError(f"`{words}`: {error}") from None
        yield from (
            (requirement.name, part.version) for part in requirement.specifier if part.operator in ("==", "===")
        )
