"""Data of one's own for each student: other bytes for each, the same each time, and a project that works with them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

import compose
import handout
import variants
from answers import StartError
from submissions import make, train

ROSTER = "first_name,username\nAda,ada-l\nBo,Bo\n"


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    """Two students."""
    path = tmp_path / "roster.csv"
    path.write_text("\ufeff" + ROSTER, encoding="utf-8")
    return path


def test_each_student_has_data_of_their_own(roster: Path, tmp_path: Path) -> None:
    """Other bytes for another login or seed, the same for the same; listed, and not in the public bundle."""
    wanted = handout.Wanted("Student", compose.released(), roster, 7)
    folder = handout.export("m01_environment", tmp_path / "out", wanted)
    listed = {login: json.loads((folder / f"variants/{login}.json").read_text())["given"] for login in ("ada-l", "bo")}
    given = json.loads((folder / "given.json").read_text())["given"]
    data = {path for path in given if path.startswith("data/raw/")}
    for login, files in listed.items():
        place = folder / "variants" / login
        made = {path.relative_to(place).as_posix(): path for path in place.rglob("*.csv")}
        assert {path: hashlib.sha256(file.read_bytes()).hexdigest() for path, file in made.items()} == files
        assert files.keys() == data
        assert [path for path in data if files[path] == given[path]] == []
    assert listed["ada-l"] != listed["bo"]
    variants.write(tmp_path / "again", "bo", 7)
    variants.write(tmp_path / "other", "bo", 8)
    assert json.loads((tmp_path / "again/bo.json").read_text())["given"] == listed["bo"]
    assert json.loads((tmp_path / "other/bo.json").read_text())["given"] != listed["bo"]
    with zipfile.ZipFile(next(folder.glob("classroom50/autograders/*/given.zip"))) as archive:
        assert set(archive.namelist()) == given.keys() - data


@pytest.mark.network
@pytest.mark.slow
def test_a_project_with_data_of_ones_own_works(roster: Path, tmp_path: Path) -> None:
    """The reference of module 1 ingests, trains and exports it, with all of its appointments."""
    variants.write(tmp_path / "variants", "bo", 7)
    project = make("m01_environment", tmp_path / "project")
    shutil.copytree(tmp_path / "variants/bo", project, dirs_exist_ok=True)
    train(project)
    assert [path for path in (project / "model").iterdir() if path.stat().st_size > 0] != []


@pytest.mark.parametrize(
    ("text", "says"),
    [("name\nAda\n", "no rows with a column username"), ("login\nada\nADA\n", "row 3: ada stands in row 2"),
     ("login\n../x\n", "row 2: '../x' is no login"), ("login\n\"\"\n", "no rows|is no login")],
)  # fmt: skip
def test_a_roster_that_cannot_be_used_is_named_by_row(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(text)
    wanted = handout.Wanted("Student", compose.released(), tmp_path / "roster.csv")
    with pytest.raises(StartError, match=re.compile(says)):
        handout.export("m01_environment", tmp_path / "out", wanted)
    assert list((tmp_path / "out").iterdir()) == []


def test_no_variants_where_a_model_was_accepted(roster: Path, tmp_path: Path) -> None:
    """The pipeline of module 7 compares with the accuracy that the data of everybody allow."""
    with pytest.raises(StartError, match="before m07_ci"):
        handout.export("m07_ci", tmp_path / "out", handout.Wanted("Student", compose.released(), roster))
