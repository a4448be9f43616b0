"""Submissions that take all they can get: they are ended, told so, and their neighbours notice nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import submissions
from cells import KEY, graded, order, parcel_of, seen
from mlops_grader.cohort import cell
from mlops_grader.cohort.records import Returned
from mlops_grader.instruments.docker_engine import Engine

pytestmark = [pytest.mark.engine, pytest.mark.network, pytest.mark.slow]

HOGS = """
if phase == "test":
    while True:
        try:
            os.fork()
        except OSError:
            continue
if phase == "lint":
    for _ in range(1024):
        sys.stdout.write("x" * 2**20)
if phase == "types":
    size = 0
    try:
        with open("full", "wb") as file:
            while True:
                size += file.write(bytes(2**20))
                file.flush()
    except OSError as error:
        os.remove("full")
        see(error=error.errno, size=size // 2**20)
"""


def found(returned: Returned, check: str) -> str:
    assert returned.document, f"{returned.error}\n{returned.log}"
    return next(str(each["found"]) for each in returned.document["checks"] if each["id"] == f"test_{check}")


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> tuple[Returned, Returned]:
    """A submission of hogs and an untouched starter, graded at the same time."""
    hog, starter = (tmp_path_factory.mktemp(name) for name in ("hog", "starter"))
    made = parcel_of(submissions.make(KEY, starter / "project", solved=False))
    cell.prepare(KEY)
    with ThreadPoolExecutor(2) as pool:
        hogging = pool.submit(graded, hog, HOGS, disk=512 * 2**20, memory=2 * 2**30)
        return hogging.result(), pool.submit(cell.grade, made, order("starter")).result()


def test_a_fork_bomb_is_ended(beside: tuple[Returned, Returned]) -> None:
    words = found(beside[0], "tests_pass")
    assert "processes at once, ended" in words or "exit code -9" in words


def test_endless_output_is_ended(beside: tuple[Returned, Returned]) -> None:
    assert "printed more than 64 MiB, ended" in found(beside[0], "lint_tells_good_from_bad")


def test_a_disk_is_full_at_its_limit(beside: tuple[Returned, Returned]) -> None:
    told = seen(beside[0], "types_tell_good_from_bad")
    assert (told["error"], 256 < told["size"] < 512) == (28, True)


def test_no_points_are_earned_by_it_and_the_neighbour_has_its_grade(beside: tuple[Returned, Returned]) -> None:
    documents = [each.document for each in beside]
    assert [each and (each["score"] <= 15, each["authority"]) for each in documents] == [(True, "record")] * 2
    assert {each["verdict"] for each in (documents[1] or {})["checks"]} == {"failed", "blocked"}


def test_the_log_is_short(beside: tuple[Returned, Returned]) -> None:
    assert len(beside[0].log) <= cell.LOG_BYTES + 200


MEMORY = """
if phase == "test":
    held = []
    while True:
        held.append(bytes(64 * 2**20).replace(b"\\0", b"x"))
"""


def test_a_command_that_takes_all_memory_dies_and_the_grader_does_not(tmp_path: Path, engine: Engine) -> None:
    returned = graded(tmp_path, MEMORY, memory=2**30)
    assert returned.document, returned.error
    assert "the test command fails" in found(returned, "tests_pass") or "`python script.py test`" in found(
        returned, "tests_pass"
    )


def test_a_layer_of_the_package_cache_has_a_limit(tmp_path: Path, engine: Engine) -> None:
    script = """
if phase == "setup":
    with open(os.path.join(os.environ["UV_CACHE_DIR"], "heap"), "wb") as file:
        for _ in range(400):
            file.write(os.urandom(2**20))
    time.sleep(60)
"""
    returned = graded(tmp_path, script, disk=256 * 2**20)
    assert (returned.document, returned.retry) == (None, False)
    assert "into the package cache" in returned.error
