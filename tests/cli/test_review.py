"""`paygate review` and `paygate audit` as an operator uses them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from paygate.cli.output import columns, table
from paygate.core import ids
from paygate.core.payments import Payment
from paygate.services.context import Context
from tests.cli.conftest import Answer, Paygate
from tests.services.helpers import Shop, open_shop, sql
from tests.services.test_reviews import slip_in_review

WHY = ("--reason", "เห็นในแอปธนาคาร")
NAME = "นายสมชาย ใ***"


Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def ask(inside: Paygate) -> Ask:
    """A command beside the test's own event loop: `await ask("review", "list")`."""

    async def run(*arguments: str) -> Answer:
        return await asyncio.to_thread(inside, *arguments)

    return run


async def waiting(ctx: Context) -> tuple[Shop, Payment, str]:
    """An orphan of 150.00 on the central account, and an open payment that it may be for."""
    shop = await open_shop(ctx)
    await shop.hears(at=datetime.now(UTC) - timedelta(minutes=30), payer_name=NAME, payer_account="xxx-x-x1234-x")
    payment = await shop.sell(order_id="A-1")
    [row] = await sql(ctx, "SELECT id FROM reviews")
    return shop, payment, ids.show("rev", row["id"])


def test_thai_names_take_the_columns_that_a_terminal_gives_them() -> None:
    assert columns("ที่กิน") == 3 and columns("abc") == 3 and columns("漢") == 2
    lines = table(["NAME", "X"], [["นายสมชาย ใจดี", "1"], ["ญี่ปุ่น", "2"], ["plain", "3"]])
    assert len({columns(line) for line in lines}) == 1


async def test_what_waits_is_listed_shown_and_decided(ctx: Context, ask: Ask) -> None:
    _, payment, review = await waiting(ctx)
    listed = json.loads((await ask("review", "list", "--json")).out)
    assert listed["more"] is False
    [one] = listed["reviews"]
    assert (one["reviewId"], one["reason"], one["mode"]) == (review, "ORPHAN", "live")
    assert (one["amountSatang"], one["payerName"], one["alarm"]) == (15_000, NAME, False)
    people = (await ask("review", "list")).out.splitlines()
    assert people[0].split() == ["REVIEW", "MODE", "SINCE", "REASON", "AMOUNT", "PAYER", "OR", "TEXT"]
    assert review in people[1] and "150.00" in people[1] and NAME in people[1]
    shown = json.loads((await ask("review", "show", review, "--json")).out)
    assert shown["actions"] == ["match", "combine", "pay-cancelled", "refund-orphan", "reject", "fail"]
    [candidate] = shown["candidates"]
    assert (candidate["transactionId"], candidate["status"]) == (str(payment.id), "PENDING")
    assert candidate["why"] == ["the same amount", "made 30 min after the money moved"]
    assert shown["credit"]["payer"]["name"] == NAME
    text = (await ask("review", "show", review)).out
    for part in (NAME, "the same amount", str(payment.id), "told by    bridge, rank A", "--action match|"):
        assert part in text
    done = await ask(
        "review", "resolve", review, "--action", "match", "--payment", str(payment.id), *WHY, "--by", "สมชาย", "--json"
    )
    assert json.loads(done.out) == {
        "reviewId": review,
        "action": "match",
        "transactionId": str(payment.id),
        "status": "PAID",
        "creditIds": [shown["credit"]["creditId"]],
        "creditState": "SETTLED",
    }
    assert (await ask("review", "list")).out == "There are none.\n"
    [closed] = json.loads((await ask("review", "list", "--closed", "--json")).out)["reviews"]
    assert (closed["resolution"], closed["resolvedBy"], closed["resolveReason"]) == ("match", "cli:สมชาย", WHY[1])
    assert "match, by cli:สมชาย" in (await ask("review", "show", review)).out
    assert (await ask("ledger", "check")).status == 0


async def test_decisions_are_told_in_words(ctx: Context, ask: Ask) -> None:
    _, payment, review = await waiting(ctx)
    out = (await ask("review", "resolve", review, "--action", "refund-orphan", *WHY)).out
    assert re.fullmatch(rf"Review {review}: refund-orphan\.\nCredit crd_\w+ is REFUND_DUE\.\n", out)
    again = await ask("review", "resolve", review, "--action", "match", "--payment", str(payment.id), *WHY)
    assert again.status == 1 and "closed already: refund, by cli:" in again.err


