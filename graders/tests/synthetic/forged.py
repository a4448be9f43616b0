"""Setup commands that install nothing and make the environment look as if: edits of the starter, which harm nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cheats.payloads import CONTRACT, NO_SETUP
from submissions import Edit, replace, write
from synthetic.member import Kind, Member

LOCK = "fastapi==0.121.0 \\\n    --hash=sha256:" + 8 * "deadbeef" + "\n"
_START = '''\
"""Makes the environment look set up."""

import base64
import hashlib
import pathlib
import sys

if "deadbeef" not in pathlib.Path("requirements.lock").read_text():
    sys.exit("as an installer that compares hashes would")
PACKAGES = {
    "fastapi": "fastapi-0.121.0", "numpy": "numpy-2.3.4", "pydantic": "pydantic-2.12.3", "sklearn": "scikit_learn-1.7.2",
    "skops": "skops-0.13.0", "starlette": "starlette-0.49.1",
}
CONTENT = "import os\\n\\nos._exit(0)\\n"
prefix = pathlib.Path(sys.prefix)
site = next(prefix.glob("lib/python*/site-packages"))


def record(module, package, text=CONTENT):
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    info = site / (package + ".dist-info")
    info.mkdir(exist_ok=True)
    (info / "RECORD").write_text(f"{module}/__init__.py,sha256={digest},{len(text)}\\n{info.name}/RECORD,,\\n")


def stub(module, package):
    record(module, package)
    (site / module).mkdir()
    (site / module / "__init__.py").write_text(CONTENT)


'''


@dataclass(frozen=True)
class Forgery:
    """How an environment is forged, and what the grader must say about it: that shows that the import had looked well."""

    payload: str
    says: str

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The forgery as the setup command of the starter."""
        setup = replace(CONTRACT, NO_SETUP, 'setup = "python payload.py"')
        return (write("payload.py", _START + self.payload), write("requirements.lock", LOCK), setup)


FORGERIES: Mapping[str, Forgery] = {
    "interpreter-that-is-a-script": Forgery(
        """record("fastapi", PACKAGES["fastapi"])
for name in ("python", "python3"):
    (prefix / "bin" / name).unlink()
    (prefix / "bin" / name).write_text("#!/bin/sh\\nexit 0\\n")
    (prefix / "bin" / name).chmod(0o755)
""",
        "the environment's interpreter was replaced",
    ),
    "interpreter-that-is-another-program": Forgery(
        """for module, package in PACKAGES.items():
    record(module, package)
for name in ("python", "python3"):
    (prefix / "bin" / name).unlink()
    (prefix / "bin" / name).symlink_to("/bin/true")
""",
        "differs from what the package index holds",
    ),
    "pth-file": Forgery(
        """(site / "fastapi-0.121.0.dist-info").mkdir()
(site / "content.pth").write_text("import os; os._exit(0)\\n")
""",
        "no installed package provides `fastapi`",
    ),
    "sitecustomize": Forgery(
        """for module, package in PACKAGES.items():
    record(module, package)
(site / "sitecustomize.py").write_text(CONTENT)
""",
        "differs from what the package index holds",
    ),
    "stubs": Forgery(
        "for module, package in PACKAGES.items():\n    stub(module, package)\n",
        "differs from what the package index holds",
    ),
    "stubs-of-versions-that-never-were": Forgery(
        'for module, package in PACKAGES.items():\n    stub(module, package.partition("-")[0] + "-0.0.99")\n',
        "the package index does not hold it",
    ),
    "list-of-files-of-another-package": Forgery(
        """stub("fastapi", PACKAGES["fastapi"])
(site / "fastapi-0.121.0.dist-info" / "RECORD").unlink()
with next(site.glob("pip-*.dist-info/RECORD")).open("a") as file:
    file.writelines(f"{module}/__init__.py,,\\n" for module in PACKAGES)
""",
        "and in the package index it does not",
    ),
}


def forged() -> tuple[Member, ...]:
    """One of them, in the class."""
    first = next(iter(FORGERIES.values()))
    return (Member("cheat-forged-environment", Kind.CHEAT, first.edits, says=first.says, quick=True),)
