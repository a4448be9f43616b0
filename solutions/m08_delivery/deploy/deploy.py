"""Put an image into production: `python deploy/deploy.py`, or bring back the one before it: `... --rollback`.

The environment says what and where:

IMAGE               the image, named by its digest: registry/name@sha256:...
PRODUCTION_DIR      the folder of production: live/ is read by the proxy, service.env holds the service's settings
PRODUCTION_NETWORK  the network in which the proxy finds the service
PRODUCTION_PROXY    the container of the proxy
PRODUCTION_URL      where patients' requests arrive

Exit code 0: the image serves. 1: it was refused, and what served before serves still. The reason is printed, and stands
on the page of the run.
"""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path

from examine import Refused, Service, answers_rightly, is_fast_enough

READY_SECONDS = 60
SWITCH_SECONDS = 20
"""How long the proxy's old processes may take to finish, after it was told to read its files anew."""
GRACE_SECONDS = 20
PORT = 8000


@dataclass(frozen=True)
class Production:
    """The place to deploy to."""

    folder: Path
    network: str
    proxy: str

    @property
    def route(self) -> Path:
        """What the proxy reads: which container gets the requests."""
        return self.folder / "live" / "noshow.conf"

    def live(self) -> tuple[str, str]:
        """Image and container that the proxy's file names; empty before the first deployment."""
        if not self.route.exists():
            return "", ""
        image, container = self.route.read_text().splitlines()[0].removeprefix("# ").split()
        return image, container

    def history(self) -> list[str]:
        """Images that were live, the latest last."""
        path = self.folder / "history"
        return path.read_text().split() if path.exists() else []


def main() -> int:
    """Deploy IMAGE, or with `--rollback` the image before the one that serves."""
    given = os.environ
    production = Production(Path(given["PRODUCTION_DIR"]), given["PRODUCTION_NETWORK"], given["PRODUCTION_PROXY"])
    try:
        with one_at_a_time(production):
            tidy(production)
            back = "--rollback" in sys.argv[1:]
            image = previous(production) if back else given["IMAGE"]
            tell(deploy(production, image, in_a_hurry=back))
    except Refused as reason:
        tell(f"Refused: {reason}")
        return 1
    return 0


def deploy(production: Production, image: str, *, in_a_hurry: bool = False) -> str:
    """Start the image beside the one that serves, examine it, send the requests to it, and stop the old one.

    In a hurry it is not timed: the one that serves may be the one that has to go.
    """
    old_image, old = production.live()
    if old_image == image and is_running(old):
        return f"`{image}` serves already: nothing to do"
    new = start(production, image)
    try:
        wait_until_ready(new)
        candidate = Service(address(new))
        answers_rightly(candidate)
        if is_running(old) and not in_a_hurry:
            is_fast_enough(candidate, than=Service(address(old)))
        send_requests_to(production, image, new)
    except Refused:
        docker("rm", "--force", "--volumes", new)
        raise
    attempt("update", "--restart=unless-stopped", new)
    remember(production, image)
    if old:
        retire(old)
    return f"`{image}` serves now"


def previous(production: Production) -> str:
    """The image that served before the one that serves; twice in a row leads back. Raises Refused when there is none."""
    now, _ = production.live()
    earlier = [image for image in production.history() if image != now]
    if not earlier:
        raise Refused("there is no earlier image to go back to")
    return earlier[-1]


@contextmanager
def one_at_a_time(production: Production) -> Iterator[None]:
    """Wait until no other deployment is under way. The lock ends with this process, however it ends."""
    with (production.folder / "lock").open("w") as file:
        flock(file, LOCK_EX)
        yield


def tidy(production: Production) -> None:
    """Finish or take back what a deployment that was killed left behind."""
    image, live = production.live()
    if image and production.history()[-1:] != [image]:
        remember(production, image)
    label = f"--filter=label=production={production.network}"
    found = docker("ps", "--all", "--format={{.Names}}", label).split()
    left = [name for name in found if name != live]
    if not left:
        return
    if live:  # the file may have been changed and not been read yet
        reload(production)
    for name in left:
        retire(name)


