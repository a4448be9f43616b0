"""A result as JUnit XML, which nearly every CI system shows: nothing that has not passed looks as if it had."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from mlops_grader.check import Verdict, heading
from mlops_grader.plain import plain
from mlops_grader.result import Outcome, Result

# a check that is blocked or was not run has earned nothing: whoever reads only failures must see it
ELEMENTS = {Verdict.FAILED: "failure", Verdict.BLOCKED: "failure", Verdict.NOT_RUN: "error", Verdict.ERROR: "error"}


def document(result: Result) -> str:
    """The document, one test case for each check; what an XML file cannot hold is left out."""
    ended = [ELEMENTS.get(outcome.verdict, "") for outcome in result.checks]
    attributes = {
        "name": result.submission.module,
        "timestamp": result.started_at.removesuffix("Z"),
        "time": f"{result.seconds:.3f}",
        "tests": str(len(ended)),
        "failures": str(ended.count("failure")),
        "errors": str(ended.count("error")),
        "skipped": "0",
    }
    suite = Xml.Element("testsuite", attributes)
    properties = Xml.SubElement(suite, "properties")
    for name, value in _facts(result).items():
        Xml.SubElement(properties, "property", name=name, value=value)
    for outcome in result.checks:
        _case(suite, outcome, result.submission.module)
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _facts(result: Result) -> dict[str, str]:
    return {
        "score": str(result.score),
        "max_score": str(result.max_score),
        "commit": result.submission.commit or "",
        "authority": result.authority,
        "seed": str(result.seed),
        "grader": result.grader,
    }


def _case(suite: Xml.Element, outcome: Outcome, module: str) -> None:
    case = Xml.SubElement(suite, "testcase", classname=module, name=heading(outcome.id), time=f"{outcome.seconds:.3f}")
    if element := ELEMENTS.get(outcome.verdict):
        found = plain(outcome.found)
        message = (found.splitlines() or [""])[0]
        ended = Xml.SubElement(case, element, type=str(outcome.verdict), message=message)
        ended.text = f"{found}\n\n{plain(outcome.fix)}"
