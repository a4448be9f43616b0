"""The outside formats by name, and the command that writes a kept result in one of them."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema

from mlops_grader.reports import action_protocol, classroom50, gradescope, html, junit, markdown, plain_csv
from mlops_grader.result import Result, from_document, write_text
from mlops_grader.submission import UsageError

if TYPE_CHECKING:
    from rich.console import Console


def _classroom50(result: Result) -> str:
    return _json(classroom50.document(result, classroom50.submitted(os.environ, committed(Path.cwd()))))


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Result], str]] = {
    "markdown": markdown.document,
    "html": lambda result: html.page([result], {}),
    "classroom50": _classroom50,
    "action-protocol": lambda result: f"result={action_protocol.output(result)}\n",
    "gradescope": lambda result: _json(gradescope.document(result)),
    "junit": junit.document,
    "plain": plain_csv.of_result,
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `mlops-grader report`."""
    parser.add_argument("result", type=Path, help="a result document, as `grade --json` writes it")
    parser.add_argument("--as", dest="format", required=True, choices=sorted(FORMATS), help="the format")
    parser.add_argument("--to", type=Path, metavar="FILE", help="where to (default: standard output)")
    parser.add_argument("--append", action="store_true", help="add to that file, as GITHUB_OUTPUT wants it")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the result in that format. Raises UsageError for what is no result of one module."""
    text = FORMATS[options.format](read(options.result))
    if options.to is None:
        console.file.write(text)
    elif options.append:
        with options.to.open("a", encoding="utf-8") as file:
            file.write(text)
    else:
        write_text(options.to, text)
    return 0


def read(path: Path) -> Result:
    """The result document in a file. Raises UsageError that says what is wrong with it."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(loaded, list):
            raise UsageError(f"`{path}` holds the results of {len(loaded)} modules: name a file with one")
        return from_document(loaded)
    except FileNotFoundError:
        raise UsageError(f"there is no `{path}`: make it with `mlops-grader grade --json {path}`") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"`{path}` cannot be read as JSON: {error}") from None
    except jsonschema.ValidationError as error:
        place = "/".join(map(str, error.absolute_path)) or "the document"
        raise UsageError(f"`{path}` is no result document: {place}: {error.message[:200]}") from None


def committed(folder: Path) -> str:
    """The committer's instant of the commit that is checked out there, in UTC: a regrade does not move it."""
    asked = ["git", "-C", str(folder), "log", "-1", "--format=%ct"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"git knows no commit in `{folder}`: run this in the student's checkout")
    return datetime.fromtimestamp(int(done.stdout), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
