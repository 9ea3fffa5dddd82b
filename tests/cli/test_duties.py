"""An operator's duties on the command line."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paygate.core import ids
from paygate.core.closes import last_over
from paygate.services.context import Context
from tests.cli.conftest import Answer, Paygate
from tests.services.alert_receivers import receiving
from tests.services.payouts import ask, shop_with

Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def say(inside: Paygate) -> Ask:
    """A command beside the test's own event loop."""

    async def run(*arguments: str) -> Answer:
        return await asyncio.to_thread(inside, *arguments)

    return run


async def test_payouts_are_frozen_and_go_on_again(ctx: Context, say: Ask) -> None:
    shop = await shop_with(ctx, 100_000)
    merchant = ids.show_merchant(shop.principal.merchant_id)
    one = ids.show("stl", (await ask(ctx, shop, 20_000)).id)
    for verb in ("approve", "pay"):
        assert (await say("settlement", verb, one, "--by", "malee")).status == 0
    done = (await say("merchant", "freeze", merchant, "--reason", "case 4711", "--by", "malee", "--json")).json
    assert (done["frozen"], done["reason"], done["by"]) == (True, "case 4711", "cli:malee")
    assert "case 4711" in (await say("merchant", "frozen")).out
    assert "Payouts are frozen: case 4711" in (await say("balance", merchant)).out
    exported = await say("settlement", "export", "--by", "malee", "--json")
    assert (exported.json["count"], exported.json["frozen"]) == (0, [one])
    assert one in exported.err
    complete = ("settlement", "complete", one, "--reference", "REF-1", "--by", "malee")
    refused = await say(*complete)
    assert refused.status == 1 and "--sent-before-freeze" in refused.err
    assert "COMPLETED" in (await say(*complete, "--sent-before-freeze")).out
    assert "go on" in (await say("merchant", "unfreeze", merchant, "--reason", "closed")).out
    assert (await say("merchant", "frozen")).out == "There are none.\n"


async def test_a_day_of_the_central_account_is_closed(ctx: Context, say: Ask) -> None:
    shop = await shop_with(ctx)
    account, day = ids.show("acc", shop.account.id), str(last_over(datetime.now(UTC)))
    assert "Nobody knows" in (await say("close", "show")).out
    refused = await say("close", "run")
    assert refused.status == 1 and "--opening" in refused.err
    opened = await say(*("close", "run", "--account", account, "--opening", "1,000", "--day", day, "--balance", "975"))
    assert opened.status == 1 and "DIFFERENCE" in opened.out and "-25.00" in opened.out
    explained = await say(
        *("close", "explain", "--account", account, "--day", day, "--amount", "-25.00", "--reason", "The bank's fee")
    )
    assert explained.status == 0 and "The bank's fee" in explained.out
    closed = await say("close", "run", "--by", "malee", "--json")
    assert closed.status == 0
    [one] = json.loads(closed.out)["closes"]
    assert (one["state"], one["books"], one["bank"], one["difference"], one["runBy"]) == (
        *("CLOSED", 975, 975, 0),
        "cli:malee",
    )
    assert "CLOSED" in (await say("close", "list", account)).out
    assert (await say("close", "show", "--day", "yesterday")).status == 1


async def test_a_merchant_is_known_before_it_is_approved(say: Ask, tmp_path: Path) -> None:
    made = await say("merchant", "create", "--email", "a@b.co", "--name", "Shop", "--plan", "free", "--json")
    one = made.json["merchantId"]
    refused = await say("merchant", "approve", one)
    assert refused.status == 1 and "paygate merchant dossier" in refused.err
    told = ("--kind", "person", "--legal-name", "สมหญิง ใจดี", "--tax-id", "1101700207366", "--address", "กรุงเทพฯ")
    more = ("--business", "กาแฟ", "--contact-name", "สมหญิง", "--contact-phone", "0812345678")
    assert "Missing for approval: document id_card, check." in (await say("merchant", "dossier", one, *told, *more)).out
    card, copy = tmp_path / "card.jpg", tmp_path / "copy.jpg"
    card.write_bytes(b"\xff\xd8\xff a card")
    added = await say("merchant", "document", "add", one, str(card), "--kind", "id_card", "--json")
    assert "Nothing is missing." in (await say("merchant", "check", one, "--note", "looked", "--by", "malee")).out
    assert "APPROVED" in (await say("merchant", "approve", one)).out
    document = added.json["documentId"]
    assert (await say("merchant", "document", "open", one, document, "--output", str(copy))).status == 0
    assert copy.read_bytes() == card.read_bytes() and copy.stat().st_mode & 0o077 == 0
    assert (await say("merchant", "forget", one, "--reason", "x")).status == 1
    assert (await say("merchant", "document", "remove", one, document, "--reason", "old")).status == 0
    assert (await say("merchant", "dossier", one, "--json")).json["missing"] == ["document id_card", "check"]


async def test_evidence_is_written_to_a_file_of_ones_own(ctx: Context, say: Ask, tmp_path: Path) -> None:
    shop = await shop_with(ctx, 100_000)
    merchant = ids.show_merchant(shop.principal.merchant_id)
    file = tmp_path / "case.zip"
    days = ("--from", "2026-01-01", "--to", "2099-12-31")
    command = ("evidence", "export", "--merchant", merchant, *days, "--reason", "case 1", "--output", str(file))
    done = await say(*command, "--json")
    assert (done.json["rows"]["payments"], file.stat().st_mode & 0o077) == (1, 0)
    with zipfile.ZipFile(file) as archive:
        assert "README.txt" in archive.namelist()
    assert (await say("evidence", "export", "--reason", "x", "--output", str(file))).status == 1


async def test_the_licence_is_told_of_where_a_free_merchant_is_made(say: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = ("merchant", "create", "--name", "Shop", "--json")
    made = await say(*shop, "--email", "a@b.co", "--plan", "free")
    assert made.json["merchantId"] and "Payment Systems Act B.E. 2560" in made.err
    direct = await say(*shop, "--email", "b@b.co", "--plan", "pro", "--promptpay", "0899999999")
    assert direct.status == 0 and "Payment Systems Act" not in direct.err
    monkeypatch.setenv("PAYGATE_FREE_PLAN", "off")
    refused = await say(*shop, "--email", "c@b.co", "--plan", "free")
    assert refused.status == 1 and "The Free plan is off" in refused.err


async def test_alerts_are_tried_and_listed(say: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = await say("alert", "test")
    assert refused.status == 1 and "PAYGATE_ALERT_" in refused.err
    async with receiving() as told:
        for name, value in told.settings.items():
            monkeypatch.setenv(name, value)
        done = await say("alert", "test", "--by", "malee")
        assert done.status == 0 and sorted(done.out.split("\n")[:3]) == ["line: SENT", "mail: SENT", "webhook: SENT"]
        assert "ทดสอบการแจ้งเตือน" in told.line.shown[0] and told.hook.heard[0]["word"] == "TEST"
        told.mail.refuse = True
        assert "mail: WAITING" in (await say("alert", "test")).out
    listed = (await say("alert", "list", "--json")).json["alerts"]
    assert sorted(one["state"] for one in listed) == ["SENT"] * 5 + ["WAITING"]
