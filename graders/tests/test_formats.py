"""Results in the formats of others: nothing that a submission says can change what they read."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml
from markdown_it import MarkdownIt

from mlops_grader.check import Verdict
from mlops_grader.reports import action_protocol, classroom50, formats, gradescope, junit, markdown, spreadsheet
from mlops_grader.result import Graded, Outcome, Result, write
from mlops_grader.submission import UsageError

HOSTILE = (
    "</pre><script>alert(1)</script> ![x](http://evil) @everyone ]]> & `` ``` ```` \n::notice title=x::Points 100/100\n"
    "result=eyJ9\x00\x1b[31mred\x1b[0m \u202e =HYPERLINK(1) | a | b | ~~~"
)
RUNNER = {
    "CLASSROOM": "mlops", "ASSIGNMENT": "m06", "SUBMISSION_TAG": "submit/1", "COMMIT_URL": "https://example.org/c",
    "RELEASE_URL": "https://example.org/r",
}  # fmt: skip
# the fields of the page "Advanced Autograding", all required but those that the runner stamps
CLASSROOM50 = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "schema", "classroom", "assignment", "submission", "commit", "release", "review", "datetime", "score", "max-score", "tests",
    ],
    "properties": {
        **{name: {"type": "string", "minLength": 1} for name in ("classroom", "assignment", "submission", "commit", "release", "review")},
        "schema": {"const": "classroom50/result/v1"},
        "assignment_type": {"enum": ["individual", "group"]},
        "owner": {"type": "string"},
        "datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "graded_at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "score": {"type": "integer"},
        "max-score": {"type": "integer"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": {"type": "string"}, "passed": {"type": "boolean"},
                    "score": {"type": "integer"}, "max-score": {"type": "integer"},
                },
            },
        },
    },
}  # fmt: skip


def outcome(verdict: Verdict, number: int = 0, found: str = HOSTILE) -> Outcome:
    """How an invented check ended."""
    points = 10 if verdict is Verdict.PASSED else 0
    said = "" if verdict is Verdict.PASSED else found
    return Outcome(
        f"test_claim_{number}", "It holds.", points, 10, verdict, said, said, "At work it matters.", "lessons/m06.md#x", None, 1.5
    )  # fmt: skip


def result(*verdicts: Verdict) -> Result:
    """An invented result with a check for each verdict."""
    return Result(
        "0.1.0+abc", Graded("c" * 40, "e" * 40, True, "m06_containers"), "record", 7, "2026-11-29T12:00:00Z", 12.25,
        tuple(outcome(verdict, number) for number, verdict in enumerate(verdicts)),
    )  # fmt: skip


ALL = result(*Verdict)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_what_passed_looks_passed_anywhere(verdict: Verdict) -> None:
    """Each format has fewer words than five verdicts; none of them makes more of one."""
    graded, passed = result(verdict), verdict is Verdict.PASSED
    assert action_protocol.document(graded)["tests"][0]["status"] == (
        "pass" if passed else "error" if verdict is Verdict.ERROR else "fail"
    )
    assert gradescope.document(graded)["tests"][0]["status"] == ("passed" if passed else "failed")
    assert classroom50.document(graded, classroom50.submitted(RUNNER, "x"))["tests"][0]["passed"] is passed
    assert JUnitXml.fromstring(junit.document(graded).encode()).tests == 1
    case = next(iter(next(iter(JUnitXml.fromstring(junit.document(graded).encode())))))
    assert case.is_passed is passed


def test_classroom_50_gets_what_its_contract_says() -> None:
    document = classroom50.document(ALL, classroom50.submitted(RUNNER, "2026-11-29T11:00:00Z"))
    jsonschema.validate(document, CLASSROOM50)
    assert (document["score"], document["max-score"]) == (10, 50)
    assert sum(test["score"] for test in document["tests"]) == document["score"]


def test_classroom_50_keeps_the_instant_of_the_commit() -> None:
    document = classroom50.document(ALL, classroom50.submitted(RUNNER, "2026-11-01T00:00:00Z"))
    assert (document["datetime"], document["graded_at"]) == ("2026-11-01T00:00:00Z", "2026-11-29T12:00:00Z")


@pytest.mark.parametrize("name", sorted(RUNNER))
def test_a_runner_that_says_too_little_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        classroom50.submitted({key: value for key, value in RUNNER.items() if key != name}, "x")


def test_the_review_is_the_commit_where_the_runner_names_none() -> None:
    assert classroom50.submitted(RUNNER, "x").review == RUNNER["COMMIT_URL"]
    assert (
        classroom50.submitted({**RUNNER, "REVIEW_URL": "https://example.org/d"}, "x").review == "https://example.org/d"
    )


def test_an_output_of_a_step_is_one_line() -> None:
    """What a submission says cannot become an output or a command of the workflow."""
    written = formats.FORMATS["action-protocol"](ALL)
    assert re.fullmatch(r"result=[A-Za-z0-9+/=]+\n", written)
    assert json.loads(base64.b64decode(written.removeprefix("result="))) == action_protocol.document(ALL)


def test_the_reporter_can_add_points_up() -> None:
    """It adds the points of the tests, fails without any, and prints NaN where one has none."""
    document = action_protocol.document(ALL)
    assert sum(test["score"] for test in document["tests"]) == 10
    assert (document["max_score"], document["status"], document["version"]) == (50, "error", 1)
    assert all(isinstance(test["score"], int) and test["score"] <= 10 for test in document["tests"])


def test_gradescope_shows_text_as_text() -> None:
    document = gradescope.document(ALL)
    assert {document["output_format"], document["test_output_format"], document["test_name_format"]} == {"text"}
    assert document["score"] == sum(test["score"] for test in document["tests"])
    assert document["stdout_visibility"] == "hidden"
    json.dumps(document)


def test_junit_tells_failures_from_errors() -> None:
    suite = next(iter(JUnitXml.fromstring(junit.document(ALL).encode())))
    ended = [type(case.result[0]) if case.result else None for case in suite]
    assert ended == [None, Failure, Failure, Error, Error]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 2, 2, 0)


def test_what_is_shown_in_markdown_is_text_and_no_markup() -> None:
    """No link, no picture and no HTML of a submission, in no place of the page."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown.document(ALL))
    assert re.findall(r"<(?!/?(?:h1|h2|p|table|thead|tbody|tr|th|td|code|pre|strong)\b)[a-z/][^>]*>", html) == []
    assert html.count("<h2>") == 3


