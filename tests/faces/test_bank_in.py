"""The bank's bridge: signed news of money, and what happens to everything else."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from paygate.core import ids
from tests.faces.conftest import Gateway


def credit(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "amount": 150.00,
        "occurredAt": datetime.now(UTC).isoformat(),
        "sendingBank": "014",
        "transRef": "T1aB",
        "ref1": None,
        "ref2": None,
        "payerName": "นาย ก",
        "payerAccount": "xxx-x-x1234-x",
    }
    return body | changes


BAD: list[tuple[str, Any]] = [
    ("amount", 0), ("amount", -150), ("amount", 0.001), ("amount", "150"), ("amount", None), ("amount", True),
    ("amount", 10**10), ("amount", []), ("amount", {}),
    ("occurredAt", None), ("occurredAt", 1795000000), ("occurredAt", "now"), ("occurredAt", "2026-11-20T10:00:00"),
    ("occurredAt", "2026-11-20"), ("occurredAt", "2026-02-30T10:00:00Z"), ("occurredAt", "9999-12-31T23:59:59-14:00"),
    ("sendingBank", "14"), ("sendingBank", 14), ("sendingBank", "SCB"), ("sendingBank", "๐๑๔"), ("sendingBank", "01\n"),
    ("transRef", ""), ("transRef", "x" * 129), ("transRef", 5), ("transRef", "a\nb"), ("transRef", " T1"),
    ("transRef", "T1 "), ("transRef", "a\u200bb"),
    ("ref1", "x" * 21), ("ref1", 1), ("ref2", ["x"]), ("ref2", "a\tb"),
    ("payerName", "x" * 201), ("payerName", 1), ("payerAccount", "x" * 65), ("payerAccount", {}),
]  # fmt: skip


async def test_a_signed_credit_pays_and_its_repeat_is_a_duplicate(gateway: Gateway) -> None:
    made = await gateway.create()
    body = credit()
    first, again = await gateway.tell(body), await gateway.tell(body)
    assert first.json() == {"received": True, "outcome": "PAID", "transactionId": made["id"]}
    assert again.json()["outcome"] == "DUPLICATE"
    assert (first.status_code, again.status_code) == (200, 200)


async def test_money_that_nobody_asked_for_is_an_orphan(gateway: Gateway) -> None:
    answer = await gateway.tell(credit())
    assert answer.json() == {"received": True, "outcome": "ORPHAN", "transactionId": None}


async def test_a_bad_signature_is_401_and_nothing_is_stored(gateway: Gateway) -> None:
    await gateway.create()
    before = await gateway.counts()
    now = time.time()
    answers = [
        await gateway.tell(credit(), secret="whsec_wrong"),
        await gateway.tell(credit(), at=now - 400),
        await gateway.tell(credit(), at=now + 400),
        await gateway.tell(b"not even json", secret="x"),
    ]
    path = f"/api/bank/{gateway.world.source}"
    for header in (None, "", "t=1,v1=00", "v1=00", "t=x", "é", f"t={int(now)},v1=" + "0" * 64):
        sent = {} if header is None else {"X-PayGate-Signature": header.encode()}
        answers.append(await gateway.client.post(path, content=json.dumps(credit()), headers=sent))
    for answer in answers:
        assert answer.status_code == 401, answer.text
        assert (answer.json()["received"], answer.json()["error"]) == (False, "UNAUTHORIZED")
    assert await gateway.counts() == before


async def test_an_unknown_or_disabled_source_is_404(gateway: Gateway) -> None:
    before = await gateway.counts()
    for source in (
        "src_nope",
        "nope",
        "src_" + "0" * 26,
        "01900000-0000-7000-8000-000000000000",
        "acc" + gateway.world.source[3:],
    ):
        answer = await gateway.tell(credit(), source=source)
        assert (answer.status_code, answer.json()["received"], answer.json()["error"]) == (404, False, "NOT_FOUND")
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE sources SET disabled_at = now()")
    assert (await gateway.tell(credit())).status_code == 404
    assert await gateway.counts() == before


async def test_every_bad_field_of_a_credit_is_refused_by_its_name(gateway: Gateway) -> None:
    before = await gateway.counts()
    for field, value in BAD:
        answer = await gateway.tell(credit(**{field: value}))
        body = answer.json()
        found = (answer.status_code, body["received"], body["error"], body.get("field"))
        assert found == (400, False, "INVALID_REQUEST", field), (field, value, answer.text)
    for raw in (b"", b"[]", b"{", b"null", b"\xff", b"[" * 100_000):
        answer = await gateway.tell(raw)
        assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST"), raw[:20]
    assert await gateway.counts() == before


async def test_one_satang_and_amounts_over_the_payment_limit_are_taken(gateway: Gateway) -> None:
    for number, amount in enumerate((0.01, 9_999_999_999.99)):
        answer = await gateway.tell(credit(amount=amount, transRef=f"T{number}"))
        assert (answer.status_code, answer.json()["outcome"]) == (200, "ORPHAN"), answer.text


async def test_a_source_of_a_kind_that_is_not_read_yet_says_so(gateway: Gateway) -> None:
    async with gateway.ctx.db.connection() as conn:
        await conn.execute("UPDATE sources SET kind = 'events'")
    answer = await gateway.tell(credit())
    assert answer.status_code == 400 and "events" in answer.json()["message"]


async def test_a_source_may_be_named_by_its_bare_uuid(gateway: Gateway) -> None:
    bare = str(ids.read("src", gateway.world.source))
    assert (await gateway.tell(credit(), source=bare)).status_code == 200
