"""What the grader itself finds about a team's product: the document of it, and the command that makes it."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlops_grader.capstone import rubric as rubrics
from mlops_grader.capstone.lines import CheckEnd, MeasuredLine, resolve, wanted
from mlops_grader.capstone.rubric import Rubric
from mlops_grader.capstone.state import State
from mlops_grader.check import Fail, Verdict
from mlops_grader.contract import Contract
from mlops_grader.figure import Figure
from mlops_grader.grading import Order, Watcher, grade, identity, module_named, seed_of
from mlops_grader.reports import terminal
from mlops_grader.result import Graded, Result, from_document, write_text
from mlops_grader.submission import UsageError, locate, snapshot

SCHEMA = "mlops-grader/capstone-measured/v1"
KEY = "m14_capstone"
Watch = Callable[[], AbstractContextManager[Watcher]]

__all__ = ["CheckEnd", "Figure", "Measured", "MeasuredLine", "State", "document", "measure", "read"]


@dataclass(frozen=True)
class Measured:
    """All that checks found about one product at one commit. Seconds are wall time.

    gate_line: the line of the rubric that is the gate. gate_open: False only when that line is lost; when nothing is known
    about it, `gate_found` says why.
    """

    product: str
    parts: tuple[str, ...]
    submission: Graded
    grader: str
    authority: str
    seed: int
    started_at: str
    seconds: float
    rubric: str
    gate_line: str
    gate_open: bool
    lines: tuple[MeasuredLine, ...]
    figures: tuple[Figure, ...]
    results: tuple[Result, ...]

    @property
    def gate_found(self) -> str:
        """Why the gate is closed, or not known to be open; empty when it is."""
        gate = next((line for line in self.lines if line.id == self.gate_line), None)
        return gate.because if gate and gate.state is not State.EARNED else ""


def measure(
    project: Path,
    rubric: Rubric,
    *,
    authority: str = "advisory",
    commit: str | None = None,
    seed: int | None = None,
    watch: Watch | None = None,
) -> Measured:
    """Run the checks that the rubric's lines name on a project, each module once, and say what each line earned.

    watch: opens who is told of each check of one module. Raises UsageError, and Interrupted when stopped from outside.
    """
    started = time.time()
    contract, tree = _described(project, commit)
    parts = tuple(contract.parts) if contract else None
    chosen = {KEY: (), **{key: only for key, only in wanted(rubric, parts).items() if key != KEY}}
    drawn = seed_of(tree, KEY) if seed is None else seed
    results = {}
    for key, only in chosen.items():
        order = Order(project, module_named(key), only, drawn, commit, authority)
        with watch() if watch else nullcontext(Watcher()) as watcher:
            results[key] = _same(grade(order, watcher), tree)
    lines = resolve(rubric, parts, results)
    return Measured(
        product=contract.name if contract else "",
        parts=parts or (),
        submission=results[KEY].submission,
        grader=identity(),
        authority=authority,
        seed=drawn,
        started_at=datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=time.time() - started,
        rubric=rubric.version,
        gate_line=rubric.gate.line,
        gate_open=not any(line.id == rubric.gate.line and line.state is State.NOT_EARNED for line in lines),
        lines=lines,
        figures=tuple(figure for result in results.values() for figure in result.figures),
        results=tuple(results.values()),
    )


def _described(project: Path, commit: str | None) -> tuple[Contract | None, str]:
    """The contract in a clean clone, None when it cannot be read, and git's hash of the tree."""
    with tempfile.TemporaryDirectory(prefix="mlops-grader-", ignore_cleanup_errors=True) as folder:
        submission = snapshot(project, Path(folder).resolve(), commit)
        try:
            return submission.contract(), submission.tree
        except Fail:
            return None, submission.tree


def _same(result: Result, tree: str) -> Result:
    if result.submission.tree != tree:
        raise UsageError("the project changed while it was measured: let it rest, or name a commit with --commit")
    return result


