"""Other honest ways to build the image, and the student's own servers that the mistakes start from too."""

from __future__ import annotations

from submissions import Alternative, Edit, append, remove, replace, write

DOCKERFILE, IGNORED, CONTRACT = "Dockerfile", ".dockerignore", "product.toml"
SOURCE = "COPY noshow ./noshow\n"
START = 'CMD ["python", "-m", "noshow", "serve"]'

APP = '''"""The service as the container runs it."""

import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from noshow.bundle import load_bundle
from noshow.contract import Prediction, PredictionRequest
from noshow.features import feature_matrix

bundle = load_bundle(Path("model"))
app = FastAPI()


@app.get("/ready")
def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.post("/predict")
def predict(request: PredictionRequest) -> Prediction:
    probability = float(bundle.model.predict_proba(feature_matrix([request.appointment()]))[0, 1])
    return Prediction(no_show_probability=probability)


if __name__ == "__main__":
    level = os.environ.get("LOG_LEVEL", "INFO").lower()
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8000")), log_level=level)
'''


def own_server(text: str, *start: str) -> tuple[Edit, ...]:
    """A server in `app.py` that the container runs instead of `noshow serve`; `start` is its command."""
    command = ", ".join(f'"{word}"' for word in start or ("python", "app.py"))
    return (
        write("app.py", text),
        append(IGNORED, "!app.py\n"),
        replace(DOCKERFILE, SOURCE, f"{SOURCE}COPY app.py .\n"),
        replace(DOCKERFILE, START, f"CMD [{command}]"),
    )


PLAIN = '''"""The service with the HTTP server of the standard library."""

import json
import logging
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pydantic import ValidationError

from noshow.bundle import load_bundle
from noshow.contract import PredictionRequest
from noshow.features import feature_matrix

bundle = load_bundle(Path(os.environ.get("MODEL_DIR", "model")))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200 if self.path in ("/health", "/ready") else 404, {"status": "ok"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            appointment = PredictionRequest.model_validate_json(body).appointment()
        except ValidationError:
            self.answer(422, {"detail": "the request does not fit the contract"})
            return
        probability = bundle.model.predict_proba(feature_matrix([appointment]))[0, 1]
        self.answer(200, {"no_show_probability": float(probability)})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text, *values):
        logging.info(text, *values)


class Server(ThreadingHTTPServer):
    daemon_threads = False  # closing the server waits for requests in flight


logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"))
with Server((os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))), Handler) as server:
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
'''

GUNICORN = '''"""Settings of gunicorn."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
loglevel = os.environ.get("LOG_LEVEL", "INFO").lower()
worker_class = "uvicorn_worker.UvicornWorker"
workers = 2
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
'''

FACTORY = '''"""The application for a server that is started from outside."""

from noshow.logs import configure_logs
from noshow.service import create_app
from noshow.settings import read_settings

settings = read_settings()
configure_logs(settings.log_level)
app = create_app(settings)
'''

UNDER_GUNICORN = (
    *own_server(FACTORY, "gunicorn", "app:app"),
    write("gunicorn.conf.py", GUNICORN),
    append(IGNORED, "!gunicorn.conf.py\n"),
    replace(DOCKERFILE, "COPY app.py .\n", "COPY app.py gunicorn.conf.py ./\n"),
    replace(
        DOCKERFILE,
        "--requirement requirements-serve.lock",
        "--requirement requirements-serve.lock \\\n"
        "    && pip --python /opt/venv/bin/python install --no-cache-dir gunicorn==27.0.1 uvicorn-worker==0.4.0",
    ),
)

PROBE = (
    "HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \\\n    CMD "
    '["python", "-c", "import os, urllib.request; '
    'urllib.request.urlopen(f\\"http://127.0.0.1:{os.environ[\'PORT\']}/ready\\", timeout=2)"]\n'
)

DEBIAN = f"""\
FROM debian:trixie-slim AS packages
# Debian's stable release only gets security fixes: those are wanted, and old versions vanish from its mirrors
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
COPY requirements-serve.lock /tmp/
RUN python3 -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements-serve.lock

FROM debian:trixie-slim
# the reason is the same as above
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3 tini && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY --from=packages /venv /venv
COPY noshow/ noshow/
COPY model/ model/
COPY docker/entrypoint.sh /
ENV PATH=/venv/bin:$PATH HOST=0.0.0.0 PORT=8000 MODEL_DIR=/srv/model
USER nobody
{PROBE}ENTRYPOINT ["tini", "--", "sh", "/entrypoint.sh"]
"""

ENTRYPOINT = """\
#!/bin/sh
set -eu
echo "starting the service on port $PORT"
exec python -m noshow serve
"""

UV = f"""\
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy VIRTUAL_ENV=/app/.venv
WORKDIR /app
RUN uv venv .venv
COPY requirements-serve.lock .
RUN --mount=type=cache,target=/cache UV_CACHE_DIR=/cache uv pip sync --require-hashes requirements-serve.lock
COPY pyproject.toml .
{SOURCE}# The project itself is installed with each change, what it depends on is not.
RUN --mount=type=cache,target=/cache UV_CACHE_DIR=/cache uv pip install --no-deps . && rm -rf noshow build noshow.egg-info
COPY model ./model

FROM python:3.13-slim
RUN groupadd --gid 1000 service && useradd --uid 1000 --gid service service
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH HOST=0.0.0.0 PORT=8000
USER service:service
{PROBE}{START}
"""

ONE_STAGE = f"""\
ARG PYTHON=3.13
FROM python:${{PYTHON}}-slim
WORKDIR /code
RUN --mount=type=bind,source=requirements-serve.lock,target=/tmp/lock \\
    pip install --no-cache-dir --require-hashes --requirement /tmp/lock
COPY --chown=10001 . .
ENV HOST=0.0.0.0 PORT=8000 PYTHONDONTWRITEBYTECODE=1
USER 10001
STOPSIGNAL SIGINT
{PROBE}ENTRYPOINT ["python", "-m", "noshow"]
CMD ["serve"]
"""

UNWANTED = "**/.*\n**/id_*\n**/*.md\ndata/\ntracking/\ntests/\n**/__pycache__/\n"

ALTERNATIVES = (
    Alternative("own-server", own_server(APP)),
    Alternative("standard-library-server", own_server(PLAIN)),
    Alternative("gunicorn", UNDER_GUNICORN),
    Alternative(
        "debian-and-tini-in-a-folder",
        (
            remove(DOCKERFILE),
            remove(IGNORED),
            write("docker/service.Dockerfile", DEBIAN),
            write("docker/service.Dockerfile.dockerignore", UNWANTED),
            write("docker/entrypoint.sh", ENTRYPOINT),
            append(CONTRACT, '\n[image]\ndockerfile = "docker/service.Dockerfile"\n'),
        ),
    ),
    Alternative("uv-installs-the-project", (write(DOCKERFILE, UV), append(IGNORED, "!pyproject.toml\n"))),
    Alternative(
        "one-stage",
        (write(DOCKERFILE, ONE_STAGE), write(IGNORED, UNWANTED)),
    ),
)
