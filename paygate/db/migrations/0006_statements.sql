-- Statements of banks: their reports, files that wait to be read, which column of a bank's CSV is what.

CREATE TABLE statements (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    receiving_id    uuid        NOT NULL,
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),
    name            text        NOT NULL DEFAULT '',
    state           text        NOT NULL CHECK (state IN ('WAITING', 'DONE', 'FAILED')),
    raw             bytea,
    since_at        timestamptz,
    until_at        timestamptz,
    checked_since_at timestamptz,
    checked_until_at timestamptz,
    report          jsonb,
    error           text,
    attempts        smallint    NOT NULL DEFAULT 0,
    run_at          timestamptz,
    lease_id        uuid,
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    PRIMARY KEY (merchant_id, mode, id),
    UNIQUE (merchant_id, mode, receiving_id, digest),
    CHECK ((state = 'WAITING') = (run_at IS NOT NULL)),
    CHECK ((state = 'WAITING') = (raw IS NOT NULL)),
    CHECK (state <> 'DONE' OR report IS NOT NULL)
);
CREATE INDEX statements_due ON statements (run_at) WHERE run_at IS NOT NULL;
CREATE INDEX statements_cover ON statements (merchant_id, mode, receiving_id, until_at) WHERE since_at IS NOT NULL;
CREATE INDEX statements_finished ON statements (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE statement_profiles (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,
    columns         text        NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, mode, receiving_id)
);

CREATE INDEX credits_when ON credits (merchant_id, mode, receiving_id, occurred_at, id);
