"""m01_environment: a project that anybody can set up, judged by setting it up and breaking it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract
from mlops_grader.instruments import authentic, bugs, history, lock, planted, readme
from mlops_grader.instruments.bugs import Bug
from mlops_grader.instruments.client import Client, alone_on, example
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.environment import SETUP, Environment, create, needs_an_index, needs_none, set_up
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Sandbox
from mlops_grader.submission import Submission, git

README_SECONDS = 900  # a slow network installs everything anew
MIB = 2**20


@pytest.fixture(scope="session")
def product(
    sandbox: Sandbox, submission: Submission, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Product:
    """A clean clone in which `setup` has run; in this module nothing comes from an earlier grade."""
    return _set_up(sandbox, submission, contract, tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="session")
def environment(product: Product) -> Environment:
    """What `setup` makes from nothing."""
    return product.environment


@check(points=15)
def test_sets_up_in_a_clean_clone(
    environment: Environment, product: Product, submission: Submission, random: Random, scratch: Path
) -> None:
    """After the setup command, in a clean clone and a fresh virtual environment, the service's code can be imported.

    The first thing that a new colleague, a pipeline and a server do with a project is this one command.
    """
    if product.contract.inputs is not None:
        return  # whatever its language, the command has ended well
    if not environment.installed():
        raise Fail(
            "the setup command ends well and installs nothing" + _own_environments(product.root), fix=NOT_ITS_OWN
        )
    authentic.must_have_an_interpreter(environment)
    done = product.shell(f'"{environment.python}" -c "import {product.contract.name}.service"')
    if not done.ok:
        raise Fail(
            f"after the setup command the service cannot be imported: {done.tail(1)}",
            fix="declare what it imports, and lock it",
        )
    authentic.must_be_authentic(environment, product.sandbox, submission, random, scratch)


@check(points=10, requires=test_sets_up_in_a_clean_clone, product=NOSHOW)
def test_lock_is_complete(trained: Product, host_service: Client, submission: Submission, contract: Contract) -> None:
    """What setup installs is enough to ingest, train, export and serve.

    A package that happens to be on your machine is missing on every other one.
    """
    host_service.predict(example(submission, contract.service))


@check(points=5, requires=test_lock_is_complete, product=NOSHOW)
def test_lock_is_exact(
    environment: Environment, sandbox: Sandbox, submission: Submission, contract: Contract, scratch: Path
) -> None:
    """Two setups install the same versions, and exactly those that the lock file pins.

    "It worked yesterday" is how a version moves that nobody pinned.
    """
    name = contract.environment.lock
    pinned = lock.pins(name, submission.read(name))
    first, second = environment.installed(), _set_up(sandbox, submission, contract, scratch).environment.installed()
    if moved := sorted(set(first.items()) ^ set(second.items())):
        raise Fail(f"two setups differ in {moved[0][0]} {moved[0][1]}", fix="install from the lock file alone")
    for package, version in sorted(first.items()):
        if package not in environment.local() and lock.plain_version(version) not in pinned.get(package, ()):
            there = " and ".join(sorted(pinned.get(package, ()))) or "nothing"
            raise Fail(
                f"setup installed {package} {version}, and `{name}` pins {there}",
                fix="lock everything that is declared, and install from the lock file alone",
            )


@check(points=10, requires=test_lock_is_complete, product=NOSHOW)
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
def test_tests_pass(product: Product, scratch: Path, random: Random) -> None:
    """The test command ends with exit code 0 in a clean clone, and there are tests to run.

    Tests that are red at the start are soon ignored, and then nobody sees the one that matters.
    """
    _copy(product, scratch / "clone").must("test")
    broken = _copy(product, scratch / "broken")
    words = _break(broken, random)
    if broken.run("test").ok:
        raise Fail(
            f"{words}, and the test command stays green",
            fix="let it find and run tests that call these functions, and end with their exit code",
        )


@check(points=5, requires=test_tests_pass, product=NOSHOW)
def test_tests_survive_a_refactoring(product: Product, scratch: Path) -> None:
    """The tests stay green when the code is written in other words and does the same.

    Tests that check how code looks, and not what it does, make every improvement a fight.
    """
    rewritten = _copy(product, scratch / "clone")
    bugs.refactor(rewritten.root)
    done = rewritten.run("test")
    if not done.ok:
        raise Fail(
            f"`{bugs.FEATURES}` was rewritten and does the same, yet the tests go red: {done}",
            fix="test what the functions return, not how they are written or what their private parts are called",
        )


@check(points=5, requires=test_tests_survive_a_refactoring, product=NOSHOW)
def test_tests_catch_a_wrong_boundary(product: Product, scratch: Path) -> None:
    """The tests go red when a function treats its edge cases wrongly.

    Zero, equal, empty, one too many: most bugs live at the edge of what a function accepts.
    """
    _must_be_caught(product, bugs.BOUNDARY, scratch)


@check(points=5, requires=test_tests_survive_a_refactoring, product=NOSHOW)
def test_tests_catch_a_wrong_formula(product: Product, scratch: Path) -> None:
    """The tests go red when a formula gives another number.

    A wrong feature raises no error. The model learns from it, and is worse for months.
    """
    _must_be_caught(product, bugs.FORMULA, scratch)


@check(points=5, requires=test_tests_survive_a_refactoring, product=NOSHOW)
def test_tests_catch_a_wrong_order(product: Product, scratch: Path) -> None:
    """The tests go red when values land in the wrong column.

    A model knows columns by their place only. Swapped columns are valid numbers with wrong meanings.
    """
    _must_be_caught(product, bugs.ORDER, scratch)


@check(points=10, requires=test_sets_up_in_a_clean_clone, product=NOSHOW)
def test_lint_tells_good_from_bad(product: Product, scratch: Path, random: Random) -> None:
    """The lint command is green on the project, and red when an unused import is added.

    A linter that is always green is not looking; one that is always red is not looked at.
    """
    project = _green(product, "lint", scratch)
    _must_go_red(project, "lint", bugs.lint_fault(project.root, random))


@check(points=10, requires=test_sets_up_in_a_clean_clone, product=NOSHOW)
def test_types_tell_good_from_bad(product: Product, scratch: Path, random: Random) -> None:
    """The types command is green on the project, and red when a function returns another type than it says.

    Types are checked documentation: they tell the next person, and the editor, what a function takes and gives.
    """
    project = _green(product, "types", scratch)
    _must_go_red(project, "types", bugs.type_fault(project.root, random))


@check(points=10, requires=(test_lock_is_complete, test_tests_pass), product=NOSHOW)
def test_only_source_is_committed(trained: Product, submission: Submission, scratch: Path) -> None:
    """After setup, ingest, train, export and test git sees nothing new, and no commit holds secrets or large files.

    What is committed once stays in the history of every clone: a password for good, a large file for every download.
    """
    used = _copy(trained, scratch / "clone")
    used.must("test")
    (used.root / ".env").write_text("PASSWORD=planted\n", encoding="utf-8")
    if new := git(
        used.root, *NOBODYS_IGNORES, "status", "--porcelain", "--untracked-files=normal", "--", "."
    ).splitlines():
        listed = ", ".join(f"`{line[3:]}`" for line in new[:6])
        raise Fail(
            f"after setup, ingest, train, export, test and a local `.env`, git would commit {listed}",
            fix="name what is made in `.gitignore`",
        )
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
    submission: Submission,
    contract: Contract,
    sandbox: Sandbox,
    environment: Environment,
    scratch: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The commands under "Run" in the README work, in order, in a clean clone and a fresh environment.

    A README is the only part of a project that everybody reads, and the first that goes stale.
    """
    commands = readme.blocks(submission.read("README.md"), "Run")
    port, body = contract.service.port, _a_request(submission, contract, request)
    clone = submission.copy(scratch / "clone")
    variables = create(sandbox, scratch / "environment", offline=environment.offline).variables()
    del variables["UV_PROJECT_ENVIRONMENT"]  # a newcomer's uv makes its own `.venv`
    client = Client(port, contract.service, lambda: None)
    with _docker_at_hand(commands, contract, variables, scratch, request) as more, alone_on(port):
        reader = readme.Reader(sandbox, clone.root, more, lambda: _answers(client, body), README_SECONDS)
        followed = reader.follow(commands)
    done = followed.finished
    if done and not done.ok:
        how = done.stopped or f"exit code {done.exit}"
        raise Fail(
            f"`{followed.line}` did not work: {how}\n{done.tail()}", fix="follow your own README in a fresh clone"
        )
    if not followed.serves:
        raise Fail(
            f"`{followed.line}` was the last command, and no valid request is answered on port {port}"
            + (f", though something listens on port {followed.elsewhere}" if followed.elsewhere else ""),
            fix="end with the command that starts the service, on the port that `product.toml` names",
        )


