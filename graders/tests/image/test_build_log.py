"""The log of a build, of Docker 20.10 and of today's BuildKit, becomes steps, and a failed one an explanation."""

from __future__ import annotations

import pytest

from mlops_grader.check import Fail, Finding, NotRun
from mlops_grader.instruments.docker_engine import why_it_failed
from mlops_grader.instruments.image import read_log
from mlops_grader.submission import UsageError

# printed by the client of Docker 20.10.24: a hash under each name
OLD = """\
#1 [internal] load build definition from Dockerfile
#1 sha256:f70d81150013a7509d9188bec37c743b9a4b517229df96a6473e364e6b7b831a
#1 transferring dockerfile: 32B 0.0s done
#1 DONE 0.0s

#3 [internal] load metadata for docker.io/library/python:3.13-slim
#3 sha256:354de09687ed05528e2a987e5be92de6e8a0f03d830075d1cce87962794cf743
#3 DONE 0.0s

#4 [1/5] FROM docker.io/library/python:3.13-slim
#4 sha256:8e6fe51381abf4f823f873071e433f774f059619a89fd593749ee785091b7cb8
#4 CACHED

#7 [internal] load build context
#7 sha256:78f2bbff896709b0b04dbccd484fee2ccc59b42596869cae68aa39a6c7a51df0
#7 transferring context: 74B done
#7 DONE 0.0s

#5 [2/5] RUN echo two
#5 sha256:5f53beacdba76d58949f89fa631a4b255338368a3ed4875b549647716c1aa548
#5 CACHED

#8 [4/5] RUN echo three
#8 sha256:819745b98c8b008c074c58f72d937331c754edb9b16890ceecbf83aa76b59f38
#8 0.308 three
#8 DONE 0.4s

#9 [5/5] RUN printf "progress 1\\rprogress 2\\n"; echo no newline at end >&2; exit 4
#9 sha256:b626f45b8b7aaef8ac3abf6b369328db7440c65b8aaf8422050304518adbb837
#9 0.347 progress 1\rprogress 2
#9 0.349 no newline at end
#9 ERROR: executor failed running [/bin/sh -c exit 4]: exit code: 4
------
 > [5/5] RUN printf "progress 1\\rprogress 2\\n"; echo no newline at end >&2; exit 4:
------
executor failed running [/bin/sh -c exit 4]: exit code: 4
"""

# printed by the buildx of Docker 28: a builder, padded and named stages, steps that take turns, warnings, an excerpt
NEW = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 765B done
#1 WARN: FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 4)
#1 DONE 0.0s

#2 [auth] library/python:pull token for registry-1.docker.io
#2 DONE 0.0s

#3 [internal] load metadata for docker.io/library/python:3.13-slim
#3 DONE 0.8s

#4 [internal] load metadata for ghcr.io/astral-sh/uv:0.9
#4 DONE 0.9s

#5 [internal] load .dockerignore
#5 transferring context: 2B done
#5 DONE 0.0s

#6 [build 1/4] FROM docker.io/library/python:3.13-slim@sha256:158caf0e080e2cd7
#6 DONE 0.0s

#7 [ 2/14] RUN pip install --no-cache-dir -r requirements.lock
#7 ...

#8 [internal] load build context
#8 transferring context: 5.68kB done
#8 DONE 0.0s

#7 [ 2/14] RUN pip install --no-cache-dir -r requirements.lock
#7 4.563 Collecting fastapi==0.115.6 (line 3)
#7 DONE 5.1s

#9 [build 3/4] COPY app.py .
#9 CACHED

#10 [build 4/4] RUN python -m app
#10 0.412 Traceback (most recent call last):
#10 0.412 ModuleNotFoundError: No module named 'app'
#10 ERROR: process "/bin/sh -c python -m app" did not complete successfully: exit code: 1
------
 > [build 4/4] RUN python -m app:
0.412 Traceback (most recent call last):
0.412 ModuleNotFoundError: No module named 'app'
------
Dockerfile:7
--------------------
   7 | >>> RUN python -m app
