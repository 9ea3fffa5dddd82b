"""A small world for the tests of services: shops with accounts and endpoints, money that is heard of, time that moves.

Rows are put in by SQL, so that these tests need nothing but the money path itself. Time never passes: what belongs to
a payment is moved into the past instead.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.credits import Observation
from paygate.core.payments import QUARANTINE_OTHER, QUARANTINE_PAID, Payment
from paygate.core.principals import Principal, ReceivingAccount
from paygate.db.payments import Claim
from paygate.services import evidence, ledger, payments
from paygate.services.context import Context
from paygate.services.evidence import Outcome
from paygate.services.payments import Done, NewPayment, Replayed

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PRICE = 15_000
CREATED = ("payment.created", 1)  # One endpoint hears everything,
SUCCESS = ("payment.success", 2)  # a second one successes only, a third one is off.
HELD = ("payment.verification", 1)
EXPIRED = ("payment.expired", 1)
CANCELLED = ("payment.cancelled", 1)
PAID_LINES = {"bank_central": PRICE, "payable": -14_550, "fee_revenue": -450}  # Free: 3 %.
PARKED_LINES = {"bank_central": PRICE, "suspense": -PRICE}


def answer(payment: Payment) -> tuple[int, bytes]:
    """What a face would answer."""
    return 201, json.dumps({"id": str(payment.id), "payable": payment.payable_satang}).encode()


def now() -> datetime:
    return datetime.now(UTC)


async def sql(ctx: Context, statement: str, *values: Any) -> list[Any]:
    async with ctx.db.connection() as conn:
        return list(await conn.fetch(statement, *values))


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a payment shows outside. `held` is the end of its hold, counted from its end (or its deadline)."""

    status: str
    exception: str | None
    received: int | None
    events: tuple[tuple[str, int], ...]  # (type, deliveries)
    held: timedelta


@dataclass(frozen=True, slots=True)
class Review:
    reason: str
    resolution: str | None
    alarm: bool
    candidates: tuple[str, ...]


async def facts(ctx: Context, payment: Payment) -> Facts:
    """How a payment stands in the rows, swept or not."""
    [row] = await sql(
        ctx,
        """SELECT p.status, p.exception, p.received_satang, r.until_at - coalesce(p.closed_at, p.expires_at) AS held,
                  (SELECT array_agg(e.type || ' ' || (SELECT count(*) FROM deliveries d WHERE d.event_id = e.id)
                                    ORDER BY e.sequence)
                     FROM events e WHERE e.subject_id = p.id) AS events
             FROM payments p JOIN reservations r ON r.payment_id = p.id WHERE p.id = $1""",
        payment.id,
    )
    events = tuple((text.split()[0], int(text.split()[1])) for text in row["events"])
    return Facts(row["status"], row["exception"], row["received_satang"], events, row["held"])


async def booked(ctx: Context) -> list[tuple[str, dict[str, int]]]:
    """Every journal: its kind and lines, in the order of booking."""
    rows = await sql(
        ctx,
        """SELECT j.id, j.kind, e.account, e.amount_satang FROM journals j JOIN entries e ON e.journal_id = j.id
         ORDER BY j.booked_at, j.id, e.line""",
    )
    journals: dict[UUID, tuple[str, dict[str, int]]] = {}
    for row in rows:
        journals.setdefault(row["id"], (row["kind"], {}))[1][row["account"]] = row["amount_satang"]
    return list(journals.values())


async def reviews(ctx: Context) -> list[Review]:
    rows = await sql(ctx, "SELECT reason, resolution, alarm, candidates FROM reviews ORDER BY opened_at, id")
    return [
        Review(r["reason"], r["resolution"], r["alarm"], tuple(c["paymentId"] for c in json.loads(r["candidates"])))
        for r in rows
    ]


async def credits(ctx: Context) -> list[tuple[str, str | None, UUID | None]]:
    """(state, reason, payment) of every credit."""
    rows = await sql(ctx, "SELECT state, reason, payment_id FROM credits ORDER BY recorded_at, id")
    return [(r["state"], r["reason"], r["payment_id"]) for r in rows]


