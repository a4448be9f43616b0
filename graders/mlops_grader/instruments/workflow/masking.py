"""Secrets in what a job prints: hidden in the log, and named when they were there."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any


def masked(text: str, words: Iterable[str]) -> str:
    """A text without these words; of two that overlap the longer one goes first."""
    for word in sorted({word for word in words if word.strip()}, key=len, reverse=True):
        text = text.replace(word, "***")
    return text


def leaked(text: str, secrets: Mapping[str, Any]) -> frozenset[str]:
    """Names of secrets that a text holds, as they are or as base64."""
    named = {name: str(value) for name, value in secrets.items() if value}
    return frozenset(
        name for name, value in named.items() if value in text or any(code in text for code in _coded(value))
    )


def _coded(value: str) -> list[str]:
    """A value as base64 shows it inside of a longer text: three ways, without the letters that its neighbours change."""
    found = []
    for before in range(3):
        code = b64encode(b"\0" * before + value.encode()).decode().rstrip("=")
        found.append(code[(0, 2, 3)[before] : -1])
    return [code for code in found if len(code) >= 8]
