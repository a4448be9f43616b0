"""Training gives the same model again, is recorded, and its champion can be exported."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def provenance(root: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((root / "model/model.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def second(exported: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same code and clean table in another folder that is a git repository, trained and exported there."""
    root = tmp_path_factory.mktemp("second") / "noshow"
    shutil.copytree(exported, root, ignore=shutil.ignore_patterns("tracking", "model", "raw", "__pycache__"))
    (root / ".gitignore").write_text("tracking/\nmodel/\n__pycache__/\n", encoding="utf-8")
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "first"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    for command in ("train", "export"):
        done = run(root, command)
        assert (done.returncode, done.stderr) == (0, "")
    return root


def test_the_model_is_better_than_the_base_rate(exported: Path) -> None:
    metrics = provenance(exported)["metrics"]
    assert isinstance(metrics, dict)
    assert 0.68 < metrics["auc"] < 0.85
    assert metrics["brier"] < metrics["baseline_brier"]
    assert metrics["log_loss"] < metrics["baseline_log_loss"]


def test_training_again_elsewhere_gives_the_same_model(exported: Path, second: Path) -> None:
    same = ("data_sha256", "features", "parameters", "metrics")
    assert [provenance(exported)[key] for key in same] == [provenance(second)[key] for key in same]
    assert provenance(exported)["run_id"] != provenance(second)["run_id"]


def test_the_provenance_names_the_commit(second: Path) -> None:
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=second, capture_output=True, text=True, check=True)
    assert provenance(second)["commit"] == git.stdout.strip()


def test_the_provenance_describes_the_model_file(exported: Path) -> None:
    model = (exported / "model/model.skops").read_bytes()
    assert provenance(exported)["model_sha256"] == hashlib.sha256(model).hexdigest()


def test_the_run_is_finished_and_the_champion(second: Path) -> None:
    with closing(sqlite3.connect(second / "tracking/mlflow.db")) as database:
        runs = database.execute("select run_uuid, status from runs").fetchall()
        aliases = database.execute("select name, alias, version from registered_model_aliases").fetchall()
    assert runs == [(provenance(second)["run_id"], "FINISHED")]
    assert aliases == [("noshow", "champion", 1)]


def test_export_replaces_the_whole_folder(second: Path, run: Run) -> None:
    (second / "model/left-over").touch()
    assert run(second, "export").returncode == 0
    assert sorted(path.name for path in (second / "model").iterdir()) == ["model.json", "model.skops"]
    assert not list(second.glob(".model*"))


@pytest.mark.parametrize(
    ("command", "missing", "make"),
    [("train", "data/clean/appointments.parquet", "ingest"), ("export", "tracking/mlflow.db", "train")],
)
def test_a_missing_step_is_named(small_root: Path, run: Run, command: str, missing: str, make: str) -> None:
    done = run(small_root, command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: `{Path(missing)}` does not exist; make it with `python -m noshow {make}`\n"


def test_too_few_days_are_an_error(small_root: Path, run: Run) -> None:
    run(small_root, "ingest")
    done = run(small_root, "train")
    assert done.returncode == 1
    assert "0 days with outcomes are too few" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("serv",), ("train", "--fast")])
def test_a_wrong_command_line_shows_the_help(small_root: Path, run: Run, arguments: tuple[str, ...]) -> None:
    done = run(small_root, *arguments)
    assert done.returncode == 2
    for word in ("usage:", "ingest", "train", "export", "serve", "MODEL_DIR", "error:"):
        assert word in done.stderr or (arguments[:1] == ("train",) and word in "ingest export serve MODEL_DIR")
