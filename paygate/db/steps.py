"""One statement that writes everything a step means: the payment's compare-and-set, its hold, the credit, the books,
the event with its deliveries, and the review queue. So a change is whole or not there, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from paygate.core.credits import SKEW, Credit, CreditState, Observation
from paygate.core.errors import Moved
from paygate.core.events import Announcement
from paygate.core.ledger import Journal
from paygate.core.payments import Payment, Step
from paygate.db.events import APPEND, append_values
from paygate.db.pool import Conn
from paygate.db.sql import Sql

WRITE = Sql(f"""
      WITH moved AS (
           UPDATE payments
              SET status = :status, exception = :exception, sequence = :sequence,
                  received_satang = :received_satang, credit_id = :paid_by::uuid, verifying = :verifying::boolean,
                  expires_at = :expires_at, paid_at = :paid_at, closed_at = :closed_at, extended = :extended::boolean
            WHERE merchant_id = :payment_merchant_id
              AND mode = :mode
              AND id = :payment_id
              AND status = :was_status                          -- Another worker may have moved it.
              AND sequence = :was_sequence
        RETURNING 1
           ),
           released AS (
           UPDATE reservations
              SET until_at = :until_at::timestamptz
            WHERE mode = :mode
              AND receiving_id = :receiving_id
              AND payment_id = :payment_id
              AND until_at > :now::timestamptz                  -- A quarantine that is over stays over.
              AND :until_at::timestamptz IS NOT NULL
           ),
           freed AS (
           UPDATE slots
              SET busy_until = :until_at + :skew::interval      -- No later holder reaches back into this hold.
            WHERE mode = :mode
              AND receiving_id = :receiving_id
              AND amount_satang = :payable_satang
              AND payment_id = :payment_id
              AND busy_until > :now + :skew                     -- As the reservation, which ends so much earlier.
              AND :until_at::timestamptz IS NOT NULL
           ),
           money AS (
           INSERT INTO credits AS c (merchant_id, mode, id, receiving_id, amount_satang, occurred_at, recorded_at, rank,
                                     sending_bank, payer_name, payer_account, ref1, ref2, balance_satang, state, reason,
                                     booked, payment_merchant_id, payment_id, part, settled_at, day_only,
                                     confirmed_at, recheck_at)
           SELECT :owner_id::bigint, :mode, :credit_id::uuid, :receiving_id, :amount_satang::bigint,
                  :occurred_at::timestamptz, :recorded_at::timestamptz, :rank::text,
                  :sending_bank::text, :payer_name::text, :payer_account::text, :ref1::text, :ref2::text,
                  :balance_satang::bigint, :state::text, :reason::text,
                  :booked::boolean, :settles_merchant_id::bigint, :settles_id::uuid,
                  CASE WHEN :settles_id IS NOT NULL THEN 1 END, CASE WHEN :settles_id IS NOT NULL THEN :now END,
                  :day_only::boolean, CASE WHEN :confirms::boolean THEN :now END,
                  CASE WHEN :recheck::boolean THEN :now END
            WHERE :credit_id IS NOT NULL
      ON CONFLICT (merchant_id, mode, id) DO UPDATE
              SET state = excluded.state, reason = excluded.reason, booked = excluded.booked,
                  payment_merchant_id = excluded.payment_merchant_id, payment_id = excluded.payment_id,
                  part = excluded.part, settled_at = excluded.settled_at, recheck_at = excluded.recheck_at,
                  rank = least(c.rank, excluded.rank), occurred_at = excluded.occurred_at,
                  day_only = excluded.day_only, confirmed_at = coalesce(c.confirmed_at, excluded.confirmed_at),
                  sending_bank = coalesce(c.sending_bank, excluded.sending_bank),
                  payer_name = coalesce(c.payer_name, excluded.payer_name),
                  payer_account = coalesce(c.payer_account, excluded.payer_account),
                  ref1 = coalesce(c.ref1, excluded.ref1),
                  ref2 = coalesce(c.ref2, excluded.ref2),
                  balance_satang = coalesce(c.balance_satang, excluded.balance_satang)
            WHERE c.state = :was_state
        RETURNING 1
           ),
           reference AS (
           INSERT INTO credit_refs (mode, trust, namespace, ref, merchant_id, credit_id)
           SELECT :mode, :trust::text, :namespace::text, :reference::text, :owner_id, :observed_id::uuid
            WHERE :reference IS NOT NULL
           ),
           heard AS (
           INSERT INTO observations (merchant_id, mode, credit_id, source_id, digest, rank, occurred_at, observed_at,
                                     channel, partial)
           SELECT :owner_id, :mode, :observed_id, :source_id::uuid, :digest::bytea, :observed_rank::text,
                  :observed_occurred_at::timestamptz, :now, :channel::text, :partial::boolean
            WHERE :observed_id IS NOT NULL
      ON CONFLICT DO NOTHING
           ),
           confirmed AS (
           UPDATE credits
              SET rank = least(rank, :observed_rank),
                  confirmed_at = CASE WHEN :confirms THEN coalesce(confirmed_at, :now) ELSE confirmed_at END
            WHERE merchant_id = :owner_id
              AND mode = :mode
              AND id = :observed_id
              AND (rank > :observed_rank OR (:confirms AND confirmed_at IS NULL))
              AND :credit_id IS NULL                            -- Else `money` writes it.
           ),
           booking AS (
           INSERT INTO journals (merchant_id, mode, id, kind, subject_id, happened_at, booked_at)
           SELECT :journal_merchant_id::bigint, :mode, :journal_id::uuid, :journal_kind::text,
                  :journal_subject_id::uuid, :happened_at::timestamptz, :now
            WHERE :journal_id IS NOT NULL
           ),
           lines AS (
           INSERT INTO entries (merchant_id, mode, journal_id, line, account, amount_satang)
           SELECT :journal_merchant_id, :mode, :journal_id, l.line, l.account, l.amount
             FROM unnest(:accounts::text[], :amounts::bigint[]) WITH ORDINALITY AS l (account, amount, line)
           ),
           {APPEND},
           answered AS (
           UPDATE reviews
              SET closed_at = :now, resolution = CASE WHEN :settles_id IS NOT NULL THEN 'settled' ELSE 'superseded' END
            WHERE merchant_id = :owner_id
              AND mode = :mode
              AND credit_id = :credit_id
              AND closed_at IS NULL
              AND reason IS DISTINCT FROM :review_reason
              AND reason <> 'REFERENCE_CONFLICT'                -- Later evidence does not explain it.
           ),
           asked AS (
           INSERT INTO reviews (merchant_id, mode, id, credit_id, slip_id, reason, detail, candidates, digest, alarm,
                                opened_at)
           SELECT :owner_id, :mode, :review_id::uuid, :review_credit_id::uuid, :review_slip_id::uuid,
                  :review_reason::text, :review_detail::text, :candidates::jsonb, :review_digest::bytea,
                  :alarm::boolean, :now
            WHERE :review_id IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM reviews r           -- What a person closed, the same words do not reopen.
                               WHERE r.merchant_id = :owner_id AND r.mode = :mode AND r.digest = :review_digest
                                 AND r.reason = :review_reason AND r.credit_id IS NOT DISTINCT FROM :review_credit_id
                                 AND r.resolution IS DISTINCT FROM 'superseded')
      ON CONFLICT DO NOTHING
           )
    SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM money) AS money
