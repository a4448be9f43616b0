"""Whatever a check is given of a submission's places carries its owner along, and nobody goes round that."""

from __future__ import annotations

import re
from pathlib import Path

import mlops_grader
from mlops_grader.fixtures import Ground
from mlops_grader.instruments.environment import Environment
from mlops_grader.submission import Submission
from mlops_grader.theirs import Theirs, remove_folder

PACKAGE = Path(mlops_grader.__file__).parent
# what runs where nobody is root beside a student: on a disposable machine, or in a container of its own
APART = ("instruments/workflow/", "instruments/production/")
ROUND = re.compile(r"shutil\.(copytree|copy2?|copyfile|move|rmtree)\b|(?<![\w.])open\(")


def test_every_place_of_a_submission_is_theirs(tmp_path: Path) -> None:
    submission = Submission(tmp_path, tmp_path, None, "", True)
    places = [
        submission.root,
        submission.path("a/b"),
        submission.copy(tmp_path / "copy").root,
        Environment(tmp_path).python,
    ]
    assert [type(place) for place in (*places, Ground(submission, 1, tmp_path).folder / "a")] == [Theirs] * 5


def test_no_instrument_and_no_check_copies_or_opens_in_another_way() -> None:
    """`copy_folder`, `remove_folder` and the methods of a path are the ways; a folder of the grader's own is named here."""
    found = {
        f"{name}: {way.group()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if (name := path.relative_to(PACKAGE).as_posix()).startswith(
            ("checks/", "instruments/", "fixtures", "contract")
        )
        and not name.startswith(APART)
        for line in path.read_text(encoding="utf-8").splitlines()
        if (way := ROUND.search(line))
    }
    assert found == {"instruments/environment.py: shutil.copy2"}


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove_folder(tmp_path / "nothing")
    (tmp_path / "folder" / "below").mkdir(parents=True)
    remove_folder(tmp_path / "folder")
    assert [*tmp_path.iterdir()] == []
