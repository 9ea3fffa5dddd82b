-- Fee invoices: what was paid too much is taken off the next one; they are found by id.
ALTER TABLE fee_invoices ADD COLUMN credit_satang bigint NOT NULL DEFAULT 0 CHECK (credit_satang >= 0);
ALTER TABLE fee_invoices ADD CHECK ((paid_at IS NULL) = (payment_id IS NULL));
CREATE INDEX fee_invoices_by_id ON fee_invoices (id);