""")  # noqa: S608 - a constant of this room


@dataclass(frozen=True, slots=True)
class Review:
    """A row for the review queue. `candidates` is JSON text."""

    id: UUID
    credit_id: UUID | None  # None: it is about evidence that made no credit.
    reason: str
    detail: str
    candidates: str
    alarm: bool
    slip_id: UUID | None = None
    digest: bytes | None = None  # What raised it; None: the observation's own.


@dataclass(frozen=True, slots=True)
class Writing:
    """What to write. Every part may be absent; what is there is written together.

    `credit` is the credit as it shall stand, `was_state` how it stood before (None: it is new); `seen` is the
    observation that spoke of `observed_id`, and brings its reference when `new_reference`.
    """

    now: datetime
    mode: str
    step: Step | None = None
    event: Announcement | None = None
    journal: Journal | None = None
    journal_id: UUID | None = None
    credit: Credit | None = None
    was_state: CreditState | None = None
    seen: Observation | None = None
    observed_id: UUID | None = None
    new_reference: bool = False
    review: Review | None = None
    owner_id: int | None = None  # Whose review it is, where neither credit nor observation says so.
    recheck: bool = False  # Decide the credit once more, soon.


async def write(conn: Conn, writing: Writing) -> None:
    """Write it all, or raise Moved (and write nothing) if the payment or the credit no longer stands where it stood."""
    row = await conn.fetchrow(
        *WRITE.bind(
            now=writing.now,
            mode=writing.mode,
            skew=SKEW,
            **_payment_values(writing.step),
            **_credit_values(writing),
            **_journal_values(writing.journal, writing.journal_id),
            **append_values(writing.event),
            **_review_values(writing),
        )
    )
    if row["moved"] != (writing.step is not None) or row["money"] != (writing.credit is not None):
        raise Moved()


def _payment_values(step: Step | None) -> dict[str, Any]:
    before: Payment | None = step.before if step else None
    after: Payment | None = step.after if step else None
    return {
        "status": after and after.status,
        "exception": after and after.exception,
        "sequence": after and after.sequence,
        "received_satang": after and after.received_satang,
        "paid_by": after and after.credit_id,
        "verifying": after and after.verifying,
        "expires_at": after and after.expires_at,
        "paid_at": after and after.paid_at,
        "closed_at": after and after.closed_at,
        "extended": after and after.extended,
        "payment_merchant_id": before and before.merchant_id,
        "payment_id": before and before.id,
        "payable_satang": before and before.payable_satang,
        "was_status": before and before.status,
        "was_sequence": before and before.sequence,
        "until_at": step and step.until_at,
    }


def _credit_values(writing: Writing) -> dict[str, Any]:
    credit, seen = writing.credit, writing.seen
    step = writing.step
    receiving_id = credit.receiving_id if credit else step.before.receiving_id if step else seen and seen.receiving_id
    return {
        "receiving_id": receiving_id,
        "owner_id": credit.merchant_id if credit else seen.merchant_id if seen else writing.owner_id,
        "credit_id": credit and credit.id,
        "amount_satang": credit and credit.amount_satang,
        "occurred_at": credit and credit.occurred_at,
        "recorded_at": credit and credit.recorded_at,
        "rank": credit and credit.rank,
        "sending_bank": seen and seen.sending_bank,
        "payer_name": seen and seen.payer_name,
        "payer_account": seen and seen.payer_account,
        "ref1": credit and credit.ref1,
        "ref2": credit and credit.ref2,
        "balance_satang": credit and credit.balance_satang,
        "state": credit and credit.state,
        "reason": credit and credit.reason,
        "booked": credit and credit.booked,
        "day_only": credit and credit.day_only,
        "confirms": bool(seen and seen.confirms),
        "recheck": writing.recheck,
        "settles_merchant_id": credit and credit.payment_merchant_id,
        "settles_id": credit and credit.payment_id,
        "was_state": writing.was_state,
        "trust": seen and seen.trust,
        "namespace": seen and seen.namespace,
        "reference": seen.reference if seen and writing.new_reference else None,
        "observed_id": writing.observed_id,
        "source_id": seen and seen.source_id,
        "digest": seen and seen.digest,
        "observed_rank": seen and seen.rank,
        "observed_occurred_at": seen and seen.occurred_at,
        "channel": seen and seen.channel,
        "partial": seen and seen.partial,
    }


def _journal_values(journal: Journal | None, journal_id: UUID | None) -> dict[str, Any]:
    return {
        "journal_merchant_id": journal and journal.merchant_id,
        "journal_id": journal_id if journal else None,
        "journal_kind": journal and journal.kind,
        "journal_subject_id": journal and journal.subject_id,
        "happened_at": journal and journal.happened_at,
        "accounts": [account for account, _ in journal.lines] if journal else [],
        "amounts": [amount for _, amount in journal.lines] if journal else [],
    }


def _review_values(writing: Writing) -> dict[str, Any]:
    review, seen = writing.review, writing.seen
    return {
        "review_id": review and review.id,
        "review_credit_id": review and review.credit_id,
        "review_slip_id": review and review.slip_id,
        "review_reason": review and review.reason,
        "review_detail": review.detail if review else "",
        "review_digest": review.digest if review and review.digest else seen and seen.digest,
        "candidates": review.candidates if review else "[]",
        "alarm": bool(review and review.alarm),
    }
