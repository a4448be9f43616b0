"""What hadolint says of a Dockerfile counts; settings beside it do not, and an ignore needs a reason."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlops_grader.check import NotRun
from mlops_grader.instruments import hadolint
from mlops_grader.instruments.hadolint import lint, unexplained_ignores

CLEAN = 'FROM python:3.13-slim\nCOPY app.py /app.py\nCMD ["python", "/app.py"]\n'
LOOSE = 'FROM python\nCMD ["python"]\n'


def codes(text: str) -> list[tuple[str, int]]:
    """Rule and line of each finding."""
    return [(remark.code, remark.line) for remark in lint(text)]


def test_a_clean_file_has_no_findings() -> None:
    assert codes(CLEAN) == []


def test_a_warning_is_found_with_its_line() -> None:
    assert codes(LOOSE) == [("DL3006", 1)]


def test_a_finding_has_words() -> None:
    assert [(remark.level, bool(remark.message)) for remark in lint(LOOSE)] == [("warning", True)]


def test_mere_style_is_not_counted() -> None:
    """Two RUN instructions in a row are an `info`."""
    assert codes(CLEAN.replace("COPY", "RUN echo a\nRUN echo b\nCOPY")) == []


def test_a_file_that_cannot_be_read_is_an_error() -> None:
    assert [remark.level for remark in lint("FROM python:3.13\nRAN echo\n")] == ["error"]


def test_an_ignore_in_the_file_counts() -> None:
    assert codes("# hadolint ignore=DL3006\n" + LOOSE) == []


@pytest.mark.parametrize("name", [".hadolint.yaml", ".hadolint.yml"])
def test_settings_in_the_working_folder_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_text("ignored: [DL3006]\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert codes(LOOSE) == [("DL3006", 1)]


@pytest.mark.parametrize("name", [".hadolint.yaml", ".config/hadolint.yaml"])
def test_settings_of_the_person_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("ignored: [DL3006]\n", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    assert codes(LOOSE) == [("DL3006", 1)]


def test_variables_of_the_person_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HADOLINT_IGNORE", "DL3006")
    assert codes(LOOSE) == [("DL3006", 1)]


def test_text_in_other_languages_is_read() -> None:
    assert codes(CLEAN.replace("COPY", "# größer als nötig\nCOPY")) == []


def test_a_machine_without_hadolint_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(NotRun, match=r"^hadolint is not installed$"):
        hadolint.lint(CLEAN)


@pytest.mark.parametrize(
    ("lines", "unexplained"),
    [
        (["# hadolint ignore=DL3008"], [1]),
        (["RUN x", "# hadolint ignore=DL3008"], [2]),
        (["# short reason", "# hadolint ignore=DL3008"], [2]),
        (["# the mirror keeps one version only", "# hadolint ignore=DL3008"], []),
        (["#the mirror keeps one version only", "#hadolint ignore=DL3008"], []),
        (["# the mirror keeps one version only", "", "# hadolint ignore=DL3008"], [3]),
        (["# hadolint ignore=DL3006", "# hadolint ignore=DL3008"], [1, 2]),
        (["# syntax=docker/dockerfile:1 and more words", "# hadolint ignore=DL3008"], [2]),
        (["# hadolint global ignore=DL3008"], [1]),
        (["  #   hadolint   ignore = DL3008"], [1]),
        (["RUN echo hadolint ignore=DL3008"], []),
    ],
)
def test_an_ignore_needs_a_reason_above_it(lines: list[str], unexplained: list[int]) -> None:
    assert unexplained_ignores("\n".join(lines)) == unexplained