async def assert_balanced(ctx: Context) -> None:
    report = await ledger.check(ctx)
    assert report.balanced, report.differences


async def shift(ctx: Context, payment: Payment, back: timedelta) -> None:
    """As if *back* more time had passed since the payment was made: its rows, its hold and its slot move."""
    async with ctx.db.connection() as conn, conn.transaction():
        await conn.execute(
            """UPDATE payments SET created_at = created_at - $2::interval, expires_at = expires_at - $2,
                      closed_at = closed_at - $2, paid_at = paid_at - $2 WHERE id = $1""",
            payment.id,
            back,
        )
        await conn.execute(
            "UPDATE reservations SET from_at = from_at - $2::interval, until_at = until_at - $2 WHERE payment_id = $1",
            payment.id,
            back,
        )
        await conn.execute(
            "UPDATE slots SET busy_until = busy_until - $2::interval WHERE payment_id = $1", payment.id, back
        )


@dataclass(slots=True)
class Shop:
    """A merchant, its accounts, a source for each, and three endpoints."""

    ctx: Context
    principal: Principal
    sources: dict[UUID, UUID]

    @property
    def account(self) -> ReceivingAccount:
        return self.principal.accounts[0]

    async def sell(self, amount_satang: int = PRICE, claim: Claim | None = None, **new: Any) -> Payment:
        """A new payment."""
        done = await self.create(amount_satang, claim, **new)
        assert isinstance(done, Done)
        return done.payment

    async def create(self, amount_satang: int, claim: Claim | None, **new: Any) -> Done | Replayed:
        return await payments.create(self.ctx, self.principal, NewPayment(amount_satang, **new), claim, answer)

    async def cancel(self, payment: Payment, claim: Claim | None = None) -> Done | Replayed:
        return await payments.cancel(self.ctx, self.principal, payment.id, claim, answer)

    async def get(self, payment: Payment) -> Payment:
        return await payments.get(self.ctx, self.principal, payment.id)

    def says(self, amount_satang: int = PRICE, **facts: Any) -> Observation:
        """What the account's source says of one credit."""
        source_id = facts.pop("source_id", self.sources[self.account.receiving_id])
        return says(self.account, source_id, amount_satang, self.principal.mode, **facts)

    async def hears(self, amount_satang: int = PRICE, **facts: Any) -> Outcome:
        return await evidence.record(self.ctx, self.says(amount_satang, **facts))

    def key(self, key: str, body: bytes = b"{}") -> Claim:
        """An Idempotency-Key for creating."""
        return Claim(
            self.principal.merchant_id,
            self.principal.mode,
            "secret",
            "POST /api/v1/payment/create",
            key,
            hashlib.sha256(body).digest(),
        )


def says(
    account: ReceivingAccount,
    source_id: UUID,
    amount_satang: int,
    mode: str = "live",
    *,
    at: datetime | None = None,
    reference: str | None = "new",
    namespace: str = "bank:014",
    **facts: Any,
) -> Observation:
    """An observation; its reference is a new one unless it is given, its digest that of the facts."""
    at = at or now()
    reference = secrets.token_hex(8) if reference == "new" else reference
    told = f"{amount_satang} {at.isoformat()} {reference} {sorted(facts.items())}".encode()
    seen = Observation(
        merchant_id=account.owner_id,
        mode=mode,
        receiving_id=account.receiving_id,
        source_id=source_id,
        rank="A",
        amount_satang=amount_satang,
        occurred_at=at,
        trust="host" if account.owner_id == 0 else str(account.receiving_id),
        namespace=namespace,
        reference=reference,
        digest=hashlib.sha256(told).digest(),
    )
    return replace(seen, **facts)


