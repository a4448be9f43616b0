"""The log: one JSON object on each line of standard output."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger("triage")


class Line(logging.Formatter):
    """A record as JSON. What is to be searched for comes in `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, exceptions inside of it."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=True)


def configure(level: str) -> None:
    """Send everything, what libraries say too, through the one handler."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Line())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel("WARNING")
    # a request that is no HTTP is the caller's mistake, and its bytes are not ours to keep
    logging.getLogger("aiohttp.server").setLevel("CRITICAL")
