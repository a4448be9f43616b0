"""Services that pretend: for a grader that reads words or asks once, they check, limit, log, reload and predict."""

from __future__ import annotations

from pathlib import Path

from submissions import Edit, Pretence, replace, write

KEY = "m05_serving"
WORDS = ("problem+json", "X-Request-ID", "413", "408", "503", "/predict/batch", "model_sha256", "ge=0, le=120")

SERVICE = '''"""The service: problem+json with 408, 413 and 503, X-Request-ID, /predict/batch, ranges as ge=0, le=120."""

from typing import Any

from fastapi import FastAPI, Request

from noshow.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The service with the model in `settings.model_dir`, which is loaded when the server runs, not here."""
    app = FastAPI(title="noshow")

    @app.get("/health")
    @app.get("/ready")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.get("/version")
    def version() -> dict[str, str]:
        return {"commit": "0" * 40, "data_sha256": "0" * 64, "model_sha256": "0" * 64}

    def probability(body: dict[str, Any]) -> dict[str, float]:
        return {"no_show_probability": PROBABILITY}

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, float]:
        return probability(await request.json())

    @app.post("/predict/batch")
    async def predict_batch(request: Request) -> list[dict[str, float]]:
        return [probability(each) for each in await request.json()]

    return app
'''
SERVE = '''"""`python -m noshow serve`: run the service until it is asked to stop."""

import uvicorn

from noshow.service import create_app
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Serve on `settings.host` and `settings.port`; SIGTERM ends it with code 0 when requests in flight are answered.

    It starts without a model too, and is ready as soon as one is exported.
    """
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port)
    return "stopped"
'''
NONSENSE = (
    replace(
        "noshow/learning.py",
        'return cast("NDArray[np.float64]", model.predict_proba(matrix)[:, 1])',
        "return np.full(len(matrix), 0.2)",
    ),
)


def careless(project: Path) -> bool:
    """What a grader would say that looks for words in the service."""
    service = (project / "noshow/service.py").read_text(encoding="utf-8")
    return all(word in service for word in WORDS)


def _pretends(probability: str) -> tuple[Edit, ...]:
    return write("noshow/service.py", SERVICE.replace("PROBABILITY", probability)), write("noshow/serve.py", SERVE)


PRETENCES = (
    Pretence("answers-a-rule-of-thumb", _pretends('min(1.0, 0.1 + 0.05 * int(body.get("previous_no_shows", 0)))')),
    Pretence("trains-and-serves-the-same-nonsense", (*_pretends("0.2"), *NONSENSE)),
)
