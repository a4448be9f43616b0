"""Pseudonyms: the same patient has the same one, and only who holds the key can tell whose it is."""

import hashlib
import hmac
import secrets
from pathlib import Path

from noshow.errors import ProductError
from noshow.replacing import replacing_file

KEY_FILE = "pseudonym.key"
"""Where a machine without PSEUDONYM_KEY keeps a key of its own, beside the folder of the clean data. Git ignores it."""

SHORTEST = 16


def read_key(given: str, folder: Path) -> bytes:
    """The key: what was given in PSEUDONYM_KEY, else what is in the key file of the folder.

    Where there is neither, a new random key is put into the file, readable by its owner alone. Raises ProductError for
    a key of less than 16 characters.
    """
    path = folder / KEY_FILE
    if not given and not path.is_file():
        _make_key(path)
    key = given or path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < SHORTEST:
        where = "PSEUDONYM_KEY" if given else f"`{path}`"
        raise ProductError(f"{where} is shorter than {SHORTEST} characters; make a key with `openssl rand -hex 32`")
    return key.encode()


def pseudonym(patient_id: str, key: bytes) -> str:
    """The pseudonym of a patient: 32 hexadecimal digits of a keyed hash (HMAC with SHA-256)."""
    return hmac.new(key, patient_id.encode(), hashlib.sha256).hexdigest()[:32]


def _make_key(path: Path) -> None:
    with replacing_file(path) as new:
        new.touch(mode=0o600)
        new.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
