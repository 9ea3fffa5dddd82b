-- The simulated bank of the test mode: what moves through it, and when it is told.
CREATE TABLE simulated_transfers (
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL CHECK (mode = 'test'),
    id              uuid        NOT NULL,
    payment_id      uuid        NOT NULL,
    via             text        NOT NULL CHECK (via IN ('notice', 'callback', 'slip')),
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    occurred_at     timestamptz NOT NULL,
    sending_bank    text        NOT NULL CHECK (sending_bank ~ '^[0-9]{3}$'),
    reference       text        NOT NULL CHECK (length(reference) BETWEEN 1 AND 25),
    text            text,
    sender          text,
    times           smallint    NOT NULL CHECK (times BETWEEN 0 AND 2),
    run_at          timestamptz,
    lease_id        uuid,
    attempts        smallint    NOT NULL DEFAULT 0,
    outcomes        text[]      NOT NULL DEFAULT '{}',
    detail          text        NOT NULL DEFAULT '',
    told_at         timestamptz,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, payment_id) REFERENCES payments,
    CHECK ((via = 'notice') = (text IS NOT NULL)),
    CHECK ((text IS NULL) = (sender IS NULL)),
    CHECK (run_at IS NULL OR told_at IS NULL)
);
CREATE INDEX simulated_transfers_of ON simulated_transfers (merchant_id, mode, payment_id, created_at);
CREATE INDEX simulated_transfers_due ON simulated_transfers (run_at) WHERE run_at IS NOT NULL;
CREATE UNIQUE INDEX simulated_transfers_named ON simulated_transfers (merchant_id, mode, sending_bank, reference);