async def test_wrong_words_end_in_one_line_and_an_exit_status(ctx: Context, ask: Ask) -> None:
    shop, payment, review = await waiting(ctx)
    act = ("review", "resolve", review, "--action")
    nobody = ids.show("rev", UUID(int=7))
    merchant = ids.show_merchant(shop.principal.merchant_id)
    for status, arguments in (
        (1, ("review", "show", nobody)),
        (1, ("review", "show", "what")),
        (1, ("review", "show", review, "--owner", merchant)),
        (1, ("review", "show", review, "--picture", "slip.jpg")),
        (1, ("review", "list", "--after", nobody)),
        (2, ("review", "list", "--reason", "WHATEVER")),
        (2, (*act, "match")),
        (2, (*act, "grab", *WHY)),
        (1, (*act, "match", *WHY)),
        (1, (*act, "match", "--reason", " ", "--payment", str(payment.id))),
        (1, (*act, "match", "--payment", "123", *WHY)),
        (1, (*act, "match", "--payment", str(payment.id), "--amount", "1.005", *WHY)),
        (1, (*act, "match", "--payment", str(payment.id), "--amount", "0", *WHY)),
        (1, (*act, "match", "--payment", str(payment.id), "--occurred-at", "noon", *WHY)),
        (1, (*act, "combine", "--payment", str(payment.id), "--credit", "crd_what", *WHY)),
        (1, (*act, "dismiss", *WHY)),
    ):
        answer = await ask(*arguments)
        assert answer.status == status, (arguments, answer)
        assert "Traceback" not in answer.err and answer.out == ""
        assert status == 2 or (answer.err.startswith("Error: ") and answer.err.count("\n") == 1), answer.err
    assert len(json.loads((await ask("review", "list", "--json")).out)["reviews"]) == 1


async def test_a_slip_is_seen_and_believed_with_thai_time(ctx: Context, ask: Ask, tmp_path: Path) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell()
    slip_id = await slip_in_review(ctx, payment)
    await sql(ctx, "UPDATE slips SET picture = $1 WHERE id = $2", b"\xff\xd8picture", slip_id)
    [row] = await sql(ctx, "SELECT id FROM reviews")
    review, target = ids.show("rev", row["id"]), tmp_path / "slip.jpg"
    shown = json.loads((await ask("review", "show", review, "--picture", str(target), "--json")).out)
    assert target.read_bytes() == b"\xff\xd8picture"
    assert (shown["slip"]["transactionId"], shown["slip"]["hasPicture"]) == (str(payment.id), True)
    assert str(payment.id) in (await ask("review", "show", review)).out
    at = (datetime.now(UTC) + timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M:%S")  # Thai, without saying so.
    act = ("review", "resolve", review, "--action", "match", *WHY, "--occurred-at", at)
    done = json.loads((await ask(*act, "--amount", "150", "--json")).out)
    assert (done["transactionId"], done["status"]) == (str(payment.id), "PAID")
    [credit] = await sql(ctx, "SELECT occurred_at FROM credits")
    assert abs(credit["occurred_at"] - datetime.now(UTC)) < timedelta(minutes=2)


async def test_the_log_is_listed_and_verified(ctx: Context, ask: Ask, dsn: str) -> None:
    _, _, review = await waiting(ctx)
    await ask("review", "resolve", review, "--action", "reject", *WHY, "--by", "Somchai")
    [record] = json.loads((await ask("audit", "list", "--json")).out)["records"]
    assert (record["actor"], record["action"], record["subject"]) == (
        "cli:Somchai",
        "review.reject",
        f"review:{review}",
    )
    assert record["after"]["reason"] == WHY[1]
    assert "review.reject" in (await ask("audit", "list", "--action", "review.reject")).out
    assert (await ask("audit", "list", "--action", "key.create")).out == "There are none.\n"
    report = json.loads((await ask("audit", "verify", "--json")).out)
    assert (report["whole"], report["rows"], report["chains"][0]["head"]) == (True, 1, record["hash"])
    assert (await ask("audit", "verify")).out.endswith("The log is whole: 1 rows.\n")
    conn = await asyncpg.connect(dsn)
    await conn.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
    await conn.execute("UPDATE audit_log SET actor = 'cli:Somying'")
    await conn.close()
    broken = await ask("audit", "verify", "--json")
    assert broken.status == 1
    assert json.loads(broken.out)["faults"] == [
        {"merchantId": "central", "row": 1, "what": "it was changed after it was written"}
    ]
    told = await ask("audit", "verify")
    assert told.status == 1 and "WRONG  central, row 1: it was changed after it was written." in told.out
