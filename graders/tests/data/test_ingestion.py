"""A product that is given files and a key, is killed at work, and runs out of disk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlops_grader.instruments.data.ingestion import KEY, Ingestion, ingestion
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits

Make = Callable[..., Product]
Told = Callable[[Callable[[], object]], str]
WaitFor = Callable[[Callable[[], object]], None]

windows = pytest.mark.skipif(sys.platform == "win32", reason="there a file cannot be kept from growing")

TELLS = """
import os, pathlib
print(sorted(path.name for path in pathlib.Path("data/raw").iterdir()))
print(os.environ.get("PSEUDONYM_KEY"), os.environ["OF_THE_ENVIRONMENT"])
"""
GROWS = """
import os, pathlib
pathlib.Path("told").write_text(os.environ["PSEUDONYM_KEY"] + os.environ["OF_THE_ENVIRONMENT"])
with open("large", "wb", buffering=0) as file:
    for _ in range(20):
        file.write(b"x" * 512)
"""
PARENT = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path("child.tmp").write_text(f"{child.pid} {os.environ['OF_THE_ENVIRONMENT']} {os.environ['PSEUDONYM_KEY']}")
os.rename("child.tmp", "child.pid")
time.sleep(300)
"""


@pytest.fixture
def at_work(product: Make, tmp_path: Path) -> Callable[..., Ingestion]:
    """A copy of a product whose `ingest` command runs this script, with these daily files."""

    def make(script: str, contents: Mapping[str, bytes] | None = None, **keys: Any) -> Ingestion:
        given = product({"data/raw/appointments_2025-01-01.csv": "old"}, ingest=script)
        return ingestion(given, tmp_path / "copy", contents or {"appointments_2026-01-05.csv": b"new"}, **keys)

    return make


# Files and key


def test_a_copy_has_these_files_and_no_others(at_work: Callable[..., Ingestion], tmp_path: Path) -> None:
    """The product itself keeps its own."""
    made = at_work(TELLS, {"appointments_2026-01-05.csv": b"a", "outcomes_2026-01-06.csv": b"b"})
    there = {path.name: path.read_bytes() for path in (tmp_path / "copy/data/raw").iterdir()}
    assert there == {"appointments_2026-01-05.csv": b"a", "outcomes_2026-01-06.csv": b"b"}
    assert made.raw == tmp_path / "copy/data/raw"
    assert [path.name for path in (tmp_path / "clone/data/raw").iterdir()] == ["appointments_2025-01-01.csv"]


def test_a_file_that_is_delivered_again_is_replaced(at_work: Callable[..., Ingestion]) -> None:
    """The others stay."""
    made = at_work(TELLS, {"a.csv": b"a", "b.csv": b"b"})
    made.deliver({"b.csv": b"B", "c.csv": b"c"})
    assert {path.name: path.read_bytes() for path in made.raw.iterdir()} == {
        "a.csv": b"a",
        "b.csv": b"B",
        "c.csv": b"c",
    }


@pytest.mark.parametrize(("keys", "key"), [({}, KEY), ({"key": "other"}, "other"), ({"key": None}, None)], ids=str)
def test_the_command_is_told_its_key(at_work: Callable[..., Ingestion], keys: dict[str, Any], key: str | None) -> None:
    """In the variable of the contract, beside those of the environment; or it is given none."""
    done = at_work(TELLS, **keys).ingest()
    assert done.output.splitlines() == ["['appointments_2026-01-05.csv']", f"{key} yes"]


def test_a_command_that_fails_is_told(at_work: Callable[..., Ingestion], told: Told) -> None:
    """Unless it is asked how it ends."""
    made = at_work("raise SystemExit('no key')")
    assert told(made.ingest).endswith("exit code 1\nno key")
    assert made.run().exit == 1


def test_limits_end_a_command(at_work: Callable[..., Ingestion], told: Told) -> None:
    """Those of a large delivery are its own."""
    made = at_work("import time; time.sleep(60)")
    assert "still running after 0.2 s" in told(lambda: made.ingest(Limits(seconds=0.2)))


# The folder of the clean data


def test_what_the_manifest_does_not_name_is_a_stray(
    at_work: Callable[..., Ingestion], publish: Callable[..., Path], rows: Callable[..., dict[str, Any]], write: Any
) -> None:
    """Wherever it lies below the folder; what tells git to ignore the folder is none."""
    made = at_work(TELLS)
    publish(made.folder, {"2026-01-05": rows()})
    assert made.strays(made.manifest()) == []
    write(made.folder, {".gitignore": "*", "old.parquet": "", "day=2026-01-05/new.tmp": "", ".hidden": ""})
    assert made.strays(made.manifest()) == [".hidden", "day=2026-01-05/new.tmp", "old.parquet"]


def test_a_name_may_go_roundabout(
    at_work: Callable[..., Ingestion], publish: Callable[..., Path], rows: Callable[..., dict[str, Any]]
) -> None:
    """A file that the manifest names is no stray, however it is named."""
    made = at_work(TELLS)
    path = publish(made.folder, {"2026-01-05": rows()})
    path.write_text(path.read_text().replace("day=2026-01-05/rows", "day=2026-01-05/../day=2026-01-05/rows"))
    assert made.strays(made.manifest()) == []


