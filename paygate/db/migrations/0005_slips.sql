-- Slips: which transfer one names, how often it was handed in, what its bank said of it.

ALTER TABLE slips ADD COLUMN sending_bank text;
ALTER TABLE slips ADD COLUMN trans_ref text CHECK (length(trans_ref) BETWEEN 1 AND 64);
ALTER TABLE slips ADD COLUMN handed smallint NOT NULL DEFAULT 1 CHECK (handed >= 1);
ALTER TABLE slips ADD COLUMN handed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE slips ADD COLUMN last_error text;
ALTER TABLE slips ADD COLUMN facts jsonb;
ALTER TABLE slips ADD COLUMN credit_id uuid;
ALTER TABLE slips ADD CHECK ((trans_ref IS NULL) = (sending_bank IS NULL));
ALTER TABLE slips ADD CHECK ((trans_ref IS NULL) = (payload IS NULL));
ALTER TABLE slips ADD CHECK (trans_ref IS NOT NULL OR outcome = 'REJECTED');
ALTER TABLE slips ADD CHECK ((lease_id IS NULL) OR outcome = 'VERIFYING');

CREATE UNIQUE INDEX slips_once ON slips (merchant_id, mode, payment_id, sending_bank, trans_ref) WHERE trans_ref IS NOT NULL;
CREATE INDEX slips_by_id ON slips (id);
CREATE INDEX slips_kept ON slips (decided_at) WHERE picture IS NOT NULL OR facts IS NOT NULL;
CREATE INDEX reviews_slip ON reviews (merchant_id, mode, slip_id) WHERE slip_id IS NOT NULL;
