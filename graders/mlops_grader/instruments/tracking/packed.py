"""A model as it lies on the server: what goes in and comes out, an example, and what it needs, read as text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from mlops_grader.check import Fail

LARGEST = 2**20  # bytes of a text that is read
NAMES = ("MLmodel", "requirements.txt")


@dataclass(frozen=True)
class Packed:
    """What an MLmodel file says. columns: of the signature, None for a tensor or no signature."""

    columns: list[str] | None
    signed: bool
    example: Any
    requirements: dict[str, str]

    def example_columns(self) -> list[str] | None:
        """The columns of the input example, None when it has none."""
        if isinstance(self.example, dict) and isinstance(self.example.get("columns"), list):
            return [str(each) for each in self.example["columns"]]
        if isinstance(self.example, list) and self.example and isinstance(self.example[0], dict):
            return [str(each) for each in self.example[0]]
        return list(self.example) if isinstance(self.example, dict) and "data" not in self.example else None


def packed(folder: Path) -> Packed:
    """What lies in the folder of a model. Raises Fail when it is not one of MLflow's."""
    said = _yaml(folder)
    signature = said.get("signature") or {}
    example = said.get("saved_input_example_info") or {}
    return Packed(
        columns=_columns(signature.get("inputs")),
        signed=bool(signature.get("inputs")) and bool(signature.get("outputs")),
        example=_example(folder, str(example.get("artifact_path", ""))),
        requirements=_requirements(folder / "requirements.txt"),
    )


def _yaml(folder: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        said = YAML(typ="safe", pure=True).load(_text(folder / "MLmodel"))
    except YAMLError as error:
        raise Fail(f"`MLmodel` of the version is no YAML: {error}", fix="let MLflow write it") from None
    if not isinstance(said, dict):
        raise Fail("`MLmodel` of the version is empty", fix="let MLflow write it")
    return said


def _columns(inputs: Any) -> list[str] | None:
    try:
        listed = json.loads(inputs)
        return [str(each["name"]) for each in listed]
    except (TypeError, ValueError, KeyError):
        return None


def _example(folder: Path, name: str) -> Any:
    if not name:
        return None
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    try:
        return json.loads(_text(path))
    except (ValueError, RecursionError):
        return None


def _requirements(path: Path) -> dict[str, str]:
    """The version by name of what is pinned."""
    found = {}
    for line in _text(path).splitlines() if path.is_file() else ():
        try:
            requirement = Requirement(line.split(" #")[0].strip())
        except InvalidRequirement:
            continue
        pinned = [part.version for part in requirement.specifier if part.operator == "=="]
        if pinned:
            found[requirement.name.lower().replace("_", "-")] = pinned[0]
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise Fail(f"`{path.name}` of the version has more than {LARGEST // 2**20} MiB", fix="let MLflow write it")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Fail(
            f"the version has no `{path.name}` that can be read: {type(error).__name__}",
            fix="log the model with MLflow, so that others can use it, and not as a bare file",
        ) from None
