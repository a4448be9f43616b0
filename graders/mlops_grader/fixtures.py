"""The instruments as pytest fixtures: what a check can ask for by name, made once and always removed."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from mlops_grader.check import Fail, NotRun
from mlops_grader.contract import Contract, is_of_its_own
from mlops_grader.figure import Figure
from mlops_grader.instruments import docker_engine, inputs
from mlops_grader.instruments import environment as environments
from mlops_grader.instruments import production as productions
from mlops_grader.instruments.alerting import Rules, load_rules, read_yaml
from mlops_grader.instruments.clean import CleanMachine
from mlops_grader.instruments.client import READY_SECONDS, Client
from mlops_grader.instruments.contained import Served, contained
from mlops_grader.instruments.container import Container
from mlops_grader.instruments.dashboard import Panel
from mlops_grader.instruments.dashboard import load as load_panels
from mlops_grader.instruments.derived import Derived
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.image import Image, Inside
from mlops_grader.instruments.nonsense import nonsense
from mlops_grader.instruments.objectives import Name, Objective
from mlops_grader.instruments.objectives import load as load_objectives
from mlops_grader.instruments.product import RECORD, Product
from mlops_grader.instruments.production import Production
from mlops_grader.instruments.sandbox import HostSandbox, Limits, Sandbox
from mlops_grader.instruments.secrets import plant, words
from mlops_grader.instruments.service import HostService, on_host, started
from mlops_grader.instruments.serving import training
from mlops_grader.instruments.serving.bodies import Wrong
from mlops_grader.instruments.serving.changing import Story, play
from mlops_grader.instruments.serving.failing import with_a_fault
from mlops_grader.instruments.versions import Versions
from mlops_grader.instruments.watch import Watched
from mlops_grader.instruments.watch import watched as watch
from mlops_grader.submission import Submission
from mlops_grader.theirs import Theirs
from mlops_grader.timeline import Timeline

if TYPE_CHECKING:
    from mlops_grader.instruments.data.fed import Fed
    from mlops_grader.instruments.data.tray import Tray
    from mlops_grader.instruments.drift.job import Job
    from mlops_grader.instruments.drift.judged import Judged
    from mlops_grader.instruments.drift.retraining import Retrained
    from mlops_grader.instruments.pipeline import Pipeline
    from mlops_grader.instruments.release import Released
    from mlops_grader.instruments.tracking.tracked import Tracked
    from mlops_grader.instruments.training.trainings import Trainings

PATIENTS = 50  # requests that are compared between host and container
STRANGERS = 200  # whose truth is compared with what is predicted
FEW = 10  # patients that are asked about while a model changes
TRAINING = Limits(seconds=600)


@dataclass(frozen=True)
class Ground:
    """What all instruments start from: the submission, the seed of its inputs, and a folder that is removed at the end.

    timelines, figures: where an instrument or a check leaves what happened and what it measured, for the report.
    sandbox: makes the door for the submission's commands, from the folder that is to be their home.
    """

    submission: Submission
    seed: int
    folder: Path
    timelines: list[Timeline] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    sandbox: Callable[[Path], Sandbox] = HostSandbox

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Theirs(self.folder))


GROUND = pytest.StashKey[Ground]()


@pytest.fixture(scope="session")
def ground(pytestconfig: pytest.Config) -> Ground:
    """The submission that is graded."""
    return pytestconfig.stash[GROUND]


@pytest.fixture(scope="session")
def submission(ground: Ground) -> Submission:
    """The project in a clean clone."""
    return ground.submission


@pytest.fixture(scope="session")
def contract(submission: Submission) -> Contract:
    """What `product.toml` says."""
    return submission.contract()


@pytest.fixture(scope="session")
def seed(ground: Ground) -> int:
    """The seed of the grade."""
    return ground.seed


@pytest.fixture(scope="session")
def figures(ground: Ground) -> list[Figure]:
    """Where a check leaves what it measured, for the result document."""
    return ground.figures


@pytest.fixture
def random(request: pytest.FixtureRequest, ground: Ground) -> Random:
    """Numbers that depend on the seed of the grade and on nothing else that runs."""
    return Random(f"{ground.seed} {request.node.name}")  # noqa: S311  # reproducible on purpose


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder."""
    return Theirs(tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="session")
def sandbox(ground: Ground) -> Sandbox:
    """Where commands of the submission run."""
    return ground.sandbox(ground.folder / "home")


