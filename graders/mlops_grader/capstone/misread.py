"""Words for a rubric file that says what it must not, or not all that it must: where, what, and what was meant."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pydantic

UNKNOWN = "unexpected_keyword_argument"
_HEADER = re.compile(r"^[ \t]*\[{1,2}([\w.-]+)\]{1,2}[ \t]*(?:#.*)?$", re.MULTILINE)


def meant(word: str, known: Iterable[str]) -> str:
    """What somebody who wrote that word probably meant, or all that is known."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(names)}"


def explained(error: pydantic.ValidationError, document: dict[str, Any], root: type) -> str:
    """The first thing that is wrong, in one sentence that ends with the way out.

    An unknown key goes first: what is missing beside it is what it was meant to be.
    """
    first = min(error.errors(), key=lambda each: each["type"] != UNKNOWN)
    *tables, key = first["loc"]
    if isinstance(key, int) and _is_table(tables, root):
        return f"`{tables[-1]}` holds {_shown(first)} where a table must stand: write [[{'.'.join(_names(tables))}]]"
    if isinstance(key, int):
        *tables, key = tables
    where = _where(tables, document)
    if first["type"] == UNKNOWN:
        known = [name for name in _keys(_table(tables, root)) if name != "phase"]
        return f"{where}has the unknown key `{key}`: {meant(str(key), known)}"
    if first["type"] == "missing":
        return f"{where}has no `{key}`: add it"
    return f"{where}has `{key}` = {_shown(first)}, but {_plain(first['msg'])}"


def broken(error: tomllib.TOMLDecodeError, text: str, root: type) -> str:
    """Why a text is no TOML. A misspelt header is named: the parser stumbles only later, over a table that has no parent."""
    for header in _HEADER.findall(text):
        tables: list[int | str] = []
        for name in header.split("."):
            table = _table(tables, root)
            if name not in _keys(table):
                return f"the header [{header}] has the unknown key `{name}`: {meant(name, _keys(table))}"
            tables.append(name)
    return f"it is not valid TOML: {error}; mend that line"


def _shown(error: Any) -> str:
    return repr(error["input"])[:200]


def _plain(message: str) -> str:
    words = re.sub(r"^(Fraction input|Input|String|Tuple) should", "it should", message.removeprefix("Value error, "))
    return words.replace("Input is not a valid fraction", "it should be a number, such as 1.05")


def _where(tables: Sequence[int | str], document: Any) -> str:
    """The innermost table on the way that has a name of its own, or else its key."""
    place, words, kind = document, "the file ", ""
    for step in tables:
        place = place[step]
        if isinstance(step, str):
            kind = step
            words = f"[{step}] " if isinstance(place, dict) else words
        else:
            words = f"{kind.removesuffix('s')} {_name(place) or f'number {step + 1}'} "
    return words


def _name(table: Any) -> str:
    names = (table.get(key) for key in ("id", "key")) if isinstance(table, dict) else ()
    return next((f"`{name}`" for name in names if isinstance(name, str) and name), "")


def _names(tables: Sequence[int | str]) -> list[str]:
    return [step for step in tables if isinstance(step, str)]


def _is_table(tables: Sequence[int | str], root: type) -> bool:
    *outer, key = tables
    return _inner(_table(outer, root), str(key)) is not None


def _table(tables: Sequence[int | str], root: type) -> type:
    """The dataclass that a place of the file is read into."""
    for name in _names(tables):
        root = _inner(root, name) or root
    return root


def _keys(table: type) -> list[str]:
    return [field.name for field in fields(table)]


def _inner(table: type, name: str) -> type | None:
    """The dataclass of a field, or of the items of a field that is a list; None for a plain value."""
    hint = get_type_hints(table).get(name)
    return next((each for each in (hint, *get_args(hint)) if isinstance(each, type) and is_dataclass(each)), None)
