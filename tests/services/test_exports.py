"""Evidence for a bank or the police: all of it, nothing of others, with sums, and in the audit log."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from paygate.core import ids
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.services import audit, exports, refunds
from paygate.services.context import Context
from paygate.services.exports import Scope
from paygate.services.once import unanswered
from paygate.services.refunds import Wish, read_payee
from tests.services.helpers import now, sql
from tests.services.payouts import A, ask, pay_out, sell_and_pay, shop_with

WHY = "ตำรวจ คดี 123/2569"
HOUR = timedelta(hours=1)


async def export(ctx: Context, **scope: Any) -> dict[str, bytes]:
    done = await exports.make(ctx, Scope(**scope), WHY, A)
    with done.file, zipfile.ZipFile(io.BytesIO(done.file.read())) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(found["manifest.json"])
    assert manifest["sha256"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in found.items() if name != "manifest.json"
    }
    assert hashlib.sha256(found["manifest.json"]).hexdigest() == done.manifest_sha256
    assert (manifest["reason"], manifest["by"]) == (WHY, A)
    return found


def rows(found: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in found[f"{name}.ndjson"].decode().splitlines()]


async def test_all_about_a_merchants_time_and_nothing_of_others(ctx: Context) -> None:
    shop, other = await shop_with(ctx, 100_000), await shop_with(ctx, 70_000)
    merchant_id = shop.principal.merchant_id
    payment_id = await sell_and_pay(shop, 50_000)
    await pay_out(ctx, await ask(ctx, shop, 20_000), "REF-1")
    payee = read_payee("0812345678", None, None, "สมชาย")
    await refunds.request(ctx, merchant_id, "live", payment_id, Wish(5_000, None, payee), None, unanswered, "key:x")
    found = await export(ctx, merchant_id=merchant_id, since=now() - HOUR, until=now() + HOUR)
    assert [row["merchant_id"] for row in rows(found, "payments")] == [merchant_id] * 2
    assert len(rows(found, "credits")) == len(rows(found, "observations")) == 2
    assert {row["payment_merchant_id"] for row in rows(found, "credits")} == {merchant_id}
    kinds = sorted(row["kind"] for row in rows(found, "journals"))
    assert kinds == [
        *("payment.paid", "payment.paid", "payout.confirmed", "payout.sent", "refund.requested"),
        "settlement.requested",
    ]
    assert all(sum(e["amount_satang"] for e in row["entries"]) == 0 for row in rows(found, "journals"))
    [settlement] = rows(found, "settlements")
    assert (settlement["bank_reference"], settlement["destination"]["proxy"]) == ("REF-1", "0066899999999")
    [refund] = rows(found, "refunds")
    assert refund["payee"]["name"] == "สมชาย"
    assert {"payment.success", "settlement.completed"} <= {row["type"] for row in rows(found, "events")}
    assert "settlement.complete" in {row["action"] for row in rows(found, "audit")}
    assert json.loads(found["merchant.json"])["merchantId"] == ids.show_merchant(merchant_id)
    assert b"SHA-256" in found["README.txt"] and "สตางค์".encode() in found["README.txt"]
    stranger = str(other.principal.merchant_id).encode()
    assert not [name for name, content in found.items() if stranger in content]
    [row, *_] = await audit.list_records(ctx, merchant_id)
    told = json.loads(row.record.after or "")
    assert (row.record.action, row.record.actor, told["reason"]) == ("evidence.export", A, WHY)
    assert told["manifest"] == hashlib.sha256(found["manifest.json"]).hexdigest()
    empty = await export(ctx, merchant_id=merchant_id, since=now() - 9 * HOUR, until=now() - 8 * HOUR)
    assert not rows(empty, "payments") and not rows(empty, "journals")


async def test_one_payment_with_its_slip_or_one_credit(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    payment_id = await sell_and_pay(shop, 50_000)
    await sql(
        ctx,
        """INSERT INTO slips (merchant_id, mode, id, payment_id, picture, outcome, attempts, handed, handed_at,
                              created_at, decided_at)
           VALUES ($1, 'live', $2, $3, $4, 'REJECTED', 1, 1, now(), now(), now())""",
        shop.principal.merchant_id,
        ctx.new_id(),
        payment_id,
        b"\xff\xd8\xff a slip",
    )
    found = await export(ctx, payment_id=payment_id)
    [payment], [credit] = rows(found, "payments"), rows(found, "credits")
    assert (payment["id"], credit["payment_id"]) == (str(payment_id), str(payment_id))
    [picture] = [content for name, content in found.items() if name.startswith("slips/")]
    assert picture == b"\xff\xd8\xff a slip" and "picture" not in rows(found, "slips")[0]
    await shop.hears(7_700)  # Money of nobody.
    [orphan] = await sql(ctx, "SELECT id FROM credits WHERE state = 'UNASSIGNED'")
    found = await export(ctx, credit_id=orphan["id"])
    assert [row["amount_satang"] for row in rows(found, "credits")] == [7_700] and not rows(found, "payments")
    assert [row["kind"] for row in rows(found, "journals")] == ["credit.parked"]
    [row, *_] = await audit.list_records(ctx, 0)
    assert row.record.action == "evidence.export"


async def test_without_a_reason_or_a_thing_to_look_for_nothing_is_given_out(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await shop_with(ctx, 100_000, 50_000)
    span = {"since": now() - HOUR, "until": now() + HOUR}
    merchant_id = shop.principal.merchant_id
    before = len(await sql(ctx, "SELECT 1 FROM audit_log"))
    for reason in ("", " ", "x" * 501):
        with pytest.raises(InvalidInput):
            await exports.make(ctx, Scope(merchant_id=merchant_id, **span), reason, A)
    for scope, error in (
        (Scope(), InvalidInput),
        (Scope(merchant_id=merchant_id), InvalidInput),
        (Scope(merchant_id=merchant_id, since=span["until"], until=span["since"]), InvalidInput),
        (Scope(merchant_id=merchant_id, payment_id=ctx.new_id(), **span), InvalidInput),
        (Scope(merchant_id=12345, **span), NotFound),
        (Scope(payment_id=ctx.new_id()), NotFound),
        (Scope(credit_id=ctx.new_id()), NotFound),
    ):
        with pytest.raises(error):
            await exports.make(ctx, scope, WHY, A)
    monkeypatch.setattr(exports, "MOST_PAYMENTS", 1)
    with pytest.raises(Conflict, match="less time"):
        await exports.make(ctx, Scope(merchant_id=merchant_id, **span), WHY, A)
    assert len(await sql(ctx, "SELECT 1 FROM audit_log")) == before
