-- Banks' own callbacks: claims that the bank is asked about.

ALTER TABLE sources ADD COLUMN bank_merchant text CHECK (length(bank_merchant) BETWEEN 1 AND 64);

CREATE TABLE bank_hints (
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    source_id       uuid        NOT NULL,
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),
    transaction_id  text        NOT NULL CHECK (length(transaction_id) BETWEEN 1 AND 128),
    payee           text,
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    occurred_at     timestamptz,
    ref1            text,
    ref2            text,
    heard           integer     NOT NULL DEFAULT 1 CHECK (heard >= 1),
    state           text        NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'CONFIRMED', 'UNCONFIRMED', 'CONTRADICTED')),
    detail          text        NOT NULL DEFAULT '',
    attempts        integer     NOT NULL DEFAULT 0,
    run_at          timestamptz,
    lease_id        uuid,
    created_at      timestamptz NOT NULL,
    asked_since     timestamptz NOT NULL,
    closed_at       timestamptz,
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, source_id) REFERENCES sources,
    CHECK ((state = 'OPEN') = (run_at IS NOT NULL)),
    CHECK ((state = 'OPEN') = (closed_at IS NULL))
);
CREATE UNIQUE INDEX bank_hints_once ON bank_hints (merchant_id, mode, source_id, digest);
CREATE INDEX bank_hints_recent ON bank_hints (merchant_id, mode, source_id, created_at);
CREATE INDEX bank_hints_open ON bank_hints (merchant_id, mode, source_id) WHERE run_at IS NOT NULL;
CREATE INDEX bank_hints_due ON bank_hints (run_at) WHERE run_at IS NOT NULL;
CREATE INDEX bank_hints_closed ON bank_hints (closed_at) WHERE closed_at IS NOT NULL;
