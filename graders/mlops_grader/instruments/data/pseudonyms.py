"""Whether pseudonyms can be undone by somebody who has no key but knows how patients are numbered."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256", "sha3_512")
SHORTEST = 6  # characters that agree by no accident


def guesses(patient_id: str) -> Iterator[str]:
    """What usual functions without a key make of a patient's number, in small letters."""
    number = patient_id.lstrip("P").lstrip("0") or "0"
    for text in (patient_id, patient_id.lower(), patient_id[1:], number):
        yield text.lower()
        yield f"{zlib.crc32(text.encode()):08x}"
        yield base64.b64encode(text.encode()).decode().lower()
        yield text[::-1].lower()
        for algorithm in ALGORITHMS:
            digest = hashlib.new(algorithm, text.encode()).digest()
            yield digest.hex()
            yield str(int.from_bytes(digest, "big"))
            for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode):
                yield encode(digest).decode().lower()


def undone(patient_id: str, pseudonym: str) -> bool:
    """Whether a pseudonym is what such a function makes of the number, or a part of it."""
    found = pseudonym.lower()
    if len(found) < SHORTEST:
        return False
    return any(found in guess or (len(guess) >= SHORTEST and guess in found) for guess in guesses(patient_id))
