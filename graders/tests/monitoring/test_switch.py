"""The switch in a product's copy: it fails, slows, multiplies, and once means once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.faults import Switch, with_a_switch
from mlops_grader.instruments.product import Product

FEATURES = '''"""Features."""

from __future__ import annotations


def feature_matrix(number, *, more=0):
    """One number."""
    return number + more'''

# calls that come one after the other, each answered by its number, or by the name of its exception, and how long it took
ASK = """
import json, sys, time
from noshow.features import feature_matrix

def ask():
    began = time.monotonic()
    try:
        answer = feature_matrix(1.5, more=0.5)
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    return answer, time.monotonic() - began

for line in sys.stdin:
    print(json.dumps([ask() for _ in range(int(line))]), flush=True)
"""
FAILED = "ConnectionError: the features cannot be had"


@pytest.fixture
def given(product: Callable[..., Product]) -> Product:
    """A product with features of one number."""
    return product("", {"noshow/__init__.py": "", "noshow/features.py": FEATURES})


@pytest.fixture
def planted(given: Product, tmp_path: Path) -> tuple[Product, Switch]:
    """Its copy, and the switch in it."""
    return with_a_switch(given, tmp_path / "copy")


def asked(folder: Path, calls: int) -> list[tuple[float | str, float]]:
    """What so many calls in a process of their own give, and how long each takes."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=folder, input=f"{calls}\n", capture_output=True, text=True, check=True
    )
    return [(answer, seconds) for answer, seconds in json.loads(done.stdout)]


def answers(planted: tuple[Product, Switch], calls: int) -> list[float | str]:
    """What so many calls give."""
    return [answer for answer, _ in asked(planted[0].root, calls)]


def test_without_an_order_all_is_as_it_was(planted: tuple[Product, Switch]) -> None:
    """Arguments are handed on as they are."""
    assert answers(planted, 3) == [2.0] * 3


def test_the_product_itself_has_no_switch(given: Product, tmp_path: Path) -> None:
    """Only its copy is changed, and an order does nothing to it."""
    copy, switch = with_a_switch(given, tmp_path / "copy")
    switch.errors(1)
    assert (given.root / "noshow/features.py").read_text() == FEATURES
    assert ([answer for answer, _ in asked(given.root, 1)], copy.root != given.root) == ([2.0], True)


def test_the_switch_is_no_file_of_the_product(planted: tuple[Product, Switch]) -> None:
    """What a project does with its own folder does not turn it."""
    assert planted[1].path.is_relative_to(planted[0].root) is False


@pytest.mark.parametrize("share", [1, 0])
def test_errors_are_a_share_of_the_calls(planted: tuple[Product, Switch], share: float) -> None:
    """All or none at the ends."""
    planted[1].errors(share)
    assert answers(planted, 20) == [FAILED if share else 2.0] * 20


def test_half_of_the_calls_are_some_of_them(planted: tuple[Product, Switch]) -> None:
    """Neither all nor none of two hundred."""
    planted[1].errors(0.5)
    found = answers(planted, 200)
    assert (set(found), 50 < found.count(FAILED) < 150) == ({FAILED, 2.0}, True)


@pytest.mark.parametrize(("share", "slow"), [(1, 3), (0, 0)])
def test_slow_calls_are_right_and_late(planted: tuple[Product, Switch], share: float, slow: int) -> None:
    """The answer is as before."""
    planted[1].slow(share, 0.3)
    found = asked(planted[0].root, 3)
    assert ([answer for answer, _ in found], sum(seconds >= 0.3 for _, seconds in found)) == ([2.0] * 3, slow)


@pytest.mark.parametrize("factor", [-1.0, 10.0])
def test_wrong_features_are_multiplied(planted: tuple[Product, Switch], factor: float) -> None:
    """Each of them, each time."""
    planted[1].wrong(factor)
    assert answers(planted, 3) == [2 * factor] * 3


def test_off_is_as_before(planted: tuple[Product, Switch]) -> None:
    """Twice is once."""
    planted[1].errors(1)
    planted[1].off()
    planted[1].off()
    assert answers(planted, 3) == [2.0] * 3


def test_an_order_takes_the_place_of_the_one_before(planted: tuple[Product, Switch]) -> None:
    """They do not add up."""
    planted[1].errors(1)
    planted[1].wrong(10)
    assert answers(planted, 3) == [20.0] * 3


def test_once_an_error_is_one_error(planted: tuple[Product, Switch]) -> None:
    """The first call after it; the next are as before."""
    planted[1].once_an_error()
    assert answers(planted, 20) == [FAILED] + [2.0] * 19