def test_data_are_where_the_contract_says(
    at_work: Callable[..., Ingestion], publish: Callable[..., Path], rows: Callable[..., dict[str, Any]], told: Told
) -> None:
    """They have a name, or there are none."""
    made = at_work(TELLS)
    assert told(made.manifest) == told(made.dataset) == "there is no `data/clean/_manifest.json`"
    publish(made.product.root / "data/clean", {"2026-01-05": rows()})
    assert (made.manifest().name, made.dataset().name) == ("0123456789abcdef", "0123456789abcdef")


# Killing

STEPS = """
import pathlib, time
clean = pathlib.Path("data/clean")
clean.mkdir(exist_ok=True)
for number in range(8):
    (clean / f"new-{number}").write_bytes(b"x")
    time.sleep(1)
"""
REPLACES = """
import pathlib, time
clean = pathlib.Path("data/clean")
(clean / "new").write_bytes(b"x")
time.sleep(0.4)
CHANGE
time.sleep(20)
(clean / "done").write_bytes(b"x")
"""


def test_an_ingestion_at_work_is_killed_with_its_children(at_work: Callable[..., Ingestion], wait_for: WaitFor) -> None:
    """It had its environment and its key."""
    made = at_work(PARENT)
    begun = made.product.root / "child.pid"
    assert made.product.killed("ingest", begun.exists, made.variables) is True
    pid, *told = begun.read_text().split(maxsplit=2)
    wait_for(lambda: not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE)
    assert told == ["yes", KEY]


def test_an_ingestion_that_was_done_is_not_killed(at_work: Callable[..., Ingestion]) -> None:
    """It is not waited for longer than it runs, and its work is there."""
    made = at_work("open('done', 'w').close()")
    assert made.product.killed("ingest", lambda: False, made.variables) is False
    assert (made.product.root / "done").is_file()


def test_an_ingestion_is_killed_after_some_seconds(at_work: Callable[..., Ingestion]) -> None:
    """Neither at once nor when it has done all."""
    made = at_work("import time\nopen('begun', 'w').close()\ntime.sleep(20)\nopen('done', 'w').close()")
    made.killed_after(4)
    assert sorted(path.name for path in made.product.root.iterdir() if path.suffix != ".py") == ["begun", "data"]


@pytest.mark.parametrize("number", [1, 3])
def test_an_ingestion_is_killed_at_a_change_of_the_data(at_work: Callable[..., Ingestion], number: int) -> None:
    """The first one, or a later one; a new file and what is then written into it may be one change or two."""
    made = at_work(STEPS, {"appointments_2026-01-05.csv": b"a"})
    (made.folder / "sub").mkdir(parents=True)
    (made.folder / "sub/old").write_bytes(b"y")
    made.killed_at_a_change(number)
    written = len([*made.folder.glob("new-*")])
    assert (number + 1) // 2 <= written <= number


@pytest.mark.parametrize(
    "change",
    [
        '(clean / "sub/old").unlink()',
        '(clean / "sub/old").write_bytes(b"longer")',
        'import os; os.utime(clean / "sub/old", (1, 1))',
    ],
    ids=["gone", "size", "time"],
)
def test_an_ingestion_is_killed_when_an_old_file_goes(at_work: Callable[..., Ingestion], change: str) -> None:
    """Or is another one; new files are no reason."""
    made = at_work(REPLACES.replace("CHANGE", change))
    old = made.folder / "sub/old"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"y")
    before = old.stat()
    made.killed_when_an_old_file_goes()
    assert sorted(path.name for path in made.folder.iterdir() if path.is_file()) == ["new"]
    assert not old.exists() or (old.stat().st_size, old.stat().st_mtime) != (before.st_size, before.st_mtime)


def test_a_damaged_file_is_another_one(
    at_work: Callable[..., Ingestion], publish: Callable[..., Path], rows: Callable[..., dict[str, Any]], told: Told
) -> None:
    """Of the same size."""
    made = at_work(TELLS)
    publish(made.folder, {"2026-01-05": rows()})
    path = made.folder / "day=2026-01-05/rows.parquet"
    before = path.read_bytes()
    made.damage()
    assert sum(old != new for old, new in zip(before, path.read_bytes(), strict=True)) == 1
    assert told(made.dataset) == "`day=2026-01-05/rows.parquet` is another file than the manifest says"


# No disk


@windows
@pytest.mark.parametrize(("most", "size"), [(4096, 4096), (5000, 4608), (10, 512), (20_000, 10_240)])
def test_no_file_grows_beyond_a_full_disk(at_work: Callable[..., Ingestion], most: int, size: int) -> None:
    """To half a kilobyte, and hardly any disk is more than none; smaller files are whole."""
    made = at_work(GROWS)
    made.out_of_disk(most)
    assert (made.product.root / "large").stat().st_size == size
    assert (made.product.root / "told").read_text() == KEY + "yes"
