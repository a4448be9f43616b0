"""Wrong submissions, each wrong in one way."""

from __future__ import annotations

from submissions import Mistake, remove, write

MISTAKES = (
    Mistake("nothing-begun", fails="test_work_begins", says="there is no `begun.txt`", edits=(remove("begun.txt"),)),
    Mistake("nothing-done", fails="test_work_begins", says="still to do", edits=(write("begun.txt", "TODO"),)),
)
