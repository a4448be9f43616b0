"""Stand-ins of setup-python, setup-uv and metadata-action."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlops_grader.instruments.workflow.conclusions import StepRun, WorkflowRun
from mlops_grader.instruments.workflow.image_names import metadata
from mlops_grader.instruments.workflow.model import load
from mlops_grader.instruments.workflow.run import Runner

from .conftest import FILE, PUSH, one_job

PlaySteps = Callable[..., list[StepRun]]


def test_setup_python(play_steps: PlaySteps) -> None:
    """A Python of its own, first on the PATH, with pip; its outputs and variables say where it is."""
    steps = play_steps("""
        - run: command -v python
        - {id: py, uses: actions/setup-python@v6, with: {python-version: "3.13"}}
        - run: |
            command -v python
            echo "${{ steps.py.outputs.python-path }}"
            echo "$pythonLocation/bin/python"
            test "$(python -c 'import platform; print(platform.python_version())')" = "${{ steps.py.outputs.python-version }}"
            python -m pip --version
        - {uses: actions/setup-python@v6, with: {python-version: 3.10}, continue-on-error: true}
        - {uses: actions/setup-python@v6, with: {python-version: "3.13", cache: npm}}
        """)
    first, second, third, pip = steps[2].log.strip().splitlines()
    assert first == second == third != steps[0].log.strip()
    assert pip.startswith("pip ")
    assert steps[3].why == "there is no Python 3.1; YAML reads 3.10 as 3.1: put it in quotes"
    assert steps[4].why == "there is no cache for `npm`; there is one for pip, pipenv, poetry"


PIP = """
- {uses: actions/checkout@v5}
- {id: py, uses: actions/setup-python@v6, with: {python-version: "3.13", cache: pip, cache-dependency-path: "*.lock"}}
"""


@pytest.mark.parametrize(
    "step",
    [PIP, "- {uses: actions/checkout@v5}\n- {uses: astral-sh/setup-uv@v7, with: {cache-dependency-glob: '*.lock'}}"],
)
def test_cache_is_keyed_on_the_lock(runner: Callable[..., Runner], step: str) -> None:
    """A second run with the same lock hits, one with another lock does not."""
    made = runner(one_job(step), {"a.lock": "a"})
    hits = []
    for text in ("a", "a", "b"):
        (made.source.repository / "a.lock").write_text(text)
        steps = one_job(step.replace("- {uses: actions/checkout@v5}", f"- run: echo {text} > a.lock"))
        (made.source.repository / FILE).write_text(steps)
        run = made.run(load(made.source.repository, FILE), PUSH)
        hits.append([use.hit for use in run.caches])
    assert hits == [[False], [True], [False]]


def test_cache_without_a_lock(play_steps: PlaySteps) -> None:
    """setup-python refuses to cache by files that are not there."""
    steps = play_steps(PIP)
    assert steps[1].why == "no file matches *.lock, by which the cache is keyed"


def test_setup_uv(play_steps: PlaySteps) -> None:
    """uv is missing before and there afterwards; an environment is made and active when asked for."""
    steps = play_steps("""
        - {run: uv --version, continue-on-error: true}
        - {uses: astral-sh/setup-uv@v7}
        - run: uv --version && echo "[$VIRTUAL_ENV]"
        - run: uv pip list --system --format=freeze && mkdir sub
        - {uses: astral-sh/setup-uv@v7, with: {activate-environment: true, working-directory: sub}}
        - run: echo "$VIRTUAL_ENV" && test "$(command -v python)" = "$VIRTUAL_ENV/bin/python" && uv pip list
        """)
    assert [step.outcome for step in steps] == ["failure", *["success"] * 5]
    assert steps[2].log.splitlines()[-1] == "[]"
    assert "pip==" in steps[3].log
    assert steps[5].log.splitlines()[0].endswith("/noshow/noshow/sub/.venv")


@pytest.mark.network
def test_uv_pip_install_system(play_steps: PlaySteps) -> None:
    """`--system` installs into the runner's own Python, which later steps use."""
    steps = play_steps("""
        - {uses: astral-sh/setup-uv@v7}
        - run: uv pip install --system iniconfig
        - run: python -c "import iniconfig, sys; print(sys.prefix)"
        """)
    assert steps[2].log.strip().endswith("/tools/system")