NOT_FOUND = 127  # what a shell answers
LACKS_IT = "it needs a program that this environment lacks: start with pip or uv, and let them install the others"
NOT_ITS_OWN = "let it install what the lock file names into the environment that is active when it runs"
NOBODYS_IGNORES = ("-c", f"core.excludesFile={os.devnull}")  # what one person's settings ignore, others commit


def _set_up(sandbox: Sandbox, submission: Submission, contract: Contract, folder: Path) -> Product:
    clone = submission.copy(folder / "clone")
    if needs_none(contract):
        return Product(clone, Environment(folder / "no-environment", bare=True), sandbox, contract)
    environment, done = set_up(sandbox, clone, folder / "environment")
    if not done.ok:
        needs_an_index(sandbox, done)
        fix = LACKS_IT if done.exit == NOT_FOUND else "run it in a fresh clone and a fresh environment"
        raise Fail(f"the setup command fails in a clean clone: {done}", fix=fix)
    return Product(clone, environment, sandbox, contract)


def _own_environments(folder: Path) -> str:
    made = sorted(path.parent.name for path in folder.glob("*/pyvenv.cfg"))
    return f"; it made an environment of its own, `{made[0]}`" if made else ""


def _answers(client: Client, body: Mapping[str, Any]) -> bool:
    try:
        client.predict(body, timeout=5)
    except Fail:
        return False
    return True


