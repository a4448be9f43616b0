"""Other honest ways to do the task."""

from __future__ import annotations

from submissions import Alternative

ALTERNATIVES: tuple[Alternative, ...] = ()
