"""Wrong images, each wrong in one way."""

from __future__ import annotations

import atexit
from pathlib import Path

from alternatives.m06_containers import APP, DOCKERFILE, IGNORED, PROBE, SOURCE, START, UNDER_GUNICORN, own_server
from submissions import Edit, Mistake, append, move, remove, replace, train, write

SLIM = "python:3.13-slim"
FINAL = f"\nFROM {SLIM}\n"
MODEL = "COPY model ./model\n"
LOCK = "COPY requirements-serve.lock .\n"
PYTHON = "pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes --requirement "
GUESS = "return Prediction(no_show_probability=0.2)"
WRITE_DOWN = 'print(probability, file=open("predictions.csv", "a"))'
ASKS = "python -c 'from urllib.request import *; urlopen(\\\"http://127.0.0.1:8000/ready\\\", timeout=1)'"


def dockerfile(old: str, new: str) -> tuple[Edit, ...]:
    """Other words in the Dockerfile."""
    return (replace(DOCKERFILE, old, new),)


def app(old: str, new: str) -> tuple[Edit, ...]:
    """The student's own server with other words in it."""
    return (*own_server(APP), replace("app.py", old, new))


def ordinary_name(moving: str) -> Edit:
    """Have the engine know a base by a name that moves, also where no registry answers."""

    def tag(_: Path) -> None:
        import docker  # here, because these tests are collected where it is not installed too
        from docker.errors import ImageNotFound

        api = docker.from_env()
        try:
            api.images.get(moving)
        except ImageNotFound:
            api.images.get(SLIM).tag(moving)
            atexit.register(api.images.remove, moving)

    return tag


def script(path: str, text: str) -> tuple[Edit, ...]:
    """A shell script in the image, started instead of the service."""
    return (
        write(path, text),
        append(IGNORED, f"!{path}\n"),
        replace(DOCKERFILE, SOURCE, f"{SOURCE}COPY {path} .\n"),
        replace(DOCKERFILE, START, f'CMD ["sh", "{path}"]'),
    )


WRITABLE = replace(DOCKERFILE, "WORKDIR /app\n", "WORKDIR /app\nRUN chown app /app\n")
EVERYTHING = (*dockerfile(SOURCE, "COPY . .\n"), *dockerfile(MODEL, ""))

# Python with all that training needs; two mistakes share this stage, so that it is built once
TRAINING = f"""\
FROM {SLIM} AS training
WORKDIR /install
COPY requirements.lock .
RUN python -m venv --without-pip /opt/venv \\
    && {PYTHON}requirements.lock
"""
TRAIN_INSIDE = f"""\
{TRAINING}WORKDIR /train
{SOURCE}# two months are enough to learn from, and build faster
COPY data/raw/*_2026-01-*.csv data/raw/*_2026-02-*.csv data/raw/
ENV PATH=/opt/venv/bin:$PATH
RUN python -m noshow ingest && python -m noshow train && python -m noshow export
"""

