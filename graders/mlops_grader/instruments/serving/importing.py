"""What a product does when its modules are only imported: what it reads, writes, connects to and starts."""

from __future__ import annotations

import json
from pathlib import Path

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits

SCRIPT = r"""
import importlib, json, os, pkgutil, sys, threading
from pathlib import Path

root, package, told = Path.cwd().resolve(), sys.argv[1], Path(sys.argv[2])
done, now = [], ""
STARTS = {"socket.bind": "opens a port", "socket.connect": "opens a connection", "subprocess.Popen": "starts a program"}

def called_by_us():
    frame = sys._getframe(2)
    while frame and not frame.f_code.co_filename.startswith("<frozen importlib"):
        if root in Path(frame.f_code.co_filename).parents:
            return True
        frame = frame.f_back
    return False  # a library that is imported does what it likes

def look(event, arguments):
    if not now:
        return
    if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path = Path(os.fsdecode(arguments[0])).absolute()
        code = path.suffix in (".py", ".pyc", ".so", ".pyd") or "__pycache__" in path.parts
        mine = root in path.parents and not {"site-packages", ".git"} & set(path.parts)
        if mine and not code and path.suffix not in (".toml", ".cfg", ".env"):
            done.append([now, "opens", path.relative_to(root).as_posix()])
    elif event in STARTS and called_by_us():
        done.append([now, STARTS[event], ", ".join(map(str, arguments[:2]))[:200]])

def start(thread):
    if now and called_by_us():
        done.append([now, "starts a thread", thread.name])
    return plain_start(thread)

plain_start, threading.Thread.start = threading.Thread.start, start
sys.addaudithook(look)
main = importlib.import_module(package)
names = [found.name for found in pkgutil.walk_packages(main.__path__, package + ".")] if hasattr(main, "__path__") else []
failed = []
for name in names:
    if name.rpartition(".")[2] in ("__main__", "conftest") or ".tests" in name:
        continue
    now = name
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed.append([name, f"{type(error).__name__}: {error}"[:300]])
    now = ""
told.write_text(json.dumps({"names": names, "done": done, "failed": failed}), "utf-8")
os._exit(0)
"""


def must_do_nothing(product: Product, folder: Path) -> None:
    """Import every module of the package. Raises Fail with what the first one does that does anything."""
    script, told = folder / "look.py", folder / "told.json"
    script.write_text(SCRIPT, encoding="utf-8")
    name = product.contract.name
    command = [str(product.environment.python), str(script), name, str(told)]
    variables = {**product.environment.variables(), "PYTHONPATH": str(product.root)}
    done = product.sandbox.run(command, product.root, variables, Limits(seconds=120))
    try:
        said = json.loads(told.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Fail(
            f"the package `{name}` cannot be imported: {done.tail(3)}", fix="keep the package importable"
        ) from None
    for module, what, which in said["done"]:
        raise Fail(
            f"importing `{module}` {what}: `{which}`",
            fix="do it when the server starts: in a function, or in the lifespan of the application",
        )
    for module, error in said["failed"]:
        raise Fail(
            f"`{module}` cannot be imported: {error}",
            fix="what a module needs beyond the locked libraries belongs into a function",
        )
