"""Copied work is found through renaming, moving and reordering; independent work and untouched starters are left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.cohort import similar as similarity
from mlops_grader.cohort import tokens
from mlops_grader.cohort.similar import Course, Similarity, similar

Files = Mapping[str, str]
Compare = Callable[..., Similarity]

STARTER = {
    "noshow/ingest.py": '''"""Read the clinic's files."""

from pathlib import Path


def ingest(folder: Path, out: Path) -> int:
    """Read every file of a folder and write what is valid. Returns the number of rows."""
    raise NotImplementedError  # TODO(m02)


def quarantine(rows: list[dict[str, str]], out: Path) -> None:
    """Put rows that are not valid aside, with the reason."""
    raise NotImplementedError  # TODO(m02)
''',
    "noshow/schema.py": '''"""What a row is."""

COLUMNS = ("patient", "clinic", "day", "hour", "showed")
LIMITS = {"hour": (0, 23), "day": (1, 31)}


def known(column: str) -> bool:
    """Whether the schema knows a column."""
    return column in COLUMNS or column.startswith("extra_") or column.endswith("_note")
''',
}

ADA = {
    "noshow/ingest.py": '''"""Read the clinic's files."""

import csv
import json
from pathlib import Path

from noshow.schema import COLUMNS


def ingest(folder: Path, out: Path) -> int:
    """Read every file of a folder and write what is valid. Returns the number of rows."""
    good, bad = [], []
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as lines:
            for number, row in enumerate(csv.DictReader(lines), 2):
                problem = check(row)
                if problem:
                    bad.append({**row, "file": path.name, "line": str(number), "reason": problem})
                else:
                    good.append({column: row[column].strip() for column in COLUMNS})
    quarantine(bad, out)
    temporary = out.with_suffix(".part")
    temporary.write_text("".join(json.dumps(row, sort_keys=True) + "\\n" for row in good), encoding="utf-8")
    temporary.replace(out)
    return len(good)


def check(row: dict[str, str]) -> str:
    """What is wrong with a row."""
    for column in COLUMNS:
        if not row.get(column):
            return f"{column} is empty"
    if not row["hour"].isdigit() or not 0 <= int(row["hour"]) <= 23:
        return "hour is no hour"
    if row["showed"] not in ("0", "1", ""):
        return "showed is neither 0 nor 1"
    return ""


def quarantine(rows: list[dict[str, str]], out: Path) -> None:
    """Put rows that are not valid aside, with the reason."""
    target = out.parent / "quarantine" / f"{out.stem}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row, sort_keys=True) + "\\n")
''',
}

# Ada's work with other names, the functions in another order, in two files of other names, with other comments
BEN = {
    "noshow/validate.py": """# my own rules for rows, please read carefully
from noshow.schema import COLUMNS as FIELDS


def find_issue(record: dict[str, str]) -> str:
    for name in FIELDS:
        if not record.get(name):
            return f"missing value for {name}"
    if not record["hour"].isdigit() or not 0 <= int(record["hour"]) <= 23:
        return "invalid hour given"
    if record["showed"] not in ("0", "1", ""):
        return "target must be binary"
    return ""
""",
    "noshow/ingest.py": """import csv
import json
from pathlib import Path

from noshow.schema import COLUMNS as FIELDS
from noshow.validate import find_issue


def quarantine(records: list[dict[str, str]], destination: Path) -> None:
    # everything that could not be used
    file = destination.parent / "rejected" / f"{destination.stem}.ndjson"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as stream:
        for record in records:
            stream.write(json.dumps(record, sort_keys=True) + "\\n")


def ingest(source: Path, destination: Path) -> int:
    # the main loop
    accepted, rejected = [], []
    for entry in sorted(source.glob("*.csv")):
        with entry.open(newline="", encoding="utf-8") as stream:
            for line_no, record in enumerate(csv.DictReader(stream), 2):
                issue = find_issue(record)
                if issue:
                    rejected.append({**record, "source": entry.name, "row": str(line_no), "why": issue})
                else:
                    accepted.append({field: record[field].strip() for field in FIELDS})
    quarantine(rejected, destination)
    draft = destination.with_suffix(".tmp")
    draft.write_text("".join(json.dumps(record, sort_keys=True) + "\\n" for record in accepted), encoding="utf-8")
    draft.replace(destination)
    return len(accepted)
""",
}

# the same task, solved by somebody else
CLEO = {
    "noshow/ingest.py": '''"""Read the clinic's files."""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from noshow import schema


@dataclass
class Batch:
    valid: pd.DataFrame
    rejected: pd.DataFrame
    seen: set[str] = field(default_factory=set)


def load(path: Path) -> Batch:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    unknown = [name for name in frame.columns if not schema.known(name)]
    frame = frame.drop(columns=unknown)
    hours = pd.to_numeric(frame["hour"], errors="coerce")
    ok = hours.between(0, 23) & frame["patient"].ne("") & frame["showed"].isin(["0", "1"])
    return Batch(frame[ok], frame[~ok].assign(reason="row violates the schema", origin=str(path)))


