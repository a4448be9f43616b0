"""Settings of the product, read from environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from noshow.errors import ProductError
from noshow.raw import parse_day

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Settings:
    """Where to listen, how much to log and measure, which folders to use (relative ones from the working directory), and
    which day it is for the jobs that look back."""

    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "INFO"
    workers: int = 1
    metrics: bool = True
    model_dir: Path = Path("model")
    raw_dir: Path = Path("data/raw")
    clean_dir: Path = Path("data/clean")
    tracking_dir: Path = Path("tracking")
    reports_dir: Path = Path("reports")
    pseudonym_key: str = field(default="", repr=False)
    training_file: Path = Path("training.toml")
    tracking_uri: str = field(default="", repr=False)
    experiment: str = "noshow"
    registered_model: str = "noshow"
    today: date = field(default_factory=date.today)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from HOST, PORT, LOG_LEVEL, WORKERS, METRICS, PSEUDONYM_KEY, TODAY, and MODEL_DIR, RAW_DIR and so on.

    A variable that is missing or empty means the default. Raises ProductError that names a variable with a bad value.
    """
    given = {name: value for name, value in environment.items() if value}
    return Settings(
        host=given.get("HOST", Settings.host),
        port=_port(given.get("PORT", str(Settings.port))),
        log_level=_log_level(given.get("LOG_LEVEL", Settings.log_level)),
        workers=_workers(given.get("WORKERS", str(Settings.workers))),
        metrics=_switch(given.get("METRICS", "on")),
        model_dir=Path(given.get("MODEL_DIR", Settings.model_dir)),
        raw_dir=Path(given.get("RAW_DIR", Settings.raw_dir)),
        clean_dir=Path(given.get("CLEAN_DIR", Settings.clean_dir)),
        tracking_dir=Path(given.get("TRACKING_DIR", Settings.tracking_dir)),
        reports_dir=Path(given.get("REPORTS_DIR", Settings.reports_dir)),
        pseudonym_key=given.get("PSEUDONYM_KEY", ""),
        training_file=Path(given.get("TRAINING_FILE", Settings.training_file)),
        tracking_uri=given.get("MLFLOW_TRACKING_URI", ""),
        experiment=given.get("MLFLOW_EXPERIMENT_NAME", Settings.experiment),
        registered_model=given.get("REGISTERED_MODEL", Settings.registered_model),
        today=_day(given["TODAY"]) if "TODAY" in given else date.today(),
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ProductError(f"PORT is {text!r}; set it to a whole number from 1 to 65535")
    return int(text)


def _log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise ProductError(f"LOG_LEVEL is {text!r}; set it to one of {', '.join(LOG_LEVELS)}")
    return text.upper()


def _workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 64):
        raise ProductError(f"WORKERS is {text!r}; set it to a whole number from 1 to 64")
    return int(text)


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise ProductError(f"METRICS is {text!r}; set it to on or off")
    return text.lower() == "on"


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise ProductError(f"TODAY is {text!r}; set it to a day like 2026-05-11") from error
