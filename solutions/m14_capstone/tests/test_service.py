"""The service as callers, Prometheus and the log know it."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LETTER, Client, Started, publish
from triage import limits, storage
from triage.doorway import VISITORS
from triage.service import CLASSIFY, create_app
from triage.settings import Settings, read_settings
from triage.sorter import Sorter

JSON = {"Content-Type": "application/json"}


async def must_be_problem(answer: Any, status: int) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(await answer.read())
    assert (answer.status, answer.content_type, said["status"]) == (status, "application/problem+json", status)
    assert said["title"] and said["detail"]
    return said


async def test_a_letter_is_sorted(client: Client) -> None:
    answer = await client.post(CLASSIFY, json=LETTER)
    said = await answer.json()

    assert (answer.status, said["label"], said["urgency"]) == (200, "neighbours", "ordinary")
    assert 0.5 < said["confidence"] <= 1
    assert "Server" not in answer.headers


async def test_what_is_unknown_is_a_problem(client: Client) -> None:
    await must_be_problem(await client.get("/nowhere"), 404)
    answer = await client.get(CLASSIFY)
    await must_be_problem(answer, 405)
    assert answer.headers["Allow"] == "POST"
    await must_be_problem(await client.post(CLASSIFY, data="hello", headers={"Content-Type": "text/plain"}), 415)
    await must_be_problem(await client.post(CLASSIFY, data="{}", headers={**JSON, "Content-Encoding": "identity"}), 415)


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'{"a": NaN}', b"\xff", b"[" * 20_000, b"9" * 6000])
async def test_what_is_no_json_is_a_problem(client: Client, body: bytes) -> None:
    await must_be_problem(await client.post(CLASSIFY, data=body, headers=JSON), 422)


async def test_a_refusal_never_repeats_what_was_sent(client: Client) -> None:
    said = await must_be_problem(await client.post(CLASSIFY, json={**LETTER, "channel": "Quillfax"}), 422)

    assert "Quillfax" not in json.dumps(said) and "channel" in said["detail"]


async def test_a_full_body_is_read_and_a_larger_one_refused(client: Client) -> None:
    full = json.dumps(LETTER).ljust(limits.MAX_BODY).encode()
    assert (await client.post(CLASSIFY, data=full, headers=JSON)).status == 200

    await must_be_problem(await client.post(CLASSIFY, data=full + b" ", headers=JSON), 413)

    async def pieces() -> Any:
        for _ in range(5):
            yield b" " * 20_000

    await must_be_problem(await client.post(CLASSIFY, data=pieces(), headers=JSON), 413)


async def test_a_slow_body_is_not_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.2)

    async def drips() -> Any:
        yield b"{"
        await asyncio.sleep(1)
        yield b"}"

    answer = await client.post(CLASSIFY, data=drips(), headers=JSON)
    await must_be_problem(answer, 408)


async def test_an_id_comes_back_and_what_is_no_id_is_replaced(client: Client) -> None:
    header = "X-Correlation-ID"
    given = await client.get("/livez", headers={header: "office-12.a_B"})
    odd = [await client.get("/livez", headers={header: each}) for each in ("x" * 65, "a b c d e f", "{}", "short")]

    assert given.headers[header] == "office-12.a_B"
    assert len({answer.headers[header] for answer in odd}) == 4
    assert all(len(answer.headers[header]) == 32 for answer in odd)


async def test_an_unexpected_error_stays_in_the_log(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Sorter, "sort", lambda *_: 1 / 0)
    answer = await client.post(CLASSIFY, json=LETTER)

    assert "ZeroDivision" not in json.dumps(await must_be_problem(answer, 500))
    record = next(each for each in caplog.records if each.exc_info)
    assert record.__dict__["fields"]["correlation_id"] == answer.headers["X-Correlation-ID"]


async def test_requests_are_counted_by_route_and_status(client: Client) -> None:
    for body in (LETTER, LETTER, {}, {**LETTER, "field_17": 1}):
        await client.post(CLASSIFY, json=body)
    for path in ("/a", "/b"):
        await client.get(path)
    text = await (await client.get("/internal/metrics")).text()

    assert f'triage_http_requests_total{{method="POST",route="{CLASSIFY}",status="200"}} 2.0' in text
    assert f'triage_http_requests_total{{method="POST",route="{CLASSIFY}",status="422"}} 2.0' in text
    assert 'triage_http_requests_total{method="GET",route="other",status="404"} 2.0' in text
    assert 'triage_letters_sorted_total{label="neighbours",urgency="ordinary"} 2.0' in text
    assert 'triage_letters_refused_total{field="subject",reason="missing"} 1.0' in text
    assert "field_17" not in text


async def test_without_metrics_there_are_none(aiohttp_client: Started, published: Path) -> None:
    client = await aiohttp_client(create_app(Settings(model=published, metrics=False)))

    assert (await client.post(CLASSIFY, json=LETTER)).status == 200
    await must_be_problem(await client.get("/internal/metrics"), 404)


async def test_the_log_leads_from_an_answer_to_its_model(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "triage")
    answer = await client.post(CLASSIFY, json=LETTER)
    fields = next(each.__dict__["fields"] for each in caplog.records if each.getMessage() == "sorted")

    assert fields["correlation_id"] == answer.headers["X-Correlation-ID"]
    assert (fields["label"], fields["run_id"]) == ("neighbours", "run-1234")
    assert "barks" not in json.dumps(fields)


async def test_without_a_model_it_lives_and_is_not_ready(
    aiohttp_client: Started, tmp_path: Path, sorter: Sorter
) -> None:
    client = await aiohttp_client(create_app(Settings(model=tmp_path / "model")))
    assert (await client.get("/livez")).status == 200
    await must_be_problem(await client.get("/readyz"), 503)
    await must_be_problem(await client.post(CLASSIFY, json=LETTER), 503)

    publish(sorter, tmp_path / "model")
    async with asyncio.timeout(5):
        while (await client.get("/readyz")).status != 200:
            await asyncio.sleep(0.1)
    assert (await client.post(CLASSIFY, json=LETTER)).status == 200


async def test_a_broken_model_changes_nothing(client: Client, published: Path, sorter: Sorter) -> None:
    (published / storage.WEIGHTS).write_text("{}")
    (published / storage.RECORD).write_text((published / storage.RECORD).read_text() + "\n")
    async with asyncio.timeout(5):
        while not (await (await client.get("/v1/about")).json())["refused"]:
            await asyncio.sleep(0.1)
    assert (await client.post(CLASSIFY, json=LETTER)).status == 200

    publish(sorter, published, run_id="run-5678")
    async with asyncio.timeout(5):
        while (await (await client.get("/v1/about")).json())["run_id"] != "run-5678":
            await asyncio.sleep(0.1)


async def test_the_document_describes_every_field(client: Client) -> None:
    document = await (await client.get("/v1/openapi.json")).json()
    schema = document["components"]["schemas"]["Letter"]

    assert set(document["paths"]) == {CLASSIFY, "/livez", "/readyz", "/v1/about"}
    assert all(field["description"] for field in schema["properties"].values())
    assert schema["additionalProperties"] is False


def test_the_environment_configures_it() -> None:
    told = read_settings({"TRIAGE_PORT": "9000", "TRIAGE_LOG_LEVEL": "debug", "TRIAGE_METRICS": "off"})

    assert (told.port, told.log_level, told.metrics) == (9000, "DEBUG", False)


@pytest.mark.parametrize(("name", "value"), [("PORT", "0"), ("PORT", "x"), ("LOG_LEVEL", "LOUD"), ("METRICS", "maybe")])
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"TRIAGE_{name}"):
        read_settings({f"TRIAGE_{name}": value})


async def test_a_request_under_way_is_answered_before_it_closes(client: Client) -> None:
    assert client.app is not None
    visitors = client.app[VISITORS]

    async def slow() -> Any:
        yield json.dumps(LETTER).encode()[:-1]
        await asyncio.sleep(0.3)
        yield b"}"

    asked = asyncio.create_task(client.post(CLASSIFY, data=slow(), headers=JSON))
    async with asyncio.timeout(5):
        while not visitors.inside:
            await asyncio.sleep(0.01)
    await visitors.leave(5)
    answer = await asked

    assert (answer.status, answer.headers["Connection"], visitors.inside) == (200, "close", 0)