def start(production: Production, image: str) -> str:
    """Start a container of the image: reachable for the proxy by its name, and for us by a free port."""
    name = f"{production.network}-{image.rpartition(':')[2][:12]}-{uuid.uuid4().hex[:6]}"
    docker(
        "run", "--detach", "--name", name, "--network", production.network, "--publish", f"127.0.0.1::{PORT}",
        "--label", f"production={production.network}", "--env-file", str(production.folder / "service.env"), image,
    )  # fmt: skip
    return name


def wait_until_ready(container: str) -> None:
    """Wait for the first answer to a real request. Raises Refused with the container's last words."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if not is_running(container):
            code = docker("inspect", "--format={{.State.ExitCode}}", container)
            raise Refused(f"the container ended with exit code {code}: {last_words(container)}")
        if Service(address(container)).is_ready():
            return
        time.sleep(0.2)
    raise Refused(f"it did not answer within {READY_SECONDS} s: {last_words(container)}")


def send_requests_to(production: Production, image: str, container: str) -> None:
    """Point the proxy to the container, and wait until it does so. Raises Refused when the proxy will not."""
    before = production.route.read_text() if production.route.exists() else None
    write(
        production.route,
        f"# {image} {container}\n"
        f"proxy_pass http://{container}:{PORT};\n"
        f'add_header X-Image-Digest "{image.rpartition("@")[2]}" always;\n',
    )
    try:
        reload(production)
    except Refused:
        if before is None:
            production.route.unlink()
        else:
            write(production.route, before)
        raise


def reload(production: Production) -> None:
    """Let the proxy read its files anew, and wait until its old processes have finished what they had begun."""
    docker("exec", production.proxy, "nginx", "-t")
    old = workers(production)
    docker("exec", production.proxy, "nginx", "-s", "reload")
    end = time.monotonic() + SWITCH_SECONDS
    while workers(production) & old and time.monotonic() < end:
        time.sleep(0.1)


def workers(production: Production) -> set[str]:
    """The numbers of the proxy's processes that answer requests."""
    rows = docker("top", production.proxy, "-eo", "pid,args").splitlines()
    return {row.split()[0] for row in rows if "nginx: worker" in row}


def remember(production: Production, image: str) -> None:
    """Add an image to the history."""
    write(production.folder / "history", "\n".join([*production.history(), image]) + "\n")


def retire(container: str) -> None:
    """Stop a container, with time to finish what it has begun, and remove it; it may have gone by itself."""
    attempt("stop", "-t", str(GRACE_SECONDS), container)
    attempt("rm", "--force", "--volumes", container)


def is_running(container: str) -> bool:
    """Whether a container of that name runs."""
    return attempt("inspect", "--format={{.State.Running}}", container).stdout.strip() == "true"


def address(container: str) -> str:
    """Where we reach a container."""
    return "http://" + docker("port", container, str(PORT)).splitlines()[0]


def last_words(container: str) -> str:
    """The end of its log."""
    log = attempt("logs", "--tail", "5", container)
    return (log.stdout + log.stderr).strip() or "it printed nothing"


def docker(*arguments: str) -> str:
    """Run docker and return what it prints. Raises Refused with its message when it fails."""
    done = attempt(*arguments)
    if done.returncode:
        raise Refused(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def attempt(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run docker; it may fail."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


def write(path: Path, text: str) -> None:
    """Put a file in its place at once: nobody ever reads half of it."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)


def tell(words: str) -> None:
    """Say it in the log and on the page of the run."""
    sys.stdout.write(f"{words}\n")
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a") as file:
            file.write(f"## Deployment\n\n{words}\n")


if __name__ == "__main__":
    sys.exit(main())
