"""The network is taken away although devices of an engine's containers come and go meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlops_grader.cohort import link
from mlops_grader.cohort.link import Link, Unsealed


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A link outwards that can be taken down, as the kernel shows it."""
    monkeypatch.setattr(link, "INTERFACES", tmp_path)
    monkeypatch.setattr(link, "_told", lambda *_: [])
    monkeypatch.setattr(link, "SETTLE_SECONDS", 0.2)
    monkeypatch.setattr(Link, "_must_be_down", lambda _: None)
    for name in ("lo", "eth0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "flags").write_text("0x1003\n")
    return tmp_path


def test_the_loose_end_of_a_container_may_vanish(devices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is seen, and gone when it is to be taken down."""
    (devices / "veth1").mkdir()
    (devices / "veth1" / "flags").write_text("0x1003\n")

    def ip(*words: str) -> None:
        if "veth1" in words:
            shutil.rmtree(devices / "veth1")
            raise Unsealed("Cannot find device")
        if "eth0" in words:
            (devices / "eth0" / "flags").write_text("0x1002\n")

    monkeypatch.setattr(link, "_ip", ip)
    Link().down()
    assert (devices / "eth0" / "flags").read_text() == "0x1002\n"


def test_a_device_that_stays_up_is_a_way_out(devices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a student may run then."""

    def ip(*_: str) -> None:
        raise Unsealed("not permitted")

    monkeypatch.setattr(link, "_ip", ip)
    with pytest.raises(Unsealed, match="link eth0 cannot be taken down"):
        Link().down()
