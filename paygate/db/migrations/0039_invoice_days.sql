-- Invoices say what they are for, day by day. Of those that are issued already a day has what was booked for it before
-- the invoice and after the one before; what that does not explain stands at the first day of the month.
CREATE TABLE fee_invoice_days (                 -- What an invoice is for, day by day: its sum is the invoice's fee and VAT.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    invoice_id      uuid        NOT NULL,       -- fee_invoices.id.
    day             date        NOT NULL,       -- In Bangkok, when the money moved.
    payments        bigint      NOT NULL,       -- So many were paid, less those that the bank took back.
    amount_satang   bigint      NOT NULL,       -- Their amounts.
    fee_satang      bigint      NOT NULL,       -- Fees, less what reversals and refunds gave back.
    vat_satang      bigint      NOT NULL,       -- VAT on them.
    PRIMARY KEY (merchant_id, mode, invoice_id, day),
    FOREIGN KEY (merchant_id, mode, invoice_id) REFERENCES fee_invoices
);
WITH spans AS (
     SELECT i.merchant_id, i.mode, i.id, i.month, i.fee_satang, i.vat_satang,
            lag((i.month + interval '1 month')::date) OVER (PARTITION BY i.merchant_id, i.mode ORDER BY i.month) AS from_day,
            (i.month + interval '1 month')::date AS to_day
       FROM fee_invoices i
     ),
     direct AS (
     SELECT DISTINCT j.merchant_id, j.mode, j.id, j.kind, j.subject_id, (j.happened_at AT TIME ZONE 'Asia/Bangkok')::date AS day
       FROM journals j
       JOIN entries r ON r.merchant_id = j.merchant_id AND r.mode = j.mode AND r.journal_id = j.id AND r.account = 'receivable'
      WHERE j.kind IN ('payment.paid', 'refund.released', 'payout.returned')
         OR (j.kind IN ('payment.reversed', 'refund.requested') AND r.amount_satang < 0)
     ),
     known AS (
     SELECT s.merchant_id, s.mode, s.id, d.day,
            CASE d.kind WHEN 'payment.paid' THEN 1 WHEN 'payment.reversed' THEN -1 ELSE 0 END AS payments,
            coalesce(p.amount_satang, 0) AS amount_satang,
            (SELECT coalesce(-sum(e.amount_satang), 0) FROM entries e
              WHERE e.merchant_id = d.merchant_id AND e.mode = d.mode AND e.journal_id = d.id
                AND e.account = 'fee_revenue') AS fee_satang,
            (SELECT coalesce(-sum(e.amount_satang), 0) FROM entries e
              WHERE e.merchant_id = d.merchant_id AND e.mode = d.mode AND e.journal_id = d.id
                AND e.account = 'vat_payable') AS vat_satang
       FROM spans s
       JOIN direct d ON d.merchant_id = s.merchant_id AND d.mode = s.mode
                    AND d.day < s.to_day AND (s.from_day IS NULL OR d.day >= s.from_day)
  LEFT JOIN payments p ON p.merchant_id = d.merchant_id AND p.mode = d.mode AND p.id = d.subject_id
     ),
     whole AS (
     SELECT merchant_id, mode, id, day, payments, payments * amount_satang AS amount_satang, fee_satang, vat_satang
       FROM known
  UNION ALL
     SELECT s.merchant_id, s.mode, s.id, s.month, 0, 0,
            s.fee_satang - (SELECT coalesce(sum(k.fee_satang), 0) FROM known k
                             WHERE k.merchant_id = s.merchant_id AND k.mode = s.mode AND k.id = s.id),
            s.vat_satang - (SELECT coalesce(sum(k.vat_satang), 0) FROM known k
                             WHERE k.merchant_id = s.merchant_id AND k.mode = s.mode AND k.id = s.id)
       FROM spans s
     )
INSERT INTO fee_invoice_days (merchant_id, mode, invoice_id, day, payments, amount_satang, fee_satang, vat_satang)
SELECT merchant_id, mode, id, day, sum(payments), sum(amount_satang), sum(fee_satang), sum(vat_satang)
  FROM whole
 GROUP BY merchant_id, mode, id, day
HAVING sum(payments) <> 0 OR sum(amount_satang) <> 0 OR sum(fee_satang) <> 0 OR sum(vat_satang) <> 0;
