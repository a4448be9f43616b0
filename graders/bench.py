"""Measures the grader against the bare operations: ratios within one run, since machines differ and drift."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(KIT / "templates"), str(KIT / "graders" / "tests")]

import psutil  # noqa: E402  # the two folders above are no packages

import bench_class  # noqa: E402
import bench_cohort  # noqa: E402
import bench_course  # noqa: E402
import bench_data  # noqa: E402
import bench_monitoring  # noqa: E402
import bench_pipeline  # noqa: E402
import bench_tracking  # noqa: E402
from mlops_grader.contract import load  # noqa: E402
from mlops_grader.fixtures import PATIENTS  # noqa: E402
from mlops_grader.instruments import environment, secrets  # noqa: E402
from mlops_grader.instruments.client import READY_SECONDS, Client, SlowRequest  # noqa: E402
from mlops_grader.instruments.container import fast_health_check  # noqa: E402
from mlops_grader.instruments.docker_engine import connect, run_label  # noqa: E402
from mlops_grader.instruments.product import Product  # noqa: E402
from mlops_grader.instruments.sandbox import HostSandbox, Limits  # noqa: E402
from mlops_grader.instruments.service import on_host  # noqa: E402
from mlops_grader.instruments.world import requests  # noqa: E402
from mlops_grader.submission import snapshot  # noqa: E402
from submissions import make  # noqa: E402

KEY = "m06_containers"
TRIVIAL = 100  # checks, and tests to compare them with


def main() -> int:
    """Print every figure. Nothing is judged here but whether the class was graded as it should: `bench.py class` does that alone."""
    with tempfile.TemporaryDirectory(prefix="mlops-bench-") as name:
        folder = Path(name)
        if sys.argv[1:] == ["class"]:
            return _class(folder)
        project = make(KEY, folder / "project")
        _grade(project, "--fresh")  # fills the caches: environment, build cache, bytecode
        bare = [_bare(project, folder / f"bare{n}") for n in range(2)]
        grades = [_measured(project, "--fresh") for _ in range(2)]
        whole = min(grade["seconds"] for grade in grades)
        _say("m06 reference, whole grade, s", whole)
        _say("the same operations done bare, s", min(bare))
        _say("ratio (aim 1.3)", whole / min(bare))
        _say("first verdict, s (aim 2)", min(grade["first"] for grade in grades))
        _say("unchanged regrade, s (aim 2)", statistics.median(_timed(lambda: _grade(project)) for _ in range(5)))
        _say("peak memory of the grader, MiB", max(grade["memory"] for grade in grades))
        _trivial(folder)
        bench_data.measure(folder, _say)
        bench_tracking.measure(folder, _say)
        bench_pipeline.measure(folder, _say)
        bench_monitoring.measure(folder, _say)
        bench_course.measure(folder, _say)
        bench_cohort.measure(folder, _say)
        return _class(folder)


def _class(folder: Path) -> int:
    """Grade the synthetic class; 1 when something about it is not as it should be."""
    wrong = bench_class.measure(folder, _say)
    sys.stdout.write("".join(f"WRONG: {each}\n" for each in wrong))
    return 1 if wrong else 0


def _say(name: str, value: float) -> None:
    sys.stdout.write(f"{name:60} {value:10.2f}\n")
    sys.stdout.flush()


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _command(project: Path, *options: str) -> list[str]:
    return [sys.executable, "-I", "-m", "mlops_grader", "grade", str(project), *options]


def _grade(project: Path, *options: str) -> None:
    subprocess.run(_command(project, *options), stdout=subprocess.DEVNULL, check=True)


def _measured(project: Path, *options: str) -> dict[str, float]:
    """Seconds of a whole grade and until its first verdict, and the grader's own peak memory."""
    started = time.perf_counter()
    with subprocess.Popen(_command(project, *options), stdout=subprocess.PIPE, text=True) as process:
        peak: list[float] = []
        threading.Thread(target=_watch, args=(process.pid, peak), daemon=True).start()
        assert process.stdout is not None  # noqa: S101  # it was opened as a pipe
        process.stdout.readline()
        first = time.perf_counter() - started
        process.stdout.read()
    return {"seconds": time.perf_counter() - started, "first": first, "memory": max(peak, default=0.0)}


