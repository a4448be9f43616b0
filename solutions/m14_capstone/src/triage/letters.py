"""What a letter is: its fields, what is allowed in them, and the letters that the office has sorted already."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

LABELS = ("neighbours", "rent", "repair", "termination")
URGENCIES = ("ordinary", "urgent")
CHANNELS = ("post", "mail", "portal")
LONGEST_SUBJECT, LONGEST_TEXT = 200, 10_000
"""In characters. The longest text fits into a body of 64 KiB, however its characters are written."""

VISIBLE = r"\S"


class UnfitError(Exception):
    """A body is not a letter. `field` is empty when the whole is meant; `reason` is one of a few words."""

    def __init__(self, field: str, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.reason = field, reason


@dataclass(frozen=True)
class Letter:
    """What a tenant wrote, and how it came."""

    subject: str
    text: str
    channel: str


@dataclass(frozen=True)
class Sorted:
    """A letter that a clerk has sorted. writer: native or learner, which the clerk noted for the corpus alone."""

    letter: Letter
    received: date
    writer: str
    label: str
    urgency: str


def read_letter(body: Any) -> Letter:
    """The letter in a parsed JSON body. Raises UnfitError that names the field and never repeats what it held."""
    if not isinstance(body, dict):
        raise UnfitError("", "wrong", "a letter is a JSON object with subject, text and channel")
    for name in ("subject", "text", "channel"):
        if name not in body:
            raise UnfitError(name, "missing", f"`{name}` is missing")
        if not isinstance(body[name], str):
            raise UnfitError(name, "wrong", f"`{name}` must be a string")
    if len(body) > 3:
        raise UnfitError("", "unknown", "there are fields besides subject, text and channel")
    _must_fit(body)
    return Letter(body["subject"], body["text"], body["channel"])


def _must_fit(body: Mapping[str, str]) -> None:
    if len(body["subject"]) > LONGEST_SUBJECT:
        raise UnfitError("subject", "long", f"`subject` may have {LONGEST_SUBJECT} characters")
    if not 1 <= len(body["text"]) <= LONGEST_TEXT:
        raise UnfitError("text", "long", f"`text` must have 1 to {LONGEST_TEXT} characters")
    if not re.search(VISIBLE, body["text"]):
        raise UnfitError("text", "empty", "`text` must hold more than white space")
    if body["channel"] not in CHANNELS:
        raise UnfitError("channel", "wrong", f"`channel` must be one of {', '.join(CHANNELS)}")


def read_corpus(path: Path) -> list[Sorted]:
    """The sorted letters in the order in which they came. Raises ValueError that names the file and the line."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for number, row in enumerate(rows, 2):
        try:
            found.append(_sorted(row))
        except (KeyError, TypeError, ValueError, UnfitError) as error:
            raise ValueError(f"`{path.name}`, line {number}: {error}") from None
    return found


def _sorted(row: Mapping[str, str]) -> Sorted:
    if row["label"] not in LABELS or row["urgency"] not in URGENCIES:
        raise ValueError("the label or the urgency is none that the office uses")
    letter = read_letter({name: row[name] for name in ("subject", "text", "channel")})
    return Sorted(letter, date.fromisoformat(row["received"]), row["writer"], row["label"], row["urgency"])
