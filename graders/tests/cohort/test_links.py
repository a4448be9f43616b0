"""In a cell the grader is root, and works where a student's commands left links."""

from __future__ import annotations

import pytest

from cells import graded
from mlops_grader.cohort.records import Returned
from mlops_grader.instruments.docker_engine import Engine

pytestmark = [pytest.mark.engine, pytest.mark.network, pytest.mark.slow]

# the features, in which the grader plants bugs, become a link; a pipe lies beside them
LINKS = """
if phase == "setup":
    features = pathlib.Path("noshow/features.py")
    features.unlink()
    features.symlink_to("/grader/in/order.json")
    os.mkfifo("pipe")
if phase == "test":
    sys.exit(0)
"""


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Returned:
    """How that submission is graded."""
    return graded(tmp_path_factory.mktemp("links"), LINKS)


def test_the_grader_is_led_no_further_than_the_student_could_go(returned: Returned) -> None:
    assert returned.document, f"{returned.error}\n{returned.log}"
    check = next(each for each in returned.document["checks"] if each["id"] == "test_tests_pass")
    assert (check["verdict"], check["found"]) == (
        "failed", "`features.py` is no file that a command could have written: Permission denied",
    )  # fmt: skip


def test_no_check_breaks_over_it(returned: Returned) -> None:
    assert returned.document, f"{returned.error}\n{returned.log}"
    assert [each["id"] for each in returned.document["checks"] if each["verdict"] == "error"] == []
