"""A sorter that is trained once, and the service with it on a port of its own."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from triage import configuration, storage, training
from triage.letters import read_corpus
from triage.service import create_app
from triage.settings import Settings
from triage.sorter import Sorter
from triage.training import Periods

TOP = Path(__file__).resolve().parent.parent
LETTER = {"subject": "Noise", "text": "The neighbour's dog barks all day. There is no hurry.", "channel": "mail"}

Client = TestClient[web.Request, web.Application]
Started = Callable[[web.Application], Awaitable[Client]]


@pytest.fixture(scope="session")
def periods() -> Periods:
    """The corpus, cut in time as training cuts it."""
    told = configuration.load(TOP / "training.toml")
    return training.split(read_corpus(TOP / "corpus" / "letters.csv"), told.validate_from, told.test_from)


@pytest.fixture(scope="session")
def sorter(periods: Periods) -> Sorter:
    """The sorter that training makes."""
    return training.train(periods, configuration.load(TOP / "training.toml"))


@pytest.fixture
def published(sorter: Sorter, tmp_path: Path) -> Path:
    """A folder as `export` leaves it."""
    publish(sorter, tmp_path / "model")
    return tmp_path / "model"


def publish(sorter: Sorter, folder: Path, **facts: str) -> None:
    """Put a sorter where a service looks for it."""
    weights = storage.as_json(sorter.document()).encode()
    record: dict[str, Any] = {"run_id": "run-1234", "commit": "0" * 40, "data_sha256": "1" * 64}
    record |= {"model_sha256": storage.sha256(weights), "newest_letter": "2025-10-31", **facts}
    storage.publish(weights, record, folder)


@pytest.fixture
async def client(aiohttp_client: Started, published: Path) -> Client:
    """A caller of the service."""
    return await aiohttp_client(create_app(Settings(model=published)))


@pytest.fixture
def in_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the files that training reads and nothing that it has made."""
    for name in ("corpus", "training.toml", "accepted.toml"):
        (tmp_path / name).symlink_to(TOP / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
