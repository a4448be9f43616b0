"""The pytest plugin: instruments as fixtures, `requires`, and how exceptions become verdicts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.check import Check, Fail, Finding, NotRun, Verdict
from mlops_grader.contract import Contract
from mlops_grader.instruments import docker_engine, environment
from mlops_grader.instruments.client import READY_SECONDS, Client
from mlops_grader.instruments.container import Container
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.image import Image, Inside
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox, Limits, Sandbox
from mlops_grader.instruments.secrets import plant, words
from mlops_grader.instruments.service import on_host
from mlops_grader.submission import Submission, UsageError

PATIENTS = 50  # requests that are compared between host and container
TRAINING = Limits(seconds=600)


@dataclass(frozen=True)
class Verdicts:
    """How one check ended."""

    verdict: Verdict
    found: str = ""
    fix: str = ""
    blocked_by: str | None = None
    seconds: float = 0.0


class Blocked(Exception):
    """A required check did not pass."""


@dataclass(eq=False)
class Grading:
    """One run of the checks on one submission: a pytest plugin that keeps a verdict for each of them."""

    submission: Submission
    checks: Sequence[Check]
    selected: frozenset[str]
    seed: int
    folder: Path
    started: Callable[[Check], None] = lambda _: None
    ended: Callable[[Check, Verdicts], None] = lambda _, __: None
    verdicts: dict[str, Verdicts] = field(default_factory=dict)
    usage_error: UsageError | None = None
    clock: float = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the checks that were asked for, in the order of the file."""
        items[:] = [item for item in items if item.name in self.selected]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell who watches that a check begins."""
        self.clock = time.monotonic()
        self.started(self._check(nodeid.rsplit("::", 1)[-1]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Stop before any instrument is touched when a required check did not pass."""
        for needed in self._check(item.name).requires:
            if self.verdicts.get(needed, _NEVER).verdict is not Verdict.PASSED:
                raise Blocked(needed)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Turn the end of each phase into a verdict; the first thing that went wrong counts."""
        report = yield
        failed = call.excinfo is not None
        if failed or (call.when == "call" and item.name not in self.verdicts):
            verdict = self._verdict(call.excinfo.value) if call.excinfo else Verdicts(Verdict.PASSED)
            if item.name not in self.verdicts or self.verdicts[item.name].verdict is Verdict.PASSED:
                self.verdicts[item.name] = _timed(verdict, time.monotonic() - self.clock)
        return report

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Tell who watches how the check ended."""
        found = self._check(nodeid.rsplit("::", 1)[-1])
        self.ended(found, self.verdicts.get(found.id, _NEVER))

    def _verdict(self, error: BaseException) -> Verdicts:
        if isinstance(error, Blocked):
            needed = str(error)
            return Verdicts(Verdict.BLOCKED, f"needs `{self._check(needed).heading}` to pass first", blocked_by=needed)
        if isinstance(error, NotRun):
            return Verdicts(Verdict.NOT_RUN, error.found, error.fix)
        if isinstance(error, Fail):
            return Verdicts(Verdict.FAILED, error.found, error.fix)
        if isinstance(error, UsageError):
            self.usage_error = error
            raise pytest.exit.Exception(str(error))
        return Verdicts(Verdict.ERROR, f"the grader broke: {type(error).__name__}: {error}"[:2000], fix=REPORT_IT)

    def _check(self, name: str) -> Check:
        return next(check for check in self.checks if check.id == name)

    # --- what checks can ask for ---

    @pytest.fixture(scope="session", name="submission")
    def _submission(self) -> Submission:
        """The project in a clean clone."""
        return self.submission

    @pytest.fixture(scope="session")
    def contract(self) -> Contract:
        """What `product.toml` says."""
        return self.submission.contract()

    @pytest.fixture
    def random(self, request: pytest.FixtureRequest) -> random.Random:
        """Numbers that depend on the seed of the grade and on nothing else that runs."""
        return random.Random(f"{self.seed} {request.node.name}")  # noqa: S311  # reproducible on purpose

    @pytest.fixture
    def scratch(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """An empty folder."""
        return tmp_path_factory.mktemp("scratch")

    @pytest.fixture(scope="session")
    def sandbox(self) -> Sandbox:
        """Where commands of the submission run."""
        return HostSandbox(self.folder / "home")

    @pytest.fixture(scope="session")
    def environment(self, sandbox: Sandbox) -> Environment:
        """The environment that the `setup` command makes."""
        return environment.cached(sandbox, self.submission)

    @pytest.fixture(scope="session")
    def product(self, environment: Environment, sandbox: Sandbox, contract: Contract) -> Product:
        """The product as cloned, in a folder where its commands can run."""
        return Product(self.submission.copy(self.folder / "product"), environment, sandbox, contract)

    @pytest.fixture(scope="session")
    def trained(self, product: Product) -> Product:
        """The product after its own commands made the model, as a pipeline does before it builds an image."""
        trained = product.copy(self.folder / "trained")
        for name in ("ingest", "train", "export"):
            if getattr(trained.contract.commands, name):
                trained.must(name, limits=TRAINING)
        return trained

    @pytest.fixture(scope="session")
    def patients(self) -> list[dict[str, Any]]:
        """Valid requests for a prediction, other ones for each seed."""
        try:
            from mlops_grader.instruments.world import requests  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise NotRun(f"the Python package {error.name} is not installed", fix="uv pip install 'mlops-grader[world]'") from None
        return list(requests(PATIENTS, self.seed))

    @pytest.fixture(scope="session")
    def host_service(self, trained: Product, patients: list[dict[str, Any]]) -> Iterator[Client]:
        """The product's service as a process of this machine, ready."""
        with on_host(trained) as client:
            client.wait_until_ready(patients[0], READY_SECONDS)
            yield client

    @pytest.fixture(scope="session")
    def engine(self) -> Iterator[Engine]:
        """The container engine of this machine."""
        engine = docker_engine.connect(docker_engine.run_label())
        with ExitStack() as stack:
            stack.callback(engine.forget)
            yield engine

    @pytest.fixture(scope="session")
    def context(self, trained: Product) -> Product:
        """The trained product with secrets beside it, as they lie around where images are built."""
        context = trained.copy(self.folder / "context")
        plant(context.root, self.seed)
        return context

    @pytest.fixture(scope="session")
    def secrets(self) -> dict[str, bytes]:
        """The words planted in the build context, by the file that holds each."""
        return words(self.seed)

    @pytest.fixture(scope="session")
    def image(self, engine: Engine, context: Product) -> Image:
        """The image that the submission's Dockerfile builds."""
        place = context.contract.image
        return engine.build(context.submission.path(place.context), context.submission.path(place.dockerfile), "product")

    @pytest.fixture(scope="session")
    def inside(self, image: Image, secrets: dict[str, bytes]) -> Inside:
        """What the layers of the image hold."""
        return image.look_inside(secrets)

    @pytest.fixture(scope="session")
    def yardstick(self, engine: Engine) -> Image:
        """A plain image with what a service of this kind needs, to compare with."""
        folder = Path(str(files("mlops_grader"))) / "instruments" / "yardstick"
        return engine.build(folder, folder / "Dockerfile", "yardstick")

    @pytest.fixture(scope="session")
    def container(self, engine: Engine, image: Image, contract: Contract) -> Iterator[Container]:
        """A running container of that image; whether it is ready is for a check to say."""
        with engine.start(image, contract.service) as container:
            yield container


REPORT_IT = "this is not your fault: report it with the command that you ran and the lines above"
_NEVER = Verdicts(Verdict.ERROR, "the check was never run", fix=REPORT_IT)


def _timed(verdict: Verdicts, seconds: float) -> Verdicts:
    return Verdicts(verdict.verdict, verdict.found, verdict.fix, verdict.blocked_by, seconds)


def unfit(problems: Sequence[Finding]) -> Verdicts:
    """The verdict on every check of a submission that a clean clone does not carry."""
    first = problems[0]
    return Verdicts(Verdict.BLOCKED, first.found, first.fix)
