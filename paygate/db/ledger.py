"""The books, read as an auditor reads them: every question returns what is wrong, and nothing when all is well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paygate.db import ledger_payouts
from paygate.db.pool import Conn
from paygate.db.sql import Sql

LIMIT = 50  # Of each kind: enough to see the pattern.

TOTALS = Sql("""
    SELECT mode, account, sum(amount_satang)::bigint AS satang, count(*) AS lines
      FROM entries
  GROUP BY mode, account
  ORDER BY mode, account
""")

COUNTS = Sql("""
    SELECT (SELECT count(*) FROM journals) AS journals,
           (SELECT count(*) FROM payments) AS payments,
           (SELECT count(*) FROM payments WHERE status = 'PAID') AS paid,
           (SELECT count(*) FROM credits) AS credits,
           (SELECT count(*) FROM settlements) AS settlements,
           (SELECT count(*) FROM refunds) AS refunds
""")

UNBALANCED_JOURNALS = Sql("""
    SELECT j.merchant_id, j.mode, j.id::text AS subject, 0::bigint AS expected,
           coalesce(sum(e.amount_satang), 0)::bigint AS found
      FROM journals j
 LEFT JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
  GROUP BY j.merchant_id, j.mode, j.id
    HAVING coalesce(sum(e.amount_satang), 0) <> 0 OR count(e.line) < 2
     LIMIT :limit
""")

# A paid payment is booked once, by its own numbers; no other payment is booked.
PAYMENTS_NOT_BOOKED_RIGHT = Sql("""
      WITH booked AS (
           SELECT j.merchant_id, j.mode, j.subject_id, count(DISTINCT j.id) AS journals,
                  coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'payable'), 0)::bigint AS payable,
                  coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'receivable'), 0)::bigint AS receivable,
                  coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'fee_revenue'), 0)::bigint AS fee,
                  coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'vat_payable'), 0)::bigint AS vat
             FROM journals j
             JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
            WHERE j.kind = 'payment.paid'
         GROUP BY j.merchant_id, j.mode, j.subject_id
           ),
           expected AS (
           SELECT p.merchant_id, p.mode, p.id, p.status,
                  CASE WHEN p.flow = 'central' THEN p.fee_satang + p.vat_satang - p.payable_satang
                       ELSE 0 END AS payable,
                  CASE WHEN p.flow = 'direct' THEN p.fee_satang + p.vat_satang ELSE 0 END AS receivable,
                  -p.fee_satang AS fee, -p.vat_satang AS vat
             FROM payments p
           )
    SELECT x.merchant_id, x.mode, x.id::text AS subject,
           CASE WHEN x.status = 'PAID' THEN x.payable + x.receivable ELSE 0 END AS expected,
           coalesce(b.payable + b.receivable, 0) AS found
      FROM expected x
 LEFT JOIN booked b ON b.merchant_id = x.merchant_id AND b.mode = x.mode AND b.subject_id = x.id
     WHERE CASE WHEN x.status = 'PAID'
                THEN (coalesce(b.payable, 0), coalesce(b.receivable, 0), coalesce(b.fee, 0), coalesce(b.vat, 0))
                     IS DISTINCT FROM (x.payable, x.receivable, x.fee, x.vat)
                     OR coalesce(b.journals, 0) > 1
                ELSE b.journals IS NOT NULL
            END
     LIMIT :limit
""")

# Every journal is about something that is there, and of a kind that this version writes.
JOURNALS_WITHOUT_SUBJECT = Sql("""
    SELECT j.merchant_id, j.mode, j.id::text AS subject, 0::bigint AS expected,
           coalesce((SELECT sum(e.amount_satang) FROM entries e
                      WHERE e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
                        AND e.amount_satang > 0), 0)::bigint AS found
      FROM journals j
 LEFT JOIN payments p ON j.kind IN ('payment.paid', 'payment.reversed')
                     AND p.merchant_id = j.merchant_id AND p.mode = j.mode AND p.id = j.subject_id
 LEFT JOIN credits c ON j.kind IN ('credit.parked', 'credit.released')
                    AND c.merchant_id = j.merchant_id AND c.mode = j.mode AND c.id = j.subject_id
 LEFT JOIN settlements s ON j.kind ~ '^(settlement|payout|shortfall)[.]'
                        AND s.merchant_id = j.merchant_id AND s.mode = j.mode AND s.id = j.subject_id
 LEFT JOIN fee_invoices i ON j.kind IN ('invoice.paid', 'invoice.unpaid', 'invoice.withheld')
                         AND i.merchant_id = j.merchant_id AND i.mode = j.mode AND i.id = j.subject_id
 LEFT JOIN payments q ON j.kind IN ('invoice.paid', 'invoice.unpaid') AND j.merchant_id = 0
                     AND q.merchant_id = 0 AND q.mode = j.mode AND q.id = j.subject_id
 LEFT JOIN refunds r ON j.kind ~ '^(refund|payout|shortfall)[.]'
                    AND r.merchant_id = j.merchant_id AND r.mode = j.mode AND r.id = j.subject_id
     WHERE CASE j.kind WHEN 'payment.paid' THEN p.id IS NULL
                       WHEN 'payment.reversed' THEN p.exception IS DISTINCT FROM 'REVERSED'
                       WHEN 'credit.parked' THEN c.id IS NULL OR NOT c.booked
                       WHEN 'credit.released' THEN c.state IS DISTINCT FROM 'REVERSED'
                       WHEN 'invoice.paid' THEN i.id IS NULL AND q.id IS NULL
                       WHEN 'invoice.withheld' THEN i.id IS NULL
                       WHEN 'invoice.unpaid' THEN i.id IS NULL AND q.exception IS DISTINCT FROM 'REVERSED'
                       ELSE s.id IS NULL AND r.id IS NULL END
     LIMIT :limit
