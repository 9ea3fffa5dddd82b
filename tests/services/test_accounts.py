"""Accounts: one real account, one receiving id, one owner; versions come and go."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from paygate.core import keys as forms
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.db import keys
from paygate.db.accounts import Account
from paygate.services import accounts, merchants
from paygate.services.context import Context
from tests.services.helpers import MINUTE, PRICE, now, open_shop, shift, sql

SCB = {"bank": "014", "number": "406-1-23456-7"}


async def add(ctx: Context, owner: int = 0, **said: Any) -> Account:
    return await accounts.add(ctx, owner=owner, name="PayGate Co", **said)


async def directory(ctx: Context) -> dict[str, tuple[int, UUID]]:
    async with ctx.db.connection() as conn:
        rows = await conn.fetch("SELECT * FROM account_directory")
    return {row["identity"]: (row["merchant_id"], row["receiving_id"]) for row in rows}


async def direct_merchant(ctx: Context, promptpay: str | None = "0899999999") -> merchants.NewMerchant:
    email = f"{uuid4().hex}@b.co"
    return await merchants.create(
        ctx, email=email, name="Shop", plan="pro", promptpay=promptpay, approve=promptpay is not None
    )


async def test_an_account_is_normalised_and_published(ctx: Context) -> None:
    made = await add(ctx, promptpay="+66 (0)81-234-5678", biller_id="0994000165501 00", **SCB)
    assert (made.merchant_id, made.mode, made.virtual, made.amount_tagging) == (0, "live", False, "auto")
    assert (made.proxy_kind, made.proxy, made.biller_id) == ("mobile", "0066812345678", "099400016550100")
    assert (made.bank_code, made.number, made.retired_at) == ("014", "4061234567", None)
    assert set(await directory(ctx)) == {"bank:014:4061234567", "proxy:mobile:0066812345678", "biller:099400016550100"}
    assert await accounts.list_accounts(ctx, 0) == [made]


async def test_the_same_bank_account_again_is_a_new_version_of_it(ctx: Context) -> None:
    first = await add(ctx, promptpay="0812345678", **SCB)
    second = await add(ctx, promptpay="1-2345-67890-12-1", amount_tagging="off", **SCB)
    assert second.receiving_id == first.receiving_id and second.id != first.id
    assert await accounts.list_accounts(ctx) == [second]
    # The old PromptPay ID is nobody's any more: its number may get a new owner.
    assert await directory(ctx) == {
        "bank:014:4061234567": (0, first.receiving_id),
        "proxy:national_id:1234567890121": (0, first.receiving_id),
    }
    async with ctx.db.connection() as conn:
        rows = await conn.fetch("SELECT id, retired_at IS NULL AS in_force FROM accounts ORDER BY created_at")
    assert [(row["id"], row["in_force"]) for row in rows] == [(first.id, False), (second.id, True)]


async def test_a_direct_merchants_account_gets_its_bank_details_later(ctx: Context) -> None:
    shop = await direct_merchant(ctx)
    [before] = [a for a in await accounts.list_accounts(ctx, shop.merchant_id) if a.mode == "live"]
    after = await add(ctx, owner=shop.merchant_id, promptpay="0899999999", bank="004", number="1234567890")
    assert after.receiving_id == before.receiving_id
    async with ctx.db.connection() as conn:
        principal = await keys.authenticate(conn, forms.digest(shop.live_secret_key))
    assert principal is not None and [a.id for a in principal.accounts] == [after.id]
    assert set(await directory(ctx)) == {"bank:004:1234567890", "proxy:mobile:0066899999999"}


async def test_a_version_without_bank_details_keeps_those_that_are_known(ctx: Context) -> None:
    first = await add(ctx, promptpay="0812345678", **SCB)
    second = await add(ctx, promptpay="0812345678", amount_tagging="add")
    assert (second.receiving_id, second.number) == (first.receiving_id, "4061234567")


async def test_a_promptpay_id_moves_to_another_bank_account_only_when_no_payment_waits(ctx: Context) -> None:
    old = await add(ctx, promptpay="0812345678", **SCB)
    async with ctx.db.connection() as conn:
        await conn.execute(
            "INSERT INTO reservations VALUES ('live', $1, $2, 1, 0, 15000, NULL, NULL, true, now(), 'infinity')",
            old.receiving_id,
            uuid4(),
        )
    with pytest.raises(Conflict) as refused:
        await add(ctx, promptpay="0812345678", bank="004", number="1234567890")
    assert refused.value.field == "promptpay"
    assert await accounts.list_accounts(ctx) == [old]
    async with ctx.db.connection() as conn:
        await conn.execute("UPDATE reservations SET until_at = from_at + interval '1 us'")
    new = await add(ctx, promptpay="0812345678", bank="004", number="1234567890")
    assert new.receiving_id != old.receiving_id
    assert await accounts.list_accounts(ctx) == [new]
    assert set(await directory(ctx)) == {"bank:004:1234567890", "proxy:mobile:0066812345678"}
    back = await add(ctx, promptpay="0812345678", **SCB)
    assert back.receiving_id == old.receiving_id, "a bank account is the same one for ever"


async def test_a_promptpay_id_and_a_biller_id_of_two_accounts_cannot_become_one(ctx: Context) -> None:
    await add(ctx, promptpay="0812345678")
    await add(ctx, biller_id="099400016550100")
    with pytest.raises(Conflict):
        await add(ctx, promptpay="0812345678", biller_id="099400016550100", **SCB)


@pytest.mark.parametrize(
    ("field", "theirs"),
    [
        ("promptpay", {"promptpay": "0812345678"}),
        ("number", {"promptpay": "0811111111", "bank": "014", "number": "4061234567"}),
        ("biller_id", {"biller_id": "099400016550100"}),
    ],
)
async def test_another_owners_account_is_refused(ctx: Context, field: str, theirs: dict[str, str]) -> None:
    mine = await add(ctx, promptpay="0812345678", biller_id="099400016550100", **SCB)
    shop = await direct_merchant(ctx, None)
    with pytest.raises(Conflict) as refused:
        await add(ctx, owner=shop.merchant_id, **theirs)
    assert refused.value.field == field
    assert await accounts.list_accounts(ctx, 0) == [mine]


async def test_owners_who_race_for_one_account_leave_one_winner(ctx: Context) -> None:
    owners = [0, *[(await direct_merchant(ctx, None)).merchant_id for _ in range(3)]]

    async def one(owner: int) -> bool:
        try:
            await add(ctx, owner=owner, promptpay="0812345678", **SCB)
        except Conflict:
            return False
        return True

    assert (await asyncio.gather(*(one(owner) for owner in owners))).count(True) == 1
    assert len(await directory(ctx)) == 2


async def test_one_owner_adding_an_account_many_times_at_once_leaves_one_in_force(ctx: Context) -> None:
    made = await asyncio.gather(*(add(ctx, promptpay="0812345678", **SCB) for _ in range(5)))
    assert len({account.receiving_id for account in made}) == 1
    assert len(await accounts.list_accounts(ctx)) == 1


async def test_test_accounts_are_virtual_and_in_no_directory(ctx: Context) -> None:
    made = await add(ctx, promptpay="0812345678", test=True)
    assert (made.mode, made.virtual) == ("test", True)
    assert await directory(ctx) == {}
    again = await add(ctx, promptpay="0812345678", test=True)
    assert again.receiving_id == made.receiving_id


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("promptpay", {}),
        ("promptpay", {"bank": "014", "number": "4061234567"}),
        ("promptpay", {"promptpay": "021234567"}),
        ("promptpay", {"promptpay": "๐๘๑๒๓๔๕๖๗๘"}),
        ("biller_id", {"biller_id": "12345"}),
        ("bank", {"promptpay": "0812345678", "number": "4061234567"}),
        ("bank", {"promptpay": "0812345678", "bank": "SCB", "number": "4061234567"}),
        ("number", {"promptpay": "0812345678", "bank": "014"}),
        ("number", {"promptpay": "0812345678", "bank": "014", "number": "40612x4567"}),
        ("number", {"promptpay": "0812345678", "bank": "014", "number": "๔๐๖๑๒๓๔๕๖๗"}),
        ("amount_tagging", {"promptpay": "0812345678", "amount_tagging": "maybe"}),
        ("name", {"promptpay": "0812345678", "name": ""}),
    ],
)
async def test_a_wrong_field_is_named(ctx: Context, field: str, said: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        await accounts.add(ctx, **{"owner": 0, "name": "PayGate Co", **said})
    assert refused.value.field == field
    assert await accounts.list_accounts(ctx) == []


async def test_an_account_needs_an_owner_that_exists(ctx: Context) -> None:
    with pytest.raises(NotFound):
        await add(ctx, owner=12345, promptpay="0812345678")


async def test_the_newest_version_is_the_one_in_force_whatever_the_clock_says(ctx: Context) -> None:
    made = await add(ctx, promptpay="0812345678", **SCB)
    assert abs((datetime.now(UTC) - made.created_at).total_seconds()) < 60
    for tagging in ("off", "add", "subtract"):
        newest = await add(ctx, promptpay="0812345678", amount_tagging=tagging, **SCB)
        assert [a.id for a in await accounts.list_accounts(ctx)] == [newest.id]


@pytest.mark.parametrize(("tagging", "most"), [("auto", 100), ("add", 99), ("subtract", 99), ("off", 1)])
async def test_an_account_tells_how_full_it_is(ctx: Context, tagging: str, most: int) -> None:
    shop = await open_shop(ctx, tagging=tagging)
    sold = [await shop.sell() for _ in range(3)]
    await shop.sell(20_000)
    await shop.cancel(sold[0])
    await shift(ctx, sold[1], sold[1].expires_at - now())
    seen = await accounts.capacity(ctx, shop.account.id)
    exclusive = tagging != "off"
    assert seen.open_payments == 2
    assert seen.held_amounts == (4 if exclusive else 0)
    told = [(price.price_satang, price.held, price.free) for price in seen.fullest]
    assert told == ([(PRICE, 3, most - 3), (20_000, 1, most - 1)] if exclusive else [])
    assert (seen.free_at is not None) == exclusive
    if seen.free_at:
        assert 59 * MINUTE < seen.free_at - now() <= 62 * MINUTE


async def test_an_account_tells_when_each_of_its_sources_was_heard(ctx: Context) -> None:
    shop = await open_shop(ctx)
    account = shop.account
    for source_id in (shop.sources[account.receiving_id], ctx.new_id()):
        await sql(
            ctx,
            """INSERT INTO sources (merchant_id, mode, id, receiving_id, kind, trust, secret)
               VALUES (0, 'live', $1, $2, 'generic', 'host', ''::bytea)""",
            source_id,
            account.receiving_id,
        )
    await shop.hears(PRICE)
    first, second = (await accounts.capacity(ctx, account.id)).sources
    assert first.heard_at is not None and abs(first.heard_at - now()) < MINUTE and second.heard_at is None
    with pytest.raises(NotFound):
        await accounts.capacity(ctx, ctx.new_id())
