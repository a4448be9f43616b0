"""What a team is given: every key of its contract explained truly, no dead link, and a pipeline that is honest and safe."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import compose
from mlops_grader import contract
from mlops_grader.capstone import rubric
from mlops_grader.instruments import evidence
from mlops_grader.submission import snapshot

WORKFLOW = ".github/workflows/ci.yml"


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """An untouched capstone."""
    compose.start("m14_capstone", tmp_path / "larch", "Ada")
    return tmp_path / "larch"


def uncommented(text: str) -> dict[str, Any]:
    """The contract with every default that it shows as a comment; what a team fills in is left out."""
    shown = re.sub(r"^# (?=\w+ = |\[)", "", text, flags=re.MULTILINE)
    kept = [line for line in shown.splitlines() if "TODO(m14)" not in line and not re.match(r"\w+ = (\"\"|\[\])", line)]
    inputs = kept.index(next(line for line in kept if line.startswith("[inputs]")))
    return tomllib.loads("\n".join(kept[:inputs] + kept[kept.index("", inputs) :]))


def test_the_contract_shows_the_defaults_as_they_are(starter: Path) -> None:
    """Whoever takes the # away from a line changes nothing: each comment tells the truth, and its key is known."""
    shown = uncommented((starter / "product.toml").read_text(encoding="utf-8"))
    defaults = contract.Contract().model_dump(by_alias=True)
    wrong = {
        (table, key): value
        for table, keys in shown.items()
        for key, value in keys.items()
        if defaults[table].get(key) != value and not isinstance(value, dict)
    }
    assert wrong == {}
    assert shown["service"]["settings"].items() <= defaults["service"]["settings"].items()


def test_the_contract_names_every_part(starter: Path) -> None:
    """Each part that a product can have is explained, and no other."""
    text = (starter / "product.toml").read_text(encoding="utf-8")
    assert re.findall(r"^#   (\w+)  +\w", text, re.MULTILINE) == list(contract.PARTS)


def test_a_filled_contract_is_read(starter: Path) -> None:
    """With a choice for the inputs, the file of the template is valid as it stands."""
    path = starter / "product.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("# examples =", "examples ="), encoding="utf-8")
    read = contract.load(starter)
    assert read.inputs is not None
    assert (read.inputs.examples, read.parts) == ("examples/requests.jsonl", [])


def test_no_page_has_a_dead_link(starter: Path, tmp_path: Path) -> None:
    """A team does not begin with links that lead nowhere, whichever brief it chose."""
    briefs = compose.KIT / "templates/m14_capstone/templates/briefs"
    for brief in briefs.glob("*.md"):
        shutil.copy(brief, starter / "docs")
    (tmp_path / "clone").mkdir()
    submission = snapshot(starter, tmp_path / "clone")
    links = [link for page in evidence.pages(submission) for link in evidence.links(page, submission.read(page))]
    assert links != []
    assert [link for link in links if evidence.broken(link, submission)] == []


@pytest.mark.parametrize(
    "command",
    [
        ("check_jsonschema", "--builtin-schema", "vendor.github-workflows"),
        ("zizmor", "--offline", "--persona=pedantic"),
    ],
    ids=["schema", "zizmor"],
)
def test_the_pipeline_is_valid_and_safe(command: tuple[str, ...], starter: Path) -> None:
    """What a team begins with is no bad example."""
    tool = Path(sys.executable).with_name(command[0].replace("_", "-"))
    done = subprocess.run(
        [tool, *command[1:], starter / WORKFLOW], capture_output=True, text=True, check=False, cwd=starter
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pipeline_is_red_until_it_checks_something(starter: Path) -> None:
    """A pipeline that tests nothing does not look as if it did."""
    steps = re.findall(r"^ {10}(echo .+|exit .+)$", (starter / WORKFLOW).read_text(encoding="utf-8"), re.MULTILINE)
    done = subprocess.run(["bash", "-c", "\n".join(steps)], capture_output=True, text=True, check=False)
    assert (done.returncode, "checks nothing yet" in done.stdout) == (1, True)


LESSON = compose.KIT / "modules/m14_capstone/README.md"


def test_the_milestones_of_the_lesson_are_the_phases_of_the_rubric() -> None:
    """What the plan of the semester says of each milestone is what the rubric gives for it."""
    said = re.findall(r"\*\*(\w+)[\w ]*\*\*, (\d+) points", LESSON.read_text(encoding="utf-8"))
    assert said == [(phase.key, str(phase.points)) for phase in rubric.load().phases]


def test_every_page_that_the_lesson_links_to_comes_along(starter: Path) -> None:
    """A link works in the course and in the project: what it leads to lies beside the lesson in both."""
    linked = {
        name
        for name in re.findall(r"\]\(([\w./-]+)\)", LESSON.read_text(encoding="utf-8"))
        if name.startswith(("rubric", "sheets/"))
    }
    assert "sheets/checklist.md" in linked
    assert [name for name in linked if not (LESSON.parent / name).is_file()] == []
    assert [name for name in linked if not (starter / "lessons" / name).is_file()] == []