""")

# Money that was parked stands in the books by its own amount.
CREDITS_PARKED_WRONGLY = Sql("""
    SELECT c.merchant_id, c.mode, c.id::text AS subject, c.amount_satang AS expected, coalesce(b.satang, 0) AS found
      FROM credits c
 LEFT JOIN (SELECT j.merchant_id, j.mode, j.subject_id, sum(e.amount_satang)::bigint AS satang
              FROM journals j
              JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
             WHERE j.kind = 'credit.parked' AND e.account = 'bank_central'
          GROUP BY j.merchant_id, j.mode, j.subject_id) b
        ON b.merchant_id = c.merchant_id AND b.mode = c.mode AND b.subject_id = c.id
     WHERE (b.satang IS NOT NULL OR (c.booked AND c.state IN ('UNASSIGNED', 'REFUND_DUE')))
       AND b.satang IS DISTINCT FROM c.amount_satang
     LIMIT :limit
""")

PAYMENTS_WITHOUT_THEIR_CREDIT = Sql("""
    SELECT p.merchant_id, p.mode, p.id::text AS subject, p.received_satang AS expected,
           coalesce(c.amount_satang, 0) AS found
      FROM payments p
 LEFT JOIN credits c ON c.merchant_id = p.owner_id AND c.mode = p.mode AND c.id = p.credit_id
     WHERE p.status = 'PAID'
       AND (c.id IS NULL OR c.state NOT IN ('SETTLED', 'REVERSED') OR c.payment_id IS DISTINCT FROM p.id
            OR c.payment_merchant_id IS DISTINCT FROM p.merchant_id OR c.receiving_id IS DISTINCT FROM p.receiving_id
            OR (c.part = 1 AND c.amount_satang > p.received_satang))
     LIMIT :limit
""")

# What a payment says it received is what its credits are, one or several.
PARTS_DIFFER = Sql("""
    SELECT p.merchant_id, p.mode, p.id::text AS subject, p.received_satang AS expected,
           coalesce(sum(c.amount_satang), 0)::bigint AS found
      FROM payments p
 LEFT JOIN credits c ON c.merchant_id = p.owner_id AND c.mode = p.mode
                    AND c.payment_merchant_id = p.merchant_id AND c.payment_id = p.id
     WHERE p.status = 'PAID'
  GROUP BY p.merchant_id, p.mode, p.id
    HAVING coalesce(sum(c.amount_satang), 0) <> p.received_satang
        OR count(c.id) <> coalesce(max(c.part), 0)
     LIMIT :limit
""")

CREDITS_WITHOUT_THEIR_PAYMENT = Sql("""
    SELECT c.merchant_id, c.mode, c.id::text AS subject, c.amount_satang AS expected, 0::bigint AS found
      FROM credits c
 LEFT JOIN payments p ON p.merchant_id = c.payment_merchant_id AND p.mode = c.mode AND p.id = c.payment_id
     WHERE c.state = 'SETTLED'
       AND (p.id IS NULL OR p.status <> 'PAID')
     LIMIT :limit
""")

# Central money is in the books from the moment we hear of it; another owner's never is.
CREDITS_NOT_BOOKED = Sql("""
    SELECT c.merchant_id, c.mode, c.id::text AS subject, c.amount_satang AS expected, 0::bigint AS found
      FROM credits c
     WHERE c.booked <> (c.merchant_id = 0 AND c.state <> 'POSSIBLE_DUPLICATE')
     LIMIT :limit
