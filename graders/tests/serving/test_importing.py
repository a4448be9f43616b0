"""What modules do when they are imported is found; what libraries do, and what stands in functions, is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.instruments.product import Product
from mlops_grader.instruments.serving.importing import must_do_nothing

Told = Callable[[Callable[[], object]], str]
Make = Callable[..., Product]


def found(told: Told, product: Make, folder: Path, module: str) -> str:
    files = {"noshow/__init__.py": "", "noshow/web.py": module, "model/model.json": "{}", "pyproject.toml": ""}
    folder.mkdir(exist_ok=True)
    made = product(files)
    return told(lambda: must_do_nothing(made, folder))


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("MODEL = open('model/model.json').read()", "importing `noshow.web` opens: `model/model.json`"),
        ("open('service.log', 'a')", "opens: `service.log`"),
        ("import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))", "opens a port"),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])", "starts a program"),
        ("import threading\nthreading.Thread(target=print).start()", "starts a thread"),
        ("raise RuntimeError('no model')", "`noshow.web` cannot be imported: RuntimeError: no model"),
        ("import sys\nsys.exit(3)", "cannot be imported: SystemExit"),
    ],
)
def test_work_at_import_is_named(told: Told, product: Make, tmp_path: Path, module: str, says: str) -> None:
    assert says in found(told, product, tmp_path / "look", module)


@pytest.mark.parametrize(
    "module",
    [
        "def load():\n    return open('model/model.json').read()\n",
        "import fastapi\napp = fastapi.FastAPI()\n",
        "open('pyproject.toml').read()\n",
        "import concurrent.futures, multiprocessing, http.server\n",
    ],
)
def test_what_waits_in_functions_or_belongs_to_libraries_is_no_work(
    told: Told, product: Make, tmp_path: Path, module: str
) -> None:
    assert found(told, product, tmp_path / "look", module) == ""


def test_what_a_library_does_when_it_is_imported_is_its_own_affair(told: Told, product: Make, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "noisy.py").write_text(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])\n", encoding="utf-8"
    )
    module = f"import sys\nsys.path.append({str(library)!r})\nimport noisy\n"
    assert found(told, product, tmp_path / "look", module) == ""


def test_a_package_that_is_not_there_is_told(told: Told, product: Make, tmp_path: Path) -> None:
    made = product({"other/__init__.py": ""})
    assert "the package `noshow` cannot be imported" in told(lambda: must_do_nothing(made, tmp_path))
