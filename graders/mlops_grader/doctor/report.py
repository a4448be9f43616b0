"""Show the findings: a table on a terminal, plain lines elsewhere."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlops_grader.doctor.finding import Finding, lacking


def show(findings: Sequence[Finding], module_needs: Sequence[str], console: Console) -> None:
    """Print the findings, then what to type to mend those that are not as wanted."""
    needed = lacking(findings, module_needs)
    words = {finding: _word(finding, needed) for finding in findings}
    if console.is_terminal:
        console.print(_table(words))
        _show_mends(words, console)
    else:
        for finding, word in words.items():
            _plain(console, _line(finding, word))
    _plain(console, _conclusion(words))


def _word(finding: Finding, needed: Sequence[Finding]) -> str:
    if finding.ok:
        return "ok"
    return "missing" if finding in needed else "warning"


def _table(words: dict[Finding, str]) -> Table:
    colours = {"ok": "green", "warning": "yellow", "missing": "bold red"}
    table = Table(box=None, pad_edge=False)
    for heading in ("", "item", "found", "wanted"):
        table.add_column(heading, overflow="fold")
    for finding, word in words.items():
        table.add_row(Text(word, colours[word]), Text(finding.name), Text(finding.found), Text(finding.wanted))
    return table


def _show_mends(words: dict[Finding, str], console: Console) -> None:
    """Below the table and unwrapped, so that a command can be copied."""
    for finding, word in words.items():
        if word != "ok" and finding.mend:
            _plain(console, f"\n{finding.name}:\n    {finding.mend}")


def _line(finding: Finding, word: str) -> str:
    if finding.ok:
        return f"{word:8}{finding.name}: {finding.found}"
    return f"{word:8}{finding.name}: {finding.found}; wanted: {finding.wanted}; do: {finding.mend}"


def _conclusion(words: dict[Finding, str]) -> str:
    missing = [finding.name for finding, word in words.items() if word == "missing"]
    warnings = sum(word == "warning" for word in words.values())
    first = f"Missing: {', '.join(missing)}." if missing else "Nothing that is needed is missing."
    return f"\n{first}" + (f" Warnings: {warnings}." if warnings else "")


def _plain(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
