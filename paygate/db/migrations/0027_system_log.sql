-- What became of requests, for merchants who look for a mistake; and the audit log by time.
CREATE TABLE system_log (
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    at              timestamptz NOT NULL,
    level           text        NOT NULL CHECK (level IN ('info', 'warn', 'error')),
    source          text        NOT NULL CHECK (source IN ('http', 'error')),
    request_id      text        NOT NULL,
    method          text        NOT NULL,
    path            text        NOT NULL,
    form            text        NOT NULL,
    status          smallint    NOT NULL,
    took_ms         integer     NOT NULL,
    reason          text,
    field           text,
    actor           text,
    credential      text,
    times           integer     NOT NULL DEFAULT 1 CHECK (times >= 1),
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE INDEX system_log_newest ON system_log (merchant_id, mode, at DESC, id DESC);
CREATE INDEX system_log_old ON system_log USING brin (at);
CREATE INDEX audit_log_newest ON audit_log (merchant_id, at DESC, id DESC);
