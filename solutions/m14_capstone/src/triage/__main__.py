"""`python -m triage train | export | serve`."""

import os
import sys

from triage import making
from triage.settings import read_settings


def main(arguments: list[str]) -> int:
    """Run one command; 0 when it is done, 1 when it is refused, 2 when nobody knows the command."""
    known = {"train": making.train, "export": lambda: making.export(read_settings().model), "serve": _serve}
    if len(arguments) != 1 or arguments[0] not in known:
        sys.stderr.write(f"usage: python -m triage {' | '.join(known)}\n")
        return 2
    try:
        said = known[arguments[0]]()
    except (making.RefusedError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{said}\n" if said else "")
    return 0


def _serve() -> str:
    from triage import serve  # the commands that make a model need no server

    serve.run(read_settings(os.environ))
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
