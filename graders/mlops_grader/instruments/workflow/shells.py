"""Shells that a step may declare, as GitHub starts them."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

_TEMPLATES = {
    "": "bash -e {0}",  # nothing declared: without pipefail, as on GitHub
    "bash": "bash --noprofile --norc -eo pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
    "pwsh": "pwsh -command . '{0}'",
}
_SUFFIXES = {"python": ".py", "pwsh": ".ps1"}


def command(shell: str | None, script: Path, path: str) -> list[str]:
    """The command line that runs a script in a shell; the program is looked up on `path`.

    Raises LookupError, with the program's name, when this machine does not have it, or the words name none.
    """
    template = _TEMPLATES.get((shell or "").strip(), shell or "")
    try:
        words = [word.replace("{0}", str(script)) for word in shlex.split(template)]
    except ValueError:
        raise LookupError(template) from None
    if "{0}" not in template:
        words.append(str(script))
    program = shutil.which(words[0], path=path)
    if program is None:
        raise LookupError(words[0])
    return [program, *words[1:]]


def suffix(shell: str | None) -> str:
    """What the name of such a script ends with."""
    return _SUFFIXES.get(shell or "", ".sh")
