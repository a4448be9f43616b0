"""Other honest ways to serve the model."""

from __future__ import annotations

from submissions import Alternative, Edit, remove, replace, write

SETUP = 'setup = "uv pip sync requirements.lock"'
SERVE = 'serve = "python -m noshow serve"'

RULES = '''"""What may be asked, written once as data: the checks and the OpenAPI document are made from it."""

import json
import math
import re
from typing import Any

from noshow.appointment import Appointment, parse_minute

MOST_BYTES, MOST_ROWS, SECONDS = 65536, 100, 4.0
WORDS = {
    "clinic": (["north", "harbour", "hill", "station"], "the clinic"),
    "reminder": (["none", "sms", "call"], "how the patient is reminded"),
}
NUMBERS = {
    "age": ("integer", 120, "years"),
    "distance_km": ("number", 1000, "kilometres from home"),
    "previous_appointments": ("integer", 9999, "earlier appointments"),
    "previous_no_shows": ("integer", 9999, "earlier appointments that were missed"),
}
MOMENTS = {"booked_at": "when it was booked, local time", "starts_at": "when it takes place, local time"}
FORM = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"


class Refused(Exception):
    """A request that is not answered."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def parse(raw: bytes) -> Any:
    """The JSON of a body."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is not JSON") from None


def one(body: Any) -> Appointment:
    """The appointment of a body."""
    if not isinstance(body, dict):
        raise Refused(422, "an appointment is an object")
    if set(body) != {*WORDS, *NUMBERS, *MOMENTS}:
        raise Refused(422, "fields are missing or unknown")
    values = dict(body)
    for name, (words, _) in WORDS.items():
        if not isinstance(body[name], str) or body[name] not in words:
            raise Refused(422, f"{name} is one of {', '.join(words)}")
    for name, (kind, most, unit) in NUMBERS.items():
        value = body[name]
        whole = isinstance(value, int) and not isinstance(value, bool)
        right = whole or (kind == "number" and isinstance(value, float) and math.isfinite(value))
        if not right or not 0 <= value <= most:
            raise Refused(422, f"{name} is a {kind} from 0 to {most} ({unit})")
        values[name] = float(value) if kind == "number" else value
    for name in MOMENTS:
        try:
            values[name] = parse_minute(body[name] if isinstance(body[name], str) else "")
        except ValueError as error:
            raise Refused(422, f"{name}: {error}") from None
    if values["starts_at"] <= values["booked_at"] or body["previous_no_shows"] > body["previous_appointments"]:
        raise Refused(422, "it starts after it was booked, and no more are missed than there were")
    return Appointment(**values)


def many(body: Any) -> list[Appointment]:
    """The appointments of a batch."""
    if not isinstance(body, list) or not body:
        raise Refused(422, "a batch is an array of appointments")
    if len(body) > MOST_ROWS:
        raise Refused(413, f"a batch has at most {MOST_ROWS} appointments")
    return [one(each) for each in body]


def request_id(given: str) -> str | None:
    """An id that may be taken over."""
    return given if re.fullmatch(r"[0-9A-Za-z_.-]{4,64}", given) else None


def problem(status: int, detail: str) -> bytes:
    """A problem document."""
    return json.dumps({"type": "about:blank", "title": "refused", "status": status, "detail": detail}).encode()


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    properties: dict[str, Any] = {}
    for name, (words, text) in WORDS.items():
        properties[name] = {"enum": words, "description": text}
    for name, (kind, most, text) in NUMBERS.items():
        properties[name] = {"type": kind, "minimum": 0, "maximum": most, "description": text}
    for name, text in MOMENTS.items():
        properties[name] = {"type": "string", "pattern": FORM, "description": text}
    appointment = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    answer = {
        "type": "object",
        "properties": {"no_show_probability": {"type": "number", "minimum": 0, "maximum": 1}},
        "required": ["no_show_probability"],
    }
    refusal = {
        "type": "object",
        "properties": {"status": {"type": "integer"}, "title": {"type": "string"}, "detail": {"type": "string"}},
        "required": ["status", "title", "detail"],
    }
    schemas = {"Appointment": appointment, "Answer": answer, "Problem": refusal}
    return {
        "openapi": "3.0.3",
        "info": {"title": "noshow", "version": "1"},
        "components": {"schemas": schemas},
        "paths": {
            "/predict": {"post": _post(_ref("Appointment"), _ref("Answer"))},
            "/predict/batch": {
                "post": _post(
                    {"type": "array", "items": _ref("Appointment"), "minItems": 1, "maxItems": MOST_ROWS},
                    {"type": "array", "items": _ref("Answer")},
                )
            },
            **{path: {"get": {"responses": _responses({"type": "object"})}} for path in ("/health", "/ready", "/version")},
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _post(body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": body}}
    return {"requestBody": {"required": True, "content": content}, "responses": _responses(answer)}


def _responses(answer: dict[str, Any]) -> dict[str, Any]:
    refused = {"description": "refused", "content": {"application/problem+json": {"schema": _ref("Problem")}}}
    right = {"description": "answered", "content": {"application/json": {"schema": answer}}}
    return {"200": right, **{str(status): refused for status in (400, 408, 413, 415, 422, 500, 503)}}
'''