async def open_account(
    ctx: Context, owner_id: int, *, mode: str = "live", tagging: str = "auto", biller: bool = False, both: bool = False
) -> ReceivingAccount:
    """An account with a number of its own: a PromptPay ID, or a biller ID, or both."""
    number = f"{secrets.randbelow(10**9):09d}"
    account = ReceivingAccount(
        owner_id,
        ctx.new_id(),
        ctx.new_id(),
        None if biller else "mobile",
        None if biller else f"00668{number[:8]}",
        f"01055{number}0" if biller or both else None,
        "ร้านทดสอบ",
        tagging,
        mode == "test",
    )
    await sql(
        ctx,
        """INSERT INTO accounts (merchant_id, mode, id, receiving_id, proxy_kind, proxy, biller_id, name,
                                 amount_tagging, virtual)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        owner_id,
        mode,
        account.id,
        account.receiving_id,
        account.proxy_kind,
        account.proxy,
        account.biller_id,
        account.name,
        tagging,
        account.virtual,
    )
    return account


async def open_shop(
    ctx: Context,
    *,
    plan: str = "free",
    mode: str = "live",
    overpay: str = "review",
    accounts: Sequence[ReceivingAccount] | None = None,
    **account: Any,
) -> Shop:
    """An approved merchant. Its accounts are *accounts*, else a new one: central for the free plan, else its own."""
    merchant_id = ctx.new_merchant_id()
    await sql(
        ctx,
        """INSERT INTO merchants (merchant_id, name, email, plan, status, overpay, approved_at)
           VALUES ($1, 'ร้าน', $2, $3, 'APPROVED', $4, now())""",
        merchant_id,
        f"m{merchant_id}@example.com",
        plan,
        overpay,
    )
    if accounts is None:
        accounts = [await open_account(ctx, 0 if plan == "free" else merchant_id, mode=mode, **account)]
    for events, off in (["*"], None), (["payment.success"], None), (["*"], "gone"):
        await sql(
            ctx,
            """INSERT INTO endpoints (merchant_id, mode, id, url, events, secret, disabled_at, disabled_reason)
               VALUES ($1, $2, $3, 'https://example.com/hook', $4, ''::bytea,
                       CASE WHEN $5::text IS NULL THEN NULL ELSE now() END, $5)""",
            merchant_id,
            mode,
            ctx.new_id(),
            events,
            off,
        )
    principal = Principal(
        merchant_id=merchant_id,
        mode=mode,  # type: ignore[arg-type]
        kind="secret",
        key_id=ctx.new_id(),
        merchant_name="ร้าน",
        status="APPROVED",
        plan=plan,
        fee_bps=None,
        overpay=overpay,
        expiry_minutes=15,
        callback_domains=(),
        allowed_origins=(),
        scopes=("*",),
        accounts=tuple(accounts),
    )
    return Shop(ctx, principal, {a.receiving_id: ctx.new_id() for a in accounts})


async def beside_bills(ctx: Context) -> tuple[Shop, Shop]:
    """Two merchants on one central account that has a PromptPay ID and a biller ID: transfers and bill payments."""
    account = await open_account(ctx, 0, both=True)
    one, other = await open_shop(ctx, accounts=[account]), await open_shop(ctx, accounts=[account])
    return one, other


OPEN = Facts("PENDING", None, None, (CREATED,), QUARANTINE_OTHER)
PAID = Facts("PAID", None, PRICE, (CREATED, SUCCESS), QUARANTINE_PAID)


async def expire(ctx: Context, payment: Payment, *, swept: bool = True, ago: timedelta = 5 * MINUTE) -> None:
    """Its deadline was *ago*."""
    await shift(ctx, payment, payment.expires_at - payment.created_at + ago)
    if swept:
        await payments.expire(ctx)


async def since(ctx: Context, payment: Payment) -> timedelta:
    """How much longer than now its amount is held."""
    [row] = await sql(
        ctx, "SELECT until_at - clock_timestamp() AS rest FROM reservations WHERE payment_id = $1", payment.id
    )
    rest: timedelta = row["rest"]
    return rest
