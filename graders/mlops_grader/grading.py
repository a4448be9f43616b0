"""Run the checks of a module on a submission and return a result."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import importlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

from mlops_grader import __version__, checks, fixtures
from mlops_grader.check import Check, Fail, Verdict, checks_in, portable
from mlops_grader.contract import FILE, is_of_its_own, load
from mlops_grader.plugin import Grading, Verdicts, unfit
from mlops_grader.result import NOT_ASKED, Graded, Outcome, Result
from mlops_grader.submission import COURSE_FILE, Submission, UsageError, module_of, snapshot

PACKAGE = Path(str(files("mlops_grader")))
LEFT_OUT = Verdicts(Verdict.NOT_RUN, NOT_ASKED, fix="grade without --only")
CUT_OFF = Verdicts(Verdict.NOT_RUN, "the grade was stopped before this check had ended", fix="grade again")
NEVER_RAN = Verdicts(Verdict.ERROR, "the check did not run", fix="grade again; report it when it stays")
CAPSTONE = "m14_capstone"  # the one module whose product is the team's own
PATIENCE = 20.0  # seconds after Ctrl-C in which another one changes nothing

# pytest as the grader wants it: its own settings, no plugin and no conftest of anybody, no cache, no terminal
_PYTEST = (
    "-c", str(PACKAGE / "checks" / "pytest.ini"), f"--rootdir={PACKAGE}", "--noconftest", "--assert=plain", "--capture=no",
    "--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:logging", "-p", "no:warnings",
    "-p", "no:faulthandler", "-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:doctest", "-p", "no:junitxml",
)  # fmt: skip


class Interrupted(Exception):
    """The grade was stopped from outside; `result` holds what was known by then."""

    def __init__(self, result: Result) -> None:
        super().__init__("stopped")
        self.result = result


@dataclass(frozen=True)
class Watcher:
    """Who is told when a check begins and how it ended."""

    started: Callable[[Check], None] = lambda _: None
    ended: Callable[[Check, Verdicts], None] = lambda _, __: None


@dataclass(frozen=True)
class Order:
    """What is asked for: the module's checks on a project. An empty `only` means all; no seed, one from the tree."""

    project: Path
    module: ModuleType
    only: tuple[str, ...] = ()
    seed: int | None = None
    commit: str | None = None
    authority: str = "advisory"

    @property
    def key(self) -> str:
        """The module's key."""
        return self.module.__name__.rsplit(".", 1)[-1]


def modules() -> tuple[str, ...]:
    """The keys of all modules that have checks, in the order of the course."""
    return tuple(sorted(path.stem for path in Path(checks.__path__[0]).glob("m[0-9]*.py")))


def module_named(key: str) -> ModuleType:
    """The checks of a module. Raises UsageError that guesses what was meant."""
    if key not in modules():
        close = difflib.get_close_matches(key, modules(), n=1, cutoff=0.3)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UsageError(f"there is no module `{key}`: {hint}The modules are {', '.join(modules())}")
    return importlib.import_module(f"mlops_grader.checks.{key}")


def up_to(key: str, project: Path) -> tuple[str, ...]:
    """The module and all that it builds on. The capstone builds on none: with it go the modules whose part its contract names."""
    if key != CAPSTONE:
        return tuple(each for each in modules() if each <= key)
    parts: tuple[str, ...] = ()
    with contextlib.suppress(Fail):  # what is wrong with the contract the capstone's own checks say
        parts = tuple(load(project).parts)
    return (*(each for each in modules() if each != key and _is_in(module_named(each), parts)), key)


def _is_in(module: ModuleType, parts: Sequence[str]) -> bool:
    """Whether a module speaks of any product, and of a part that this one has."""
    part = getattr(module, "PART", "")
    return bool(portable(checks_in(module))) and (not part or part in parts)


