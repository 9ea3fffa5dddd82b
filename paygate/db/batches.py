"""Many payments at once: one question takes their amounts, one writes all of them.

A batch holds many slots until it ends, so batches of one account go one after another, by the lock on the account's
row; whoever else takes or decides an amount holds one slot at most and waits for none meanwhile. So nobody waits in a
circle.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from paygate.core.credits import SKEW
from paygate.core.errors import Conflict
from paygate.core.events import Announcement
from paygate.core.formats import spoken_in
from paygate.core.payments import QUARANTINE_OTHER, Payment
from paygate.core.principals import ReceivingAccount
from paygate.db.idempotency import Stored
from paygate.db.payments import NAMES, Claim
from paygate.db.pool import Conn
from paygate.db.reservations import Taken, Wish
from paygate.db.sql import Sql

# Batches and payments of pk_ keys (`take_browser_v1`) alone lock accounts' rows, and always in this order.
GATES = Sql("""
    SELECT 1
      FROM accounts a
     WHERE a.merchant_id = ANY(:owner_ids::bigint[]) AND a.mode = :mode AND a.id = ANY(:ids::uuid[])
  ORDER BY a.id
       FOR NO KEY UPDATE
""")

# Amounts first..last of each, one after another: what one took the next one finds taken.
TAKE = Sql("""
    SELECT w.place, t.amount_satang, t.now_at
      FROM unnest(:receiving_ids::uuid[], :payment_ids::uuid[], :firsts::bigint[], :lasts::bigint[],
                  :exacts::boolean[], :exclusives::boolean[], :shareds::boolean[], :holds::interval[])
           WITH ORDINALITY AS w (receiving_id, payment_id, first, last, exact, exclusive, shared, hold, place)
CROSS JOIN LATERAL take_slot_v2(
               :mode, w.receiving_id, w.payment_id, :merchant_id, w.first, w.last, w.exact, w.exclusive, w.shared,
               false, w.hold) t
""")

_TYPES = dict.fromkeys(NAMES, "text") | {
    **dict.fromkeys(("merchant_id", "owner_id", "amount_satang", "payable_satang", "fee_satang"), "bigint"),
    **dict.fromkeys(("vat_satang", "received_satang"), "bigint"),
    **dict.fromkeys(("fee_bps", "vat_bps", "sequence"), "integer"),
    **dict.fromkeys(("id", "account_id", "receiving_id", "credit_id", "renews_id", "link_id"), "uuid"),
    **dict.fromkeys(("created_at", "expires_at", "paid_at", "closed_at"), "timestamptz"),
    "verifying": "boolean",
    "extended": "boolean",
    "refunded_satang": "bigint",
}
_MORE = {"exclusive": "boolean", "until_at": "timestamptz", "event_id": "uuid", "event_body": "text"}
_ARRAYS = _TYPES | _MORE

# `payments.INSERT` for many: each value is an array with one element for each payment.
INSERT = Sql(f"""
      WITH made AS MATERIALIZED (
           SELECT *
             FROM unnest({", ".join(f":{name}::{kind}[]" for name, kind in _ARRAYS.items())})
               AS n ({", ".join(_ARRAYS)})
           ),
           payment AS (
           INSERT INTO payments ({", ".join(NAMES)})
           SELECT {", ".join(f"n.{name}::json" if name == "metadata" else f"n.{name}" for name in NAMES)}
             FROM made n
           ),
           held AS (
           INSERT INTO reservations (mode, receiving_id, payment_id, merchant_id, owner_id, amount_satang, ref1, ref2,
                                     exclusive, from_at, until_at)
           SELECT n.mode, n.receiving_id, n.id, n.merchant_id, n.owner_id, n.payable_satang, n.ref1, n.ref2,
                  n.exclusive, n.created_at, n.until_at
             FROM made n
           ),
           event AS (
           INSERT INTO events (merchant_id, mode, id, type, subject_id, sequence, body, created_at)
           SELECT n.merchant_id, n.mode, n.event_id, :event_type::text, n.id, n.sequence, n.event_body, n.created_at
             FROM made n
           ),
           outbox AS (
           INSERT INTO deliveries (merchant_id, mode, event_id, endpoint_id, run_at, created_at)
           SELECT e.merchant_id, e.mode, n.event_id, e.id, n.created_at, n.created_at
             FROM endpoints e, made n
            WHERE e.merchant_id = :maker_id::bigint
              AND e.mode = :maker_mode::text
              AND e.disabled_at IS NULL
              AND e.events && ARRAY['*', :event_type]
              AND e.format = ANY(:event_formats::text[])
           ),
           answered AS (
           UPDATE idempotency_keys SET status = :answer_status, answer = :answer
            WHERE merchant_id = :maker_id
              AND mode = :maker_mode
              AND credential = :credential
              AND path = :path
              AND key = :key
           ),
           fitting AS (
           UPDATE credits c SET recheck_at = f.created_at
             FROM (SELECT n.id AS payment_id, n.created_at, o.merchant_id, o.mode, o.id
                     FROM made n
               CROSS JOIN LATERAL (
                          (SELECT o.merchant_id, o.mode, o.id
                             FROM credits o
                            WHERE o.merchant_id = n.owner_id
                              AND o.mode = n.mode
                              AND o.receiving_id = n.receiving_id
                              AND o.amount_satang = n.payable_satang
                              AND o.occurred_at >= n.created_at - :skew::interval
                              AND o.state = 'UNASSIGNED'
                              AND o.ref1 IS NULL
                              AND o.reason <> 'ALREADY_PAID'
                         ORDER BY o.occurred_at
                            LIMIT 10)
                            UNION ALL
                          (SELECT o.merchant_id, o.mode, o.id
                             FROM credits o
                            WHERE o.merchant_id = n.owner_id
                              AND o.mode = n.mode
                              AND o.receiving_id = n.receiving_id
                              AND o.ref1 = n.ref1
                              AND o.occurred_at >= n.created_at - :skew
                              AND o.state = 'UNASSIGNED'
                              AND o.reason <> 'ALREADY_PAID'
                         ORDER BY o.occurred_at
                            LIMIT 10)) o) f
            WHERE c.merchant_id = f.merchant_id AND c.mode = f.mode AND c.id = f.id
        RETURNING f.payment_id, c.merchant_id, c.id
           )
    SELECT f.payment_id, f.merchant_id AS owner_id, f.id AS credit_id
      FROM fitting f
     UNION ALL
    SELECT n.id, NULL, NULL                                     -- No merchant takes another's reference.
      FROM made n
