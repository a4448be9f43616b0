"""What is installed is compared with a package index, here a folder of small wheels; nothing of it is run."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments import authentic
from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

LOT = Random(1)  # noqa: S311  # reproducible on purpose
FILES = {
    "product.toml": 'name = "shop"\n[commands]\nsetup = "true"\n',
    "shop/__init__.py": "import json\n",
    "shop/service.py": "from shop import goods\nfrom . import tills\n\n\ndef later() -> None:\n    import much_later\n",
    "shop/goods.py": "import red.light as light\n",
    "shop/tills.py": "from green import lamp\n",
    "shop/training.py": "import unused\n",
}
RED, GREEN = {"red/__init__.py": "", "red/light.py": "on = True\n"}, {"green.py": "lamp = 1\n"}


def wheel(index: Path, name: str, version: str, files: dict[str, str]) -> None:
    """A package in the index."""
    info = f"{name}-{version}.dist-info"
    named = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*named, f"{info}/RECORD"))
    with zipfile.ZipFile(index / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in {**named, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)


BACKEND = """
import zipfile

def build_wheel(folder, settings=None, metadata=None):
    info, made = "{name}-1.0.dist-info", "{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{made}", "w") as wheel:
        for path, text in {files!r}.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return made
"""
BUILD_SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def source(index: Path, name: str, files: dict[str, str]) -> None:
    """A package that the index holds as source alone; its version is 1.0."""
    held = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        "pyproject.toml": BUILD_SYSTEM,
        "backend.py": BACKEND.replace("{name}", name).replace("{files!r}", repr(files)),
    }
    with tarfile.open(index / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in held.items():
            facts = tarfile.TarInfo(f"{name}-1.0/{path}")
            facts.size = len(text.encode())
            archive.addfile(facts, io.BytesIO(text.encode()))


def installed(environment: Environment, name: str, version: str, files: dict[str, str]) -> Path:
    """A package in the environment; where it lies."""
    site = environment.folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in files), "utf-8")
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, "utf-8")
    return site


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only index that answers: it holds `red-lights`, `green`, and what tells that it answers."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name, files in (("red_lights", RED), ("green", GREEN), ("pip", {"pip.py": ""})):
        wheel(folder, name, "1.0", files)
    monkeypatch.setenv("MLOPS_GRADER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_OFFLINE", "1")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An empty environment."""
    return Environment(tmp_path / "environment")


@pytest.fixture
def judge(
    environment: Environment, index: Path, tmp_path: Path, sandbox: HostSandbox, project: Callable[..., Path],
    snap: Callable[..., Submission],
) -> Callable[[], None]:  # fmt: skip
    """Compare the environment with the index."""
    assert index.is_dir()
    submission = snap(project(FILES))
    return lambda: authentic.must_be_authentic(environment, sandbox, submission, LOT, tmp_path / "scratch")


def test_what_the_service_imports_is_read_and_nothing_else(
    project: Callable[..., Path], snap: Callable[..., Submission]
) -> None:
    """Neither the standard library, nor what a function imports later, nor what other parts of the product need."""
    assert authentic.imported(snap(project(FILES)), "shop") == {"red", "green"}


def test_what_the_index_holds_passes(environment: Environment, judge: Callable[[], None]) -> None:
    installed(environment, "red_lights", "1.0", RED)
    installed(environment, "green", "1.0", GREEN)
    judge()


@pytest.mark.parametrize("text", [None, "on = False\n", "on = True \n"])
def test_another_file_is_found(environment: Environment, judge: Callable[[], None], text: str | None) -> None:
    installed(environment, "green", "1.0", GREEN)
    changed = installed(environment, "red_lights", "1.0", RED) / "red" / "light.py"
    changed.unlink() if text is None else changed.write_text(text, "utf-8")
    with pytest.raises(Fail, match=r"`red/light.py` of red_lights 1.0 differs from what the package index holds"):
        judge()


@pytest.mark.parametrize(
    ("name", "version", "says"),
    [
        ("red_lights", "9.0", "red_lights 9.0 is installed, and the package index does not hold it"),
        ("invented", "1.0", "invented 1.0 is installed, and the package index does not hold it"),
        ("a_green", "1.0", "a_green 1.0 is installed, and the package index does not hold it"),
        ("pip", "1.0", "pip 1.0 is said to provide `red`, and in the package index it does not"),
    ],
)
def test_a_forged_record_is_found(
    environment: Environment, judge: Callable[[], None], name: str, version: str, says: str
) -> None:
    installed(environment, "green", "1.0", GREEN)
    installed(environment, name, version, RED | {"pip.py": ""})
    with pytest.raises(Fail, match=says):
        judge()


def test_a_module_that_no_package_provides(environment: Environment, judge: Callable[[], None]) -> None:
    installed(environment, "red_lights", "1.0", RED)
    with pytest.raises(Fail, match=r"no installed package provides `green`, which `shop.service` imports"):
        judge()


def test_a_service_that_imports_nothing(
    environment: Environment, sandbox: HostSandbox, project: Callable[..., Path], snap: Callable[..., Submission], tmp_path: Path
) -> None:  # fmt: skip
    submission = snap(project({**FILES, "shop/service.py": "app = None\n"}))
    with pytest.raises(Fail, match=r"nothing that `shop.service` imports comes from the package index"):
        authentic.must_be_authentic(environment, sandbox, submission, LOT, tmp_path / "scratch")


@pytest.mark.parametrize("text", [RED["red/light.py"], "on = False\n"])
def test_a_package_that_is_published_as_source_is_compared(
    environment: Environment, judge: Callable[[], None], index: Path, text: str
) -> None:
    (index / "red_lights-1.0-py3-none-any.whl").unlink()
    source(index, "red_lights", RED)
    installed(environment, "green", "1.0", GREEN)
    installed(environment, "red_lights", "1.0", {**RED, "red/light.py": text})
    if text == RED["red/light.py"]:
        judge()
    else:
        with pytest.raises(Fail, match=r"`red/light.py` of red_lights 1.0 differs from what the package index holds"):
            judge()


def test_an_index_that_fails_is_nobodys_fault(environment: Environment, judge: Callable[[], None], index: Path) -> None:
    """And of what cannot be compared nobody says that it passes."""
    installed(environment, "red_lights", "1.0", RED)
    installed(environment, "green", "1.0", GREEN)
    (index / "green-1.0-py3-none-any.whl").write_bytes(b"what a proxy puts in the place of a file")
    with pytest.raises(NotRun, match=r"green 1.0 cannot be compared with the package index"):
        judge()


def test_without_an_index_nothing_is_claimed(environment: Environment, judge: Callable[[], None], index: Path) -> None:
    installed(environment, "red_lights", "1.0", RED)
    installed(environment, "green", "1.0", GREEN)
    for path in index.iterdir():
        path.unlink()
    with pytest.raises(NotRun, match="no package index answers"):
        judge()


def test_a_program_is_an_interpreter_and_a_script_is_none(environment: Environment) -> None:
    environment.programs.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    authentic.must_have_an_interpreter(environment)
    environment.python.unlink()
    environment.python.write_bytes(Path(sys.executable).resolve().read_bytes()[:8192])
    authentic.must_have_an_interpreter(environment)
    for text in ("#!/bin/sh\nexit 0\n", "exit 0\n", None):
        environment.python.unlink()
        if text:
            environment.python.write_text(text, "utf-8")
        with pytest.raises(Fail, match="the environment's interpreter was replaced"):
            authentic.must_have_an_interpreter(environment)
        environment.python.touch()
