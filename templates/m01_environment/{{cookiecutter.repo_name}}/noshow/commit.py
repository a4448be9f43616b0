"""Which commit of the code is running."""

import subprocess


def current_commit() -> str:
    """The commit of the working directory, with `-dirty` when files of it were changed; `unknown` without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
