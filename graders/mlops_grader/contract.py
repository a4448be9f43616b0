"""The contract: `product.toml`, where a product says how to run and to reach it."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import pydantic

from mlops_grader.check import Fail

FILE = "product.toml"

Variable = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
HeaderName = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]
Route = Annotated[str, pydantic.Field(pattern=r"^/\S*$")]
PartName = Literal["training", "serving", "containers", "ci", "delivery", "monitoring"]
PARTS: tuple[PartName, ...] = get_args(PartName)


class Part(pydantic.BaseModel):
    """A table of the contract: unknown keys are errors, values keep their TOML type."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    @pydantic.field_validator("*")
    @classmethod
    def _has_no_null(cls, value: Any) -> Any:
        """No path and no command line can hold a null character."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("it holds a null character")
        return value


class Settings(Part):
    """Names of the environment variables that configure the service."""

    port: Variable = "PORT"
    log_level: Variable = "LOG_LEVEL"
    metrics: Variable = "METRICS"
    workers: Variable = "WORKERS"


class Service(Part):
    """The running service: where it listens by default, its endpoints, and its limits.

    max_body: bytes of a body. max_batch: appointments in a batch. patience: seconds that a body may take to arrive, and a
    connection may be idle. reload: seconds after an export within which the new model answers.
    """

    port: Annotated[int, pydantic.Field(ge=1, le=65535)] = 8000
    live: Route = "/health"
    ready: Route = "/ready"
    predict: Route = "/predict"
    predict_batch: Route = "/predict/batch"
    openapi: Route = "/openapi.json"
    metrics: Route = "/metrics"
    version: Route = "/version"
    example: str = "examples/request.json"
    prediction: str = "no_show_probability"
    digest_header: HeaderName = "X-Image-Digest"
    request_id: HeaderName = "X-Request-ID"
    max_body: Annotated[int, pydantic.Field(ge=2**15, le=2**21)] = 2**16
    max_batch: Annotated[int, pydantic.Field(ge=100, le=1000)] = 100
    patience: Annotated[float, pydantic.Field(ge=1, le=15)] = 5
    reload: Annotated[float, pydantic.Field(ge=0.5, le=15)] = 3
    settings: Settings = Settings()
    _any_answer: bool = pydantic.PrivateAttr(default=False)

    @property
    def any_answer(self) -> bool:
        """Whether the prediction may be any JSON value: it is that of a product of one's own."""
        return self._any_answer

    def with_any_answer(self) -> Service:
        """The same service, whose prediction may be any JSON value."""
        copy = self.model_copy()
        copy._any_answer = True  # noqa: SLF001  # it is one of these too
        return copy


class Environment(Part):
    """The locked environment that the `setup` command installs."""

    lock: str = "requirements.lock"


class Image(Part):
    """The container image: its Dockerfile and build context, relative to the project."""

    dockerfile: str = "Dockerfile"
    context: str = "."


class Commands(Part):
    """Command lines, each run in a clean clone of the project in a virtual environment made for it."""

    setup: str = ""
    lint: str = ""
    types: str = ""
    test: str = ""
    ingest: str = ""
    test_data: str = "python -m pytest data_tests"
    train: str = ""
    search: str = "python -m noshow search"
    flush: str = "python -m noshow flush"
    promote: str = "python -m noshow promote"
    reproduce: str = "python -m noshow reproduce"
    export: str = ""
    serve: str = ""
    score: str = "python -m noshow score"
    deploy: str = "python deploy/deploy.py"
    rollback: str = "python deploy/deploy.py --rollback"
    monitor: str = "python -m noshow monitor"
    retrain: str = "python -m noshow retrain"


class Monitoring(Part):
    """What watches the product: files, relative to the project."""

    objectives: str = "monitoring/slo.toml"
    rules: Annotated[list[str], pydantic.Field(min_length=1)] = ["monitoring/rules.yml"]
    rule_tests: str = "monitoring/rules_test.yml"
    routing: str = "monitoring/alertmanager.yml"
    dashboard: str = "monitoring/dashboard.json"


class Data(Part):
    """The data of the product: files and folders, relative to the project.

    raw: the folder of the daily files. manifest: names the clean data, in their folder. days: the folder for a summary and
    a page of each day of data. key: the variable with the key of the pseudonyms.
    """

    raw: str = "data/raw"
    manifest: str = "data/clean/_manifest.json"
    days: str = "reports/data"
    key: Variable = "PSEUDONYM_KEY"


class Training(Part):
    """Training: files, relative to the project, and keys of its configuration.

    config: a text file with one `key = value`, `key: value` or `"key": value` on each line. seed, hyperparameter: keys in it, of the seed
    and of a positive number that shapes the model. summary, report: what training leaves for programs and for people.
    code: the file that defines `split_by_time`, `fit` and `probabilities`.
    """

    config: str = "training.toml"
    seed: Annotated[str, pydantic.Field(min_length=1)] = "seed"
    hyperparameter: Annotated[str, pydantic.Field(min_length=1)] = "inverse_regularisation"
    summary: str = "reports/training.json"
    report: str = "reports/training.html"
    code: str = "noshow/learning.py"


