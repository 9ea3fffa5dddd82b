-- Refunds: the same life as settlements, whose money they are, and how much of a payment went back.
ALTER TABLE payments ADD COLUMN refunded_satang bigint NOT NULL DEFAULT 0;
ALTER TABLE payments ADD CONSTRAINT payments_refunded CHECK (refunded_satang BETWEEN 0 AND payable_satang);
ALTER TABLE refunds ADD COLUMN sequence integer NOT NULL DEFAULT 1;
ALTER TABLE refunds ADD COLUMN flow text NOT NULL CHECK (flow IN ('central', 'direct'));
ALTER TABLE refunds ADD COLUMN vat_returned_satang bigint NOT NULL DEFAULT 0 CHECK (vat_returned_satang >= 0);
ALTER TABLE refunds ADD COLUMN shortfall_satang bigint NOT NULL DEFAULT 0 CHECK (shortfall_satang >= 0);
ALTER TABLE refunds ADD COLUMN approved_by text;
ALTER TABLE refunds ADD COLUMN second_by text;
ALTER TABLE refunds ADD COLUMN refusal text;
ALTER TABLE refunds ADD CHECK (fee_returned_satang + vat_returned_satang + shortfall_satang <= amount_satang);
ALTER TABLE refunds ADD CHECK ((status = 'PAYING') <= (claimed_by IS NOT NULL));
ALTER TABLE refunds ADD CHECK ((status IN ('COMPLETED', 'RETURNED')) <= (bank_reference IS NOT NULL));
ALTER TABLE refunds ADD CHECK ((status IN ('REJECTED', 'RETURNED')) <= (refusal IS NOT NULL));
CREATE INDEX refunds_open ON refunds (merchant_id, mode, created_at) WHERE status IN ('REQUESTED', 'APPROVED', 'PAYING');
CREATE INDEX refunds_newest ON refunds (merchant_id, mode, created_at DESC, id DESC);
CREATE INDEX refunds_by_id ON refunds (id);
