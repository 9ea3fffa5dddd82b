-- The end of each chain of the audit log, so that its writers queue and a tail that was cut off is missed.
CREATE TABLE audit_heads (
    merchant_id     bigint      PRIMARY KEY,
    last_id         bigint      NOT NULL CHECK (last_id >= 0),
    last_hash       bytea       NOT NULL,
    seal            text        NOT NULL
);