@pytest.fixture(scope="session")
def environment(sandbox: Sandbox, submission: Submission, contract: Contract, ground: Ground) -> Environment:
    """The environment that the `setup` command makes."""
    if environments.needs_none(contract):
        return Environment(ground.folder / "no-environment", bare=True)
    if contract.inputs is not None:
        # in another language it may install into the project's folder, which no grade finds again
        (ground.folder / "made").mkdir()
        return environments.made_anew(sandbox, submission, ground.folder / "made" / "environment")
    return environments.cached(sandbox, submission)


@pytest.fixture(scope="session")
def product(
    environment: Environment, sandbox: Sandbox, contract: Contract, submission: Submission, ground: Ground
) -> Product:
    """The product as cloned, in a folder where its commands can run."""
    return Product(submission.copy(ground.folder / "product"), environment, sandbox, contract)


@pytest.fixture(scope="session")
def trained(product: Product, ground: Ground) -> Product:
    """The product after its own commands made the model, as a pipeline does before it builds an image.

    It is made from other data for each seed: a model that was made before and committed is not this one.
    """
    trained = product.copy(ground.folder / "trained")
    with trained.with_a_day_missing(Random(ground.seed)):  # noqa: S311  # reproducible on purpose
        _make_model(trained)
    return trained


def _make_model(product: Product) -> None:
    for name in ("ingest", "train", "export"):
        if getattr(product.contract.commands, name):
            product.must(name, limits=TRAINING)