@cache
def identity() -> str:
    """The grader's release and a hash of its own source, so that two different graders never pass for one."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def seed_of(tree: str, module: str) -> int:
    """The seed of an advisory grade: the same for the same files, another after every change."""
    return int(hashlib.sha256(f"{tree} {module}".encode()).hexdigest()[:8], 16)


def grade(
    order: Order, watcher: Watcher | None = None, known: Callable[[str, int], Result | None] | None = None
) -> Result:
    """Grade a project.

    known: asked with the tree and the seed before anything runs; a result that it returns is the answer.
    Raises UsageError, and Interrupted when it was stopped from outside; nothing is left behind in either case.
    """
    _selected(checks_in(order.module), order.only)  # a misspelt name is told before anything is cloned
    started = time.time()
    with terminable(), tempfile.TemporaryDirectory(prefix="mlops-grader-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        submission = snapshot(order.project, folder, order.commit)
        asked = checks_for(order.module, submission)
        selected = _selected(asked, order.only)
        seed = seed_of(submission.tree, order.key) if order.seed is None else order.seed
        earlier = known(submission.tree, seed) if known else None
        if earlier:
            return earlier
        grading = Grading(submission, asked, selected, seed, folder, *_told(watcher or Watcher()))
        stopped = _run(order.module, grading)
        result = _result(order, grading, started, stopped)
    if stopped:
        raise Interrupted(result)
    return result


def checks_for(module: ModuleType, submission: Submission) -> tuple[Check, ...]:
    """The checks of a module that count for a submission: of a product of one's own, those that speak of any product.

    Raises UsageError when that product does not have the part of which the module speaks, or no check of it is left.
    """
    key, checks = module.__name__.rsplit(".", 1)[-1], checks_in(module)
    _must_have(getattr(module, "PART", ""), submission, key)
    if not is_of_its_own(submission.root):
        return checks
    if (course := module_of(submission.root)) not in (None, CAPSTONE):
        raise UsageError(
            f"`{FILE}` has [inputs], which only a product of your own has, and `{COURSE_FILE}` says that this is the course's "
            f"product at {course}: remove [inputs], or, where it is your own, `{COURSE_FILE}`"
        )
    if not (kept := portable(checks)):
        raise UsageError(f"every check of {key} speaks of the course's own product, and `{FILE}` describes another one")
    return kept


def _must_have(part: str, submission: Submission, key: str) -> None:
    """Raise UsageError unless the product has a part of the contract; what is wrong with the contract itself the checks say."""
    with contextlib.suppress(Fail):
        parts = submission.contract().parts
        if part and part not in parts:
            raise UsageError(
                f"{key} looks at the part `{part}`, and `{FILE}` says that this product has {', '.join(parts) or 'no part'}: "
                f'add "{part}" to `parts` when it has it'
            )


def _told(watcher: Watcher) -> tuple[Callable[[Check], None], Callable[[Check, Verdicts], None]]:
    return watcher.started, watcher.ended


def _run(module: ModuleType, grading: Grading) -> bool:
    """Run pytest; whether it was stopped from outside. Raises UsageError that a check came upon."""
    if grading.submission.problems:
        grading.verdicts = {check.id: unfit(grading.submission.problems) for check in grading.checks}
        return False
    with _own_environment():
        code = pytest.main(
            [*_PYTEST, f"--basetemp={grading.folder / 'pytest'}", str(module.__file__)], plugins=[fixtures, grading]
        )
    if grading.usage_error:
        raise grading.usage_error
    return code == pytest.ExitCode.INTERRUPTED


def _selected(all_checks: Sequence[Check], only: Sequence[str]) -> frozenset[str]:
    """The ids of the checks asked for, and of all that they require. Raises UsageError for an unknown one."""
    by_id = {check.id: check for check in all_checks}
    wanted = [name if name.startswith("test_") else f"test_{name}" for name in only] or list(by_id)
    for name in wanted:
        if name not in by_id:
            known = [each.removeprefix("test_") for each in by_id]
            close = difflib.get_close_matches(name.removeprefix("test_"), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the checks are {', '.join(known)}"
            raise UsageError(f"there is no check `{name}`: {hint}")
    todo, chosen = list(wanted), set()
    while todo:
        name = todo.pop()
        if name not in chosen:
            chosen.add(name)
            todo.extend(by_id[name].requires)
    return frozenset(chosen)


def _result(order: Order, grading: Grading, started: float, stopped: bool) -> Result:
    submission: Submission = grading.submission
    return Result(
        grader=identity(),
        submission=Graded(submission.commit, submission.tree, submission.clean, order.key),
        authority=order.authority,
        seed=grading.seed,
        started_at=datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=time.time() - started,
        checks=tuple(
            _outcome(check, grading, order.key, CUT_OFF if stopped else NEVER_RAN) for check in grading.checks
        ),
        timeline=next(iter(grading.timelines), None),
        figures=tuple(grading.figures),
    )


def _outcome(check: Check, grading: Grading, key: str, missing: Verdicts) -> Outcome:
    """What is written down for a check. One that was asked for and has no verdict gets the missing one."""
    ended = grading.verdicts.get(check.id, missing if check.id in grading.selected else LEFT_OUT)
    passed = ended.verdict is Verdict.PASSED
    return Outcome(
        id=check.id,
        title=check.title,
        points=check.points if passed else 0,
        max_points=check.points,
        verdict=ended.verdict,
        found=ended.found or ("" if passed else "the check says no more"),
        fix=ended.fix,
        why=check.why,
        lesson=f"lessons/{key}.md#{check.anchor}",
        blocked_by=ended.blocked_by,
        seconds=ended.seconds,
    )


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    """Keep variables that steer pytest away from it."""
    kept = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("PYTEST_")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(kept)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Let Ctrl-C and a request to terminate end the grade with everything cleaned up, also when they come twice."""
    latest = [-PATIENCE]

    def interrupt(*_: object) -> None:
        """Stop; people press again while the first one cleans up, and that must not end the cleaning."""
        if time.monotonic() - latest[0] > PATIENCE:
            latest[0] = time.monotonic()
            raise KeyboardInterrupt

    try:
        heeded = [
            each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) not in (signal.SIG_IGN, None)
        ]
        before = {number: signal.signal(number, interrupt) for number in heeded}
    except ValueError:  # not in the main thread: somebody else owns the signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
