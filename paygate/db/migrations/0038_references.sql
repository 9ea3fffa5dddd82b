-- A bank's reference counts as used however it is written, and one of a direct merchant's own bank completes one refund.
ALTER TABLE payout_references ADD COLUMN folded text UNIQUE;
UPDATE payout_references r SET folded = lower(r.bank_reference)
 WHERE NOT EXISTS (SELECT 1 FROM payout_references o
                    WHERE lower(o.bank_reference) = lower(r.bank_reference) AND o.bank_reference < r.bank_reference);
CREATE TABLE refund_references (                -- One transfer of a direct merchant's own bank completes one of its refunds.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    folded          text        NOT NULL,       -- As the bank prints it, in small letters.
    refund_id       uuid        NOT NULL,       -- The refund that it paid.
    PRIMARY KEY (merchant_id, mode, folded)
);
INSERT INTO refund_references (merchant_id, mode, folded, refund_id)
SELECT DISTINCT ON (merchant_id, mode, lower(bank_reference)) merchant_id, mode, lower(bank_reference), id
  FROM refunds
 WHERE flow = 'direct' AND bank_reference IS NOT NULL
 ORDER BY merchant_id, mode, lower(bank_reference), completed_at;
