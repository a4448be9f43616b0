"""Broken exports are broken in the way that is said, and one takes the place of another."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import pytest

from mlops_grader.instruments.serving.exports import code, cut_off, put


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An exported model of two files and its record."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "model.skops").write_bytes(b"PK" + bytes(range(200)))
    (folder / "weights.npz").write_bytes(b"numbers" * 50)
    digest = hashlib.sha256((folder / "model.skops").read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps({"model_sha256": digest, "commit": "c" * 40}), encoding="utf-8")
    return folder


def test_cutting_off_leaves_half_of_each_model_and_the_record(export: Path, tmp_path: Path) -> None:
    record = (export / "model.json").read_bytes()
    cut_off(export, tmp_path / "witness")
    assert [(export / name).stat().st_size for name in ("model.skops", "weights.npz")] == [101, 175]
    assert (export / "model.json").read_bytes() == record


def test_the_program_in_a_pickle_runs_and_has_the_hash_of_the_record(export: Path, tmp_path: Path) -> None:
    code(export, tmp_path / "witness")
    content = (export / "model.skops").read_bytes()
    record = json.loads((export / "model.json").read_text(encoding="utf-8"))
    assert record == {"model_sha256": hashlib.sha256(content).hexdigest(), "commit": "c" * 40}
    assert not (tmp_path / "witness").exists()
    pickle.loads(content).close()  # noqa: S301  # the probe must run where it is unpickled
    assert (tmp_path / "witness").exists()


def test_one_export_takes_the_place_of_another_again_and_again(export: Path, tmp_path: Path) -> None:
    root = tmp_path / "work" / "root"
    root.mkdir(parents=True)
    for word in ("one", "two", "three"):
        (export / "model.json").write_text(word, encoding="utf-8")
        put(root, export)
        assert (root / "model" / "model.json").read_text(encoding="utf-8") == word
    assert sorted(path.name for path in (root / "model").iterdir()) == ["model.json", "model.skops", "weights.npz"]
