"""Whether pseudonyms can be undone by somebody who has no key but knows how patients are numbered."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256", "sha3_512")
SHORTEST = 10  # characters of a hash that agree by no accident


def guesses(patient_id: str) -> Iterator[str]:
    """What usual functions without a key make of a patient's number, in small letters."""
    number = patient_id.lstrip("P").lstrip("0") or "0"
    for text in (patient_id, patient_id.lower(), patient_id[1:], number):
        yield base64.b64encode(text.encode()).decode().lower()
        yield f"{zlib.crc32(text.encode()):08x}"
        for algorithm in ALGORITHMS:
            digest = hashlib.new(algorithm, text.encode()).digest()
            yield digest.hex()
            yield str(int.from_bytes(digest, "big"))
            for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode):
                yield encode(digest).decode().lower()


def undone(patient_id: str, pseudonym: str) -> bool:
    """Whether a pseudonym tells the number: it holds it, or it is what such a function makes of it, or the beginning of that."""
    found, digits = pseudonym.lower(), patient_id[1:]
    if patient_id.lower() in found or patient_id[::-1].lower() in found:
        return True
    if re.sub(r"\D", "", found) in (digits, digits.lstrip("0"), digits[::-1]):  # no other digit beside the number
        return True
    return any(
        found == guess or (min(len(found), len(guess)) >= SHORTEST and (found in guess or guess in found))
        for guess in guesses(patient_id)
    )
