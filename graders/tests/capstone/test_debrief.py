"""The question bank asks about a team's own repository, each person about what they should understand, the same each time."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from capstone import invented, repositories
from capstone.repositories import HOSTILE, TEAM, commit
from mlops_grader.capstone import contributions, debrief
from mlops_grader.capstone.contributions import Contributions
from mlops_grader.capstone.debrief import Asked
from mlops_grader.capstone.measured import Measured, State
from mlops_grader.capstone.questions import Question

BEN = "Ben <ben@example.org>"
CONTRACT = 'name = "triage"\n[monitoring]\nrules = ["watch/rules.yml"]\n[image]\ndockerfile = "docker/Dockerfile"\n'
RULES = """groups:
- name: service
  rules:
  - record: a
    expr: up
  - alert: SlowAnswers
    expr: latency > 1
    for: 5m

  - alert: NoAnswers
    expr: up == 0
"""
DOCKERFILE = """# what it is
FROM python:3.12-slim@sha256:abc
RUN pip install \\
    --no-deps app
# not root
USER app
LABEL a=b
"""
WORKFLOW = (
    "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n    - run: nox\n  ship:\n    needs: test\n"
)
SCOPING = '[metric]  # one\nname = "recall of urgent letters"\n\n[baseline]\nname = "the word now"\nvalue = 0.5\n[budget]\nmoney = 0\n'
PYPROJECT = (
    '[project]\nname = "triage"\ndependencies = [\n  "fastapi>=0.121",\n  \'httpx[http2] ; python_version > "3"\',\n]\n'
)
FILES = {
    "product.toml": CONTRACT,
    "watch/rules.yml": RULES,
    "docker/Dockerfile": DOCKERFILE,
    ".github/workflows/ci.yml": WORKFLOW,
    "docs/scoping.toml": SCOPING,
    "docs/scoping.md": "# Scoping\n\n## Data card\n\nLetters.\n\n## Risks\n",
    "pyproject.toml": PYPROJECT,
    "requirements.lock": "fastapi==0.121.0\nstarlette==1.0\n",
    "docs/decisions/0001-batch.md": "# 0001: Score in batches\n\nBecause.\n\n## Then\n\nMore.\n",
    "docs/decisions/0000-template.md": "# Title\n",
    "docs/decisions/README.md": "# Decisions\n",
}


def bank(folder: Path, found: Measured | None = None) -> tuple[Question, ...]:
    with repositories.graded(folder) as submission:
        return debrief.bank(submission, invented.RUBRIC if found else None, found)


def evidence(folder: Path) -> Contributions:
    with repositories.graded(folder) as submission:
        return contributions.evidence(submission, TEAM)


def places(questions: tuple[Question, ...], kind: str) -> list[str]:
    return [f"{each.file}:{each.first}-{each.last}" for each in questions if each.kind == kind]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("triage")
    commit(folder, {name: text for name, text in FILES.items() if "Dockerfile" not in name})
    commit(folder, FILES, author=BEN)
    return folder


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("alert", ["watch/rules.yml:6-9", "watch/rules.yml:10-11"]),
        ("image", ["docker/Dockerfile:2-2", "docker/Dockerfile:3-4", "docker/Dockerfile:6-6"]),
        ("pipeline", [".github/workflows/ci.yml:3-6", ".github/workflows/ci.yml:7-8"]),
        ("decision", ["docs/decisions/0001-batch.md:1-4"]),
        ("dependency", ["pyproject.toml:4-4", "pyproject.toml:5-5"]),
        ("scoping", ["docs/scoping.md:3-6", "docs/scoping.md:7-7"]),
        ("promise", ["docs/scoping.toml:1-3", "docs/scoping.toml:4-6"]),
    ],
)
def test_each_question_names_its_place(project: Path, kind: str, expected: list[str]) -> None:
    """File and lines of every alert, instruction, job, decision, dependency and promise."""
    assert places(bank(project), kind) == expected


def test_a_lock_is_asked_about_when_nothing_else_says_what_was_chosen(tmp_path: Path) -> None:
    """Pinned requirements give the questions of a project without a declaration."""
    commit(tmp_path, {"requirements.txt": "# pinned\nnumpy==2.1\n-e .\n"})
    assert places(bank(tmp_path), "dependency") == ["requirements.txt:2-2"]


def test_dependencies_of_another_language_are_found(tmp_path: Path) -> None:
    """`package.json` says them too."""
    commit(tmp_path, {"package.json": '{\n "dependencies": {\n  "fastify": "5.0.0"\n }\n}\n'})
    assert places(bank(tmp_path), "dependency") == ["package.json:3-3"]


def test_findings_and_figures_are_asked_about(tmp_path: Path) -> None:
    """Lines that are not earned, with what the grader found, and every figure; an unknown line is nobody's fault."""
    commit(tmp_path, {"a": "a"})
    questions = bank(tmp_path, invented.measured(stops=State.NOT_EARNED, gate=State.UNKNOWN))
    assert [(each.kind, each.area) for each in questions] == [
        ("failure", "service"),
        ("figure", "service"),
        ("figure", "service"),
    ]
    assert "still running 10 s after SIGTERM" in questions[0].shown
    assert "time to become ready: 2.25 s" in questions[2].ask


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("watch/rules.yml", "groups: [{rules: [{alert: 3}, 7, {}]}, 4]\n"),
        ("watch/rules.yml", "a: &a [x, x]\nb: &b [*a, *a]\n" * 40),
        ("watch/rules.yml", "{" * 5000),
        (".github/workflows/ci.yml", "jobs: 3\n"),
        ("docs/scoping.toml", "metric = 3\n"),
        ("docs/scoping.toml", "x = " + "[" * 5000),
        ("pyproject.toml", "project = 1\n"),
        ("package.json", "[" * 100_000),
        ("docs/decisions/0001-x.md", "no heading\n"),
        ("docker/Dockerfile", "FROM x\\"),
    ],
)
def test_files_that_make_no_sense_give_no_question(tmp_path: Path, file: str, content: str) -> None:
    """Whatever a file holds, the others are read."""
    commit(tmp_path, {"product.toml": CONTRACT, file: content, "docs/adr/1.md": "# One\n"})
    assert [each.kind for each in bank(tmp_path)] == ["decision"]


