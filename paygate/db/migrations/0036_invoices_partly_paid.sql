-- An invoice knows what was received for it: with less than its due, as when a certificate is withdrawn, it is open.
ALTER TABLE fee_invoices ADD COLUMN received_satang bigint NOT NULL DEFAULT 0 CHECK (received_satang >= 0);
UPDATE fee_invoices i SET received_satang = b.satang
  FROM (SELECT j.merchant_id, j.mode, j.subject_id, -sum(e.amount_satang)::bigint AS satang
          FROM journals j
          JOIN entries e ON e.merchant_id = j.merchant_id AND e.mode = j.mode AND e.journal_id = j.id
         WHERE j.kind IN ('invoice.paid', 'invoice.unpaid') AND e.account = 'receivable'
      GROUP BY j.merchant_id, j.mode, j.subject_id) b
 WHERE b.merchant_id = i.merchant_id AND b.mode = i.mode AND b.subject_id = i.id;
UPDATE fee_invoices SET paid_at = NULL, payment_id = NULL
 WHERE received_satang + 99 < fee_satang + vat_satang - credit_satang - withheld_satang;