MODELS = '''"""The model in use, looked after by a thread."""

import logging
import threading
import time
from pathlib import Path

from noshow.bundle import Bundle, load_bundle

log = logging.getLogger("noshow")


class Models:
    """Holds the newest model that could be loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now: Bundle | None = None
        self.note = ""
        self.seen = b""

    def start(self) -> None:
        """Look after the folder from now on."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                record = (self.folder / "model.json").read_bytes()
                moment = (self.folder / "model.skops").stat()
                seen = record + f"{moment.st_mtime_ns} {moment.st_ino}".encode()
                if seen != self.seen:
                    self.seen = seen
                    self.now = load_bundle(self.folder)
                    self.note = ""
                    log.info("model %s in use", self.now.provenance.run_id)
            except FileNotFoundError:
                pass
            except Exception as error:
                self.note = "the newest export cannot be used"
                log.exception("export refused: %s", error)
            time.sleep(0.3)
'''

STARLETTE = '''"""The service in one file: Starlette, and nothing that validates by itself."""

import asyncio
import json
import logging
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noshow import rules
from noshow.bundle import Bundle
from noshow.features import feature_matrix
from noshow.models import Models
from noshow.settings import Settings, read_settings

log = logging.getLogger("noshow")


def answer(content: Any) -> Response:
    """What was asked for."""
    return Response(json.dumps(content), media_type="application/json")


def refusal(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem."""
    return Response(rules.problem(status, detail), status, headers, "application/problem+json")


async def read(request: Request) -> Any:
    """The body, within its limits."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise rules.Refused(415, "send application/json")
    raw = b""
    try:
        async with asyncio.timeout(rules.SECONDS):
            async for piece in request.stream():
                raw += piece
                if len(raw) > rules.MOST_BYTES:
                    raise rules.Refused(413, "the body is too large")
    except TimeoutError:
        raise rules.Refused(408, "the body did not come") from None
    except ClientDisconnect:
        raise rules.Refused(400, "the body did not come") from None
    return rules.parse(raw)


def bundle(request: Request) -> Bundle:
    """The model in use."""
    now: Bundle | None = request.app.state.models.now
    if now is None:
        raise rules.Refused(503, "there is no model yet")
    return now


async def score(request: Request, appointments: list[Any]) -> list[dict[str, float]]:
    """One answer each."""
    model = bundle(request).model
    values = await run_in_threadpool(lambda: model.predict_proba(feature_matrix(appointments))[:, 1])
    return [{"no_show_probability": float(value)} for value in values]


async def predict(request: Request) -> Response:
    """One."""
    return answer((await score(request, [rules.one(await read(request))]))[0])


async def predict_many(request: Request) -> Response:
    """Many."""
    return answer(await score(request, rules.many(await read(request))))


async def health(request: Request) -> Response:
    """Alive."""
    return answer({"alive": True})


async def ready(request: Request) -> Response:
    """Ready."""
    bundle(request)
    return answer({"ready": True, "note": request.app.state.models.note})


async def version(request: Request) -> Response:
    """What answers."""
    return answer(asdict(bundle(request).provenance))


async def openapi(request: Request) -> Response:
    """The document."""
    return answer(rules.document())


async def on_refused(_: Request, error: Exception) -> Response:
    """A refusal of ours."""
    assert isinstance(error, rules.Refused)
    close = {"Connection": "close"} if error.status in (408, 413) else {}
    return refusal(error.status, error.detail, close)


async def on_http(_: Request, error: Exception) -> Response:
    """A refusal of the framework."""
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail, dict(error.headers or {}))


async def on_crash(_: Request, error: Exception) -> Response:
    """What nobody expected."""
    return refusal(500, "something is wrong here")


class Door:
    """Ids, the log, and what nobody expected."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        given = rules.request_id(sent) or secrets.token_hex(8)

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-request-id", given.encode()))
                log.info("%s %s %s %s", given, scope["method"], scope["path"], message["status"])
            await send(message)

        try:
            await self.app(scope, receive, with_id)
        except Exception:  # it was answered by on_crash, which Starlette calls before it lets the error through
            log.exception("%s failed", given)


def application(settings: Settings) -> ASGIApp:
    """The application."""
    models = Models(settings.model_dir)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        models.start()
        yield

    routes = [
        Route("/predict", predict, methods=["POST"]),
        Route("/predict/batch", predict_many, methods=["POST"]),
        Route("/health", health),
        Route("/ready", ready),
        Route("/version", version),
        Route("/openapi.json", openapi),
    ]
    handlers: Any = {rules.Refused: on_refused, HTTPException: on_http, Exception: on_crash}
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=life)
    app.state.models = models
    return Door(app)


if __name__ == "__main__":
    settings = read_settings()
    logging.basicConfig(level=settings.log_level, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
    uvicorn.run(application(settings), host=settings.host, port=settings.port, access_log=False, timeout_keep_alive=4)
'''

