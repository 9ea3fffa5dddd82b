"""The books of money out, read as an auditor reads them: questions for `db.ledger`."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.db.sql import Sql

# A payout's money stands where its status says: set aside, on its way, gone from the bank, or with the merchant. What
# a direct merchant gives back is not ours: nothing of it is in these accounts.
PAYOUTS_NOT_BOOKED_RIGHT = Sql("""
      WITH payouts AS (
           SELECT merchant_id, mode, id, status, amount_satang FROM settlements
        UNION ALL
           SELECT merchant_id, mode, id, status, CASE WHEN flow = 'central' THEN amount_satang ELSE 0 END FROM refunds
           ),
           booked AS (
           SELECT j.merchant_id, j.mode, j.subject_id,
                  coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'held'), 0)::bigint AS held,
                  coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'payout_clearing'), 0)::bigint AS clearing,
                  coalesce(sum(e.amount_satang) FILTER (WHERE e.account = 'bank_central'), 0)::bigint AS bank
             FROM journals j
             JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
            WHERE j.kind ~ '^(settlement|refund|payout)[.]'
         GROUP BY j.merchant_id, j.mode, j.subject_id
           )
    SELECT s.merchant_id, s.mode, s.id::text AS subject, s.amount_satang AS expected,
           -coalesce(b.held + b.clearing + b.bank, 0) AS found
      FROM payouts s
 LEFT JOIN booked b ON b.merchant_id = s.merchant_id AND b.mode = s.mode AND b.subject_id = s.id
     WHERE (-coalesce(b.held, 0), -coalesce(b.clearing, 0), -coalesce(b.bank, 0)) IS DISTINCT FROM
           (CASE WHEN s.status IN ('WAITING', 'REQUESTED', 'APPROVED') THEN s.amount_satang ELSE 0 END,
            CASE WHEN s.status = 'PAYING' THEN s.amount_satang ELSE 0 END,
            CASE WHEN s.status = 'COMPLETED' THEN s.amount_satang ELSE 0 END)
     LIMIT :limit
""")

# Nobody may have less than nothing with us, nor less than nothing set aside or on its way.
BELOW_ZERO = Sql("""
    SELECT e.merchant_id, e.mode, e.account AS subject, 0::bigint AS expected, -sum(e.amount_satang)::bigint AS found
      FROM entries e
     WHERE e.account IN ('payable', 'held', 'payout_clearing')
  GROUP BY e.merchant_id, e.mode, e.account
    HAVING sum(e.amount_satang) > 0
     LIMIT :limit
""")

# One transfer of the operator's bank completed one settlement; the merchant heard of its end once.
SETTLEMENTS_ENDED_WRONGLY = Sql("""
    SELECT s.merchant_id, s.mode, s.id::text AS subject, 1::bigint AS expected, count(e.id) AS found
      FROM settlements s
 LEFT JOIN payout_references r ON r.bank_reference = s.bank_reference AND r.payout_id = s.id
 LEFT JOIN events e ON e.merchant_id = s.merchant_id AND e.mode = s.mode AND e.subject_id = s.id
                   AND e.type = 'settlement.completed'
     WHERE s.status IN ('COMPLETED', 'RETURNED')
  GROUP BY s.merchant_id, s.mode, s.id, r.payout_id
    HAVING count(e.id) <> 1 OR r.payout_id IS NULL
     LIMIT :limit
""")

# What a payment says that went back is what its completed refunds are; all of them together are never more than it.
REFUNDS_DIFFER = Sql("""
    SELECT p.merchant_id, p.mode, p.id::text AS subject, p.refunded_satang AS expected,
           coalesce(sum(r.amount_satang) FILTER (WHERE r.status = 'COMPLETED'), 0)::bigint AS found
      FROM payments p
 LEFT JOIN refunds r ON r.merchant_id = p.merchant_id AND r.mode = p.mode AND r.payment_id = p.id
     WHERE p.refunded_satang > 0 OR r.id IS NOT NULL
  GROUP BY p.merchant_id, p.mode, p.id
    HAVING coalesce(sum(r.amount_satang) FILTER (WHERE r.status = 'COMPLETED'), 0) <> p.refunded_satang
        OR sum(r.amount_satang) FILTER (WHERE r.status NOT IN ('REJECTED', 'CANCELLED', 'RETURNED', 'EXPIRED'))
           > p.payable_satang
     LIMIT :limit
""")

# An invoice is paid when all its money was booked to it but the satang of a tag, and open with less; what leaves the
# platform's books comes into a merchant's.
INVOICES_DIFFER = Sql("""
      WITH booked AS (
           SELECT j.merchant_id, j.mode, j.subject_id, -sum(e.amount_satang)::bigint AS satang
             FROM journals j
             JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
            WHERE j.kind IN ('invoice.paid', 'invoice.unpaid') AND e.account = 'receivable'
         GROUP BY j.merchant_id, j.mode, j.subject_id
           )
    SELECT i.merchant_id, i.mode, i.id::text AS subject,
           CASE WHEN i.received_satang = coalesce(b.satang, 0)
                THEN i.fee_satang + i.vat_satang - i.credit_satang - i.withheld_satang
                ELSE i.received_satang END AS expected,
           coalesce(b.satang, 0) AS found
      FROM fee_invoices i
 LEFT JOIN booked b ON b.merchant_id = i.merchant_id AND b.mode = i.mode AND b.subject_id = i.id
     WHERE i.received_satang <> coalesce(b.satang, 0)
        OR (i.paid_at IS NOT NULL) <>
           (i.received_satang > 0
            AND i.received_satang + 99 >= i.fee_satang + i.vat_satang - i.credit_satang - i.withheld_satang)
 UNION ALL
    SELECT i.merchant_id, i.mode, i.id::text, i.withheld_satang, w.satang
      FROM fee_invoices i
CROSS JOIN LATERAL (SELECT coalesce(sum(e.amount_satang), 0)::bigint AS satang
                      FROM journals j
                      JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
                     WHERE j.merchant_id = i.merchant_id AND j.mode = i.mode AND j.subject_id = i.id
                       AND j.kind = 'invoice.withheld' AND e.account = 'wht_receivable') w
     WHERE w.satang <> i.withheld_satang
 UNION ALL
    SELECT 0, e.mode, 'suspense of invoices', 0, sum(e.amount_satang)::bigint
      FROM journals j
      JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
     WHERE j.kind IN ('invoice.paid', 'invoice.unpaid') AND e.account = 'suspense'
  GROUP BY e.mode
    HAVING sum(e.amount_satang) <> 0
     LIMIT :limit
""")

QUESTIONS: Mapping[str, Sql] = {
    "payout and its booking differ": PAYOUTS_NOT_BOOKED_RIGHT,
    "balance below zero": BELOW_ZERO,
    "settlement paid without its own reference, or not announced exactly once": SETTLEMENTS_ENDED_WRONGLY,
    "payment and its refunds differ": REFUNDS_DIFFER,
    "invoice and its payment differ": INVOICES_DIFFER,
}