""")

BANK_DIFFERS = Sql("""
      WITH sums AS (
    SELECT 0::bigint AS merchant_id, m.mode, 'bank_central' AS subject,
           (SELECT coalesce(sum(c.amount_satang), 0)::bigint
              FROM credits c
             WHERE c.mode = m.mode AND c.booked AND c.state <> 'REVERSED') AS expected,
           (SELECT coalesce(sum(e.amount_satang), 0)::bigint
              FROM entries e
              JOIN journals j ON j.merchant_id = e.merchant_id AND j.mode = e.mode AND j.id = e.journal_id
             WHERE e.mode = m.mode AND e.account = 'bank_central'
               AND j.kind IN ('payment.paid', 'payment.reversed', 'credit.parked', 'credit.released')) AS found
      FROM (VALUES ('live'), ('test')) AS m (mode))
    SELECT * FROM sums WHERE expected <> found
""")

# What lies in suspense is the money that no payment explains, and what was paid too much.
SUSPENSE_DIFFERS = Sql("""
      WITH sums AS (
    SELECT 0::bigint AS merchant_id, m.mode, 'suspense' AS subject,
           -(SELECT coalesce(sum(CASE WHEN c.part = 1 THEN c.amount_satang - p.payable_satang
                                      ELSE c.amount_satang END), 0)::bigint
               FROM credits c
          LEFT JOIN payments p ON p.merchant_id = c.payment_merchant_id AND p.mode = c.mode AND p.id = c.payment_id
              WHERE c.mode = m.mode AND c.booked AND c.state <> 'REVERSED') AS expected,
           (SELECT coalesce(sum(e.amount_satang), 0)::bigint
              FROM entries e
              JOIN journals j ON j.merchant_id = e.merchant_id AND j.mode = e.mode AND j.id = e.journal_id
             WHERE e.mode = m.mode AND e.account = 'suspense'
               AND j.kind IN ('payment.paid', 'payment.reversed', 'credit.parked', 'credit.released')) AS found
      FROM (VALUES ('live'), ('test')) AS m (mode))
    SELECT * FROM sums WHERE expected <> found
""")

SUCCESS_NOT_ANNOUNCED_ONCE = Sql("""
    SELECT p.merchant_id, p.mode, p.id::text AS subject, (p.status = 'PAID')::integer::bigint AS expected,
           count(e.id) AS found
      FROM payments p
 LEFT JOIN events e ON e.merchant_id = p.merchant_id AND e.mode = p.mode AND e.subject_id = p.id
                   AND e.type = 'payment.success'
  GROUP BY p.merchant_id, p.mode, p.id
    HAVING count(e.id) <> (p.status = 'PAID')::integer
     LIMIT :limit
""")

# Two payments never hold one amount of one account at one moment, where amounts are reserved.
AMOUNTS_HELD_TWICE = Sql("""
    SELECT a.merchant_id, a.mode, a.payment_id::text AS subject, a.amount_satang AS expected, b.amount_satang AS found
      FROM reservations a
      JOIN reservations b ON b.mode = a.mode AND b.receiving_id = a.receiving_id AND b.amount_satang = a.amount_satang
                         AND b.ref1 IS NULL AND b.payment_id > a.payment_id
                         AND b.from_at < a.until_at AND a.from_at < b.until_at
     WHERE a.ref1 IS NULL AND a.exclusive AND b.exclusive
     LIMIT :limit
""")

QUESTIONS: Mapping[str, Sql] = {
    "journal does not sum to zero": UNBALANCED_JOURNALS,
    "payment and its booking differ": PAYMENTS_NOT_BOOKED_RIGHT,
    "journal about nothing": JOURNALS_WITHOUT_SUBJECT,
    "parked money and its booking differ": CREDITS_PARKED_WRONGLY,
    "paid payment without its credit": PAYMENTS_WITHOUT_THEIR_CREDIT,
    "paid payment and the sum of its credits differ": PARTS_DIFFER,
    "settled credit without its payment": CREDITS_WITHOUT_THEIR_PAYMENT,
    "credit booked wrongly or not at all": CREDITS_NOT_BOOKED,
    "bank and credits differ": BANK_DIFFERS,
    "suspense and unexplained money differ": SUSPENSE_DIFFERS,
    "paid payment not announced exactly once": SUCCESS_NOT_ANNOUNCED_ONCE,
    "amount held by two payments at once": AMOUNTS_HELD_TWICE,
    **ledger_payouts.QUESTIONS,
}


async def totals(conn: Conn) -> list[tuple[str, str, int, int]]:
    """(mode, account, balance in satang, lines), debit positive."""
    return [(r["mode"], r["account"], r["satang"], r["lines"]) for r in await conn.fetch(*TOTALS.bind())]


async def counts(conn: Conn) -> dict[str, int]:
    """How much was looked at: journals, payments, paid, credits."""
    return dict(await conn.fetchrow(*COUNTS.bind()))


async def differences(conn: Conn, question: Sql) -> list[dict[str, Any]]:
    """What one question finds wrong: merchant_id, mode, subject, expected and found satang."""
    values = {"limit": LIMIT} if "limit" in question.names else {}
    return [dict(row) for row in await conn.fetch(*question.bind(**values))]