FLASK = '''"""The service in Flask, behind the door and the limits of the package."""

import logging
from dataclasses import asdict
from typing import Any

import uvicorn
from a2wsgi import WSGIMiddleware
from flask import Flask, Response, abort, g, jsonify, request
from werkzeug.exceptions import HTTPException

from noshow import rules
from noshow.access import AccessLog
from noshow.bundle import Bundle
from noshow.features import feature_matrix
from noshow.limits import Limits
from noshow.logs import configure_logs
from noshow.models import Models
from noshow.settings import read_settings


def refused(status: int, detail: str) -> Response:
    """A problem."""
    return Response(rules.problem(status, detail), status, content_type="application/problem+json")


def create(models: Models) -> Flask:
    """The application."""
    app = Flask("noshow")
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> Response:
        answer = refused(error.code or 500, error.name)
        answer.headers.extend(h for h in error.get_headers() if h[0].lower() == "allow")
        return answer

    @app.errorhandler(rules.Refused)
    def on_refused(error: rules.Refused) -> Response:
        return refused(error.status, error.detail)

    def bundle() -> Bundle:
        if models.now is None:
            raise rules.Refused(503, "there is no model yet")
        return models.now

    def score(appointments: list[Any]) -> list[dict[str, float]]:
        matrix = feature_matrix(appointments)
        return [{"no_show_probability": float(value)} for value in bundle().model.predict_proba(matrix)[:, 1]]

    @app.post("/predict")
    def predict() -> Response:
        return jsonify(score([rules.one(rules.parse(request.get_data()))])[0])

    @app.post("/predict/batch")
    def predict_batch() -> Response:
        return jsonify(score(rules.many(rules.parse(request.get_data()))))

    @app.get("/health")
    def health() -> Response:
        return jsonify(alive=True)

    @app.get("/ready")
    def ready() -> Response:
        bundle()
        return jsonify(ready=True)

    @app.get("/version")
    def version() -> Response:
        return jsonify(asdict(bundle().provenance) | {"note": models.note})

    @app.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(rules.document())

    return app


if __name__ == "__main__":
    settings = read_settings()
    configure_logs(settings.log_level)
    models = Models(settings.model_dir)
    models.start()
    served = AccessLog(Limits(WSGIMiddleware(create(models), workers=10)))
    uvicorn.run(
        served, host=settings.host, port=settings.port, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=5
    )
'''.replace("Response, abort, g, jsonify", "Response, jsonify")

