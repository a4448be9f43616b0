"""What the environment tells the service."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Settings:
    """host, port: where it listens. model: the folder that `export` fills. metrics: whether anything is measured."""

    host: str = "127.0.0.1"
    port: int = 8480
    log_level: str = "INFO"
    metrics: bool = True
    model: Path = Path("model")


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings. Raises ValueError that names the variable and what it may be."""
    get = environment.get
    port, level, metrics = (
        get("TRIAGE_PORT", "8480"),
        get("TRIAGE_LOG_LEVEL", "INFO").upper(),
        get("TRIAGE_METRICS", "on"),
    )
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError("TRIAGE_PORT must be a number from 1 to 65535")
    if level not in LEVELS:
        raise ValueError(f"TRIAGE_LOG_LEVEL must be one of {', '.join(LEVELS)}")
    if metrics not in ("on", "off"):
        raise ValueError("TRIAGE_METRICS must be on or off")
    return Settings(
        host=get("TRIAGE_HOST", "127.0.0.1"),
        port=int(port),
        log_level=level,
        metrics=metrics == "on",
        model=Path(get("TRIAGE_MODEL", "model")),
    )
