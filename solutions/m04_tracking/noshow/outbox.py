"""What is to be recorded waits here until the server has it: a training is never lost because a server is away."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from noshow.packing import RECORD
from noshow.replacing import replacing_folder
from noshow.settings import Settings
from noshow.tracking import Challenger, Store, Training, pack, present_champion, promote, send

OUTBOX = "outbox"
FIRST = "the first version: there was no champion to compare it with"


def put(training: Training, settings: Settings) -> Path:
    """Put a training into the outbox, as a whole or not at all; the folder in which it waits."""
    waiting = sorted(int(path.name) for path in _waiting(settings))
    target = settings.tracking_dir / OUTBOX / str(waiting[-1] + 1 if waiting else 1)
    with replacing_folder(target) as folder:
        pack(training, folder)
    return target


def send_all(settings: Settings, store: Store) -> list[Challenger]:
    """Send what waits, the oldest first, and forget each that has arrived; the first version becomes the champion.

    Raises ProductError when the server does not answer; what has not arrived goes on waiting.
    """
    sent = []
    for folder in sorted(_waiting(settings), key=lambda path: int(path.name)):
        challenger = send(store, folder)
        if present_champion(store) is None:
            promote(store, challenger, FIRST)
        shutil.rmtree(folder)
        sent.append(challenger)
    return sent


def _waiting(settings: Settings) -> Iterator[Path]:
    return (path.parent for path in (settings.tracking_dir / OUTBOX).glob(f"*/{RECORD}") if path.parent.name.isdigit())