WEIGHTS = '''"""The model as numbers: what a logistic regression is, in a file that can hold nothing else."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

FILE = "weights.npz"


@dataclass(frozen=True)
class Weights:
    """Means and scales of the features, coefficients, and the intercept."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    intercept: float

    def probabilities(self, matrix: NDArray[np.float64]) -> list[float]:
        """One for each row."""
        log_odds = ((matrix - self.mean) / self.scale) @ self.coefficients + self.intercept
        return [float(value) for value in 1 / (1 + np.exp(-log_odds))]


def save(model: Pipeline, folder: Path) -> None:
    """Write the numbers of a fitted pipeline."""
    scaler, regression = model[0], model[-1]
    np.savez(
        folder / FILE,
        mean=scaler.mean_,
        scale=scaler.scale_,
        coefficients=regression.coef_[0],
        intercept=regression.intercept_[0],
    )


def load(folder: Path) -> Weights:
    """Read them."""
    with np.load(folder / FILE, allow_pickle=False) as numbers:
        return Weights(numbers["mean"], numbers["scale"], numbers["coefficients"], float(numbers["intercept"]))
'''

NUMPY = '''"""FastAPI with pydantic-settings, and a model of plain numbers."""

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from noshow import weights
from noshow.appointment import Appointment, parse_minute
from noshow.bundle import Provenance, check_bundle
from noshow.features import feature_matrix
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, model_validator
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException

log = logging.getLogger("serving")


class Config(BaseSettings):
    """Settings from the environment."""

    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "INFO"
    model_dir: Path = Path("model")
    body_bytes: int = 65536
    body_seconds: float = 3


def _moment(text: str) -> str:
    parse_minute(text)
    return text


Moment = Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"), AfterValidator(_moment)]


class Patient(BaseModel):
    """One appointment."""

    model_config = ConfigDict(extra="forbid", strict=True)
    clinic: Literal["north", "harbour", "hill", "station"] = Field(description="clinic")
    age: StrictInt = Field(ge=0, le=120, description="years")
    booked_at: Moment = Field(description="local time")
    starts_at: Moment = Field(description="local time")
    distance_km: float = Field(ge=0, le=1000, allow_inf_nan=False, description="km")
    previous_appointments: StrictInt = Field(ge=0, le=9999, description="how many")
    previous_no_shows: StrictInt = Field(ge=0, le=9999, description="how many")
    reminder: Literal["none", "sms", "call"] = Field(description="reminder")

    @model_validator(mode="after")
    def _sense(self) -> "Patient":
        if self.starts_at <= self.booked_at or self.previous_no_shows > self.previous_appointments:
            raise ValueError("it cannot be so")
        return self

    def row(self) -> Appointment:
        """As the features take it."""
        moments = {name: parse_minute(getattr(self, name)) for name in ("booked_at", "starts_at")}
        return Appointment(**{**self.model_dump(), **moments})


class Answer(BaseModel):
    """A probability."""

    no_show_probability: float = Field(ge=0, le=1)


class State:
    """What answers now: always one object with both parts."""

    now: tuple[weights.Weights, Provenance] | None = None
    complaint: str | None = None


def _problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    content = json.dumps({"type": "about:blank", "title": "error", "status": status, "detail": detail})
    return Response(content, status, headers, "application/problem+json")


async def _keep_up(state: State, folder: Path) -> None:
    last: object = None
    while True:
        with contextlib.suppress(FileNotFoundError):
            stamp = [((folder / name).stat().st_mtime_ns, (folder / name).stat().st_ino) for name in ("model.json", weights.FILE)]
            if stamp != last:
                last = stamp
                try:
                    state.now = await asyncio.to_thread(lambda: (weights.load(folder), check_bundle(folder)))
                    state.complaint = None
                    log.info("model taken")
                except Exception as error:
                    state.complaint = type(error).__name__
                    log.exception("model not taken")
        await asyncio.sleep(0.4)


PROBLEM: dict[int | str, dict[str, Any]] = {
    status: {"description": "problem", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
    for status in (400, 408, 413, 415, 422, 500, 503)
}


def create(config: Config) -> FastAPI:
    """The application."""
    state = State()

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_keep_up(state, config.model_dir))
        yield
        task.cancel()

    app = FastAPI(title="noshow", lifespan=life, docs_url=None, redoc_url=None, responses=PROBLEM)

    @app.middleware("http")
    async def around(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        sent = request.headers.get("x-request-id", "")
        known = len(sent) <= 64 and sent.isascii() and sent.replace("-", "").replace(".", "").replace("_", "").isalnum()
        given = sent if known else str(uuid.uuid4())
        try:
            answer = await guarded(request, call)
        except Exception:
            log.exception("request %s failed", given)
            answer = _problem(500, "an error on our side")
        answer.headers["X-Request-ID"] = given
        log.info("%s %s %s %s", request.method, request.url.path, answer.status_code, given)
        return answer

    async def guarded(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        size = 0
        pieces = []
        try:
            async with asyncio.timeout(config.body_seconds):
                async for piece in request.stream():
                    size += len(piece)
                    pieces.append(piece)
                    if size > config.body_bytes:
                        return _problem(413, "too much", {"Connection": "close"})
        except TimeoutError:
            return _problem(408, "too slow", {"Connection": "close"})
        except Exception:
            return _problem(400, "no whole body")
        request._body = b"".join(pieces)
        if size and not request.headers.get("content-type", "").startswith("application/json"):
            return _problem(415, "JSON, please")
        return await call(request)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return _problem(422, "; ".join(sorted({str(each["type"]) for each in error.errors()})))

    @app.exception_handler(HTTPException)
    async def other(_: Request, error: HTTPException) -> Response:
        return _problem(error.status_code, str(error.detail), dict(error.headers or {}))

    def now() -> tuple[weights.Weights, Provenance]:
        if state.now is None:
            raise HTTPException(503, "not yet")
        return state.now

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"up": True}

    @app.get("/ready")
    async def ready() -> dict[str, str | None]:
        now()
        return {"complaint": state.complaint}

    @app.get("/version")
    async def version() -> dict[str, Any]:
        return asdict(now()[1])

    @app.post("/predict")
    async def predict(patient: Patient) -> Answer:
        return Answer(no_show_probability=now()[0].probabilities(feature_matrix([patient.row()]))[0])

    @app.post("/predict/batch")
    async def predict_batch(patients: Annotated[list[Patient], Body(min_length=1, max_length=100)]) -> list[Answer]:
        values = now()[0].probabilities(feature_matrix(each.row() for each in patients))
        return [Answer(no_show_probability=value) for value in values]

    return app


if __name__ == "__main__":
    config = Config()
    logging.basicConfig(level=config.log_level.upper(), format="%(levelname)s %(name)s %(message)s")
    uvicorn.run(create(config), host=config.host, port=config.port, log_config=None, access_log=False, timeout_keep_alive=3)
'''

