-- Money out: settlements count their changes and are found by id; a claim may be given back; what a merchant owes is netted.
ALTER TABLE settlements ADD COLUMN sequence integer NOT NULL DEFAULT 1;
ALTER TABLE settlements ALTER COLUMN promised_on SET NOT NULL;
ALTER TABLE settlements ADD CHECK ((status IN ('REJECTED', 'RETURNED')) <= (reason IS NOT NULL));
CREATE INDEX settlements_newest ON settlements (merchant_id, mode, created_at DESC, id DESC);
CREATE INDEX settlements_by_id ON settlements (id);
CREATE UNIQUE INDEX payout_destinations_live ON payout_destinations (merchant_id) WHERE retired_at IS NULL;
CREATE INDEX credits_told_only ON credits (merchant_id, mode, payment_merchant_id) WHERE state = 'SETTLED' AND rank = 'C' AND confirmed_at IS NULL;
ALTER TABLE journals DROP CONSTRAINT journals_kind_check;
ALTER TABLE journals ADD CONSTRAINT journals_kind_check
    CHECK (kind IN ('payment.paid', 'credit.parked', 'credit.released', 'payment.reversed', 'settlement.requested', 'settlement.released', 'payout.sent', 'payout.unsent',
                    'payout.confirmed', 'payout.returned', 'shortfall.netted', 'refund.requested', 'refund.released', 'invoice.paid', 'correction'));