def ingest(folder: Path, out: Path) -> int:
    """Read every file of a folder and write what is valid. Returns the number of rows."""
    batches = list(map(load, folder.iterdir()))
    everything = pd.concat([batch.valid for batch in batches]).drop_duplicates(subset=["patient", "day"])
    quarantine(pd.concat([batch.rejected for batch in batches]).to_dict("records"), out)
    handle, name = tempfile.mkstemp(dir=out.parent)
    os.close(handle)
    try:
        everything.to_json(name, orient="records", lines=True)
        os.rename(name, out)
    except Exception:
        os.unlink(name)
        raise
    return everything.shape[0]


def quarantine(rows: list[dict[str, str]], out: Path) -> None:
    """Put rows that are not valid aside, with the reason."""
    if not rows:
        return
    pd.DataFrame.from_records(rows).to_csv(out.with_name("quarantine.csv"), mode="a", index=False, header=not out.exists())
''',
}


@pytest.fixture
def compare(tmp_path: Path, project: Callable[..., Path], git: Callable[..., str]) -> Compare:
    """What a comparison says of these students' files, laid over the starter."""

    def parcel(name: str, files: Files) -> Path:
        folder = project(dict(files), name)
        bundle = tmp_path / f"{name}.bundle"
        git(folder, "bundle", "create", "--quiet", str(bundle), "main")
        return bundle

    def run(works: Mapping[str, Files], starter: Files = STARTER, paths: tuple[str, ...] = ()) -> Similarity:
        course = project(dict(starter), "course")
        given = similarity.course(course, git(course, "rev-parse", "HEAD"), paths)
        return similar({name: parcel(name, {**starter, **files}) for name, files in works.items()}, given)

    return run


def named(found: Similarity) -> list[tuple[str, str]]:
    return [(pair.left, pair.right) for pair in found.pairs]


def test_renamed_moved_and_reordered_code_is_found_with_its_files(compare: Compare) -> None:
    """And the work of a third student, who solved the same task alone, is in no pair."""
    found = compare({"ada": ADA, "ben": BEN, "cleo": CLEO})
    (pair,) = found.pairs
    assert (pair.left, pair.right) == ("ada", "ben")
    assert min(pair.of_left, pair.of_right) > 60
    assert [(each.left, each.right) for each in pair.files] == [("noshow/ingest.py", "noshow/ingest.py")]
    assert found.compared == 3


def test_untouched_starters_are_not_alike(compare: Compare) -> None:
    """All that they have the course gave: there is nothing of their own to compare."""
    found = compare({"ada": {}, "ben": {}, "cleo": CLEO})
    assert named(found) == []
    assert found.little == ("ada", "ben")


VARIANT = {"noshow/given.py": ADA["noshow/ingest.py"]}
TOUCHED = [{"noshow/ingest.py": f"{ADA['noshow/ingest.py']}\n\nANSWER_{name} = 42\n"} for name in ("ada", "ben")]


@pytest.mark.slow  # each comparison starts a process that imports much
@pytest.mark.parametrize(
    ("ada", "ben", "course", "alike"),
    [
        (VARIANT, VARIANT, {}, True),
        (VARIANT, VARIANT, {"paths": tuple(VARIANT)}, False),
        (*TOUCHED, {"starter": {**STARTER, **ADA}}, False),
    ],
    ids=["a file of the same content", "a variant of a given file", "a line added to the course's solution"],
)
def test_what_the_course_gave_does_not_count(
    compare: Compare, ada: Files, ben: Files, course: Mapping[str, Any], alike: bool
) -> None:
    """Neither a path that it gave, although a student's variant has another content, nor a lower layer beside the lines that were added."""
    assert named(compare({"ada": ada, "ben": ben}, **course)) == [("ada", "ben")] * alike


@pytest.mark.slow
def test_what_a_whole_class_has_points_at_nobody(compare: Compare) -> None:
    """Everybody took the example of the lecture: no pair of them is shown, and it is said that passages were left out."""
    found = compare({f"s{number:02}": ADA for number in range(12)})
    assert named(found) == []
    assert any("passages" in note for note in found.notes)


@pytest.mark.slow
def test_a_huge_file_is_left_out_and_named(compare: Compare) -> None:
    """Its size would cost the others time."""
    found = compare({"ada": {"big.py": "x = 1\n" * 20_000}, "ben": BEN})
    assert list(found.notes) == ["ada: 1 of 1 files are too large to compare"]


def test_a_text_on_which_reading_never_ends_costs_its_time_and_no_more() -> None:
    """The process that reads is ended, and the next text is read by a fresh one."""
    texts = [("slow", "python", "x = 1\n" * 3000), ("quick", "python", "def f(a):\n    return a\n")]
    assert list(tokens.shapes(texts[:1], seconds=0)) == [("slow", None)]
    assert list(tokens.shapes(texts[1:])) == [("quick", "defF(V):returnV")]


def test_a_damaged_parcel_is_a_note_and_the_others_are_compared(tmp_path: Path) -> None:
    """Half a file, after a disk was full."""
    damaged = tmp_path / "ada.bundle"
    damaged.write_bytes(b"# v2 git bundle\n")
    found = similar({"ada": damaged}, Course())
    assert found.little == ("ada",)
    assert [note.startswith("ada: the parcel cannot be read") for note in found.notes] == [True]
