-- Tax invoices are numbered without gaps over the whole host; what merchants withhold of their fees is booked.
CREATE TABLE tax_invoices (                     -- DIRECTORY: numbers of the operator's tax invoices, 1, 2, 3... of the whole installation.
    number          bigint      PRIMARY KEY CHECK (number > 0),     -- Without gaps: given in the transaction of its invoice.
    merchant_id     bigint      NOT NULL,
    invoice_id      uuid        NOT NULL,       -- fee_invoices.id.
    issued_at       timestamptz NOT NULL        -- Date of the tax invoice.
);
CREATE TRIGGER tax_invoices_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tax_invoices FOR EACH STATEMENT EXECUTE FUNCTION append_only();
ALTER TABLE fee_invoices ADD COLUMN tax_number text;
ALTER TABLE fee_invoices ADD COLUMN withheld_satang bigint NOT NULL DEFAULT 0 CHECK (withheld_satang >= 0);
ALTER TABLE fee_invoices ADD COLUMN certificate text CHECK (length(certificate) BETWEEN 1 AND 50);
ALTER TABLE fee_invoices ADD COLUMN certificate_on date;
ALTER TABLE fee_invoices ADD CHECK ((withheld_satang > 0) = (certificate IS NOT NULL));
ALTER TABLE fee_invoices ADD CHECK ((certificate IS NULL) = (certificate_on IS NULL));
ALTER TABLE entries DROP CONSTRAINT entries_account_check;
ALTER TABLE entries ADD CONSTRAINT entries_account_check
      CHECK (account IN ('payable', 'held', 'receivable', 'bank_central', 'fee_revenue', 'vat_payable', 'suspense', 'payout_clearing', 'wht_receivable'));
ALTER TABLE journals DROP CONSTRAINT journals_kind_check;
ALTER TABLE journals ADD CONSTRAINT journals_kind_check
      CHECK (kind IN ('payment.paid', 'credit.parked', 'credit.released', 'payment.reversed', 'settlement.requested',
                      'settlement.released', 'payout.sent', 'payout.unsent', 'payout.confirmed', 'payout.returned',
                      'shortfall.netted', 'refund.requested', 'refund.released', 'invoice.paid', 'invoice.unpaid',
                      'invoice.withheld', 'correction'));
