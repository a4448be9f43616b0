"""Secrets that lie around in a project while an image is built, each with words that can be found again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

DAY = "data/raw/appointments_2025-12-31.csv"
# what developers really have beside their code; the word takes the place of the secret
PLANTED: Mapping[str, str] = {
    ".env": "DATABASE_PASSWORD={word}\n",
    "id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----\n{word}\n-----END OPENSSH PRIVATE KEY-----\n",
    ".git/config": '[remote "planted"]\n\turl = https://{word}@example.org/noshow.git\n',
    DAY: "appointment_id,name,phone\nA0000000,{word},+44 7700 900000\n",
}


def words(seed: int, *, own: bool = False) -> dict[str, bytes]:
    """The word that stands for the secret in each planted file, other ones for each seed.

    own: for a product of one's own, of whose data nobody knows what the service needs.
    """
    numbers = Random(f"{seed} secrets")  # noqa: S311  # reproducible on purpose
    made = {path: numbers.randbytes(16).hex().encode() for path in PLANTED}
    return {path: word for path, word in made.items() if path != DAY or not own}


def plant(folder: Path, seed: int, *, own: bool = False) -> None:
    """Write the secrets into a folder, after what is there."""
    for path, word in words(seed, own=own).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a", encoding="utf-8") as file:
            file.write(PLANTED[path].format(word=word.decode()))
