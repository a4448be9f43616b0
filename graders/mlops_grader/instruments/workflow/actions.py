"""Stand-ins for the actions that courses use most: each does on this machine what the action does on GitHub.

How they differ: setup-python and setup-uv give the Python of this machine that comes closest to the version asked for.
Caches are kept by key, as on GitHub, but for one grade. login-action logs in nowhere but to a registry on localhost.
build-push-action reads no remote caches, and pushes to
no registry but one on localhost. Versions of actions are not told apart.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from uuid import uuid4

from uv import find_uv_bin

from mlops_grader.instruments.workflow import images
from mlops_grader.instruments.workflow.artifacts import download_artifact, upload_artifact
from mlops_grader.instruments.workflow.caching import cache, cache_restore, cache_save, keep
from mlops_grader.instruments.workflow.checkout import checkout
from mlops_grader.instruments.workflow.image_names import metadata
from mlops_grader.instruments.workflow.played import Action, Bench, Inputs, Played, place
from mlops_grader.instruments.workflow.store import lines


def setup_python(inputs: Inputs, bench: Bench) -> Played:
    """actions/setup-python: a Python with pip, first on the PATH; a cache keyed on the files that declare packages."""
    if re.fullmatch(r"3\.[12]", inputs.get("python-version", "")):
        return Played(failed=f"there is no Python {inputs['python-version']}; YAML reads 3.10 as 3.1: put it in quotes")
    made = bench.machine.python(bench.sandbox, f"python-{uuid4().hex[:6]}")
    found = bench.run([str(made.python), "-c", "import platform; print(platform.python_version())"]).output.strip()
    played = Played(
        outputs={"python-version": found, "python-path": str(made.python), "cache-hit": ""},
        env={"pythonLocation": str(made.folder)},
        path=[str(made.programs)],
        log=f"asked for {inputs.get('python-version') or 'a Python'}, played with {found}",
    )
    if tool := inputs.get("cache"):
        if tool not in _DECLARING:
            return Played(failed=f"there is no cache for `{tool}`; there is one for {', '.join(_DECLARING)}")
        files = lines(inputs.get("cache-dependency-path")) or _DECLARING[tool]
        if not (digest := bench.hash_files(*files)):
            return Played(failed=f"no file matches {' or '.join(files)}, by which the cache is keyed")
        key = f"setup-python-Linux-{found}-{tool}-{digest}"
        played.outputs["cache-hit"] = keep(bench, played, key, [], [str(bench.machine.home / ".cache" / tool)])
    return played


_DECLARING = {
    "pip": ["**/requirements.txt", "pyproject.toml"],
    "pipenv": ["**/Pipfile.lock"],
    "poetry": ["**/poetry.lock"],
}


def setup_uv(inputs: Inputs, bench: Bench) -> Played:
    """astral-sh/setup-uv: uv on the PATH, an environment if asked for, a cache keyed on the files that declare packages."""
    bench.machine.add_uv()
    played = Played(outputs={"uv-version": _uv_version(), "cache-hit": "false"}, log="uv of this machine")
    if version := inputs.get("python-version"):
        if _has_python(version):
            played.env["UV_PYTHON"] = version
        played.outputs["python-version"] = version
    if inputs.get("activate-environment") == "true":
        folder = place(bench, inputs.get("venv-path") or f"{inputs.get('working-directory') or '.'}/.venv")
        python = (
            ["--python", version]
            if version and _has_python(version)
            else ["--python", str(bench.machine.tools / "system")]
        )
        done = bench.run([find_uv_bin(), "venv", "--quiet", *python, str(folder)])
        if not done.ok:
            return Played(failed=done.tail(3))
        played.env["VIRTUAL_ENV"] = str(folder)
        played.path.append(str(folder / "bin"))
        played.env.pop("UV_PYTHON", None)
    if inputs.get("enable-cache", "auto") != "false":
        files = lines(inputs.get("cache-dependency-glob")) or _UV_DECLARES
        key = f"setup-uv-Linux-{version or ''}-{bench.hash_files(*files) or 'no-dependency-glob'}-{inputs.get('cache-suffix', '')}"
        played.outputs["cache-hit"] = keep(bench, played, key, [], [])
    return played


_UV_DECLARES = [
    "**/*requirements*.txt", "**/*requirements*.in", "**/*constraints*.txt", "**/*constraints*.in", "**/pyproject.toml",
    "**/uv.lock", "**/*.py.lock",
]  # fmt: skip


def _uv_version() -> str:
    return (
        subprocess.run([find_uv_bin(), "--version"], capture_output=True, text=True, check=False)
        .stdout.split(" ")[1]
        .strip()
    )


def _has_python(version: str) -> bool:
    command = [find_uv_bin(), "python", "find", "--no-python-downloads", "--no-project", "--system", version]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def nothing(_inputs: Inputs, _bench: Bench) -> Played:
    """An action that only prepares what is there already on this machine."""
    return Played(log="nothing to do on this machine")


STAND_INS: Mapping[str, Action] = {
    "actions/checkout": checkout,
    "actions/setup-python": setup_python,
    "astral-sh/setup-uv": setup_uv,
    "actions/cache": cache,
    "actions/cache/restore": cache_restore,
    "actions/cache/save": cache_save,
    "actions/upload-artifact": upload_artifact,
    "actions/download-artifact": download_artifact,
    "docker/setup-buildx-action": nothing,
    "docker/setup-qemu-action": nothing,
    "docker/login-action": images.login,
    "docker/metadata-action": metadata,
    "docker/build-push-action": images.build_push,
}


def stand_in(uses: str) -> Action | None:
    """The stand-in for `owner/name@version`, None for an action that nobody plays."""
    return STAND_INS.get(uses.partition("@")[0].strip().lower())
