"""Pseudonyms that somebody without a key undoes, and those that nobody does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable

import pytest

from mlops_grader.instruments.data.pseudonyms import undone

PATIENTS = ("P000042", "P000007", "P000900", "P123456", "P000000")
KEY = b"a key of a test, 0123456789"


@pytest.mark.parametrize(
    "write",
    [
        lambda digest: digest.hex(),
        lambda digest: digest.hex().upper(),
        lambda digest: digest.hex()[:12],
        lambda digest: digest.hex()[-16:],
        lambda digest: "patient-" + digest.hex(),
        lambda digest: str(int.from_bytes(digest, "big")),
        lambda digest: base64.b64encode(digest).decode(),
        lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
        lambda digest: base64.b32encode(digest).decode()[:10],
    ],
    ids=["hex", "capitals", "beginning", "end", "prefix", "number", "base64", "url", "base32"],
)
def test_a_hash_without_a_key_is_undone(write: Callable[[bytes], str]) -> None:
    """Whatever of the number was hashed, whichever function did it, and however much of it is written."""
    made = {
        (patient, algorithm, text): write(hashlib.new(algorithm, text.encode()).digest())
        for patient in PATIENTS
        for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256")
        for text in (patient, patient.lower(), patient[1:], str(int(patient[1:])))
    }
    assert [how for how, pseudonym in made.items() if not undone(how[0], pseudonym)] == []


@pytest.mark.parametrize(
    "pseudonym",
    [
        "P000042",
        "p000042",
        "000042",
        "42",
        "X-P000042",
        "patient 000042",
        "240000P",
        "240000",
        base64.b64encode(b"P000042").decode(),
        f"{zlib.crc32(b'P000042'):08x}",
        f"{zlib.crc32(b'42'):08X}",
    ],
)
def test_a_number_in_other_clothes_is_undone(pseudonym: str) -> None:
    """As it is, turned round, encoded, or as a checksum."""
    assert undone("P000042", pseudonym)


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5", "blake2b"])
@pytest.mark.parametrize("length", [8, 16, 32, 128])
def test_a_keyed_hash_is_not_undone(algorithm: str, length: int) -> None:
    """HMAC with a key, however much of it is written."""
    patients = [f"P{number:06d}" for number in range(1, 120)]
    made = {patient: hmac.new(KEY, patient.encode(), algorithm).hexdigest()[:length] for patient in patients}
    assert [patient for patient, pseudonym in made.items() if undone(patient, pseudonym)] == []


def test_the_pseudonym_of_another_patient_says_nothing() -> None:
    """Only the patient's own number is tried."""
    assert not undone("P000042", hashlib.sha256(b"P000043").hexdigest())


@pytest.mark.parametrize("pseudonym", ["", "00042", hashlib.sha256(b"P000042").hexdigest()[:5]])
def test_what_is_too_short_says_nothing(pseudonym: str) -> None:
    """So few characters agree by accident."""
    assert not undone("P000042", pseudonym)


def test_a_short_number_within_a_pseudonym_says_nothing() -> None:
    """A two is in every second hash."""
    assert not undone("P000002", "2222222222")


def test_ten_characters_are_enough() -> None:
    """They agree by no accident."""
    assert undone("P000042", hashlib.sha256(b"P000042").hexdigest()[:10])


def test_a_number_within_a_keyed_one_says_nothing() -> None:
    """In long rows of digits any six stand somewhere."""
    assert not undone("P000042", "7f000042c3d1")
    patients = [f"P{number:06d}" for number in range(1, 900)]
    made = {each: str(int(hmac.new(KEY, each.encode(), "sha256").hexdigest(), 16)) for each in patients}
    assert [patient for patient, pseudonym in made.items() if undone(patient, pseudonym)] == []


@pytest.mark.parametrize("algorithm", "md5 sha1 sha224 sha256 sha384 sha512 blake2b blake2s sha3_256 sha3_512".split())
def test_each_usual_function_is_tried(algorithm: str) -> None:
    """On every machine."""
    assert undone("P000042", hashlib.new(algorithm, b"P000042").hexdigest())
