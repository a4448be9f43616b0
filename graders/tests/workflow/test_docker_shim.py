"""What the docker of a job adds to a command, and what it takes away."""

from __future__ import annotations

import pytest

from mlops_grader.instruments.workflow.docker_shim import labelled, without_buildx, without_project

LABELLED = {
    "build .": "build --label a=1 --label b=2 .",
    "run -d x": "run --label a=1 --label b=2 -d x",
    "--debug run x": "--debug run --label a=1 --label b=2 x",
    "--context c run x": "--context c run --label a=1 --label b=2 x",
    "-H=tcp://x create x": "-H=tcp://x create --label a=1 --label b=2 x",
    "image build .": "image build --label a=1 --label b=2 .",
    "container run x": "container run --label a=1 --label b=2 x",
    "buildx build .": "buildx build --label a=1 --label b=2 .",
    "network create n": "network create --label a=1 --label b=2 n",
    "volume create": "volume create --label a=1 --label b=2",
    "ps": "ps",
    "logs run": "logs run",
    "": "",
}
PLAIN = {
    "buildx build --load .": "build .",
    "buildx b --platform linux/amd64 -t x .": "build -t x .",
    "buildx build --cache-from=type=gha --cache-to type=gha --provenance=false -f D .": "build -f D .",
}
PROJECTS = {
    "compose -p mine up -d": "compose up -d",
    "compose --project-name mine -f a.yml up": "compose -f a.yml up",
    "compose --project-name=mine down": "compose down",
    "compose run -p 80:80 web": "compose run -p 80:80 web",
    "run -p 80:80 web": "run -p 80:80 web",
}


@pytest.mark.parametrize(("command", "wanted"), LABELLED.items())
def test_labelled(command: str, wanted: str) -> None:
    """Whatever makes something carries the labels of the run, right after the command's name."""
    assert labelled(command.split(), ["a=1", "b=2"]) == wanted.split()


@pytest.mark.parametrize(("command", "wanted"), PLAIN.items())
def test_without_buildx(command: str, wanted: str) -> None:
    """Without buildx a build is the plain client's, without the options that only buildx knows."""
    assert without_buildx(command.split()) == wanted.split()


@pytest.mark.parametrize(("command", "wanted"), PROJECTS.items())
def test_without_project(command: str, wanted: str) -> None:
    """docker compose stays in the project of the run, by which all of it is found and removed."""
    assert without_project(command.split()) == wanted.split()
