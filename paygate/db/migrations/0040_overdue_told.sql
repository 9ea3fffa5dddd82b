-- A merchant hears once that an invoice is overdue.
ALTER TABLE fee_invoices ADD COLUMN overdue_told_at timestamptz;
