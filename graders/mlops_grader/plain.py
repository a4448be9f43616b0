"""Text that came out of a submission, made safe to show: no escape sequences, no control characters, an end."""

from __future__ import annotations

import re

LIMIT = 20_000  # characters of one text; a long log says what went wrong at its end
HEAD = LIMIT // 4

# ECMA-48: CSI sequences, then strings (titles, links) with their terminator, then the two-character ones
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?")
_LINE_ENDS = re.compile(r"\r\n?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# characters that reorder the text around them, and those that no encoding can write
_DECEITS = re.compile(r"[\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """The text as a person should see it; a progress bar that overwrites its line becomes lines."""
    visible = _CONTROLS.sub("", _LINE_ENDS.sub("\n", _ESCAPES.sub("", text)))
    return shortened(_DECEITS.sub("\ufffd", visible))


def shortened(text: str) -> str:
    """The beginning and the end of a text that is longer than LIMIT characters, with a notice between them."""
    if len(text) <= LIMIT:
        return text
    notice = f"\n[... {len(text) - LIMIT:,} characters left out ...]\n"
    return text[:HEAD] + notice + text[HEAD - LIMIT :]
