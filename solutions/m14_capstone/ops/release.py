"""Put an image into production, or take it back.

    IMAGE=registry/triage@sha256:... python ops/release.py     brings an image into service
    python ops/release.py --back                               brings back the image before

Production has two slots, blue and green. One serves; the other is where the next version is started and examined. The
proxy's file says which slot serves, and is the only record that counts: what is in the other slot may always go.

PRODUCTION_DIR (with `live/` and `service.env`), PRODUCTION_NETWORK and PRODUCTION_PROXY say where production is. Exit code 0:
the image serves. 1: it was refused, what served before serves still, and the reason stands on the page of the run.
"""

import fcntl
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import proxy
from containers import PORT, Container, RefusedError
from examination import examine, wait_until_it_answers

SLOTS = ("blue", "green")


@dataclass(frozen=True)
class Place:
    """Production: the folder, the network, and the container of the proxy."""

    folder: Path
    network: str
    proxy: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Place":
        """The place that the environment names. Raises RefusedError that names what is missing."""
        try:
            names = [environment[f"PRODUCTION_{name}"] for name in ("DIR", "NETWORK", "PROXY")]
        except KeyError as missing:
            raise RefusedError(f"{missing.args[0]} is not set: `python production/machine.py env` says it") from None
        return cls(Path(names[0]), names[1], names[2])

    @property
    def route(self) -> Path:
        """The file of the proxy that a release changes."""
        return self.folder / "live" / "triage.conf"

    def slot(self, color: str) -> Container:
        """The container in a slot, whether there is one or not."""
        return Container(f"{self.network}-triage-{color}", self.network, self.folder / "service.env")

    def releases(self) -> list[str]:
        """The images that have served, the latest last."""
        path = self.folder / "triage-releases.txt"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    def remember(self, image: str) -> None:
        """Note that an image serves now."""
        proxy.write(self.folder / "triage-releases.txt", "\n".join([*self.releases()[-20:], image, ""]))


def main(arguments: list[str]) -> int:
    """Release IMAGE, or go back with `--back`."""
    try:
        place = Place.of(os.environ)
        with alone(place):
            if arguments == ["--back"]:
                say(release(place, before(place), timed=False))
            elif arguments or "IMAGE" not in os.environ:
                raise RefusedError("say IMAGE=registry/name@sha256:..., or --back")
            else:
                say(release(place, os.environ["IMAGE"], timed=True))
    except RefusedError as reason:
        say(f"Refused: {reason}")
        return 1
    return 0


def release(place: Place, image: str, *, timed: bool) -> str:
    """Start the image in the free slot, examine it, turn the proxy to it, and empty the other slot.

    timed: whether it is compared with the version that serves, which in an emergency is no measure.
    """
    now = proxy.reads(place.route)
    if now:
        proxy.follow(place.proxy)  # a release that was killed may have written the file and not said so
        if place.releases()[-1:] != [now.image]:
            place.remember(now.image)
    color = next(each for each in SLOTS if now is None or each != now.color)
    serving = place.slot(now.color) if now else None
    if now and serving and now.image == image and serving.runs():
        place.slot(color).empty()
        return f"`{image}` serves already, in the slot {now.color}"
    fresh = place.slot(color)
    fresh.empty()
    try:
        fresh.start(image)
        wait_until_it_answers(fresh)
        examine(fresh, beside=serving if timed else None)
        proxy.turn(place.route, place.proxy, proxy.Route(image, color, f"{fresh.name}:{PORT}"))
    except RefusedError:
        fresh.empty()
        raise
    place.remember(image)
    fresh.keep_running()
    if serving:
        serving.empty()
    return f"`{image}` serves now, in the slot {color}"


def before(place: Place) -> str:
    """The image that served before the one that serves. Raises RefusedError when there is none."""
    now = proxy.reads(place.route)
    earlier = [image for image in place.releases() if now is None or image != now.image]
    if not earlier:
        raise RefusedError("no earlier image is known")
    return earlier[-1]


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Wait until no other release is under way. The lock ends with this process, however it ends."""
    with (place.folder / "triage.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(words: str) -> None:
    """On the terminal, and on the page of the run."""
    sys.stdout.write(f"{words}\n")
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(f"### Release\n\n{words}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
