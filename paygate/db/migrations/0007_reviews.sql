-- The end of each chain of the audit log, so that its writers queue and a tail that was cut off is missed.
CREATE TABLE audit_heads (
    merchant_id     bigint      PRIMARY KEY,
    last_id         bigint      NOT NULL CHECK (last_id >= 0),
    last_hash       bytea       NOT NULL,
    seal            text        NOT NULL
);

-- Money of nobody that a person marked: it waits in suspense to be sent back.
ALTER TABLE credits DROP CONSTRAINT credits_state_check;
ALTER TABLE credits ADD CONSTRAINT credits_state_check
    CHECK (state IN ('UNASSIGNED', 'SETTLED', 'POSSIBLE_DUPLICATE', 'REFUND_DUE', 'REVERSED'));
CREATE INDEX credits_refund_due ON credits (merchant_id, mode, occurred_at) WHERE state = 'REFUND_DUE';

-- A person decides, with a reason, or later evidence did.
ALTER TABLE reviews ADD CHECK (resolve_reason IS NULL OR resolved_by IS NOT NULL);
ALTER TABLE reviews ADD CHECK (resolved_by IS NULL OR closed_at IS NOT NULL);
CREATE INDEX reviews_closed ON reviews (merchant_id, closed_at, id) WHERE closed_at IS NOT NULL;