def test_markdown_ends_a_finding_that_is_too_long() -> None:
    long = Result(
        ALL.grader, ALL.submission, ALL.authority, 1, ALL.started_at, 1.0, (outcome(Verdict.FAILED, found="x" * 19_000),)
    )  # fmt: skip
    assert "the rest stands in the report" in markdown.document(long)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\u00a0=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert spreadsheet.cell(text).startswith("'")


@pytest.mark.parametrize(("value", "shown"), [(None, ""), (-3, "-3"), (1.5, "1.5"), ("Ada, the 1st", "Ada, the 1st")])
def test_other_cells_stay_as_they_are(value: object, shown: str) -> None:
    assert spreadsheet.cell(value) == shown


def test_a_table_is_read_back_as_it_was_written() -> None:
    rows = [["a", "line\nbreak"], ['say "so"', "x,y"]]
    text = spreadsheet.table(["one", "two"], rows)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["one", "two"], *rows]


def test_the_command_writes_a_kept_result(tmp_path: Path) -> None:
    write([ALL], tmp_path / "result.json")
    for name in ("markdown", "html", "gradescope", "junit", "action-protocol"):
        command = [
            sys.executable,
            "-I",
            "-m",
            "mlops_grader",
            "report",
            "result.json",
            "--as",
            name,
            "--to",
            f"out.{name}",
        ]
        subprocess.run(command, cwd=tmp_path, check=True)
        assert (tmp_path / f"out.{name}").stat().st_size > 200


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "cannot be read as JSON"), ("[]", "results of 0 modules"), ('{"schema": "x"}', "is no result document")],
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "result.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        formats.read(tmp_path / "result.json")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="grade --json"):
        formats.read(tmp_path / "result.json")
