"""What tests of a class share: workers that are started once, and a class whose grades cost nothing."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client

from fake_class import Class
from mlops_grader.cohort import cluster


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """Ctrl-C is heeded: a shell that starts tests in the background has it ignored, here and in all that is started from here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Two worker processes."""
    with cluster.local(2, tmp_path_factory.mktemp("workers")) as client:
        yield client


@pytest.fixture
def its(tmp_path: Path, workers: Client, monkeypatch: pytest.MonkeyPatch) -> Class:
    """A class that is graded at workers that are there already."""
    monkeypatch.setattr(cluster, "local", lambda *_: contextlib.nullcontext(workers))
    return Class(tmp_path)