class Tracking(Part):
    """The tracking server, which MLflow's own MLFLOW_TRACKING_URI names: under which names the product is there.

    experiment, model: the variables with the names of the experiment and of the registered model. alias: of the version that serves.
    decision, because: the tags of a version in which the gate says what it decided, and why.
    """

    experiment: Variable = "MLFLOW_EXPERIMENT_NAME"
    model: Variable = "REGISTERED_MODEL"
    alias: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] = "champion"
    decision: Annotated[str, pydantic.Field(min_length=1)] = "decision"
    because: Annotated[str, pydantic.Field(min_length=1)] = "because"


class Drift(Part):
    """The jobs that look back: their data and what they leave, relative to the project.

    reports: the folder for a summary and a page of each week, and for `promotions/`.
    metrics: what Prometheus reads of it. promise: the false-alarm rate. clock: the variable that says which day it is.
    """

    reports: str = "reports"
    metrics: str = "reports/metrics.prom"
    promise: str = "monitoring/drift.toml"
    rules: Annotated[list[str], pydantic.Field(min_length=1)] = ["monitoring/drift_rules.yml"]
    clock: Variable = "TODAY"


class Inputs(Part):
    """From what the grader makes requests of its own: exactly one of these. A product of one's own says it; the course's product does not.

    examples: a file with a JSON body on each line. schema: a file with the JSON Schema of one body. generator: a command that prints
    bodies as JSON lines, with SEED and COUNT in its environment.
    """

    examples: str = ""
    schema_: str = pydantic.Field(default="", alias="schema")  # pydantic has a `schema` of its own
    generator: str = ""

    @pydantic.model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        named = [name for name in (self.examples, self.schema_, self.generator) if name.strip()]
        if len(named) != 1:
            raise ValueError(
                f"it names {len(named) or 'none'} of `examples`, `schema` and `generator`, and exactly one is wanted"
            )
        return self


class Contract(Part):
    """The whole of `product.toml`. parts: what this product has."""

    name: Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9_-]*$")] = "product"
    parts: list[PartName] = list(PARTS)
    inputs: Inputs | None = None
    service: Service = Service()
    environment: Environment = Environment()
    data: Data = Data()
    image: Image = Image()
    monitoring: Monitoring = Monitoring()
    training: Training = Training()
    tracking: Tracking = Tracking()
    drift: Drift = Drift()
    commands: Commands = Commands()

    @property
    def in_container_alone(self) -> bool:
        """Whether the service runs in its container and nowhere else: a product of one's own, in whatever language."""
        return self.inputs is not None and not self.commands.serve.strip()

    def command(self, name: str) -> str:
        """The command line of that name. Raises Fail when the contract leaves it out or empty."""
        line: str = getattr(self.commands, name)
        if not line.strip():
            raise Fail(f"`{FILE}` names no `{name}` command", fix=f'add `{name} = "..."` under [commands] in `{FILE}`')
        return line


def is_of_its_own(folder: Path) -> bool:
    """Whether a project is a product of one's own, and not the course's: its contract has `[inputs]`, be it a wrong one."""
    try:
        return "inputs" in tomllib.loads((folder / FILE).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False


def load(folder: Path) -> Contract:
    """Read the contract of the project in that folder. Raises Fail that names the file, the fact and the way out."""
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Fail(
            f"there is no `{FILE}`", fix=f"commit a `{FILE}`: it says how to run and reach the product"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Fail(f"`{FILE}` cannot be read: {error}", fix="save it as UTF-8 text") from None
    try:
        contract = Contract.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Fail(f"`{FILE}` is not valid TOML: {error}", fix="mend that line") from None
    except RecursionError:
        raise Fail(f"`{FILE}` is not valid TOML: it is nested too deep", fix="write it flat") from None
    except pydantic.ValidationError as error:
        raise _explain(error) from None
    if contract.inputs is None:
        return contract
    return contract.model_copy(update={"service": contract.service.with_any_answer()})


def _explain(error: pydantic.ValidationError) -> Fail:
    first = error.errors()[0]
    if first["loc"] == ("inputs",):
        return Fail(f"`{FILE}`: [inputs]: {_plain(first['msg'])}", fix="keep the one that fits your product best")
    if first["loc"][0] == "parts":
        return Fail(f"`{FILE}`: `parts` holds {repr(first['input'])[:100]}", fix=_parts_hint(str(first["input"])))
    *table, key = (str(part) for part in first["loc"])
    place = f"[{'.'.join(table)}] " if table else ""
    if first["type"] == "extra_forbidden":
        known = _fields(Contract, table)
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(sorted(known))}"
        return Fail(f"`{FILE}`: {place}has the unknown key `{key}`", fix=hint)
    shown = repr(first["input"])[:200]
    return Fail(f"`{FILE}`: {place}`{key}` is {shown}: {_plain(first['msg'])}", fix="mend that value")


def _parts_hint(name: str) -> str:
    close = difflib.get_close_matches(name, PARTS, n=1)
    return f"did you mean `{close[0]}`?" if close else f"a list of names, of these: {', '.join(PARTS)}"


def _fields(model: type[pydantic.BaseModel], table: list[str]) -> list[str]:
    for name in table:
        annotation: Any = model.model_fields[name].annotation
        model = next((each for each in get_args(annotation) if isinstance(each, type)), annotation)
    return [field.alias or name for name, field in model.model_fields.items()]


def _plain(message: str) -> str:
    return re.sub(r"^(Input|String) should", "it should", message.removeprefix("Value error, "))
