-- What notices, slips, callbacks and statements need: how we were told, what confirms a notice, balances that follow
-- from one another.

ALTER TABLE payments ADD COLUMN extended boolean NOT NULL DEFAULT false;
ALTER TABLE merchants ADD COLUMN notice_ceiling_satang bigint CHECK (notice_ceiling_satang > 0);

ALTER TABLE credits ADD COLUMN day_only boolean NOT NULL DEFAULT false;
ALTER TABLE credits ADD COLUMN confirmed_at timestamptz;
UPDATE credits SET confirmed_at = recorded_at WHERE rank IN ('A', 'B');

ALTER TABLE observations ADD COLUMN channel text NOT NULL DEFAULT 'bridge'
    CHECK (channel IN ('bridge', 'sms', 'push', 'line', 'mail', 'slip', 'callback', 'statement', 'person'));
ALTER TABLE observations ALTER COLUMN channel DROP DEFAULT;
ALTER TABLE observations ADD COLUMN partial boolean NOT NULL DEFAULT false;

CREATE TABLE balance_points (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,
    at              timestamptz NOT NULL,
    balance_satang  bigint      NOT NULL,
    heard_at        timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, mode, receiving_id, at, balance_satang)
);
CREATE INDEX balance_points_heard ON balance_points (heard_at);

CREATE INDEX credits_broken ON credits (merchant_id, mode, receiving_id, balance_satang) WHERE state = 'UNASSIGNED' AND reason = 'BALANCE_BREAK';
