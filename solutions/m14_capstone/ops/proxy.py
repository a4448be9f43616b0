"""The proxy of production: which slot its file names, and turning it to another one without losing a request."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from containers import RefusedError, docker

TURN_SECONDS = 20
_LINE = re.compile(r"# slot (\w+) image (\S+) at (\S+)\n")


@dataclass(frozen=True)
class Route:
    """Which image serves, in which slot, at which name and port."""

    image: str
    color: str
    upstream: str

    def text(self) -> str:
        """As the proxy reads it; the digest goes into every answer."""
        digest = self.image.rpartition("@")[2]
        return (
            f"# slot {self.color} image {self.image} at {self.upstream}\n"
            f"proxy_pass http://{self.upstream};\n"
            f'add_header X-Release-Digest "{digest}" always;\n'
        )


def reads(path: Path) -> Route | None:
    """What the file says; None before the first release."""
    found = _LINE.match(path.read_text(encoding="utf-8")) if path.exists() else None
    return Route(found[2], found[1], found[3]) if found else None


def turn(path: Path, proxy: str, route: Route) -> None:
    """Send requests along the route from now on. Raises RefusedError, with the old route in place, when it will not."""
    before = path.read_text(encoding="utf-8") if path.exists() else None
    write(path, route.text())
    try:
        follow(proxy)
    except RefusedError:
        if before is None:
            path.unlink()
        else:
            write(path, before)
        raise


def follow(proxy: str) -> None:
    """Let the proxy read its files anew, and wait until the processes that know the old ones have finished."""
    docker("exec", proxy, "nginx", "-t")
    old = _workers(proxy)
    docker("exec", proxy, "nginx", "-s", "reload")
    end = time.monotonic() + TURN_SECONDS
    while _workers(proxy) & old and time.monotonic() < end:
        time.sleep(0.1)


def write(path: Path, text: str) -> None:
    """Put a file in its place at once."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _workers(proxy: str) -> set[str]:
    rows = docker("top", proxy, "-eo", "pid,args").splitlines()
    return {row.split()[0] for row in rows if "nginx: worker" in row}