CROSS JOIN LATERAL (
           SELECT 1
             FROM reservations r
            WHERE r.mode = n.mode
              AND r.ref1 = n.ref1
              AND r.ref2 IS NOT DISTINCT FROM n.ref2
              AND r.owner_id = n.owner_id
              AND r.receiving_id = n.receiving_id
              AND r.merchant_id <> n.merchant_id
              AND r.until_at > n.created_at
            LIMIT 1) r                                          -- One by one, by the index.
""")  # noqa: S608 - column names of our own dataclass


@dataclass(frozen=True, slots=True)
class Want:
    """One payment's part of TAKE: of the one account of *wish*."""

    payment_id: UUID
    wish: Wish
    hold: timedelta


@dataclass(frozen=True, slots=True)
class Written:
    """One payment of a batch as it is written."""

    payment: Payment
    created: Announcement
    exclusive: bool


async def enter(conn: Conn, mode: str, accounts: Collection[ReceivingAccount]) -> None:
    """Wait for the batches of these accounts that are at work, and keep later ones out until the transaction ends."""
    owner_ids = sorted({account.owner_id for account in accounts})
    await conn.fetch(*GATES.bind(owner_ids=owner_ids, mode=mode, ids=[account.id for account in accounts]))


async def take(conn: Conn, merchant_id: int, mode: str, wants: Sequence[Want]) -> list[Taken | None]:
    """An amount for each of *wants*, None where there is none to be had. Only behind `enter`."""
    wishes = [want.wish for want in wants]
    rows = await conn.fetch(
        *TAKE.bind(
            merchant_id=merchant_id,
            mode=mode,
            receiving_ids=[wish.account.receiving_id for wish in wishes],
            payment_ids=[want.payment_id for want in wants],
            firsts=[wish.amounts[0] for wish in wishes],
            lasts=[wish.amounts[-1] for wish in wishes],
            exacts=[wish.exact for wish in wishes],
            exclusives=[wish.exclusive for wish in wishes],
            shareds=[wish.account.owner_id == 0 for wish in wishes],
            holds=[want.hold for want in wants],
        )
    )
    taken: list[Taken | None] = [None] * len(wants)
    for row in rows:
        taken[row["place"] - 1] = Taken(row["amount_satang"], row["now_at"])
    return taken


async def insert(
    conn: Conn, batch: Sequence[Written], claim: Claim | None, answer: Stored | None
) -> list[tuple[int, UUID]]:
    """Write a batch of one merchant with everything that belongs to it, and the answer that *claim* keeps.

    Gives (owner, id) of an unassigned credit for each payment that one may fit. Raises Conflict (`field` names the
    place) when another merchant's payment on the same account holds the bill-payment references of one.
    """
    first = batch[0]
    values: dict[str, Any] = {name: [getattr(one.payment, name) for one in batch] for name in NAMES}
    rows = await conn.fetch(
        *INSERT.bind(
            **values,
            exclusive=[one.exclusive for one in batch],
            until_at=[one.payment.expires_at + QUARANTINE_OTHER for one in batch],
            event_id=[one.created.id for one in batch],
            event_body=[one.created.body for one in batch],
            event_type=first.created.type,
            event_formats=list(spoken_in(first.created.type)),
            maker_id=first.payment.merchant_id,
            maker_mode=first.payment.mode,
            credential=claim and claim.credential,
            path=claim and claim.path,
            key=claim and claim.key,
            answer_status=answer and answer.status,
            answer=answer and answer.answer,
            skew=SKEW,
        )
    )
    in_use = {row["payment_id"] for row in rows if row["credit_id"] is None}
    place = next((place for place, one in enumerate(batch) if one.payment.id in in_use), None)
    if place is not None:
        message = "These bill-payment references are in use by another payment."
        raise Conflict(message, field=f"payments[{place}].promptpayRef1")
    return list({row["payment_id"]: (row["owner_id"], row["credit_id"]) for row in rows}.values())