@pytest.fixture(scope="session")
def patients(ground: Ground, request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Valid requests for a prediction, other ones for each seed: of patients, or what the contract of another product supplies."""
    if is_of_its_own(ground.submission.root):
        contract = ground.submission.contract()
        needs_product = contract.inputs is not None and contract.inputs.generator
        source = request.getfixturevalue("product") if needs_product else ground.submission
        return inputs.requests(source, contract, PATIENTS, ground.seed)
    try:
        from mlops_grader.instruments.world import requests
    except ModuleNotFoundError as error:
        raise NotRun(
            f"the Python package {error.name} is not installed", fix="uv pip install 'mlops-grader[world]'"
        ) from None
    return list(requests(PATIENTS, ground.seed))


@pytest.fixture
def absurd(ground: Ground, request: pytest.FixtureRequest) -> list[Wrong]:
    """Bodies that a product of one's own must refuse: no JSON, no object, a field missing, null or of another type.

    Empty for the course's product, of whose requests the checks know more.
    """
    if not is_of_its_own(ground.submission.root):
        return []
    contract, patients = ground.submission.contract(), request.getfixturevalue("patients")
    schema = inputs.schema(ground.submission, contract.inputs) if contract.inputs else None
    return nonsense(patients, Random(f"absurd {ground.seed} {request.node.name}"), schema)  # noqa: S311  # reproducible


@pytest.fixture(scope="session")
def host_service(trained: Product, patients: list[dict[str, Any]]) -> Iterator[Client]:
    """The product's service as a process of this machine, ready."""
    with on_host(trained) as client:
        client.wait_until_ready(patients[0], READY_SECONDS)
        yield client


@pytest.fixture(scope="session")
def observed(trained: Product, patients: list[dict[str, Any]], request: pytest.FixtureRequest) -> Iterator[Served]:
    """The product's service, ready, with its log at hand."""
    _needs("monitoring", "prometheus_client")
    with _in_service(trained, request) as service:
        service.client.wait_until_ready(patients[0], READY_SECONDS)
        yield service


@pytest.fixture(scope="session")
def served(trained: Product, patients: list[dict[str, Any]], request: pytest.FixtureRequest) -> Iterator[Served]:
    """The product's service, ready, which is asked all sorts of things."""
    with _in_service(trained, request) as service:
        service.client.wait_until_ready(patients[0], READY_SECONDS)
        yield service


def _in_service(product: Product, request: pytest.FixtureRequest) -> AbstractContextManager[Served]:
    """The service as a process of this machine; of a product of one's own without a `serve` command, in its container."""
    contract = product.contract
    settings = {contract.service.settings.log_level: "INFO"}
    if contract.in_container_alone and "containers" in contract.parts:
        return contained(request.getfixturevalue("engine"), request.getfixturevalue("image"), contract, settings)
    return started(product, settings)


@pytest.fixture(scope="session")
def trained_says(trained: Product, patients: list[dict[str, Any]], ground: Ground) -> list[float]:
    """What the training package says of the patients."""
    return training.says(trained, patients, ground.folder / "trained-says")


@pytest.fixture(scope="session")
def strangers(ground: Ground) -> tuple[list[dict[str, Any]], list[float]]:
    """Other patients, and how likely each really is not to come."""
    return training.truth(ground.seed, STRANGERS)


@pytest.fixture(scope="session")
def failing_words(ground: Ground) -> str:
    """What the error says that is planted in the service."""
    return f"trouble-{_draw(ground, 'trouble'):08x}"


@pytest.fixture(scope="session")
def failing(
    trained: Product, patients: list[dict[str, Any]], failing_words: str, ground: Ground
) -> Iterator[HostService]:
    """The service with a mistake that shows for one age."""
    product = with_a_fault(trained, ground.folder / "failing", failing_words)
    with started(product, {product.contract.service.settings.log_level: "INFO"}) as service:
        service.client.wait_until_ready(patients[0], READY_SECONDS)
        yield service


@pytest.fixture(scope="session")
def story(product: Product, trained: Product, patients: list[dict[str, Any]], ground: Ground) -> Story:
    """The service through changes of its model: the champion of all the data takes the place of the trained one."""
    folder = ground.folder / "story"
    folder.mkdir()
    changing = product.copy(folder / "changing")
    _make_model(changing)
    few = patients[:FEW]
    truths = [training.says(each, few, folder / name) for each, name in ((trained, "old"), (changing, "new"))]
    return play(changing, (trained.root / RECORD).parent, (truths[0], truths[1]), few)


@pytest.fixture(scope="session")
def predicted() -> set[str]:
    """The histograms that were found to hold the predictions, by name."""
    return set()


@pytest.fixture(scope="session")
def objectives(submission: Submission, contract: Contract) -> dict[Name, Objective]:
    """The service level objectives that the project states."""
    return load_objectives(submission, contract.monitoring.objectives)


@pytest.fixture(scope="session")
def rules(submission: Submission, contract: Contract) -> Rules:
    """The rules of the project, which Prometheus would load."""
    return load_rules(submission, contract.monitoring.rules)


@pytest.fixture(scope="session")
def panels(submission: Submission, contract: Contract) -> list[Panel]:
    """The panels of the project's dashboard that ask Prometheus."""
    return load_panels(submission, contract.monitoring.dashboard)


@pytest.fixture(scope="session")
def watched(
    trained: Product,
    submission: Submission,
    contract: Contract,
    patients: list[dict[str, Any]],
    objectives: dict[Name, Objective],
    rules: Rules,
    ground: Ground,
) -> Iterator[Watched]:
    """The service under load, watched by Prometheus with the project's rules and routing, through quiet and faults."""
    routing = read_yaml(submission, contract.monitoring.routing)
    random = Random(f"watched {ground.seed}")  # noqa: S311  # reproducible on purpose
    try:
        queries = [query for panel in load_panels(submission, contract.monitoring.dashboard) for query in panel.queries]
    except Fail:  # the check of the dashboard says what is wrong with it
        queries = []
    folder = ground.folder / "watched"
    folder.mkdir()
    with watch(trained, folder, patients, objectives, rules.documents, routing, queries, random) as watched:
        try:
            watched.live()
        finally:
            ground.timelines.append(watched.timeline())
        yield watched


@pytest.fixture(scope="session")
def tray(product: Product, ground: Ground) -> Tray:
    """Daily files of a practice for the product, good and bad ones."""
    _needs("data", "pandas", "pyarrow")
    from mlops_grader.instruments.data.tray import Tray

    (ground.folder / "fed").mkdir()
    return Tray(product, _draw(ground, "clinic"), ground.folder / "fed")


@pytest.fixture(scope="session")
def clean_days(tray: Tray) -> Fed:
    """The product after daily files with which nothing is wrong."""
    return tray.fed("clean days", tray.plain())


@pytest.fixture(scope="session")
def spoilt(tray: Tray, ground: Ground) -> Fed:
    """The product after daily files with spoilt rows, unreadable files and marked patients."""
    return tray.damaged(Random(f"spoilt {ground.seed}"))  # noqa: S311  # reproducible on purpose


@pytest.fixture(scope="session")
def unusual(tray: Tray, ground: Ground) -> Fed:
    """The product after daily files with some unusual days."""
    return tray.unusual(Random(f"unusual {ground.seed}"))  # noqa: S311  # reproducible on purpose


@pytest.fixture(scope="session")
def trainings(product: Product, ground: Ground) -> Trainings:
    """The trainings of the product on the files of a practice; each is made when it is asked for."""
    _needs("training", "pandas", "pyarrow", "sklearn")
    from mlops_grader.instruments.training.trainings import Trainings

    (ground.folder / "trainings").mkdir()
    return Trainings(product, ground.folder / "trainings", ground.seed)


@pytest.fixture(scope="session")
def tracked(product: Product, ground: Ground) -> Iterator[Tracked]:
    """The product beside a tracking server of its own, which runs as long as the grade; each thing is done when it is asked for."""
    _needs("tracking", "pandas", "pyarrow", "sklearn", "mlflow", "ruamel")
    from mlops_grader.instruments.tracking.server import started
    from mlops_grader.instruments.tracking.tracked import Tracked

    (ground.folder / "tracked").mkdir()
    with started(ground.folder / "tracking-server") as server:
        yield Tracked(product, server, ground.folder / "tracked", ground.seed)


@pytest.fixture(scope="session")
def diary(product: Product, ground: Ground) -> Job:
    """The monitoring job of the product with four weeks, of which the third is drifted."""
    _needs("drift", "pandas", "sklearn")
    from mlops_grader.instruments.drift.job import at_work
    from mlops_grader.instruments.drift.orders import DIARY
    from mlops_grader.instruments.drift.practice import Practice

    return at_work(product, ground.folder / "diary", Practice(_draw(ground, "diary"), DIARY))


@pytest.fixture(scope="session")
def weeks(product: Product, ground: Ground) -> list[Judged]:
    """Many weeks of two practices, judged by the product."""
    _needs("drift", "pandas", "sklearn")
    from mlops_grader.instruments.drift import judged
    from mlops_grader.instruments.drift.job import at_work
    from mlops_grader.instruments.drift.job import judged as judge
    from mlops_grader.instruments.drift.orders import mixed
    from mlops_grader.instruments.drift.practice import Practice

    practices = [Practice(_draw(ground, name), mixed(Random(f"{name} {ground.seed}"))) for name in ("north", "south")]  # noqa: S311
    jobs = [at_work(product, ground.folder / f"practice-{number}", each) for number, each in enumerate(practices)]
    found = [judged.against_orders(*each) for each in zip(practices, judge(jobs), strict=True)]
    weeks = [week for each in found for week in each]
    ground.timelines.append(judged.timeline(weeks))
    return weeks


@pytest.fixture(scope="session")
def unusable(product: Product, ground: Ground) -> Job:
    """The monitoring job with weeks whose records mean something else than before."""
    return _broken(product, ground, "unusable")


@pytest.fixture(scope="session")
def incomplete(product: Product, ground: Ground) -> Job:
    """The monitoring job with weeks whose files are not whole."""
    return _broken(product, ground, "incomplete")


def _broken(product: Product, ground: Ground, name: str) -> Job:
    _needs("drift", "pandas", "sklearn")
    from mlops_grader.instruments.drift import orders
    from mlops_grader.instruments.drift.job import at_work
    from mlops_grader.instruments.drift.practice import Practice

    damages = {"unusable": orders.UNUSABLE, "incomplete": orders.INCOMPLETE}[name]
    ordered = orders.broken(Random(f"{name} {ground.seed}"), damages)  # noqa: S311  # reproducible on purpose
    return at_work(product, ground.folder / name, Practice(_draw(ground, name), ordered))


@pytest.fixture(scope="session")
def retrained(product: Product, ground: Ground) -> Retrained:
    """The product after three retrainings in a practice that changed meanwhile."""
    _needs("drift", "pandas", "sklearn")
    from mlops_grader.instruments.drift import retraining

    (ground.folder / "retraining").mkdir()
    return retraining.retrained(product, ground.folder / "retraining", retraining.story(ground.seed))


def _draw(ground: Ground, name: str) -> int:
    return Random(f"{name} {ground.seed}").randrange(2**31)  # noqa: S311  # reproducible on purpose


def _needs(extra: str, *packages: str) -> None:
    """Raise NotRun unless the packages of an extra are installed."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise NotRun(
                f"the Python package {package} is not installed", fix=f"uv pip install 'mlops-grader[{extra}]'"
            )


@pytest.fixture(scope="session")
def engine(sandbox: Sandbox) -> Iterator[Engine]:
    """The container engine of this machine."""
    engine = docker_engine.of_this_grade(sandbox.online)
    with ExitStack() as stack:
        stack.callback(engine.forget)
        yield engine


@pytest.fixture(scope="session")
def pipeline(engine: Engine, submission: Submission, contract: Contract, ground: Ground) -> Pipeline:
    """The project's workflows, to be run for events and on changed copies."""
    if sys.platform == "win32":
        raise NotRun("pipelines are played in the shells of Linux and macOS", fix="work in WSL2")
    try:
        from mlops_grader.instruments.pipeline import Pipeline
        from mlops_grader.instruments.workflow.machine import Machine
    except ModuleNotFoundError as error:
        raise NotRun(
            f"the Python package {error.name} is not installed", fix="uv pip install 'mlops-grader[workflows]'"
        ) from None
    machine = Machine(ground.folder / "runner", contract.name, engine, keep=(RECORD,))
    return Pipeline(submission, machine, contract.service.port, ground.folder / "copies", ground.seed)


@pytest.fixture(scope="session")
def machine_of_production(engine: Engine, product: Product, ground: Ground) -> Iterator[Production]:
    """Production on this machine, with a registry that keeps its images from check to check."""
    if sys.platform == "win32":
        raise NotRun("production is played on Linux and macOS", fix="work in WSL2")
    with productions.production(engine, product, ground.folder / "delivery") as production:
        yield production


@pytest.fixture
def production(machine_of_production: Production) -> Production:
    """Production as on its first day: nothing serves."""
    machine_of_production.reset()
    return machine_of_production


@pytest.fixture(scope="session")
def complete(product: Product, ground: Ground) -> Product:
    """The product with the model of all its data, as a release makes it."""
    complete = product.copy(ground.folder / "complete")
    _make_model(complete)
    return complete


@pytest.fixture(scope="session")
def versions(
    engine: Engine,
    machine_of_production: Production,
    trained: Product,
    patients: list[dict[str, Any]],
    ground: Ground,
    request: pytest.FixtureRequest,
) -> Versions | Derived:
    """Versions of the product in the registry, good and faulty ones."""
    random = Random(f"versions {ground.seed}")  # noqa: S311  # reproducible on purpose
    if trained.contract.inputs is not None:
        image = request.getfixturevalue("image")
        return Derived(engine, machine_of_production, image, patients, ground.folder / "versions", random)
    return Versions(engine, machine_of_production, trained, patients, ground.folder / "versions", random)


@pytest.fixture(scope="session")
def refusals() -> dict[str, str]:
    """What stood on the page of the run when a version was refused, by what was wrong with it."""
    return {}


@pytest.fixture(scope="session")
def released(
    machine_of_production: Production,
    pipeline: Pipeline,
    patients: list[dict[str, Any]],
    ground: Ground,
) -> Released:
    """A version tag on the main branch, and what production shows after it."""
    from mlops_grader.instruments.release import observe, push_tag

    random = Random(f"release {ground.seed}")  # noqa: S311  # reproducible on purpose
    machine_of_production.reset()
    tag = f"v{random.randint(1, 4)}.{random.randint(0, 30)}.{random.randint(0, 9)}"
    release = push_tag(pipeline, machine_of_production, tag)
    return observe(release, machine_of_production, patients[0])


@pytest.fixture(scope="session")
def context(trained: Product, ground: Ground) -> Product:
    """The trained product with secrets beside it, as they lie around where images are built."""
    context = trained.copy(ground.folder / "context")
    plant(context.root, ground.seed, own=context.contract.inputs is not None)
    return context


@pytest.fixture(scope="session")
def secrets(ground: Ground, contract: Contract) -> dict[str, bytes]:
    """The words planted in the build context, by the file that holds each."""
    return words(ground.seed, own=contract.inputs is not None)


@pytest.fixture(scope="session")
def image(engine: Engine, context: Product) -> Image:
    """The image that the submission's Dockerfile builds."""
    place = context.contract.image
    return engine.build(context.submission.path(place.context), context.submission.path(place.dockerfile), "product")


@pytest.fixture(scope="session")
def inside(image: Image, secrets: dict[str, bytes]) -> Inside:
    """What the layers of the image hold."""
    return image.look_inside(secrets)


@pytest.fixture(scope="session")
def yardstick(engine: Engine) -> Image:
    """A plain image with what a service of this kind needs, to compare with."""
    folder = Path(str(files("mlops_grader"))) / "instruments" / "yardstick"
    return engine.build(folder, folder / "Dockerfile", "yardstick")


@pytest.fixture(scope="session")
def container(engine: Engine, image: Image, contract: Contract) -> Iterator[Container]:
    """A running container of that image; whether it is ready is for a check to say."""
    with engine.start(image, contract.service) as container:
        yield container


@pytest.fixture(scope="session")
def clean_machine(
    request: pytest.FixtureRequest, submission: Submission, contract: Contract, sandbox: Sandbox, ground: Ground
) -> CleanMachine:
    """A machine that has seen nothing of the product, with an engine where the product has containers."""
    engine = request.getfixturevalue("engine") if "containers" in contract.parts else None
    return CleanMachine(submission, contract, sandbox, engine, ground.folder / "clean")