def document(measured: Measured) -> dict[str, Any]:
    """As plain data, valid against the schema."""
    graded = measured.submission
    return {
        "schema": SCHEMA,
        "product": measured.product,
        "parts": list(measured.parts),
        "submission": {"commit": graded.commit, "tree": graded.tree, "clean": graded.clean},
        "grader": {"version": measured.grader},
        "authority": measured.authority,
        "seed": measured.seed,
        "started_at": measured.started_at,
        "seconds": round(measured.seconds, 3),
        "rubric": measured.rubric,
        "gate": {"line": measured.gate_line, "open": measured.gate_open, "found": measured.gate_found},
        "lines": [{**asdict(line), "checks": [asdict(end) for end in line.checks]} for line in measured.lines],
        "figures": [asdict(figure) for figure in measured.figures],
        "results": [result.document() for result in measured.results],
    }


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the document; the results in it have a schema of their own."""
    text = files("mlops_grader").joinpath("capstone/measured-v1.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def validate(plain: Any) -> None:
    """Raise jsonschema.ValidationError unless this is such a document."""
    jsonschema.validate(plain, schema(), cls=jsonschema.Draft202012Validator)


def read(path: Path) -> Measured:
    """The document in a file. Raises UsageError that names the file and what is wrong with it."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        validate(plain)
        return _from(plain)
    except FileNotFoundError:
        raise UsageError(f"there is no `{path}`: mlops-grader capstone measure PROJECT --json {path}") from None
    except jsonschema.ValidationError as error:
        raise UsageError(f"`{path}` is no document of `capstone measure`: {error.json_path}: {error.message}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"`{path}` cannot be read: {error}") from None


def _from(plain: Mapping[str, Any]) -> Measured:
    return Measured(
        product=plain["product"],
        parts=tuple(plain["parts"]),
        submission=Graded(**plain["submission"], module=KEY),
        grader=plain["grader"]["version"],
        authority=plain["authority"],
        seed=plain["seed"],
        started_at=plain["started_at"],
        seconds=plain["seconds"],
        rubric=plain["rubric"],
        gate_line=plain["gate"]["line"],
        gate_open=plain["gate"]["open"],
        lines=tuple(_line(entry) for entry in plain["lines"]),
        figures=tuple(Figure(**entry) for entry in plain["figures"]),
        results=tuple(from_document(entry) for entry in plain["results"]),
    )


def _line(entry: Mapping[str, Any]) -> MeasuredLine:
    ends = tuple(CheckEnd(**{**end, "verdict": Verdict(end["verdict"])}) for end in entry["checks"])
    return MeasuredLine(entry["id"], State(entry["state"]), entry["because"], entry["fix"], ends)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `mlops-grader capstone measure` takes."""
    parser.add_argument("project", type=Path, help="the folder of the team's repository")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the document is written")
    parser.add_argument("--commit", help="measure this commit instead of the working tree")
    parser.add_argument("--seed", type=int, help="the seed of an earlier measurement, to repeat it")
    parser.add_argument("--rubric", type=Path, metavar="FILE", help="another rubric than the course's own")


def run(options: argparse.Namespace, console: Console) -> int:
    """Measure a project, show what each line earned, and write the document."""
    rubric = rubrics.load(options.rubric)
    measured = measure(
        locate(options.project),
        rubric,
        commit=options.commit,
        seed=options.seed,
        watch=lambda: terminal.progress(console),
    )
    plain = document(measured)
    validate(plain)
    write_text(options.json, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
    _show(measured, rubric, console)
    console.print(f"Written: {options.json}", style="dim", soft_wrap=True, highlight=False)
    return 0


_WORDS = {
    State.EARNED: ("earned", "green"),
    State.NOT_EARNED: ("not earned", "red"),
    State.UNKNOWN: ("not known", "yellow"),
}


def _show(measured: Measured, rubric: Rubric, console: Console) -> None:
    """A row for each line, and the sum of what checks alone can give."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    for line in measured.lines:
        word, style = _WORDS[line.state]
        words = Text(rubric.line(line.id).claim)
        if line.state is not State.EARNED:
            first = (line.because.splitlines() or [""])[0]
            words.append(f"\n{first}" + (f"\n{line.fix.splitlines()[0]}" if line.fix else ""), style="dim")
        table.add_row(Text(word, style=style), str(rubric.line(line.id).points), words)
    console.print(table)
    counts = {state: sum(line.state is state for line in measured.lines) for state in State}
    console.print(
        f"{counts[State.EARNED]} of {len(measured.lines)} lines earned, {counts[State.UNKNOWN]} not known; "
        f"the gate is {'open' if measured.gate_open else 'closed'}",
        highlight=False,
    )
