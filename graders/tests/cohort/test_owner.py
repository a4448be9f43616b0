"""Root gives files to another user without being led elsewhere, and never runs what that user's settings name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlops_grader.cohort import cell_image
from mlops_grader.instruments.docker_engine import LABEL, Engine

pytestmark = [pytest.mark.engine, pytest.mark.network, pytest.mark.slow]

Say = Callable[[str], Any]

BEFORE = """
import json, os, pathlib, subprocess
from mlops_grader.owner import hand_over
from mlops_grader.submission import git
USER = 60600
work = pathlib.Path("/work")
mine, theirs = work / "mine", work / "theirs"
for folder in (mine, theirs):
    folder.mkdir()
    (folder / "file").write_text("text")
def owners(*places):
    return [os.lstat(place).st_uid for place in places]
def say(*words):
    print(json.dumps(words))
"""


@pytest.fixture(scope="module")
def say(engine: Engine) -> Say:
    """What root says in a container of the cells' image."""
    image = cell_image.ensure(engine)

    def run(script: str) -> Any:
        command = ["python", "-I", "-c", BEFORE + script]
        said = engine.api.containers.run(
            image, command, remove=True, labels={LABEL: engine.run}, tmpfs={"/work": ""}, network_mode="none"
        )
        return json.loads(said)

    return run


def test_a_folder_is_given_with_all_below_it(say: Say) -> None:
    assert say("hand_over(theirs, USER); say(*owners(theirs, theirs / 'file', mine / 'file'))") == [60600, 60600, 0]


def test_a_link_is_given_and_what_it_points_to_is_not(say: Say) -> None:
    script = """
(theirs / "link").symlink_to(mine / "file")
(theirs / "folder").symlink_to(mine)
hand_over(theirs, USER)
say(*owners(theirs / "link", theirs / "folder", mine, mine / "file"))
"""
    assert say(script) == [60600, 60600, 0, 0]


def test_a_link_on_the_way_is_refused(say: Say) -> None:
    script = """
(theirs / "way").symlink_to(mine)
try:
    hand_over(theirs / "way" / "file", USER)
    answer = "given"
except NotADirectoryError:
    answer = "refused"
say(answer, *owners(mine / "file"))
"""
    assert say(script) == ["refused", 0]


def test_a_file_with_a_second_name_elsewhere_is_not_given(say: Say) -> None:
    script = "os.link(mine / 'file', theirs / 'second'); hand_over(theirs, USER); say(*owners(mine / 'file'))"
    assert say(script) == [0]


FILTER = """
def run(*words):
    subprocess.run(["git", "-C", str(theirs), *words], check=True, capture_output=True)
for words in (("init",), ("add", "--all"), ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "first")):
    run(*words)
run("config", "filter.evil.clean", "id -u >> /tmp/who; cat")
(theirs / ".git" / "info" / "attributes").write_text("* filter=evil")
os.utime(theirs / "file", (1, 1))
"""
WHO = "git(theirs, 'status'); say(*sorted(set(pathlib.Path('/tmp/who').read_text().split())))"


def test_git_runs_the_programs_of_a_given_repository_as_its_owner(say: Say) -> None:
    assert say(f"{FILTER}hand_over(theirs, USER)\n{WHO}") == ["60600"]


def test_git_runs_those_of_the_graders_own_clone_as_the_grader(say: Say) -> None:
    assert say(FILTER + WHO) == ["0"]


def test_a_copy_of_a_given_repository_belongs_to_the_same_user(say: Say) -> None:
    script = """
from mlops_grader.submission import Submission
hand_over(theirs, USER)
Submission(theirs, theirs, None, "", True).copy(work / "copy")
say(*owners(work / "copy", work / "copy" / "file"))
"""
    assert say(script) == [60600, 60600]


REPLACED = """
from mlops_grader.cohort.guest import Guest
from mlops_grader.owner import as_owner
ground = work / "ground"
truth, scratch = (ground / "mlops-grader-x" / name for name in ("truth", "scratch"))
for folder in (truth, scratch, ground / "home"):
    folder.mkdir(parents=True)
(truth / "file").write_text("text")
(scratch / "clone").symlink_to(truth)
hand_over(scratch, USER)
"""


@pytest.mark.parametrize(
    "act",
    [
        "Guest(USER, ground, None)._hand_over('true', scratch / 'clone', dict.fromkeys(('HOME', 'TMPDIR'), str(ground / 'home')))",
        "with as_owner(scratch / 'clone'): pass",
    ],
)
def test_a_link_in_the_place_of_a_clone_gives_nothing_of_the_grader_s(say: Say, act: str) -> None:
    assert say(f"{REPLACED}{act}\nsay(*owners(truth, truth / 'file'))") == [0, 0]
