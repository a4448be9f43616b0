"""The service: predictions over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request

from noshow.access import AccessLog
from noshow.bundle import Bundle
from noshow.contract import Batch, Prediction, PredictionRequest, Readiness
from noshow.features import feature_matrix
from noshow.limits import Limits
from noshow.problems import add_problem_answers, documented
from noshow.reloading import CurrentModel
from noshow.settings import Settings

NO_MODEL = "the model is not loaded"


def create_app(settings: Settings) -> FastAPI:
    """The service with the model in `settings.model_dir`, which is loaded when the server runs, not here."""
    current = CurrentModel(settings.model_dir)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(current.watch())
        yield
        watching.cancel()

    app = FastAPI(title="noshow", lifespan=lifespan, responses=documented(408, 413, 415, 500))
    app.state.current = current
    app.add_middleware(Limits)
    app.add_middleware(AccessLog)
    add_problem_answers(app)
    _add_routes(app)
    return app


def _loaded(request: Request) -> Bundle:
    bundle: Bundle | None = request.app.state.current.bundle
    if bundle is None:
        raise HTTPException(503, NO_MODEL)
    return bundle


Loaded = Annotated[Bundle, Depends(_loaded)]


def predictions(bundle: Bundle, requests: Sequence[PredictionRequest]) -> list[Prediction]:
    """The answers to some requests, in their order, all from one model."""
    matrix = feature_matrix(request.appointment() for request in requests)
    return [Prediction(no_show_probability=float(value)) for value in bundle.model.predict_proba(matrix)[:, 1]]


def _add_routes(app: FastAPI) -> None:
    @app.get("/health")
    def health() -> dict[str, str]:
        """The process lives and can answer."""
        return {"status": "ok"}

    @app.get("/ready", responses=documented(503))
    def ready(_: Loaded, request: Request) -> Readiness:
        """The model is loaded: requests can be sent here."""
        return Readiness(newer_model_refused=request.app.state.current.newer_refused)

    @app.get("/version", responses=documented(503))
    def version(bundle: Loaded) -> dict[str, Any]:
        """Which model answers, and where it comes from."""
        return asdict(bundle.provenance)

    @app.post("/predict", responses=documented(400, 422, 503))
    def predict(body: PredictionRequest, bundle: Loaded) -> Prediction:
        """How likely the patient of one appointment is not to come."""
        return predictions(bundle, [body])[0]

    @app.post("/predict/batch", responses=documented(400, 422, 503))
    def predict_batch(body: Batch, bundle: Loaded) -> list[Prediction]:
        """How likely the patients of many appointments are not to come, in the order of the request."""
        return predictions(bundle, body)
