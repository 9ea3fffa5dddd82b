-- Alerts: what the operator is told of, by which channel, until it was.
CREATE TABLE alert_states (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    alarm           text        NOT NULL,
    receiving_id    uuid        NOT NULL,
    standing        boolean     NOT NULL DEFAULT false,
    told_count      integer     NOT NULL DEFAULT 0,
    told_at         timestamptz,
    PRIMARY KEY (merchant_id, alarm, receiving_id)
);
CREATE TABLE alerts (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    id              uuid        NOT NULL,
    alarm           text        NOT NULL,
    word            text        NOT NULL CHECK (word IN ('RAISED', 'MORE', 'STILL', 'OVER', 'TEST')),
    channel         text        NOT NULL CHECK (channel IN ('line', 'mail', 'webhook')),
    account_id      uuid,
    count           integer     NOT NULL,
    title           text        NOT NULL,
    body            text        NOT NULL,
    created_at      timestamptz NOT NULL,
    run_at          timestamptz,
    lease_id        uuid,
    failures        smallint    NOT NULL DEFAULT 0,
    sent_at         timestamptz,
    last_error      text,
    PRIMARY KEY (merchant_id, id),
    CHECK (sent_at IS NULL OR run_at IS NULL)
);
CREATE INDEX alerts_due ON alerts (run_at) WHERE run_at IS NOT NULL;
CREATE INDEX alerts_by_age ON alerts (created_at);
