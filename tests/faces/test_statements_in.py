"""Statements by signed POST: taken in at once, compared by a worker, large ones too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from paygate.core import ids
from paygate.core.errors import NotFound
from paygate.services import sources, statement_files
from paygate.services.sources import NewSource
from paygate.wire import MAX_BODY_BYTES
from tests.faces.conftest import Gateway
from tests.services.sheets import Row, ago, sheet


@pytest.fixture
async def source(gateway: Gateway) -> NewSource:
    return await sources.add(gateway.ctx, account_id=gateway.world.account_id, kind="statement")


async def send(gateway: Gateway, source: NewSource, raw: bytes, secret: str | None = None) -> Any:
    return await gateway.tell(raw, source=ids.show("src", source.id), secret=secret or source.secret)


async def report(gateway: Gateway, statement_id: str) -> Any:
    stored = await statement_files.get(gateway.ctx, ids.read("stm", statement_id))
    return json.loads(stored.report) if stored.report else stored


async def test_a_statement_is_taken_in_and_compared_by_a_worker(gateway: Gateway, source: NewSource) -> None:
    made = await gateway.create()
    told = {"amount": 150, "occurredAt": datetime.now(UTC).isoformat(), "sendingBank": "014", "transRef": "T1"}
    await gateway.tell(told)
    raw = sheet(Row(ago(0), 15_000), Row(ago(0), 7_700))
    answer = await send(gateway, source, raw)
    assert answer.status_code == 200
    statement_id = answer.json()["statementId"]
    words = {"received": True, "outcome": "VERIFYING", "transactionId": None}
    assert answer.json() == {**words, "statementId": statement_id}
    assert (await report(gateway, statement_id)).state == "WAITING"
    assert await statement_files.work(gateway.ctx) and not await statement_files.work(gateway.ctx)
    found = await report(gateway, statement_id)
    assert found["matched"][0]["paymentId"] == made["id"]
    assert found["counts"]["withoutPayment"] == {"count": 1, "amount": 77}
    before = await gateway.counts()
    assert (await send(gateway, source, raw)).json()["statementId"] == statement_id
    assert not await statement_files.work(gateway.ctx)
    assert await gateway.counts() == before


async def test_the_report_names_nobody(gateway: Gateway, source: NewSource) -> None:
    raw = sheet(Row(ago(3), 7_700, text="Transfer in from Somchai X1234"), Row(ago(2), text="Somchai"))
    statement_id = (await send(gateway, source, raw)).json()["statementId"]
    await statement_files.work(gateway.ctx)
    stored = await statement_files.get(gateway.ctx, ids.read("stm", statement_id))
    assert stored.report is not None and "omchai" not in stored.report and "1234567" not in stored.report
    async with gateway.ctx.db.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM statements WHERE raw IS NOT NULL") == 0
    with pytest.raises(NotFound):
        await statement_files.get(gateway.ctx, ids.read("stm", statement_id), merchant_id=gateway.world.merchant_id)


async def test_a_bad_signature_or_a_file_that_is_no_statement_leaves_nothing(
    gateway: Gateway, source: NewSource
) -> None:
    before = await gateway.counts()
    raw = sheet(Row(ago(0)))
    assert (await send(gateway, source, raw, secret="whsec_wrong")).status_code == 401
    for nonsense in (b"", b"%PDF-1.7", b"<a/>", b"hello", b"\x00" * 50):
        refused = await send(gateway, source, nonsense)
        assert (refused.status_code, refused.json()["error"]) == (400, "INVALID_REQUEST")
    assert await gateway.counts() == before


async def test_only_sources_of_statements_may_send_more_than_a_mebibyte(gateway: Gateway, source: NewSource) -> None:
    large = sheet(Row(ago(0))) + b"\n" * MAX_BODY_BYTES
    assert (await send(gateway, source, large)).status_code == 200
    assert (await gateway.tell(large)).status_code == 413
    huge = b"x" * (statement_files.MAX_POST_BYTES + 1)
    assert (await send(gateway, source, huge)).status_code == 413


async def test_a_large_file_that_cannot_be_read_fails_with_its_reason_and_may_come_again(
    gateway: Gateway, source: NewSource
) -> None:
    raw = b"hello" + b"\n" * MAX_BODY_BYTES
    statement_id = (await send(gateway, source, raw)).json()["statementId"]
    assert await statement_files.work(gateway.ctx)
    failed = await report(gateway, statement_id)
    assert failed.state == "FAILED" and "no row names" in failed.error
    assert (await send(gateway, source, raw)).json()["statementId"] == statement_id
    assert (await report(gateway, statement_id)).state == "WAITING"


async def test_a_worker_that_died_leaves_the_file_to_the_next(gateway: Gateway, source: NewSource) -> None:
    statement_id = (await send(gateway, source, sheet(Row(ago(0))))).json()["statementId"]
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE statements SET run_at = now() + interval '1 h', attempts = 1, lease_id = id")
        assert not await statement_files.work(gateway.ctx)
        await conn.execute("UPDATE statements SET run_at = now() - interval '1 s'")
        assert await statement_files.work(gateway.ctx)
    assert (await report(gateway, statement_id))["clean"] is False


async def test_old_reports_are_forgotten(gateway: Gateway, source: NewSource) -> None:
    await send(gateway, source, sheet(Row(ago(0))))
    await statement_files.work(gateway.ctx)
    assert await statement_files.prune(gateway.ctx, 10) == 0
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE statements SET finished_at = now() - interval '500 days'")
    assert await statement_files.prune(gateway.ctx, 10) == 1
