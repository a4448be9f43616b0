"""The service: predictions over HTTP.

TODO(m09): nobody can see from outside how it is doing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request

from noshow.access import AccessLog
from noshow.bundle import Bundle, load_bundle
from noshow.contract import Prediction, PredictionRequest
from noshow.features import feature_matrix
from noshow.problems import add_problem_answers
from noshow.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The service with the model in `settings.model_dir`, which is loaded when the server starts, not here."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.bundle = load_bundle(settings.model_dir)
        yield
        app.state.bundle = None

    app = FastAPI(title="noshow", lifespan=lifespan)
    app.state.bundle = None
    app.add_middleware(AccessLog)
    add_problem_answers(app)
    _add_routes(app)
    return app


def _loaded(request: Request) -> Bundle:
    bundle: Bundle | None = request.app.state.bundle
    if bundle is None:
        raise HTTPException(503, "the model is not loaded")
    return bundle


Loaded = Annotated[Bundle, Depends(_loaded)]


def _add_routes(app: FastAPI) -> None:
    @app.get("/health")
    def health() -> dict[str, str]:
        """The process lives and can answer."""
        return {"status": "ok"}

    @app.get("/ready")
    def ready(_: Loaded) -> dict[str, str]:
        """The model is loaded: requests can be sent here."""
        return {"status": "ready"}

    @app.get("/version")
    def version(bundle: Loaded) -> dict[str, Any]:
        """Which model answers, and where it comes from."""
        return asdict(bundle.provenance)

    @app.post("/predict")
    def predict(body: PredictionRequest, request: Request, bundle: Loaded) -> Prediction:
        """How likely the patient of one appointment is not to come."""
        matrix = feature_matrix([body.appointment()])
        return Prediction(no_show_probability=float(bundle.model.predict_proba(matrix)[0, 1]))
