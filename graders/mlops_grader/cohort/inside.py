"""The inner half of a grade for the record: takes an order and a parcel, grades, and leaves a result.

In a cell the grader is root of few rights, and what the student wrote runs as a user without any. On a disposable worker
(`--host`) it runs as on a person's own machine.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mlops_grader import grading, result
from mlops_grader.check import Check, Verdict
from mlops_grader.cohort.guest import Guest
from mlops_grader.cohort.link import Link
from mlops_grader.instruments.sandbox import HostSandbox, Sandbox
from mlops_grader.plain import plain
from mlops_grader.plugin import Verdicts
from mlops_grader.submission import UsageError, git, locate

IN, OUT, LAYER, WORK = Path("/grader/in"), Path("/grader/out"), Path("/grader/layer"), Path("/work")
ORDER, PARCEL, ANSWER = "order.json", "parcel.bundle", "result.json"
LOOK_SECONDS = 2.0
MOST_FILES = 400_000  # in the cell's own layer of the package cache


def main(arguments: list[str]) -> int:
    """Grade what lies in the folder `--in` and answer in the folder `--out`. 0 whenever there is an answer."""
    parser = argparse.ArgumentParser(prog="inside")
    parser.add_argument("--in", dest="taken", type=Path, default=IN)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--host", action="store_true", help="no cell: this machine is thrown away")
    options = parser.parse_args(arguments)
    order = json.loads((options.taken / ORDER).read_text(encoding="utf-8"))
    give = partial(_give, options.out / ANSWER)
    os.umask(0o022)
    try:
        sandbox = HostSandbox if options.host else _sealed(order, options.work, give)
        give(_graded(order, options.taken / PARCEL, options.work, sandbox))
    except UsageError as error:
        give({"error": plain(str(error)), "retry": False})
    except grading.Interrupted:
        give({"error": "the grade was stopped from outside", "retry": True})
    except Exception as error:  # whatever it is, it is the grader's fault and somebody has to hear of it
        traceback.print_exc()
        give({"error": plain(f"the grader broke: {type(error).__name__}: {error}"), "retry": True})
    return 0


def _sealed(
    order: Mapping[str, Any], work: Path, give: Callable[[Mapping[str, Any]], None]
) -> Callable[[Path], Sandbox]:
    """Take the network away, and make the door to the user as whom the student's commands run."""
    link = Link(order["inner"])
    link.down()
    ground = work / "ground"
    ground.mkdir()
    if "UV_CACHE_DIR" not in os.environ:  # no cache of the worker's: one of this cell's own
        os.environ["UV_CACHE_DIR"] = str(ground / "packages")
        (ground / "packages").mkdir()
    tempfile.tempdir = str(ground)  # every folder of the grader's is made there, and what the user needs is handed over
    guest = Guest(int(order["uid"]), ground, link)
    threading.Thread(target=_watch, args=(int(order["disk"]), give), daemon=True).start()
    return partial(HostSandbox, ward=guest, extra=_processors(order["cpus"]))


def _processors(cpus: float) -> dict[str, str]:
    """What tells libraries how many processors the cell has: they would start a thread for each of the machine's."""
    count = str(max(1, math.ceil(cpus)))
    return dict.fromkeys(("PYTHON_CPU_COUNT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), count)


def _graded(
    order: Mapping[str, Any], parcel: Path, work: Path, sandbox: Callable[[Path], Sandbox]
) -> Mapping[str, Any]:
    place = work / "submission"
    git(work, "clone", "--quiet", "--branch", "main", "--", str(parcel), str(place))
    asked = grading.Order(
        locate(place),
        grading.module_named(order["module"]),
        seed=int(order["seed"]),
        commit="HEAD",
        authority="record",
        sandbox=sandbox,
    )
    graded = grading.grade(asked, grading.Watcher(_started, _ended))
    return {"document": graded.document(), "error": "", "retry": False}


def _started(check: Check) -> None:
    print(f"{time.strftime('%H:%M:%S')} {check.id}", flush=True)  # noqa: T201  # this is the log


def _ended(_: Check, verdicts: Verdicts) -> None:
    words = "" if verdicts.verdict is Verdict.PASSED else f": {plain(verdicts.found)}"
    print(f"  {verdicts.verdict} after {verdicts.seconds:.1f} s{words}", flush=True)  # noqa: T201


def _give(place: Path, answer: Mapping[str, Any]) -> None:
    result.write_text(place, json.dumps(answer))


def _watch(most: int, give: Callable[[Mapping[str, Any]], None]) -> None:
    """End the whole cell when the submission fills the package cache, which lies on the worker's disk."""
    while True:
        size, files = _extent(LAYER)
        if size > most or files > MOST_FILES:
            words = f"the submission put {size / 2**30:.1f} GiB in {files} files into the package cache"
            give({"error": f"{words}, more than it may: the grade was ended", "retry": False})
            os._exit(1)
        time.sleep(LOOK_SECONDS)


def _extent(folder: Path) -> tuple[int, int]:
    """Bytes on the disk and number of files below a folder."""
    size = files = 0
    for _, folders, names, within in os.fwalk(folder, onerror=lambda _: None):
        files += len(folders) + len(names)
        for name in names:
            try:
                size += os.stat(name, dir_fd=within, follow_symlinks=False).st_blocks * 512
            except OSError:
                continue  # gone meanwhile
    return size, files


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
