"""What `docker` is in a job: the real client, with a label on all that it makes, and a record of what it was asked.

Called as `docker_shim.py CLIENT LABELS CALLS [ARGUMENT ...]`. It stands alone: no module of the grader is imported.
"""

import os
import subprocess
import sys
from pathlib import Path

# commands that make something, as they follow `docker`
LABELLED = (
    ("build",), ("run",), ("create",), ("image", "build"), ("builder", "build"), ("container", "run"),
    ("container", "create"), ("buildx", "build"), ("buildx", "b"), ("network", "create"), ("volume", "create"),
)  # fmt: skip
# options of docker itself with a value after them
VALUED = ("--config", "-c", "--context", "-H", "--host", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey")
COMPOSE_COMMANDS = (
    "up",
    "run",
    "build",
    "create",
    "start",
    "stop",
    "down",
    "exec",
    "logs",
    "ps",
    "pull",
    "push",
    "port",
)
BUILDERS = ("buildx", "builder")
# options of buildx that the client without buildx does by itself, or cannot do on a machine without its caches
DROPPED = ("--load", "--provenance", "--sbom", "--cache-to", "--cache-from", "--platform", "--builder", "--attest")


def labelled(arguments: list[str], labels: list[str]) -> list[str]:
    """The same command with labels, right after its name."""
    start = first_word(arguments)
    for command in LABELLED:
        end = start + len(command)
        if tuple(arguments[start:end]) == command:
            options = [word for label in labels for word in ("--label", label)]
            return [*arguments[:end], *options, *arguments[end:]]
    return arguments


def first_word(arguments: list[str]) -> int:
    """The place of the command, after options of docker itself."""
    place = 0
    while place < len(arguments) and arguments[place].startswith("-"):
        place += 2 if arguments[place] in VALUED else 1
    return place


def without_project(arguments: list[str]) -> list[str]:
    """A `docker compose` command in the project that the variables name, by which it is found again."""
    start = first_word(arguments)
    if arguments[start : start + 1] != ["compose"]:
        return arguments
    kept = arguments[: start + 1]
    words = iter(arguments[start + 1 :])
    for word in words:
        if word in ("-p", "--project-name"):
            next(words, None)
        elif not word.startswith("--project-name="):
            kept.append(word)
        if word in COMPOSE_COMMANDS:  # what follows belongs to it, and `-p` means something else there
            break
    return [*kept, *words]


def without_buildx(arguments: list[str]) -> list[str]:
    """A `buildx build` as the plain client's `build`, which uses BuildKit too."""
    plain: list[str] = ["build"]
    words = iter(arguments[2:])
    for word in words:
        name, equals, _ = word.partition("=")
        if name not in DROPPED:
            plain.append(word)
        elif not equals and name != "--load":
            next(words, None)
    return plain


def main() -> None:
    """Record the command, and become the real client."""
    client, labels, calls, *arguments = sys.argv[1:]
    with Path(calls).open("a", encoding="utf-8") as file:
        file.write(" ".join(arguments).replace("\n", " ") + "\n")
    if arguments[:1] and arguments[0] in BUILDERS and not _has_buildx(client):
        if arguments[1:2] in (["create"], ["use"], ["inspect"], ["ls"], ["rm"]):
            return
        if arguments[1:2] in (["build"], ["b"]):
            arguments = without_buildx(arguments)
    arguments = labelled(without_project(arguments), labels.split(","))
    os.execv(client, [client, *arguments])  # noqa: S606  # the program that was asked for


def _has_buildx(client: str) -> bool:
    return subprocess.run([client, "buildx", "version"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main()
