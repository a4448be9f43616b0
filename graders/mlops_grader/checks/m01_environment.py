"""m01_environment: a project that anybody can set up, judged by setting it up and breaking it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mlops_grader.check import Fail, check
from mlops_grader.contract import Contract
from mlops_grader.instruments import bugs, history, lock, readme
from mlops_grader.instruments.bugs import Bug
from mlops_grader.instruments.client import READY_SECONDS, Client, example, port_is_taken
from mlops_grader.instruments.environment import Environment, create, normalize, set_up
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits, Sandbox
from mlops_grader.submission import Submission, UsageError, git

README_SECONDS = 900  # a slow network installs everything anew
MIB = 2**20


@pytest.fixture(scope="session")
def environment(sandbox: Sandbox, submission: Submission, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What `setup` makes from nothing; in this module nothing comes from an earlier grade."""
    return _set_up(sandbox, submission, tmp_path_factory.mktemp("first"))


@check(points=15)
def test_sets_up_in_a_clean_clone(environment: Environment, product: Product) -> None:
    """After the setup command, in a clean clone and a fresh virtual environment, the service's code can be imported.

    The first thing that a new colleague, a pipeline and a server do with a project is this one command.
    """
    if not environment.installed():
        raise Fail("the setup command ends well and installs nothing", fix="let it install what the lock file names")
    done = product.shell(f'"{environment.python}" -c "import {product.contract.name}.service"')
    if not done.ok:
        raise Fail(f"after the setup command the service cannot be imported: {done.tail(1)}", fix="declare what it imports, and lock it")


@check(points=10, requires=test_sets_up_in_a_clean_clone)
def test_lock_is_complete(trained: Product, host_service: Client, submission: Submission, contract: Contract) -> None:
    """What setup installs is enough to ingest, train, export and serve.

    A package that happens to be on your machine is missing on every other one.
    """
    host_service.predict(example(submission, contract.service))


@check(points=5, requires=test_sets_up_in_a_clean_clone)
def test_lock_is_exact(
    environment: Environment, sandbox: Sandbox, submission: Submission, contract: Contract, scratch: Path
) -> None:
    """Two setups install the same versions, and exactly those that the lock file pins.

    "It worked yesterday" is how a version moves that nobody pinned.
    """
    name = contract.environment.lock
    pinned = lock.pins(name, submission.read(name))
    first, second = environment.installed(), _set_up(sandbox, submission, scratch).installed()
    if moved := sorted(set(first.items()) ^ set(second.items())):
        raise Fail(f"two setups differ in {moved[0][0]} {moved[0][1]}", fix="install from the lock file alone")
    own = normalize(contract.name)
    for package, version in sorted(first.items()):
        if package != own and version not in pinned.get(package, ()):
            there = " and ".join(sorted(pinned.get(package, ()))) or "nothing"
            raise Fail(
                f"setup installed {package} {version}, and `{name}` pins {there}",
                fix="lock everything that is declared, and install from the lock file alone",
            )


@check(points=10, requires=test_sets_up_in_a_clean_clone)
def test_lock_is_enforced(sandbox: Sandbox, submission: Submission, contract: Contract, scratch: Path) -> None:
    """The lock holds hashes, and the setup command refuses packages that do not match them.

    A hash is the one thing that a hijacked package cannot bring along.
    """
    name = contract.environment.lock
    forged = submission.copy(scratch / "clone")
    forged.path(name).write_text(lock.with_wrong_hashes(name, submission.read(name)), encoding="utf-8")
    _, done = set_up(sandbox, forged, scratch / "environment")
    if done.ok:
        raise Fail(
            f"with every hash in `{name}` changed, the setup command still ends well",
            fix="let it install from the lock file, with hashes required",
        )


@check(points=5, requires=test_sets_up_in_a_clean_clone)
def test_tests_pass(product: Product, scratch: Path) -> None:
    """The test command ends with exit code 0 in a clean clone, and there are tests to run.

    Tests that are red at the start are soon ignored, and then nobody sees the one that matters.
    """
    product.copy(scratch / "clone").must("test")


@check(points=5, requires=test_tests_pass)
def test_tests_catch_a_wrong_boundary(product: Product, scratch: Path) -> None:
    """The tests go red when a function treats its edge cases wrongly.

    Zero, equal, empty, one too many: most bugs live at the edge of what a function accepts.
    """
    _must_be_caught(product, bugs.BOUNDARY, scratch)


@check(points=5, requires=test_tests_pass)
def test_tests_catch_a_wrong_formula(product: Product, scratch: Path) -> None:
    """The tests go red when a formula gives another number.

    A wrong feature raises no error. The model learns from it, and is worse for months.
    """
    _must_be_caught(product, bugs.FORMULA, scratch)


@check(points=5, requires=test_tests_pass)
def test_tests_catch_a_wrong_order(product: Product, scratch: Path) -> None:
    """The tests go red when values land in the wrong column.

    A model knows columns by their place only. Swapped columns are valid numbers with wrong meanings.
    """
    _must_be_caught(product, bugs.ORDER, scratch)


