"""Pseudonyms: the same patient has the same one, and only who holds the key can tell whose it is."""

from pathlib import Path

KEY_FILE = "pseudonym.key"
"""Where a machine without PSEUDONYM_KEY keeps a key of its own, beside the folder of the clean data. Git ignores it."""


def read_key(given: str, folder: Path) -> bytes:
    """The key: what was given in PSEUDONYM_KEY, else what is in the key file of the folder.

    Where there is neither, a new random key is put into the file, readable by its owner alone. Raises ProductError for
    a key of less than 16 characters.
    """
    raise NotImplementedError  # TODO(m02)


def pseudonym(patient_id: str, key: bytes) -> str:
    """The pseudonym of a patient: 32 hexadecimal digits of a keyed hash (HMAC with SHA-256)."""
    raise NotImplementedError  # TODO(m02)
