"""Packages are downloaded once for all cells, and no submission can change what the next one installs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from cells import KEY, graded, seen
from mlops_grader.cohort import cell, cell_image, package_cache
from mlops_grader.cohort.inside import WORK
from mlops_grader.instruments.docker_engine import Engine

pytestmark = [pytest.mark.engine, pytest.mark.network, pytest.mark.slow]

# what a later setup installs, and what it finds in the environment beside it
LOOK = """
import importlib.metadata, sysconfig
place = pathlib.Path(sysconfig.get_path("purelib"))
def installed():
    return (place / "iniconfig" / "__init__.py").read_text()
if phase == "test":
    import hashlib
    see(
        hash=hashlib.sha256(installed().encode()).hexdigest(), evil="evil" in installed(),
        payload=(place / "payload.pth").exists(), cache=os.environ["UV_CACHE_DIR"],
    )
"""
POISON = (
    LOOK
    + """
if phase == "setup":
    count = 0
    for folder in (os.environ["UV_CACHE_DIR"], str(place)):
        for top, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(top, name)
                if "iniconfig" in path and name.endswith((".py", ".whl", ".msgpack", ".http", ".rev")):
                    text = open(path, "rb").read()
                    os.remove(path)
                    open(path, "wb").write(b"evil = 1\\n" + text if name.endswith(".py") else text)
                    count += 1
    (place / "payload.pth").write_text("import os")
    subprocess.run(["uv", "pip", "install", "--quiet", "--reinstall", "--offline", "iniconfig"])
    see(again="evil" in installed(), files=count)
"""
)


def state_of(folder: Path) -> str:
    """A hash of all names, modes and contents below a folder."""
    digest = hashlib.sha256()
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(top, name)
            digest.update(f"{path.relative_to(folder)} {path.lstat().st_mode}\n".encode())
            digest.update(str(path.readlink()).encode() if path.is_symlink() else path.read_bytes())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def base(engine: Engine) -> Path:
    """The packages that every cell of this worker starts from."""
    cell.prepare(KEY)
    found = package_cache.prepare(engine, cell_image.ensure(engine), KEY)
    assert found, "this engine can lay a folder over another"
    return found


@pytest.fixture(scope="module")
def one_after_the_other(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An honest submission, one that poisons all it can, and another honest one, with the same declarations."""
    before = state_of(base)
    found: dict[str, Any] = {}
    for name, script in (("before", LOOK), ("poison", POISON), ("after", LOOK)):
        found[name] = seen(graded(tmp_path_factory.mktemp(name), script))
    return {**found, "unchanged": state_of(base) == before}


def test_poison_works_in_the_cell_of_its_own(one_after_the_other: dict[str, Any]) -> None:
    found = one_after_the_other["poison"]
    assert (found["again"], found["evil"], found["payload"], found["files"] > 0) == (True, True, True, True)


def test_the_next_submission_installs_the_original(one_after_the_other: dict[str, Any]) -> None:
    before, after = one_after_the_other["before"], one_after_the_other["after"]
    assert (after["hash"], after["evil"], after["cache"]) == (before["hash"], False, package_cache.PLACE)


def test_environments_of_the_same_declarations_never_meet(one_after_the_other: dict[str, Any]) -> None:
    assert one_after_the_other["after"]["payload"] is False


def test_the_base_is_as_it_was(one_after_the_other: dict[str, Any]) -> None:
    assert one_after_the_other["unchanged"]


def test_nobody_but_the_worker_comes_to_the_base(base: Path) -> None:
    assert (base.parents[1].stat().st_mode & 0o777) == 0o700


def test_without_a_shared_cache_a_cell_has_one_of_its_own(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_cache, "prepare", lambda *_: None)
    returned = graded(tmp_path, LOOK)
    assert seen(returned)["cache"].startswith(f"{WORK}/")
    assert "no shared package cache" in returned.log