CLEAN = (
    Mistake(
        "adds-where-it-should-copy",
        fails="test_dockerfile_is_clean",
        says="DL3020",
        edits=dockerfile("COPY noshow", "ADD noshow"),
    ),
    Mistake(
        "silences-the-linter",
        fails="test_dockerfile_is_clean",
        says="line 10 switches a rule off without a reason",
        edits=dockerfile(
            FINAL,
            f"{FINAL}# hadolint ignore=DL3008\nRUN apt-get update && apt-get install --yes --no-install-recommends tini"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
    ),
)

BUILDS = (
    Mistake(
        "ignores-what-it-copies",
        fails="test_image_builds",
        says="not shut out by `.dockerignore`",
        edits=(replace(IGNORED, "!requirements-serve.lock\n", ""),),
    ),
    Mistake(
        "installs-with-a-pip-that-is-not-there",
        fails="test_image_builds",
        says="/opt/venv/bin/pip: not found",
        edits=dockerfile("pip --python /opt/venv/bin/python", "/opt/venv/bin/pip"),
    ),
)

PINNED = (
    Mistake(
        "base-without-a-number",
        fails="test_base_image_is_pinned",
        says="`python:slim`, which moves",
        edits=(ordinary_name("python:slim"), *dockerfile(FINAL, "\nFROM python:slim\n")),
    ),
    Mistake(
        "argument-with-a-default-that-moves",
        fails="test_base_image_is_pinned",
        says="`python:3-slim`, which moves",
        edits=(
            ordinary_name("python:3-slim"),
            *dockerfile(f"FROM {SLIM} AS install", "ARG PYTHON=3-slim\nFROM python:${PYTHON} AS install"),
        ),
    ),
)

READY = (
    Mistake(
        "listens-on-the-loopback-only",
        fails="test_becomes_ready",
        says="it listens on 127.0.0.1:8000 inside the container, not on 0.0.0.0:8000",
        edits=dockerfile("    HOST=0.0.0.0 \\\n", ""),
    ),
    Mistake("starts-nothing", fails="test_becomes_ready", says="it ran `python3`", edits=dockerfile(START, "")),
    Mistake(
        "copies-no-model",
        fails="test_becomes_ready",
        says="the model is not loaded",
        edits=(append(IGNORED, "!models\n"), *dockerfile(MODEL, "COPY models* ./model/\n")),
    ),
)

PREDICTS = (
    Mistake(
        "rounds-in-the-container",
        fails="test_predicts_the_same_as_on_the_host",
        says="the predictions differ by up to",
        edits=app("=probability)", "=round(probability, 4))"),
    ),
    Mistake(
        "answers-without-a-model",
        fails="test_predicts_the_same_as_on_the_host",
        says="the container says 0.200000",
        edits=(
            *app('load_bundle(Path("model"))', 'load_bundle(Path("models")) if Path("models").exists() else None'),
            replace("app.py", "    probability", f"    if not bundle:\n        {GUESS}\n    probability"),
        ),
    ),
    Mistake(
        "ships-the-model-of-last-week",
        fails="test_predicts_the_same_as_on_the_host",
        says="copy the model that `export` just made",
        edits=(
            train,
            move("model", "released"),
            append(IGNORED, "!released\n"),
            *dockerfile(MODEL, "COPY released ./model\n"),
        ),
    ),
    Mistake(
        "trains-another-model-in-the-image",
        fails="test_predicts_the_same_as_on_the_host",
        says="copy the model that `export` just made",
        edits=(
            append(IGNORED, "!requirements.lock\n!data/raw\n"),
            *dockerfile(FINAL, f"\n{TRAIN_INSIDE}{FINAL}"),
            *dockerfile(MODEL, "COPY --from=training /train/model ./model\n"),
        ),
    ),
)

SETTINGS = (
    Mistake(
        "port-is-fixed",
        fails="test_settings_come_from_the_environment",
        says="with PORT=9234: it listens on 0.0.0.0:8000",
        edits=app('int(os.environ.get("PORT", "8000"))', "8000"),
    ),
    Mistake(
        "log-level-is-fixed",
        fails="test_settings_come_from_the_environment",
        says="the level changes nothing",
        edits=app("log_level=level", 'log_level="info"'),
    ),
)

USERS = (
    Mistake(
        "user-of-another-stage",
        fails="test_runs_as_an_ordinary_user",
        says="runs as root: the last stage sets no USER",
        edits=(*dockerfile("USER app\n", ""), *dockerfile(FINAL, f"RUN useradd app\nUSER app\n{FINAL}")),
    ),
    Mistake(
        "root-by-another-name",
        fails="test_runs_as_an_ordinary_user",
        says="its USER is `app`, who is root all the same",
        edits=dockerfile("--uid 10001", "--uid 0 --non-unique"),
    ),
    Mistake(
        "workers-are-ordinary-their-parent-is-root",
        fails="test_runs_as_an_ordinary_user",
        says="gunicorn app:app` runs as root",
        edits=(*UNDER_GUNICORN, append("gunicorn.conf.py", 'user = "app"\n'), *dockerfile("USER app\n", "")),
    ),
)

READ_ONLY = (
    Mistake(
        "writes-its-process-number",
        fails="test_runs_with_a_read_only_file_system",
        says="service.pid: Read-only file system",
        edits=(*script("start.sh", "set -e\necho $$ > service.pid\nexec python -m noshow serve\n"), WRITABLE),
    ),
    Mistake(
        "writes-its-predictions-down",
        fails="test_runs_with_a_read_only_file_system",
        says="answered 500",
        edits=(
            *app("    return Prediction(", f"    {WRITE_DOWN}\n    return Prediction("),
            WRITABLE,
        ),
    ),
)

STOPS = (
    Mistake(
        "chains-with-and",
        fails="test_stops_when_asked",
        says="killed; its first process is `sh -c",
        edits=dockerfile(START, 'CMD ["sh", "-c", "python --version && python -m noshow serve"]'),
    ),
    Mistake(
        "drops-what-it-has-in-hand",
        fails="test_stops_when_asked",
        says="the request in flight was lost",
        edits=app("log_level=level)", "log_level=level, timeout_graceful_shutdown=0)"),
    ),
    Mistake(
        "asks-to-be-killed",
        fails="test_stops_when_asked",
        says="STOPSIGNAL",
        edits=dockerfile("USER app\n", "USER app\nSTOPSIGNAL SIGKILL\n"),
    ),
)

REBUILDS = (
    Mistake(
        "copies-the-source-first",
        fails="test_rebuilds_without_installing_again",
        says="the build ran `RUN python -m venv",
        edits=dockerfile(LOCK, f"{LOCK}{SOURCE}"),
    ),
    Mistake(
        "installs-from-a-mount-of-everything",
        fails="test_rebuilds_without_installing_again",
        says="packages anew",
        edits=(
            *dockerfile(LOCK, ""),
            *dockerfile("RUN python -m venv", "RUN --mount=type=bind,target=/src \\\n    python -m venv"),
            *dockerfile("--requirement requirements", "--requirement /src/requirements"),
        ),
    ),
)

SECRETS = (
    Mistake(
        "copies-everything",
        fails="test_secrets_stay_out_of_the_image",
        says="the project has no `.dockerignore`",
        edits=(*EVERYTHING, remove(IGNORED)),
    ),
    Mistake(
        "ignores-in-the-wrong-place",
        fails="test_secrets_stay_out_of_the_image",
        says="`docker/.dockerignore` has no effect in that folder",
        edits=(
            *EVERYTHING,
            move(DOCKERFILE, "docker/Dockerfile"),
            move(IGNORED, "docker/.dockerignore"),
            append("product.toml", '\n[image]\ndockerfile = "docker/Dockerfile"\n'),
        ),
    ),
    Mistake(
        "deletes-in-a-later-layer",
        fails="test_secrets_stay_out_of_the_image",
        says="brought in by `COPY . .",
        edits=(*EVERYTHING, *dockerfile("COPY . .\n", "COPY . .\nRUN rm -rf .env .git id_* data\n"), remove(IGNORED)),
    ),
)

SMALL = (
    Mistake(
        "starts-from-the-full-base",
        fails="test_image_is_small",
        says="`usr/lib",
        edits=dockerfile(FINAL, "\nFROM python:3.13\n"),
    ),
    Mistake(
        "changes-the-owner-of-everything",
        fails="test_image_is_small",
        says="`RUN chown -R app /opt/venv`",
        edits=dockerfile(MODEL, f"{MODEL}RUN chown -R app /opt/venv\n"),
    ),
    Mistake(
        "installs-all-that-training-needs",
        fails="test_image_is_small",
        says="most of the difference: `pyarrow`",
        edits=(
            append(IGNORED, "!requirements.lock\n"),
            *dockerfile(FINAL, f"\n{TRAINING}{FINAL}"),
            *dockerfile("--from=install", "--from=training"),
        ),
    ),
)

HEALTH = (
    Mistake(
        "no-health-check",
        fails="test_health_check_tells_the_truth",
        says="declares no HEALTHCHECK",
        edits=dockerfile(PROBE, ""),
    ),
    Mistake(
        "asks-with-a-tool-that-is-not-there",
        fails="test_health_check_tells_the_truth",
        says="executable file not found",
        edits=dockerfile(PROBE, 'HEALTHCHECK CMD ["curl", "--fail", "http://127.0.0.1:8000/ready"]\n'),
    ),
    Mistake(
        "health-check-cannot-fail",
        fails="test_health_check_tells_the_truth",
        says="still says healthy: `sh -c",
        edits=dockerfile(PROBE, f'HEALTHCHECK CMD ["sh", "-c", "{ASKS} || true"]\n'),
    ),
    Mistake(
        "asks-whether-the-process-exists",
        fails="test_health_check_tells_the_truth",
        says="import os; os.kill(1, 0)`",
        edits=dockerfile(PROBE, 'HEALTHCHECK CMD ["python", "-c", "import os; os.kill(1, 0)"]\n'),
    ),
)

MISTAKES = (
    *CLEAN, *BUILDS, *PINNED, *READY, *PREDICTS, *SETTINGS, *USERS,
    *READ_ONLY, *STOPS, *REBUILDS, *SECRETS, *SMALL, *HEALTH,
)  # fmt: skip

# what the gate makes in one project: no check of a group needs another of it, and no edit changes what another changes
TOGETHER = (
    ("adds-where-it-should-copy", "base-without-a-number", "chains-with-and", "no-health-check"),
    ("user-of-another-stage", "copies-everything"),
    ("starts-from-the-full-base", "rounds-in-the-container"),
    ("port-is-fixed", "copies-the-source-first"),
)