class _Bench:
    """As much of a job as metadata-action looks at."""

    commit = "0123456789" * 4
    default_branch = "main"

    class machine:  # noqa: N801  # the name that the stand-in reads
        repository = "noshow"

    def __init__(self, ref: str) -> None:
        self.ref = ref


MAIN, OTHER, PULL = "refs/heads/main", "refs/heads/feature/one", "refs/pull/5/merge"
V1, PRE = "refs/tags/v1.2.3", "refs/tags/v1.2.3-rc.1"
TAGS: dict[str, tuple[str, str, str]] = {
    "a branch": (MAIN, "", "main"),
    "a branch with a slash": (OTHER, "", "feature-one"),
    "a pull request": (PULL, "", "pr-5"),
    "a tag": (V1, "", "v1.2.3 latest"),
    "a branch only": (V1, "type=ref,event=branch", ""),
    "semver": (V1, "type=semver,pattern={{version}}\ntype=semver,pattern={{major}}.{{minor}}", "1.2.3 1.2 latest"),
    "semver on a branch": (MAIN, "type=semver,pattern={{version}}", ""),
    "before a release": (PRE, "type=semver,pattern={{major}}.{{minor}}", "1.2.3-rc.1"),
    "sha": (MAIN, "type=sha", "sha-0123456"),
    "long sha": (MAIN, "type=sha,format=long,prefix=", "0123456789" * 4),
    "raw": (MAIN, "type=raw,value=one\ntwo", "one two"),
    "latest on the main branch": (MAIN, "type=raw,value=latest,enable={{is_default_branch}}", "latest"),
    "latest elsewhere": (OTHER, "type=raw,value=latest,enable={{is_default_branch}}", ""),
    "more important first": (MAIN, "type=sha\ntype=ref,event=branch", "main sha-0123456"),
    "own prefix and suffix": (PULL, "type=ref,event=pr,prefix=p,suffix=-x", "p5-x"),
}


@pytest.mark.parametrize(("ref", "rules", "names"), TAGS.values(), ids=TAGS)
def test_names_of_an_image(ref: str, rules: str, names: str) -> None:
    """The rules of metadata-action give the names that it gives."""
    outputs = metadata({"images": "ghcr.io/Student/noshow", "tags": rules}, _Bench(ref)).outputs  # type: ignore[arg-type]
    assert outputs["tags"].split() == [f"ghcr.io/student/noshow:{name}" for name in names.split()]
    assert outputs["version"] == (names.split() or [""])[0]


def test_flavor_and_labels() -> None:
    """`flavor` forces `latest` or forbids it; labels name the commit, and can be added."""
    forced = metadata({"tags": "one", "flavor": "latest=true", "labels": "a=b=c"}, _Bench(MAIN)).outputs  # type: ignore[arg-type]
    assert forced["tags"].split() == ["one", "latest"]
    assert "org.opencontainers.image.revision=" + "0123456789" * 4 in forced["labels"].splitlines()
    assert "a=b=c" in forced["labels"].splitlines()
    none = metadata({"tags": "type=ref,event=tag", "flavor": "latest=false"}, _Bench(V1)).outputs  # type: ignore[arg-type]
    assert none["tags"].split() == ["v1.2.3"]


def test_metadata_in_a_workflow(play: Callable[..., WorkflowRun]) -> None:
    """Later steps read tags and labels."""
    run = play(
        one_job("""
        - {id: meta, uses: docker/metadata-action@v5, with: {images: noshow}}
        - run: echo "${{ steps.meta.outputs.tags }} ${{ fromJSON(steps.meta.outputs.json).tags[0] }}"
        """)
    )
    assert run.jobs[0].steps[1].log == "noshow:main noshow:main\n"
