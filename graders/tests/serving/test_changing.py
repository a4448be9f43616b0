"""The story of a model that changes: what a service of a few lines does right or wrong is what the story says."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.contract import Service
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.serving import changing

# a "model" is a file with one probability; MODE says what is wrong with the service
SCRIPT = """
import json, os, pathlib, pickle, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODE = {mode!r}
state = {{"model": None, "record": None, "refused": False}}
here, record = pathlib.Path("model/model.txt"), pathlib.Path("model/model.json")


def look():
    seen = None
    while True:
        try:
            raw, facts = here.read_bytes(), json.loads(record.read_text())
            if raw != seen and not (MODE == "stubborn" and seen):
                seen = raw
                if MODE == "lets go first":
                    state["model"] = None
                    time.sleep(0.6)
                if MODE == "unpickles" and raw[:1] == b"\\x80":
                    pickle.loads(raw)
                state.update(model=json.loads(raw), refused=False)
                state["record"] = facts
        except FileNotFoundError:
            pass
        except ValueError:
            state["refused"] = MODE != "does not tell"
            if MODE == "forgets":
                state["model"] = None
            if MODE != "silent":
                print("refused", flush=True)
        time.sleep(0.05)


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        model, answer = state["model"], {{"status": "ok", "refused": state["refused"]}}
        if self.path != "/health" and model is None and not (MODE == "ready early" and self.path == "/ready"):
            return self.say(503, {{}})
        if self.path == "/version":
            answer = state["record"]
        if self.path == "/predict":
            answer = {{"no_show_probability": model}}
        if self.path == "/predict/batch":
            answer = []
            for number, _ in enumerate(json.loads(body)):
                time.sleep(0.15 if MODE == "mixes" else 0)
                answer.append({{"no_show_probability": state["model"] if MODE == "mixes" else model}})
        self.say(200, answer)

    do_POST = do_GET

    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if MODE == "needs a model" and not here.exists():
    sys.exit("there is no model")
threading.Thread(target=look, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""
EXPORT = """
import os, pathlib, shutil
shutil.copytree("champion", "new")
if pathlib.Path("model").exists():
    os.rename("model", "old")
os.rename("new", "model")
"""
OLD, NEW = 0.25, 0.75


def export(folder: str, probability: float) -> dict[str, str]:
    """The files of an exported model that always says the same."""
    text = json.dumps(probability)
    digest = hashlib.sha256(text.encode()).hexdigest()
    facts = {"commit": "c", "data_sha256": "d", "model_sha256": digest}
    return {f"{folder}/model.txt": text, f"{folder}/model.json": json.dumps(facts)}


@pytest.fixture
def play(
    product: Callable[..., Product], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patient: dict[str, Any]
) -> Callable[[str], changing.Story]:
    """The story of a service of that kind."""
    monkeypatch.setattr(changing, "SETTLE", 0.4)
    monkeypatch.setattr(changing, "MARGIN", 1.0)

    def story(mode: str) -> changing.Story:
        files = {"serve.py": SCRIPT.format(mode=mode), "export.py": EXPORT}
        files |= export("champion", NEW) | export("first", OLD)
        commands = {name: f'"{sys.executable}" {name}.py' for name in ("serve", "export")}
        made = product(files, Service(reload=1), **commands)
        patients = [patient] * 4
        return changing.play(made, made.root / "first", ([OLD] * 4, [NEW] * 4), patients)

    return story


def test_a_good_service_is_told_as_good(play: Callable[[str], changing.Story]) -> None:
    story = play("good")
    began = story.beginning
    assert [reply and reply.status for reply in (began.live, began.ready, began.predict, began.first)] == [
        200,
        503,
        503,
        200,
    ]
    assert (began.claimed, began.gone) == (True, "")
    assert story.trouble is None
    assert story.switch is not None
    assert story.switch.taken is not None
    assert [each.lost for each in (*story.switch.answers, *story.switch.batches) if each.lost] == []
    assert {value for batch in story.switch.batches for value in batch.values} == {OLD, NEW}
    assert story.switch.version["model_sha256"] == story.switch.record["model_sha256"]
    assert [(each.ran, each.wrong, each.logged, each.told) for each in story.refused] == [(False, "", True, True)] * 2
    assert story.recovered


def test_who_needs_a_model_to_start_is_gone_and_gets_a_second_chance(play: Callable[[str], changing.Story]) -> None:
    story = play("needs a model")
    assert story.beginning.live is None
    assert "there is no model" in story.beginning.gone
    assert story.recovered


def test_who_is_ready_too_early_is_seen(play: Callable[[str], changing.Story]) -> None:
    began = play("ready early").beginning
    assert began.ready is not None
    assert (began.ready.status, began.predict and began.predict.status) == (200, 503)


def test_who_does_not_look_again_is_seen(play: Callable[[str], changing.Story]) -> None:
    switch = play("stubborn").switch
    assert switch is not None
    assert switch.taken is None


def test_lost_requests_are_counted(play: Callable[[str], changing.Story]) -> None:
    switch = play("lets go first").switch
    assert switch is not None
    assert [each.lost for each in switch.answers if each.lost]
    assert [each.lost for each in switch.batches if each.lost]


def test_a_batch_of_two_models_is_seen(play: Callable[[str], changing.Story]) -> None:
    switch = play("mixes").switch
    assert switch is not None
    assert [batch for batch in switch.batches if len(set(batch.values)) == 2]


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        ("silent", lambda refused: not refused.logged),
        ("does not tell", lambda refused: not refused.told),
        ("forgets", lambda refused: "503" in refused.wrong),
    ],
)
def test_a_broken_export_that_does_harm_is_seen(
    play: Callable[[str], changing.Story], mode: str, seen: Callable[[changing.Refused], bool]
) -> None:
    story = play(mode)
    assert [seen(refused) for refused in story.refused] == [True, True]


def test_a_program_that_ran_is_seen(play: Callable[[str], changing.Story]) -> None:
    assert [refused.ran for refused in play("unpickles").refused] == [False, True]