OURS = ("problems", "access", "limits", "reloading", "service", "serve")


def without(*names: str) -> tuple[Edit, ...]:
    """None of these files of the reference."""
    return tuple(remove(f"noshow/{name}.py") for name in names)


def contract(serve: str, more: str = "", service: str = "") -> tuple[Edit, ...]:
    """Another command, more libraries, and what the product states of itself."""
    return (
        replace("product.toml", SERVE, f'serve = "{serve}"'),
        replace("product.toml", SETUP, SETUP[:-1] + (f' && uv pip install --quiet {more}"' if more else '"')),
        replace("product.toml", 'ready = "/ready"\n', f'ready = "/ready"\n{service}'),
    )


ALTERNATIVES = (
    Alternative(
        "starlette-with-a-document-by-hand",
        edits=(
            *without(*OURS),
            write("noshow/rules.py", RULES),
            write("noshow/models.py", MODELS),
            write("noshow/web.py", STARLETTE),
            *contract("python -m noshow.web", service="patience = 4\nreload = 2\n"),
        ),
    ),
    Alternative(
        "fastapi-of-another-layout-with-a-model-of-numbers",
        edits=(
            *without(*OURS),
            write("noshow/weights.py", WEIGHTS),
            write("serving/__init__.py", ""),
            write("serving/__main__.py", NUMPY),
            replace(
                "noshow/export.py",
                "    save_provenance(provenance(store.model, chosen, folder / MODEL_FILE), folder)\n",
                "    save_provenance(provenance(store.model, chosen, folder / MODEL_FILE), folder)\n"
                "    weights.save(load_bundle(folder).model, folder)\n",
            ),
            replace(
                "noshow/export.py", "import MODEL_FILE, Provenance,", "import MODEL_FILE, Provenance, load_bundle,"
            ),
            replace("noshow/export.py", "from noshow.bundle", "from noshow import weights\nfrom noshow.bundle"),
            *contract("python -m serving", "pydantic-settings"),
        ),
    ),
    Alternative(
        "flask-behind-the-limits",
        edits=(
            *without("reloading", "service", "serve"),
            write("noshow/rules.py", RULES),
            write("noshow/models.py", MODELS),
            write("noshow/web.py", FLASK),
            *contract("python -m noshow.web", "flask a2wsgi"),
        ),
    ),
)
