"""The report of a training, for people."""

from collections.abc import Iterator, Mapping
from typing import Any


def markdown(report: Mapping[str, Any]) -> str:
    """Figures as a page. Every number of it is in `evaluation.json` too."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    low, high = report["interval"]
    yield "# Evaluation"
    yield ""
    yield f"Made by `python -m triage train` from {report['letters']} letters that training has not seen."
    yield ""
    yield "| who sorts | label right | urgent letters found | alarms right |"
    yield "|---|---:|---:|---:|"
    rows = {"the model": report["model"], "the list of keywords": report["baselines"]["keywords"]}
    rows["always the most frequent"] = report["baselines"]["most_frequent"]
    for name, row in rows.items():
        yield f"| {name} | {row['accuracy']:.1%} | {row['urgent_found']:.1%} | {row['alarms_right']:.1%} |"
    yield ""
    yield f"With 95 % confidence the model's share of right labels lies between {low:.1%} and {high:.1%}."
    yield (
        f"It hands {report['review_share']:.1%} of the letters to a person; "
        f"of the others {report['accuracy_without_review']:.1%} get the right label."
    )
    yield ""
    yield "## Slices"
    yield ""
    yield "| group | value | letters | label right | urgent letters found | alarms right |"
    yield "|---|---|---:|---:|---:|---:|"
    for row in report["slices"]:
        figures = f"{row['accuracy']:.1%} | {row['urgent_found']:.1%} | {row['alarms_right']:.1%}"
        yield f"| {row['group']} | {row['value']} | {row['letters']} | {figures} |"
    yield ""
    yield "## Labels"
    yield ""
    yield "| label | letters | found | right when said |"
    yield "|---|---:|---:|---:|"
    for name, row in report["by_label"].items():
        yield f"| {name} | {row['letters']} | {row['found']:.1%} | {row['right']:.1%} |"