def _a_request(submission: Submission, contract: Contract, request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """A valid request; of a product of one's own, one that is made from what its contract supplies."""
    if contract.inputs is None:
        return example(submission, contract.service)
    made: Mapping[str, Any] = request.getfixturevalue("patients")[0]
    return made


@contextmanager
def _docker_at_hand(
    commands: Sequence[str],
    contract: Contract,
    variables: Mapping[str, str],
    scratch: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Mapping[str, str]]:
    """The variables for commands that may call docker, in a product of one's own: what they make is removed at the end."""
    if contract.inputs is None or not any("docker" in block for block in commands):
        yield variables
        return
    from mlops_grader.instruments.workflow.machine import install_docker

    engine: Engine = request.getfixturevalue("engine")
    programs = scratch / "programs"
    programs.mkdir()
    install_docker(programs, engine, engine.job_labels(), scratch / "calls")
    own = {"PATH": os.pathsep.join((str(programs), variables["PATH"])), "COMPOSE_PROJECT_NAME": engine.project()}
    try:
        yield {**variables, **engine.variables(), **own}
    finally:
        engine.forget_job()


def _copy(product: Product, folder: Path) -> Product:
    """The product in another folder; where `setup` installs the project itself, it is installed again from there."""
    copy = product.copy(folder)
    if product.environment.local():
        copy.must("setup", limits=SETUP)
    return copy


def _must_be_caught(product: Product, planted: Sequence[Bug], scratch: Path) -> None:
    for number, bug in enumerate(planted):
        broken = _copy(product, scratch / f"clone{number}")
        bugs.plant(broken.root, bug)
        done = broken.run("test")
        if done.stopped:
            raise Fail(f"with a bug planted, the test command did not end: {done.stopped}", fix="let every test end")
        if done.ok:
            raise Fail(
                f"a planted bug was not noticed: {bug.words}", fix="add a test that shows what the docstring promises"
            )


def _green(product: Product, command: str, scratch: Path) -> Product:
    """A copy with a comment added, on which the command is green: it minds faults, not changes."""
    project = _copy(product, scratch / "clone")
    bugs.comment(project.root)
    project.must(command)
    return project


def _must_go_red(project: Product, command: str, fault: str) -> None:
    done = project.run(command)
    if done.ok or done.stopped:
        how = done.stopped or "stays green"
        raise Fail(
            f"with {fault} in `{bugs.FEATURES}` the {command} command {how}",
            fix=f"let it look at the package `{project.contract.name}/`, and end with the checker's exit code",
        )


def _break(product: Product, random: Random) -> str:
    """Make the tests of a product fail; what was done, in words."""
    if product.contract.inputs is not None:
        return f"{planted.failing_test(product.root, random)} was added"
    bugs.disable(product.root)
    return f"every function of `{bugs.FEATURES}` was made to raise an error"


def _where(blob: history.Blob) -> str:
    return "in the tree" if blob.current else "in the history, though no longer in the tree"
