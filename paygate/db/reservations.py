"""Payable amounts: taken, so that no two open payments of one account share one, and how full accounts are.

What may be taken is decided by functions of the database (`schema.sql`, beside `slots`), in one round trip.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import gcd
from typing import Literal
from uuid import UUID

from paygate.core.principals import ReceivingAccount
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.db.sql import Sql

Refusal = Literal["full", "share", "browser", "order", "address"]
"""Why no amount was given: all are held; the rest is for merchants that hold fewer; pk_ keys hold their half; the order
is the merchant's server's; the address has as many open payments as it may have."""

# The idempotency key, if there is one. No row at all: it is known.
_CLAIM = """
      WITH claim AS (
           INSERT INTO idempotency_keys AS k (merchant_id, mode, credential, path, key, fingerprint, created_at,
                                              expires_at)
           SELECT :merchant_id::bigint, :mode::text, :credential::text, :path::text, :key::text, :fingerprint::bytea,
                  clock_timestamp(), clock_timestamp() + interval '24 hours'
            WHERE :key IS NOT NULL
      ON CONFLICT (merchant_id, mode, credential, path, key) DO UPDATE
              SET fingerprint = excluded.fingerprint, created_at = excluded.created_at,
                  expires_at = excluded.expires_at, status = NULL, answer = NULL
            WHERE k.expires_at <= excluded.created_at           -- After its 24 hours a key is new again.
        RETURNING 1
           )
"""

TAKE = Sql(f"""{_CLAIM}
    SELECT t.place, t.amount_satang, t.now_at, t.refused,
           ceil(extract(epoch FROM t.free_at - clock_timestamp()))::integer AS free_in_s
      FROM take_pool_v1(:mode, :payment_id, :merchant_id, false, :accounts, :hold) t
     WHERE :key IS NULL OR EXISTS (SELECT 1 FROM claim)
""")  # noqa: S608 - a constant of this file

TAKE_FOR_BROWSER = Sql(f"""{_CLAIM}
    SELECT t.place, t.amount_satang, t.now_at, t.refused,
           ceil(extract(epoch FROM t.free_at - clock_timestamp()))::integer AS free_in_s
      FROM take_browser_v1(:mode, :payment_id, :merchant_id, :accounts, :hold, :address, :order_id) t
     WHERE :key IS NULL OR EXISTS (SELECT 1 FROM claim)
""")  # noqa: S608

FORGET = Sql("""
    DELETE FROM seats
     WHERE ctid = ANY (ARRAY(SELECT s.ctid
                               FROM seats s
                              WHERE s.until_at <= statement_timestamp()
                              LIMIT :limit
                                FOR UPDATE SKIP LOCKED))
""")


class KeyKnown(Exception):
    """The Idempotency-Key was used before: its answer, if it has one, is what to give."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The payable amounts that a payment may take of an account, consecutive, the preferred one first.

    `exact`: the first is wanted before the others. `exclusive`: nobody else may hold the amount.
    """

    account: ReceivingAccount
    amounts: Sequence[int]
    exact: bool
    exclusive: bool


@dataclass(frozen=True, slots=True)
class Browser:
    """Who asks with a pk_ key: a keyed hash of the address (16 bytes), and the order that the payment shall be of."""

    address: bytes
    order_id: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """A payable amount that is a payment's own, and since when by the database's clock."""

    amount_satang: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """No amount was taken. `free_in_s`: when the first of what is in the way ends by itself, if anything does."""

    why: Refusal
    free_in_s: int | None


async def take(
    conn: Conn,
    claim: Claim | None,
    *,
    merchant_id: int,
    mode: str,
    payment_id: UUID,
    wishes: Sequence[Wish],
    hold: timedelta,
    browser: Browser | None = None,
) -> tuple[ReceivingAccount, Taken] | Refused:
    """Take an amount for a payment, of the least busy account of *wishes* that has one.

    Raises KeyKnown, and takes nothing, if *claim* is known.
    """
    whole = gcd(*(wish.account.weight for wish in wishes))
    values = {
        "merchant_id": merchant_id,
        "mode": mode,
        "credential": claim and claim.credential,
        "path": claim and claim.path,
        "key": claim and claim.key,
        "fingerprint": claim and claim.fingerprint,
        "payment_id": payment_id,
        "accounts": json.dumps([_asked(wish, whole) for wish in wishes]),
        "hold": hold,
    }
    if browser is None:
        row = await conn.fetchrow(*TAKE.bind(**values))
    else:
        row = await conn.fetchrow(*TAKE_FOR_BROWSER.bind(**values, address=browser.address, order_id=browser.order_id))
    if row is None:
        raise KeyKnown()
    if row["refused"] is not None:
        return Refused(row["refused"], row["free_in_s"])
    return wishes[row["place"] - 1].account, Taken(row["amount_satang"], row["now_at"])


async def forget_seats(conn: Conn, limit: int) -> int:
    """Forget addresses whose payments are over; how many."""
    return int((await conn.execute(*FORGET.bind(limit=limit))).split()[-1])


def _asked(wish: Wish, whole: int) -> dict[str, object]:
    account = wish.account
    return {
        "owner": account.owner_id,
        "account": str(account.id),
        "receiving": str(account.receiving_id),
        "first": wish.amounts[0],
        "last": wish.amounts[-1],
        "exact": wish.exact,
        "exclusive": wish.exclusive,
        "shared": account.owner_id == 0,
        "weight": account.weight // whole,
    }
