-- What banks wrote to the phones that forward for us.

CREATE TABLE notices (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    source_id       uuid        NOT NULL,
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),
    kind            text        NOT NULL CHECK (kind IN ('credit', 'ignored', 'unread')),
    bank            text,
    channel         text        CHECK (channel IN ('sms', 'push', 'line', 'mail')),
    direction       text        NOT NULL CHECK (direction IN ('in', 'out', 'none')),
    reason          text,
    amount_satang   bigint,
    account_mask    text,
    counterparty    text,
    balance_satang  bigint,
    truncated       boolean     NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    heard_at        timestamptz NOT NULL,
    told            integer     NOT NULL DEFAULT 1 CHECK (told >= 1),
    outcome         text,
    text            text,
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, source_id) REFERENCES sources
);
CREATE UNIQUE INDEX notices_said ON notices (merchant_id, mode, source_id, digest);
CREATE INDEX notices_worded ON notices (heard_at) WHERE text IS NOT NULL OR counterparty IS NOT NULL;
CREATE INDEX reviews_worded ON reviews (closed_at) WHERE reason IN ('UNREAD_NOTICE', 'RECEIVER_UNKNOWN') AND detail <> '';