def _watch(pid: int, peak: list[float]) -> None:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        while process.is_running():
            peak.append(process.memory_info().rss / 2**20)
            time.sleep(0.2)


def _bare(project: Path, folder: Path) -> float:
    """The work of one grade without the grader: the product's commands, builds, starts, requests and stops."""
    folder.mkdir()
    sandbox = HostSandbox(folder / "home")
    submission = snapshot(project, folder)
    contract = load(submission.root)
    ready = environment.cached(sandbox, submission)
    product = Product(submission, ready, sandbox, contract)
    patients = requests(PATIENTS, 1)
    engine = connect(run_label())

    def work() -> None:
        for name in ("ingest", "train", "export"):
            product.must(name, limits=Limits(seconds=600))
        secrets.plant(product.root, 1)
        image = engine.build(product.root, product.root / "Dockerfile", "bare")
        for options in ({}, {}, {"read_only": True, "tmpfs": {"/tmp": ""}}):  # noqa: S108  # the container's own
            with engine.start(image, contract.service, **options) as container:
                container.client.wait_until_ready(patients[0], READY_SECONDS)
        with on_host(product) as client, engine.start(image, contract.service) as container:
            container.client.wait_until_ready(patients[0], READY_SECONDS)
            client.wait_until_ready(patients[0], READY_SECONDS)
            _ask_both(client, container.client, patients)
        with engine.start(image, contract.service) as container:
            container.client.wait_until_ready(patients[0], READY_SECONDS)
            request = SlowRequest(container.client.port, contract.service, patients[0])
            time.sleep(0.5)
            stopping = container.stop_later(10)
            time.sleep(1)
            request.finish()
            stopping.wait()
        with (product.root / "noshow" / "service.py").open("a", encoding="utf-8") as file:
            file.write("\n# one more line\n")
        engine.build(product.root, product.root / "Dockerfile", "again")
        image.look_inside({})
        with engine.start(image, contract.service, healthcheck=fast_health_check()) as container:
            container.client.wait_until_ready(patients[0], READY_SECONDS)
            container.wait_for_health("healthy", READY_SECONDS)
            container.hang()
            container.wait_for_health("unhealthy", READY_SECONDS)

    try:
        return _timed(work)
    finally:
        engine.forget()


def _ask_both(left: Client, right: Client, patients: list[dict[str, object]]) -> None:
    for patient in patients:
        left.predict(patient)
        right.predict(patient)


def _trivial(folder: Path) -> None:
    """A hundred checks that check nothing against a hundred tests that test nothing."""
    head = "from mlops_grader.check import check\n"
    body = '@check(points=1)\ndef test_{n}(submission):\n    """Number {n} is there."""\n'
    checks = folder / "m99_trivial.py"
    checks.write_text(head + "".join(body.format(n=n) for n in range(TRIVIAL)), encoding="utf-8")
    tests = folder / "test_trivial.py"
    tests.write_text("".join(f"def test_{n}():\n    pass\n" for n in range(TRIVIAL)), encoding="utf-8")
    project = make("m01_environment", folder / "trivial", solved=False)
    script = (
        "import importlib.util, sys, pathlib\nfrom mlops_grader.grading import Order, grade\n"
        f"spec = importlib.util.spec_from_file_location('m99_trivial', {str(checks)!r})\n"
        "module = importlib.util.module_from_spec(spec)\nsys.modules['m99_trivial'] = module\nspec.loader.exec_module(module)\n"
        f"result = grade(Order(pathlib.Path({str(project)!r}), module))\nassert result.score == {TRIVIAL}, result\n"
    )
    plain = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    ours = statistics.median(_timed(lambda: _run([sys.executable, "-c", script], folder)) for _ in range(5))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # as the grader does: bare pytest on both sides
    theirs = statistics.median(_timed(lambda: _run(plain, folder)) for _ in range(5))
    _say(f"{TRIVIAL} trivial checks through the grader, s", ours)
    _say(f"{TRIVIAL} trivial pytest tests, s", theirs)
    _say("ratio (aim 3)", ours / theirs)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