def test_the_same_seed_asks_the_same(project: Path) -> None:
    """And another seed asks something else."""
    questions, told = bank(project), evidence(project)
    first = debrief.choose(questions, TEAM, told, 1)
    assert debrief.choose(questions, TEAM, told, 1) == first
    assert debrief.choose(questions, TEAM, told, 2) != first


def test_each_person_is_asked_about_others_and_own_areas_first(project: Path) -> None:
    """Half of six questions are about what somebody else wrote, and one about what they wrote, as long as there are such."""
    chosen = debrief.choose(bank(project), TEAM, evidence(project), 1)
    reasons = [asked.reason for asked in chosen["ben"]]
    assert reasons == ["others", "owned", "others", "own", "others", "owned"]


def test_team_mates_are_asked_different_things(project: Path) -> None:
    """No question comes twice while there are others of the same sort."""
    chosen = debrief.choose(bank(project), TEAM, evidence(project), 1, each=3)
    asked = [each.question for person in chosen.values() for each in person]
    assert len(asked) == len(set(asked))


def test_fewer_questions_than_wanted_are_no_error(tmp_path: Path) -> None:
    """A small repository gives what it has; an empty one says so."""
    commit(tmp_path, {"docs/adr/1.md": "# One\n"})
    questions, told = bank(tmp_path), evidence(tmp_path)
    assert {len(asked) for asked in debrief.choose(questions, TEAM, told, 1).values()} == {1}
    none = debrief.choose((), TEAM, told, 1)
    assert "The repository gives no question" in debrief.text(TEAM, none, 1, "abc")


def test_what_students_wrote_is_no_markup(project: Path) -> None:
    """Names, titles and code with markup, links, fences and line breaks show as text."""
    evil = f"{HOSTILE}\n# Heading\n[link](http://x.example) `code` ```\n![i](x)"
    question = Question("decision", "product", evil, (evil,), "a`b\n|.md", 1, 2, f"```\n{evil}\n~~~~")
    team = replace(TEAM, name=evil)
    words = debrief.text(team, dict.fromkeys(TEAM.ids, (Asked(question, "others", "cy"),)), 1, "abc")
    html = MarkdownIt("commonmark", {"html": True}).parse(words)
    kinds = {token.type for each in html for token in (each, *(each.children or ()))}
    assert kinds & {"html_block", "html_inline", "link_open", "image"} == set()
    assert [each.content for each in html if each.type == "fence"] == [
        f"```\n{evil}\n~~~~\n".replace("\u202e", "\ufffd")
    ] * 3
    assert sum(each.type == "heading_open" for each in html) == 1 + 2 * 3


def test_a_good_answer_is_described(project: Path) -> None:
    """Each question comes with what a good answer contains."""
    assert all(len(each.good) >= 3 for each in bank(project))


def test_the_command_writes_the_bank(project: Path, tmp_path: Path) -> None:
    """A page for those who ask, with every member in it."""
    parser = argparse.ArgumentParser()
    debrief.arguments(parser)
    members = "".join(
        f'[[members]]\nid = "{m.id}"\nname = "{m.id}"\nemails = ["{m.emails[0]}"]\n' for m in TEAM.members
    )
    owners = "".join(f'{area} = "{owner}"\n' for area, owner in TEAM.owners.items())
    commit(project, {"team.toml": f'name = "Larch"\nproduct = "p"\n{members}[owners]\n{owners}'})
    options = parser.parse_args([str(project), "--to", str(tmp_path / "debrief.md")])
    assert debrief.run(options, Console(quiet=True)) == 0
    written = (tmp_path / "debrief.md").read_text(encoding="utf-8")
    assert re.findall(r"^## .*`\)$", written, re.MULTILINE) == ["## ada (`ada`)", "## ben (`ben`)", "## cy (`cy`)"]


def test_what_nobody_of_the_team_wrote_is_not_said_to_be_written(tmp_path: Path) -> None:
    """A finding of the grader has no writer: the reason says only that it lies outside of the person's areas."""
    commit(tmp_path, {"a": "a"})
    chosen = debrief.choose(bank(tmp_path, invented.measured()), TEAM, evidence(tmp_path), 1)
    words = debrief.text(TEAM, chosen, 1, "abc")
    assert "somebody else wrote it" not in words
    assert "outside of what this person wrote" in words
