"""The service: predictions over HTTP."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request

from noshow import monitoring
from noshow.access import AccessLog
from noshow.bundle import Bundle, load_bundle
from noshow.contract import Prediction, PredictionRequest
from noshow.features import feature_matrix
from noshow.problems import add_problem_answers
from noshow.settings import Settings

log = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """The service with the model in `settings.model_dir`, which is loaded when the server starts, not here."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.bundle = load_bundle(settings.model_dir)
        if settings.metrics:
            monitoring.show_model(app.state.bundle.provenance)
        yield
        app.state.bundle = None

    app = FastAPI(title="noshow", lifespan=lifespan)
    app.state.bundle = None
    app.state.metrics = settings.metrics
    app.add_middleware(AccessLog)
    add_problem_answers(app)
    if settings.metrics:
        monitoring.add_metrics(app)
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
        appointment = body.appointment()
        probability = float(bundle.model.predict_proba(feature_matrix([appointment]))[0, 1])
        if request.app.state.metrics:
            monitoring.count_prediction(appointment, probability)
        _log_prediction(request.state.request_id, bundle, probability)
        return Prediction(no_show_probability=probability)


def _log_prediction(request_id: str, bundle: Bundle, probability: float) -> None:
    """What was answered, and by which model: nothing of the patient."""
    fields = {"request_id": request_id, "run_id": bundle.provenance.run_id, "no_show_probability": probability}
    log.info("prediction", extra={"fields": fields})
