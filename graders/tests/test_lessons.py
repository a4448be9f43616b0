"""Every block of a lesson runs, in order, in a project of its module, as a student would type it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from uv import find_uv_bin

import compose
from mlops_grader.grading import modules
from mlops_grader.instruments import history
from mlops_grader.instruments.client import alone_on
from mlops_grader.instruments.engine import build_client
from mlops_grader.instruments.sandbox import KEPT
from mlops_grader.submission import Submission
from new_module import LESSON_PARTS
from submissions import marks_of

KIT = Path(__file__).parents[2]
RUNNABLE = ("bash", "python")


def lesson(key: str) -> str:
    """The text of a lesson."""
    return (KIT / "modules" / key / "README.md").read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[tuple[str, str, int]]:
    """Language and mark, code, and line (counted from 1) of each fenced block that a shell or Python could run."""
    for token in MarkdownIt().parse(text):
        if token.type == "fence" and token.info.split(" ")[0] in RUNNABLE and token.map:
            yield token.info.strip(), token.content, token.map[0] + 1


def script(text: str) -> str:
    """All runnable blocks as one bash script that stops at the first failure and says which block it was in."""
    parts = ["set -eo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for info, code, line in blocks(text):
        if "no-run" not in info:
            parts.append(f'echo "--- block at line {line}"')
            parts.append(code if info.startswith("bash") else f"python - <<'END_OF_BLOCK'\n{code}END_OF_BLOCK")
    return "\n".join(parts)


def case(key: str) -> object:
    """A lesson as a test case, with what it needs."""
    return pytest.param(key, id=key, marks=[*marks_of(key), pytest.mark.in_turn(key)])


@pytest.fixture
def terminal(tmp_path: Path) -> dict[str, str]:
    """The environment of a student's terminal: uv, nox and a docker that builds with BuildKit on PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, found in (("uv", find_uv_bin()), ("docker", build_client()), ("nox", shutil.which("nox"))):
        if found:
            (tools / name).symlink_to(found)
    kept = {key: value for key, value in os.environ.items() if key in {*KEPT, "HOME"}}  # nox's UV_PYTHON names our own
    person = {f"GIT_{role}_{key}": "Student" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join((str(tools), *(part for part in os.environ["PATH"].split(os.pathsep) if part != own)))
    return {**kept, **person, "PATH": path, "DOCKER_BUILDKIT": "1", "UV_LINK_MODE": "copy"}


@pytest.mark.skipif(os.name == "nt", reason="the blocks are bash; on Windows students use WSL2")
@pytest.mark.parametrize("key", [case(key) for key in modules()])
def test_blocks_of_a_lesson_run_in_order(key: str, tmp_path: Path, terminal: dict[str, str]) -> None:
    """What stands in a lesson works when it is typed."""
    project = tmp_path / "course" / key
    compose.start(key, project, "Student")
    command = ["bash", "-c", script(lesson(key))]
    with alone_on(8000):
        done = subprocess.run(
            command, cwd=project, env=terminal, capture_output=True, text=True, check=False, timeout=1200
        )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("key", modules())
def test_blocks_that_do_not_run_say_why(key: str) -> None:
    """A block is left out for a reason that stands beside it."""
    marked = [(line, info) for info, _, line in blocks(lesson(key)) if "no-run" in info]
    assert [(line, info) for line, info in marked if not re.fullmatch(r"\w+ no-run: \w.{9,}", info)] == []


@pytest.mark.parametrize("key", modules())
def test_no_scanner_takes_a_word_of_a_lesson_for_a_secret(
    key: str, snap: Callable[..., Submission], project: Callable[..., Path]
) -> None:
    """Lessons lie in every project, and a later module looks for secrets there."""
    submission = snap(project({"lesson.md": lesson(key)}))
    assert [(each.line, each.kind) for each in history.secrets(submission.root, history.blobs(submission.root))] == []


@pytest.mark.parametrize("key", modules())
def test_a_lesson_has_all_its_parts(key: str) -> None:
    """Students find the same parts in every lesson, in the same order."""
    headings = re.findall(r"^## (.+)$", lesson(key), re.MULTILINE)
    assert headings == list(LESSON_PARTS)


@pytest.mark.parametrize("key", modules())
def test_each_exercise_has_three_hints(key: str) -> None:
    """Help comes in three steps, folded away, and an explanation at the end."""
    text = lesson(key).split("## Exercises", 1)[1].split("\n## ", 1)[0]
    exercises = re.split(r"^### Exercise \d+", text, flags=re.MULTILINE)[1:]
    counts = [
        (len(re.findall(r"<summary>Hint [123]</summary>", each)), each.count("<summary>Explanation"))
        for each in exercises
    ]
    assert counts == [(3, 1)] * len(exercises)
    assert exercises