def test_once_slow_is_one_slow_call(planted: tuple[Product, Switch]) -> None:
    """The first call after it, and its answer is right."""
    planted[1].once_slow(0.3)
    found = asked(planted[0].root, 3)
    assert [(answer, seconds >= 0.3) for answer, seconds in found] == [(2.0, True), (2.0, False), (2.0, False)]


def test_once_comes_again_when_it_is_ordered_again(planted: tuple[Product, Switch]) -> None:
    """What was done before does not stand in its way."""
    for _ in range(2):
        planted[1].once_an_error()
        assert answers(planted, 2) == [FAILED, 2.0]


def test_once_is_once_in_all_processes(planted: tuple[Product, Switch]) -> None:
    """A service of several workers has one error in all of them together."""
    root, switch = planted[0].root, planted[1]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", ASK], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    try:
        for worker in workers:  # until all of them are ready
            assert [answer for answer, _ in tell(worker, 1)] == [2.0]
        switch.once_an_error()
        for worker in workers:
            send(worker, 50)
        found = [answer for worker in workers for answer, _ in json.loads(read(worker))]
    finally:
        for worker in workers:
            worker.communicate()
    assert (found.count(FAILED), len(found)) == (1, 150)


def send(worker: subprocess.Popen[str], calls: int) -> None:
    """Let a process make so many calls."""
    assert worker.stdin
    worker.stdin.write(f"{calls}\n")
    worker.stdin.flush()


def read(worker: subprocess.Popen[str]) -> str:
    """What it says of them."""
    assert worker.stdout
    return worker.stdout.readline()


def tell(worker: subprocess.Popen[str], calls: int) -> list[tuple[float | str, float]]:
    """Let it make calls, and wait for them."""
    send(worker, calls)
    return [(answer, seconds) for answer, seconds in json.loads(read(worker))]


def test_an_order_reaches_a_process_that_runs(planted: tuple[Product, Switch]) -> None:
    """A service is not started anew for a fault."""
    worker = subprocess.Popen(
        [sys.executable, "-c", ASK], cwd=planted[0].root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        before = tell(worker, 1)[0][0]
        planted[1].wrong(10)
        during = tell(worker, 1)[0][0]
        planted[1].off()
        after = tell(worker, 1)[0][0]
    finally:
        worker.communicate()
    assert (before, during, after) == (2.0, 20.0, 2.0)


HUNGRY = """
import json, sys, time
import psutil
from noshow.features import feature_matrix

for line in sys.stdin:
    before = time.process_time()
    right = [feature_matrix(1.5, more=0.5) == 2.0 for _ in range(int(line))]
    print(json.dumps([all(right), psutil.Process().memory_info().rss / 2**20, time.process_time() - before]), flush=True)
"""


def test_hunger_grows_to_its_end_and_is_stilled(planted: tuple[Product, Switch]) -> None:
    """Answers stay right; memory rises by so much for each call, up to the most, and the processor is busy; off gives it back."""
    copy, switch = planted
    command = [sys.executable, "-c", HUNGRY]
    with subprocess.Popen(command, cwd=copy.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout

        def calls(number: int) -> tuple[bool, float, float]:
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            right, memory, busy = json.loads(process.stdout.readline())
            return right, memory, busy

        before = calls(1)
        switch.hungry(20, 60, 0.05)
        once, full, fuller = calls(1), calls(4), calls(4)
        switch.off()
        after = calls(1)
        process.stdin.close()
    assert {right for right, _, _ in (before, once, full, fuller, after)} == {True}
    grown = [round((memory - before[1]) / 20) for _, memory, _ in (once, full, fuller, after)]
    assert grown == [1, 3, 3, 0]
    assert (once[2] >= 0.05, full[2] >= 0.2) == (True, True)


def test_an_order_is_never_read_in_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is complete at the moment when it is there."""
    switch = Switch(tmp_path / "copy.switch")
    written: list[bool] = []
    write_text = Path.write_text

    def spy(path: Path, *arguments: str, **named: str) -> int:
        written.append(path == switch.path)
        return write_text(path, *arguments, **named)

    monkeypatch.setattr(Path, "write_text", spy)
    switch.slow(0.5, 1.5)
    assert (written, json.loads(switch.path.read_text())) == ([False], {"slow": 0.5, "seconds": 1.5})


def test_without_the_package_the_student_reads_so(product: Callable[..., Product], tmp_path: Path) -> None:
    """A project that moved the given package is told which file is missing."""
    with pytest.raises(Fail, match=r"there is no `noshow/features\.py`"):
        with_a_switch(product(""), tmp_path / "copy")
