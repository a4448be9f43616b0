"""Images built on the engine of this machine: what is kept of them, and what is told when a build fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.docker_engine import LABEL, Engine
from mlops_grader.instruments.image import Image

Build = Callable[..., Image]

pytestmark = pytest.mark.engine


def failure(build: Build, *lines: str, **more: object) -> str:
    """What is told about a build that fails."""
    with pytest.raises(Fail) as raised:
        build(*lines, **more)
    return raised.value.found


def test_a_build_tells_what_it_executed_and_from_what(build: Build) -> None:
    image = build("FROM python:3.13-slim", "RUN echo one", "COPY a.py /a.py", files={"a.py": "1\n"})
    assert (image.build.bases, "RUN echo one" in [step.instruction for step in image.build.steps]) == (
        ("python:3.13-slim",),
        True,
    )


def test_everything_that_is_built_carries_the_label_of_the_run(engine: Engine, build: Build) -> None:
    image = build("FROM scratch", "COPY a.py /a.py", files={"a.py": "1\n"})
    assert (image.facts["Config"]["Labels"][LABEL], image.tag.startswith(f"mlops-grader/{engine.run}:")) == (
        engine.run,
        True,
    )


def test_the_cache_answers_for_an_instruction_that_did_not_change(build: Build) -> None:
    lines = ("FROM python:3.13-slim", "RUN echo unchanged", "COPY a.py /a.py")
    build(*lines, files={"a.py": "1\n"})
    assert build(*lines, files={"a.py": "2\n"}).build.executed == ()


def test_a_command_that_forges_the_log_was_executed_all_the_same(build: Build, tmp_path: Path) -> None:
    """The words of BuildKit after a carriage return, for every number that the step may have."""
    forged = "; ".join(f"printf 'x\\r#{number} CACHED\\n'" for number in range(1, 12))
    image = build("FROM python:3.13-slim", "COPY a.py /a.py", f"RUN {forged}", files={"a.py": str(tmp_path)})
    assert len(image.build.executed) == 1


def test_a_failing_command_is_told_with_its_words(build: Build, tmp_path: Path) -> None:
    command = f"RUN echo {tmp_path.name} >&2; echo it broke >&2; exit 3"
    words = failure(build, "FROM python:3.13-slim", command)
    assert words == f"the image does not build: `{command}` fails\n{tmp_path.name}\nit broke"


def test_a_file_that_is_not_in_the_context_is_told(build: Build) -> None:
    words = failure(build, "FROM scratch", "COPY model /model")
    assert (words.startswith("the image does not build: `COPY model /model` fails"), "not found" in words) == (
        True,
        True,
    )


def test_an_unknown_instruction_is_told(build: Build) -> None:
    assert "unknown instruction: RAN" in failure(build, "FROM scratch", "RAN echo")


def test_an_empty_dockerfile_is_told(build: Build) -> None:
    assert failure(build).startswith("the image does not build: ")


def test_a_dockerfile_that_is_not_there_is_told(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    with pytest.raises(Fail, match=r"^the image does not build: "):
        engine.build(tmp_path / "context", tmp_path / "context" / "Dockerfile", "gone")


def test_a_base_that_cannot_be_had_is_not_the_students_fault_without_network(build: Build) -> None:
    """No machine resolves that name, with a network or without."""
    with pytest.raises(NotRun) as raised:
        build("FROM registry.invalid/team/base:1.0")
    assert raised.value.found == (
        "the base image `registry.invalid/team/base:1.0` is not on this machine"
        " and the image registry cannot be reached"
    )


def test_an_image_tells_its_instructions(build: Build) -> None:
    image = build(
        "FROM scratch",
        "ENV A=1",
        "COPY a.py /a.py",
        "USER 1000",
        "COPY b.py /b.py",
        'CMD ["/a.py"]',
        files={"a.py": "1", "b.py": "2"},
    )
    assert image.instructions() == (
        "ENV A=1", "COPY a.py /a.py", "USER 1000", "COPY b.py /b.py", 'CMD ["/a.py"]',
    )  # fmt: skip


def test_an_instruction_that_changes_nothing_moves_no_name(build: Build) -> None:
    image = build("FROM python:3.13-slim", "RUN true", "ENV A=1", "COPY a.py /a.py", files={"a.py": "1"})
    files = {file.path: file.instruction for file in image.look_inside({}).files}
    assert files["a.py"] == "COPY a.py /a.py"


def test_what_lies_in_an_image_is_seen(build: Build, tmp_path: Path) -> None:
    word = tmp_path.name.encode()
    image = build(
        "FROM scratch",
        "COPY a.py /app/a.py",
        "COPY .env /app/.env",
        files={"a.py": "print(1)\n", ".env": b"PASSWORD=" + word},
    )
    inside = image.look_inside({"planted": word, "absent": b"0" * 40})
    assert [(file.path, file.size) for file in inside.files] == [("app/a.py", 9), ("app/.env", 9 + len(word))]
    assert {name: file.instruction for name, file in inside.found.items()} == {"planted": "COPY .env /app/.env"}


def test_a_secret_that_a_later_instruction_deletes_is_seen(build: Build, tmp_path: Path) -> None:
    word = tmp_path.name.encode()
    image = build("FROM python:3.13-slim", "COPY .env /tmp/.env", "RUN rm /tmp/.env", files={".env": word})
    inside = image.look_inside({"planted": word})
    assert (inside.found["planted"].path, inside.found["planted"].instruction) == ("tmp/.env", "COPY .env /tmp/.env")


def test_the_size_counts_every_layer(build: Build) -> None:
    image = build("FROM scratch", "COPY a /a", "COPY b /b", files={"a": b"x" * 3000, "b": b"x" * 4000})
    assert image.size == 7000


def test_the_age_of_files_is_told_and_missing_ones_are_left_out(build: Build) -> None:
    image = build("FROM python:3.13-slim", "RUN touch -d @1700000000 /old && touch -d @1700000005 /young")
    assert image.modified(["old", "young", "gone"]) == {"old": 1_700_000_000, "young": 1_700_000_005}


def test_looking_for_the_age_of_files_leaves_no_container(engine: Engine, build: Build) -> None:
    image = build("FROM scratch", "COPY a /a", files={"a": "1"})
    image.modified(["a"])
    assert engine.api.containers.list(all=True, filters={"ancestor": image.tag}) == []
