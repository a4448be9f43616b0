"""The model in service: looked for again and again, loaded beside the old one, and taken in one step."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from triage.logs import log
from triage.storage import RECORD, Release, load

LOOK_SECONDS = 0.5
Stamp = tuple[int, int, int]


class Shelf:
    """Holds the release that answers. `refused` says why a newer one was not taken; empty when none was."""

    def __init__(self, folder: Path, taken: Callable[[Release], None]) -> None:
        self.release: Release | None = None
        self.refused = ""
        self._folder, self._taken = folder, taken
        self._seen: Stamp | None = None

    def look(self) -> None:
        """Take what is new. What cannot be used changes nothing, and is logged once."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        try:
            found = load(self._folder)
        except (OSError, ValueError, RecursionError) as error:
            self.refused = f"a newer model was refused: {type(error).__name__}"
            log.error("model refused", extra={"fields": {"reason": str(error)[:200]}})
        else:
            self.release, self.refused = found, ""
            self._taken(found)
            log.info("model taken", extra={"fields": found.origin})
        self._seen = stamp

    async def watch(self) -> None:
        """Look for ever; in a thread, so that requests are answered meanwhile."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def _stamp(self) -> Stamp | None:
        try:
            found = (self._folder / RECORD).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
