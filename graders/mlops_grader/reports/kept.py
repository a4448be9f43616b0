"""What a grade leaves in the project: a folder `.grade` that git ignores, with the last result and its page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import jsonschema

from mlops_grader.grading import identity
from mlops_grader.reports import html
from mlops_grader.result import Result, from_document, write, write_text

FOLDER = ".grade"


@dataclass(frozen=True)
class Kept:
    """The folder of one project."""

    project: Path

    @property
    def page(self) -> Path:
        """The last report as a page."""
        return self.project / FOLDER / "report.html"

    def keep(self, results: Sequence[Result]) -> None:
        """Replace the last result of each module, and the page of them all."""
        write_text(self.project / FOLDER / ".gitignore", "*\n")
        for result in results:
            write([result], self._path(result.submission.module))
        write_text(self.page, html.page(results, self.lessons()))

    def known(self, module: str, tree: str, seed: int) -> Result | None:
        """The last result of a module when a new one could not differ: same tree, grader and seed, nothing left open."""
        with suppress(OSError, ValueError, RecursionError, jsonschema.ValidationError):
            result = from_document(json.loads(self._path(module).read_text(encoding="utf-8")))
            graded = (result.submission.module, result.submission.tree, result.seed, result.grader)
            return result if graded == (module, tree, seed, identity()) and result.complete else None
        return None

    def lessons(self) -> dict[str, str]:
        """The lessons that came with the project, by module."""
        return {path.stem: path.read_text(encoding="utf-8") for path in self.project.glob("lessons/m*.md")}

    def _path(self, module: str) -> Path:
        return self.project / FOLDER / f"{module}.json"