--------------------
ERROR: failed to solve: process "/bin/sh -c python -m app" did not complete successfully: exit code: 1
"""


def explained(log: str) -> Finding:
    """What is told about a build that failed."""
    failure = why_it_failed(read_log(log), log)
    assert isinstance(failure, Finding)
    return failure


def test_the_instructions_that_ran_are_those_that_the_cache_did_not_answer() -> None:
    assert [step.instruction.split()[:2] for step in read_log(OLD).executed] == [["RUN", "echo"], ["RUN", "printf"]]


def test_steps_that_take_turns_are_one_step() -> None:
    assert [step.instruction for step in read_log(NEW).executed] == [
        "RUN pip install --no-cache-dir -r requirements.lock", "RUN python -m app",
    ]  # fmt: skip


def test_cached_steps_are_told_apart() -> None:
    assert [step.instruction for step in read_log(OLD).steps if step.cached] == [
        "FROM docker.io/library/python:3.13-slim", "RUN echo two",
    ]  # fmt: skip


def test_the_failed_step_is_found() -> None:
    assert [step.instruction for step in read_log(NEW).steps if step.failed] == ["RUN python -m app"]


def test_output_belongs_to_its_step_without_the_time() -> None:
    outputs = {step.instruction: step.output for step in read_log(NEW).steps if step.output}
    assert outputs == {
        "RUN pip install --no-cache-dir -r requirements.lock": "Collecting fastapi==0.115.6 (line 3)",
        "RUN python -m app": "Traceback (most recent call last):\nModuleNotFoundError: No module named 'app'",
    }


@pytest.mark.parametrize(
    ("log", "bases"), [(OLD, ("python:3.13-slim",)), (NEW, ("python:3.13-slim", "ghcr.io/astral-sh/uv:0.9"))]
)
def test_bases_are_named_as_the_dockerfile_names_them(log: str, bases: tuple[str, ...]) -> None:
    assert read_log(log).bases == bases


def test_a_base_in_a_composed_build_is_found() -> None:
    log = "#2 [web internal] load metadata for docker.io/library/python:3.12-slim\n#2 DONE 0.2s\n"
    assert read_log(log).bases == ("python:3.12-slim",)


def test_a_base_with_a_digest_keeps_it() -> None:
    log = f"#2 [internal] load metadata for docker.io/library/python:3.13@sha256:{'a' * 64}\n"
    assert read_log(log).bases == (f"python:3.13@sha256:{'a' * 64}",)


@pytest.mark.parametrize("end", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_command_cannot_forge_the_word_of_the_builder(end: str) -> None:
    """A RUN that prints such a character, then `#5 CACHED`, would pass for one that was not executed."""
    log = f"#5 [2/3] RUN pip install noshow\n#5 0.332 hello{end}#5 CACHED\n#5 DONE 0.4s\n"
    assert [step.cached for step in read_log(log).steps] == [False]


def test_an_empty_log_has_no_steps() -> None:
    assert read_log("").steps == ()


def test_a_failing_instruction_is_told_with_its_last_words() -> None:
    assert explained(NEW).found == (
        "the image does not build: `RUN python -m app` fails\n"
        "Traceback (most recent call last):\nModuleNotFoundError: No module named 'app'"
    )


def test_a_failing_instruction_that_printed_nothing_is_told_with_the_words_of_the_builder() -> None:
    log = """\
#6 [2/2] COPY nothing .
#6 sha256:0b847c7783c4f0eed6d105b025e1cd8eca0fea3a550fe13156997ab0e7ea0040
#6 ERROR: "/nothing" not found: not found
------
 > [2/2] COPY nothing .:
------
failed to compute cache key: "/nothing" not found: not found
"""
    assert explained(log).found == (
        'the image does not build: `COPY nothing .` fails\nfailed to compute cache key: "/nothing" not found: not found'
    )


@pytest.mark.parametrize(
    "words",
    [
        "failed to solve with frontend dockerfile.v0: dockerfile parse error line 2: unknown instruction: RAN",
        "ERROR: failed to solve: dockerfile parse error on line 2: unknown instruction: RAN (did you mean RUN?)",
    ],
)
def test_a_dockerfile_that_cannot_be_read_is_told_in_the_words_of_the_builder(words: str) -> None:
    log = f"#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n{words}\n"
    failure = explained(log)
    assert (type(failure), failure.found) == (Fail, f"the image does not build: {words}")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('failed to do request: Head "https://registry/v2/": dial tcp: lookup registry: no such host', NotRun),
        ("failed to authorize: failed to fetch anonymous token: dial tcp 10.0.0.1:443: i/o timeout", NotRun),
        ("docker.io/library/python:9.99: not found", Fail),
        ("pull access denied, repository does not exist or may require authorization", Fail),
    ],
)
def test_a_base_that_nobody_can_reach_is_not_one_that_does_not_exist(words: str, kind: type[Finding]) -> None:
    name = "#3 [internal] load metadata for docker.io/library/python:9.99"
    failure = explained(f"{name}\n#3 ERROR: {words}\n------\nERROR: failed to solve: python:9.99: {words}\n")
    assert (type(failure), "`docker.io/library/python:9.99`" in failure.found) == (kind, True)


@pytest.mark.parametrize(
    ("in_cell", "fix"),
    [
        (False, "docker pull alpine:3, once, with a network"),
        (True, "docker pull alpine:3, once, with a network, on the worker, and name it in MLOPS_GRADER_CELL_IMAGES"),
    ],
)
def test_a_base_that_nobody_can_reach_is_to_be_brought_to_where_the_engine_finds_it(in_cell: bool, fix: str) -> None:
    log = "#3 [internal] load metadata for alpine:3\n#3 ERROR: dial tcp: i/o timeout\n"
    failure = why_it_failed(read_log(log), log, in_cell=in_cell)
    assert isinstance(failure, NotRun)
    assert failure.fix == fix


@pytest.mark.parametrize("frontend", ["docker.io/docker/dockerfile:1", "docker-image://docker.io/docker/dockerfile:1"])
def test_a_frontend_that_cannot_be_reached_is_no_fault_of_the_dockerfile(frontend: str) -> None:
    words = 'failed to do request: Head "https://registry/v2/": dial tcp: lookup registry: no such host'
    failure = explained(f"#3 resolve image config for {frontend}\n#3 ERROR: {words}\nfailed to solve: {words}\n")
    assert (type(failure), f"`{frontend}`" in failure.found) == (NotRun, True)


def test_a_full_disk_is_told_as_such() -> None:
    log = "#5 [2/3] RUN pip install torch\n#5 9.1 OSError: [Errno 28] No space left on device\n#5 ERROR: exit code: 1\n"
    failure = why_it_failed(read_log(log), log)
    assert (type(failure), str(failure).startswith("the disk is full")) == (UsageError, True)
