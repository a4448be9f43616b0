"""What lies in the folder of a model is read as text: signature, example and requirements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.tracking.packed import packed

COLUMNS = '[{"type": "double", "name": "a"}, {"type": "double", "name": "b"}]'
TENSOR = '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]'


def model(folder: Path, mlmodel: dict[str, object], **files: str) -> Path:
    (folder / "MLmodel").write_text(json.dumps(mlmodel), encoding="utf-8")  # JSON is YAML
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def said(inputs: str | None = COLUMNS, example: str = "example.json") -> dict[str, object]:
    signature = {"inputs": inputs, "outputs": TENSOR} if inputs else None
    return {"signature": signature, "saved_input_example_info": {"artifact_path": example}}


def test_a_whole_model_is_read(tmp_path: Path) -> None:
    """Its columns, those of its example, and the versions that it pins."""
    split = '{"columns": ["a", "b"], "data": [[1, 2]]}'
    lines = "scikit-learn==1.9.1\nNumpy==2.4.6 # why\nskops>=0.13\n--hash=sha256:1\n"
    found = packed(model(tmp_path, said(), example__json=split, requirements__txt=lines))
    assert (found.signed, found.columns, found.example_columns()) == (True, ["a", "b"], ["a", "b"])
    assert found.requirements == {"scikit-learn": "1.9.1", "numpy": "2.4.6"}


@pytest.mark.parametrize(
    ("example", "columns"),
    [('[{"a": 1, "b": 2}]', ["a", "b"]), ('{"a": [1], "b": [2]}', ["a", "b"]), ("[[1, 2]]", None), ("7", None)],
)
def test_examples_come_in_several_forms(tmp_path: Path, example: str, columns: list[str] | None) -> None:
    """Records, columns, or plain arrays without names."""
    assert packed(model(tmp_path, said(), example__json=example)).example_columns() == columns


def test_a_tensor_has_no_columns(tmp_path: Path) -> None:
    """It is a signature all the same."""
    found = packed(model(tmp_path, said(TENSOR)))
    assert (found.signed, found.columns) == (True, None)


@pytest.mark.parametrize("name", ["../outside.json", "missing.json", ""])
def test_an_example_lies_in_the_folder_or_nowhere(tmp_path: Path, name: str) -> None:
    """What lies outside is not read."""
    (tmp_path / "outside.json").write_text("[1]", encoding="utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    found = packed(model(inner, said(None, name)))
    assert (found.example, found.signed) == (None, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "has no `MLmodel` that can be read"),
        ("a: [", "is no YAML"),
        ("7", "is empty"),
        ("x" * 2**21, "more than 1 MiB"),
    ],
)
def test_what_is_no_model_is_told(tmp_path: Path, text: str | None, words: str) -> None:
    """A bare file, or half of one."""
    if text is not None:
        (tmp_path / "MLmodel").write_text(text, encoding="utf-8")
    with pytest.raises(Fail, match=words):
        packed(tmp_path)