@check(points=5, requires=test_tests_pass)
def test_tests_survive_a_refactoring(product: Product, scratch: Path) -> None:
    """The tests stay green when the code is written in other words and does the same.

    Tests that check how code looks, and not what it does, make every improvement a fight.
    """
    rewritten = product.copy(scratch / "clone")
    bugs.refactor(rewritten.root)
    done = rewritten.run("test")
    if not done.ok:
        raise Fail(
            f"`{bugs.FEATURES}` was rewritten and does the same, yet the tests go red: {done}",
            fix="test what the functions return, not how they are written",
        )


@check(points=10, requires=test_sets_up_in_a_clean_clone)
def test_lint_tells_good_from_bad(product: Product, scratch: Path) -> None:
    """The lint command is green on the project, and red when an unused import is added.

    A linter that is always green is not looking; one that is always red is not looked at.
    """
    _must_tell(product, "lint", "an unused import", scratch)


@check(points=10, requires=test_sets_up_in_a_clean_clone)
def test_types_tell_good_from_bad(product: Product, scratch: Path) -> None:
    """The types command is green on the project, and red when a function returns another type than it says.

    Types are checked documentation: they tell the next person, and the editor, what a function takes and gives.
    """
    _must_tell(product, "types", "a function that returns a number where it promises text", scratch)


@check(points=10, requires=test_tests_pass)
def test_only_source_is_committed(trained: Product, submission: Submission, scratch: Path) -> None:
    """After every command was run, git sees nothing new; and neither tree nor history holds secrets or large files.

    What is committed once stays in the history of every clone: a password for good, a large file for every download.
    """
    used = trained.copy(scratch / "clone")
    used.must("test")
    (used.root / ".env").write_text("PASSWORD=planted\n", encoding="utf-8")
    if new := git(used.root, "status", "--porcelain", "--untracked-files=normal", "--", ".").splitlines():
        listed = ", ".join(f"`{line[3:]}`" for line in new[:6])
        raise Fail(f"after ingest, train, export, test and a local `.env`, git would commit {listed}", fix="name them in `.gitignore`")
    versions = history.blobs(submission.root)
    for blob in versions:
        if blob.size > history.LARGE:
            raise Fail(
                f"`{blob.path}` has {blob.size / MIB:.0f} MiB {_where(blob)}",
                fix="remove it from the history as well: git filter-repo --invert-paths --path " + blob.path,
            )
    for secret in history.secrets(submission.root, versions):
        raise Fail(
            f"`{secret.blob.path}`, line {secret.line}, looks like a secret ({secret.kind}) {_where(secret.blob)}",
            fix="make it worthless first (revoke it), then remove it from the history: git filter-repo",
        )


@check(points=5, requires=test_lock_is_complete)
def test_readme_commands_work(
    submission: Submission, contract: Contract, sandbox: Sandbox, scratch: Path
) -> None:
    """The commands under "Run" in the README work, in order, in a clean clone and a fresh environment.

    A README is the only part of a project that everybody reads, and the first that goes stale.
    """
    script = readme.commands(submission.read("README.md"), "Run")
    if port_is_taken(contract.service.port):
        raise UsageError(f"port {contract.service.port} is taken on this machine: end what listens there, then grade again")
    clone = submission.copy(scratch / "clone")
    variables = create(sandbox, scratch / "environment").variables()
    followed = readme.follow(script, clone.root, variables, sandbox, contract.service, README_SECONDS)
    if followed.finished and not followed.finished.ok:
        done = followed.finished
        how = done.stopped or f"exit code {done.exit}"
        raise Fail(f"`{followed.line}` did not work: {how}\n{done.tail()}", fix="follow your own README in a fresh clone")


def _set_up(sandbox: Sandbox, submission: Submission, folder: Path) -> Environment:
    clone = submission.copy(folder / "clone")
    environment, done = set_up(sandbox, clone, folder / "environment")
    if not done.ok:
        raise Fail(f"the setup command fails in a clean clone: {done}", fix="run it in a fresh clone and a fresh environment")
    return environment


def _must_be_caught(product: Product, planted: Sequence[Bug], scratch: Path) -> None:
    for number, bug in enumerate(planted):
        broken = product.copy(scratch / f"clone{number}")
        bugs.plant(broken.root, bug.code)
        done = broken.run("test")
        if done.stopped:
            raise Fail(f"with a bug planted, the test command did not end: {done.stopped}", fix="let every test end")
        if done.ok:
            raise Fail(f"a planted bug was not noticed: {bug.words}", fix="add a test that shows what the docstring promises")


def _must_tell(product: Product, command: str, fault: str, scratch: Path) -> None:
    clean, faulty = product.copy(scratch / "clean"), product.copy(scratch / "faulty")
    clean.must(command)
    bugs.plant(faulty.root, bugs.FAULTS[command])
    done = faulty.run(command)
    if done.ok or done.stopped:
        how = done.stopped or "stays green"
        raise Fail(f"with {fault} in `{bugs.FEATURES}` the {command} command {how}", fix=f"let it look at the package `{product.contract.name}/`")


def _where(blob: history.Blob) -> str:
    return "in the tree" if blob.current else "in the history, though no longer in the tree"
