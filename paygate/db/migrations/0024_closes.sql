-- The daily close of the operator's own accounts: what the books say a bank account has, and what the bank says.
CREATE TABLE bank_balances (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,
    day             date        NOT NULL,
    balance_satang  bigint      NOT NULL,
    told_by         text        NOT NULL,
    told_at         timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, mode, receiving_id, day)
);
CREATE TABLE bank_movements (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    receiving_id    uuid        NOT NULL,
    day             date        NOT NULL,
    amount_satang   bigint      NOT NULL CHECK (amount_satang <> 0),
    reason          text        NOT NULL,
    told_by         text        NOT NULL,
    told_at         timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE INDEX bank_movements_day ON bank_movements (merchant_id, mode, receiving_id, day);
CREATE TABLE daily_closes (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,
    day             date        NOT NULL,
    opening_satang  bigint      NOT NULL,
    in_satang       bigint      NOT NULL,
    out_satang      bigint      NOT NULL,
    other_satang    bigint      NOT NULL,
    bank_satang     bigint,
    state           text        NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),
    run_at          timestamptz NOT NULL,
    run_by          text        NOT NULL,
    PRIMARY KEY (merchant_id, mode, receiving_id, day),
    CHECK (state = 'OPEN' OR bank_satang = opening_satang + in_satang - out_satang + other_satang)
);
