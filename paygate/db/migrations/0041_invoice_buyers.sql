-- A tax invoice goes on naming the buyer that it was written for.
ALTER TABLE fee_invoices ADD COLUMN buyer bytea;
