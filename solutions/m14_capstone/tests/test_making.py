"""The commands that make a model."""

import json
from pathlib import Path

import pytest

from tests.conftest import TOP
from triage import configuration, making, storage
from triage.__main__ import main


def test_the_same_letters_make_the_same_bytes(in_project: Path) -> None:
    making.train()
    first = {path.name: path.read_bytes() for path in (in_project / "artifacts").iterdir()}
    making.train()

    assert {path.name: path.read_bytes() for path in (in_project / "artifacts").iterdir()} == first


def test_an_export_can_be_loaded_and_says_where_it_is_from(in_project: Path) -> None:
    making.train()
    making.export(in_project / "model")
    release = storage.load(in_project / "model")

    assert release.origin["data_sha256"] == storage.sha256((in_project / "corpus" / "letters.csv").read_bytes())
    assert release.record["parameters"]["smoothing"] == 0.3


def test_a_worse_model_is_refused(in_project: Path) -> None:
    making.train()
    path = in_project / "artifacts" / "evaluation.json"
    made_of = json.loads(path.read_bytes())
    made_of["report"]["model"]["urgent_found"] = 0.5
    path.write_text(json.dumps(made_of))

    with pytest.raises(making.RefusedError, match="urgent_found"):
        making.export(in_project / "model")
    assert not (in_project / "model").exists()


def test_an_export_before_training_says_what_to_do(in_project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export"]) == 1
    assert "triage train" in capsys.readouterr().err


def test_an_unknown_command_is_a_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "other", "words"),
    [
        ("smoothing = 0.3", "smoothing = -1.0", "`smoothing` must be a positive number"),
        ("least_letters = 2", "", "`least_letters` is missing"),
        ("seed = 7", "seed = 7\nsead = 8", "`sead` is unknown"),
        ('validate_from = "2025-09-01"', 'validate_from = "2025-12-01"', "`validate_from` must lie before"),
    ],
)
def test_a_wrong_configuration_names_the_key(tmp_path: Path, line: str, other: str, words: str) -> None:
    text = (TOP / "training.toml").read_text(encoding="utf-8")
    assert line in text
    (tmp_path / "training.toml").write_text(text.replace(line, other), encoding="utf-8")

    with pytest.raises(ValueError, match=words):
        configuration.load(tmp_path / "training.toml")


def test_half_a_model_is_refused(published: Path) -> None:
    weights = published / storage.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])

    with pytest.raises(ValueError, match="weights"):
        storage.load(published)
