-- PayGate's schema: the truth. `paygate/db/migrations/` builds the same thing step by step; a test proves them equal.
--
-- House rules, each checked by a test:
--   * Money is bigint satang. Time is timestamptz, UTC in storage, Asia/Bangkok for days.
--   * Every tenant table has merchant_id first in its primary key, unique keys and indexes, then mode, so that it can be
--     distributed by merchant. Host-wide directories (marked DIRECTORY) are small tables keyed by account, hash or mail.
--   * merchant 0 is the platform itself: the operator, its central accounts, and money that belongs to nobody yet.
--   * A CHECK restates each invariant of paygate/core, so that a wrong program is refused by the database as well.
--   * Nothing correct depends on NOTIFY, advisory locks, deferrable constraints or triggers across tenants.

-- ---------------------------------------------------------------------------------------------------- installation

CREATE TABLE installation (                     -- One row: what this database was made with.
    id              smallint    PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    key_id          text        NOT NULL,       -- Which PAYGATE_SECRET_KEY sealed the secrets: first 16 hex digits of a hash of it.
    key_check       bytea       NOT NULL,       -- A known text sealed with that key; a server with another key refuses to start.
    created_at      timestamptz NOT NULL DEFAULT now()
);

-- ---------------------------------------------------------------------------------------------------- people

CREATE TABLE merchants (
    merchant_id     bigint      PRIMARY KEY CHECK (merchant_id >= 0),   -- Time-ordered, random tail; 0 is the platform.
    name            text        NOT NULL CHECK (name <> ''),            -- What payers read.
    email           text        NOT NULL,                               -- The owner's address, lower case.
    plan            text        NOT NULL CHECK (plan IN ('platform', 'free', 'basic', 'pro', 'enterprise')),
    fee_bps         integer     CHECK (fee_bps BETWEEN 0 AND 10000),    -- Override of the plan's rate; null: the plan's.
    status          text        NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'APPROVED', 'SUSPENDED')),
    overpay         text        NOT NULL DEFAULT 'review' CHECK (overpay IN ('review', 'accept')), -- Too much money: ask, or pay and keep the rest aside.
    notice_ceiling_satang bigint CHECK (notice_ceiling_satang > 0),     -- Above it a bank notice alone does not pay; null: no limit of the merchant's own.
    expiry_minutes  integer     NOT NULL DEFAULT 15 CHECK (expiry_minutes BETWEEN 1 AND 1440),     -- How long a QR lives unless the request says.
    callback_domains text[]     NOT NULL DEFAULT '{}',                  -- Hosts that callbackUrl and cancelUrl may name; empty: any.
    allowed_origins text[]      NOT NULL DEFAULT '{}',                  -- Origins from which pk_live_ keys may be used.
    approved_at     timestamptz,                                        -- When the operator said yes.
    created_at      timestamptz NOT NULL DEFAULT now(),
    CHECK ((plan = 'platform') = (merchant_id = 0)),
    CHECK ((status = 'PENDING') = (approved_at IS NULL) OR status = 'SUSPENDED')
);
INSERT INTO merchants (merchant_id, name, email, plan, status, approved_at)
     VALUES (0, 'PayGate', '', 'platform', 'APPROVED', now());

CREATE TABLE users (                            -- Who may log in. merchant 0: admins.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    id              uuid        NOT NULL,
    email           text        NOT NULL CHECK (email = lower(email) AND position('@' IN email) > 1),  -- What they log in with; unique through logins.
    password_hash   text,                       -- argon2id; null: cannot log in by password (invited, not yet set).
    role            text        NOT NULL CHECK (role IN ('admin', 'owner', 'staff', 'viewer')),
    totp_secret     bytea,                      -- Sealed; null: TOTP is off.
    totp_last_step  bigint,                     -- Last accepted 30-second step, so that a code works once (RFC 6238 5.2).
    recovery_hashes bytea[]     NOT NULL DEFAULT '{}',  -- SHA-256 of unused recovery codes.
    disabled_at     timestamptz,                -- No login from then on.
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant_id, id),
    CHECK ((role = 'admin') = (merchant_id = 0))
);

CREATE TABLE logins (                           -- DIRECTORY: one mail address logs in to one user.
    email           text        PRIMARY KEY CHECK (email = lower(email)),  -- As in users, lower case.
    merchant_id     bigint      NOT NULL,
    user_id         uuid        NOT NULL
);

CREATE TABLE sessions (                         -- A login that can be ended: refresh tokens and page sessions.
    merchant_id     bigint      NOT NULL,
    id              uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    token_hash      bytea       NOT NULL,       -- SHA-256 of the refresh token in force; a used one ends the session.
    user_agent      text        NOT NULL DEFAULT '',  -- As the browser said at login, so that its owner knows it again.
    address         inet,                       -- Where the login came from.
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,       -- No refresh from then on.
    ended_at        timestamptz,                -- Logged out, or ended because a used refresh token came again.
    PRIMARY KEY (merchant_id, id),
    FOREIGN KEY (merchant_id, user_id) REFERENCES users
);

CREATE TABLE api_keys (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('secret', 'public')),
    key_hash        bytea       NOT NULL CHECK (octet_length(key_hash) = 32),   -- SHA-256 of the whole key.
    public_key      text,                       -- pk_ keys are public and stored readable; sk_ keys never.
    last4           text        NOT NULL CHECK (length(last4) = 4),             -- So that people can tell keys apart.
    scopes          text[]      NOT NULL DEFAULT '{*}',  -- What it may do; '*': everything of its kind.
    allow_networks  cidr[]      NOT NULL DEFAULT '{}',                          -- Empty: from anywhere.
    last_used_at    timestamptz,                -- To the minute.
    expires_at      timestamptz,                -- Set by a rotation with overlap.
    revoked_at      timestamptz,                -- Worthless from then on.
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant_id, mode, id),
    CHECK ((kind = 'public') = (public_key IS NOT NULL))
);

CREATE TABLE key_directory (                    -- DIRECTORY: hash of a key -> whose it is.
    key_hash        bytea       PRIMARY KEY CHECK (octet_length(key_hash) = 32),  -- SHA-256 of the whole key.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    key_id          uuid        NOT NULL        -- api_keys.id.
);

-- ---------------------------------------------------------------------------------------------------- accounts

CREATE TABLE accounts (                         -- Where money arrives. Rows are immutable but for retired_at: a change makes a new row.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner; 0: a central account.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,       -- This version of the account.
    receiving_id    uuid        NOT NULL,       -- The real account behind all its versions; credits and reservations are kept by it.
    proxy_kind      text        CHECK (proxy_kind IN ('mobile', 'national_id', 'ewallet')),
    proxy           text,                       -- PromptPay ID, digits as the QR carries them.
    biller_id       text        CHECK (biller_id ~ '^[0-9]{15}$'),              -- For bill-payment QRs (tag 30).
    bank_code       text        CHECK (bank_code ~ '^[0-9]{3}$'),               -- BOT code of the bank that keeps it.
    number          text        CHECK (number ~ '^[0-9]{6,20}$'),               -- Full account number: masks in bank texts are compared with it.
    name            text        NOT NULL CHECK (name <> ''),                    -- Holder, as the payer's bank shows it.
    amount_tagging  text        NOT NULL DEFAULT 'auto' CHECK (amount_tagging IN ('auto', 'off', 'add', 'subtract')),
    virtual         boolean     NOT NULL DEFAULT false,                         -- A test account: no real money can arrive.
    created_at      timestamptz NOT NULL DEFAULT now(),
    retired_at      timestamptz,                -- No new payments from here on; old ones still match until their quarantine ends.
    PRIMARY KEY (merchant_id, mode, id),
    CHECK ((proxy IS NULL) = (proxy_kind IS NULL)),
    CHECK (proxy IS NOT NULL OR biller_id IS NOT NULL),
    CHECK ((bank_code IS NULL) = (number IS NULL)),
    CHECK (virtual = (mode = 'test'))
);
CREATE INDEX accounts_receiving ON accounts (merchant_id, mode, receiving_id, created_at);

CREATE TABLE account_directory (                -- DIRECTORY: one live row per real account of the whole installation.
    identity        text        PRIMARY KEY,    -- 'bank:014:4061234567', 'proxy:mobile:0066812345678', 'biller:0105...00'.
    merchant_id     bigint      NOT NULL,
    receiving_id    uuid        NOT NULL
);

CREATE TABLE sources (                          -- Who may say that money arrived on one account, and in which language.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    receiving_id    uuid        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('generic', 'notice', 'scb', 'kbank', 'events', 'statement')),
    trust           text        NOT NULL,       -- 'host': its references are unique in the installation; else the receiving account's id.
    secret          bytea       NOT NULL,       -- Sealed; signs what arrives.
    created_at      timestamptz NOT NULL DEFAULT now(),
    disabled_at     timestamptz,                -- Nothing is believed from then on.
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE INDEX sources_account ON sources (merchant_id, mode, receiving_id);
CREATE INDEX sources_by_id ON sources (id);     -- The address /api/bank/{id} names the source alone.

-- ---------------------------------------------------------------------------------------------------- payments

CREATE TABLE payments (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,       -- UUIDv7: ordered by creation.
    order_id        text        CHECK (length(order_id) BETWEEN 1 AND 128),     -- The merchant's; not unique.
    description     text        CHECK (length(description) <= 500),  -- The merchant's words, shown to the payer.
    metadata        json        NOT NULL DEFAULT '{}',  -- As canonical text (json keeps it byte for byte; jsonb would not).
    customer_email  text,                       -- Of the payer, as the merchant says. Personal data.
    callback_url    text,                       -- Where the payer's browser goes after PAID.
    cancel_url      text,                       -- Where it goes after a cancel.
    amount_source   text        NOT NULL DEFAULT 'server' CHECK (amount_source IN ('server', 'token', 'browser')),
    -- What it costs. Frozen at creation.
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),             -- The order's amount.
    payable_satang  bigint      NOT NULL CHECK (payable_satang >= 100),         -- What the QR asks for: amount plus or minus a tag.
    fee_bps         integer     NOT NULL CHECK (fee_bps BETWEEN 0 AND 10000),  -- Rate of the fee, in hundredths of a percent.
    fee_satang      bigint      NOT NULL CHECK (fee_satang >= 0),  -- PayGate's fee without VAT, or with none charged.
    vat_bps         integer     NOT NULL DEFAULT 0 CHECK (vat_bps BETWEEN 0 AND 10000),  -- Rate of VAT on the fee; 0: none charged.
    vat_satang      bigint      NOT NULL DEFAULT 0 CHECK (vat_satang >= 0),  -- VAT on the fee.
    -- Where the money goes. Frozen at creation.
    flow            text        NOT NULL CHECK (flow IN ('central', 'direct')), -- Operator's account, or the merchant's own.
    owner_id        bigint      NOT NULL,       -- Owner of the account: 0 for central, else merchant_id.
    account_id      uuid        NOT NULL,       -- The account's version that the QR was made of.
    receiving_id    uuid        NOT NULL,
    ref1            text        CHECK (ref1 ~ '^[A-Z0-9]{1,20}$'),              -- Bill payment: what the bank echoes.
    ref2            text        CHECK (ref2 ~ '^[A-Z0-9]{1,20}$'),  -- Second reference of a bill payment, if the merchant set one.
    qr_payload      text        NOT NULL,       -- The EMVCo text.
    -- Where it stands. Changed only by compare-and-set on (status, sequence).
    status          text        NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'PAID', 'EXPIRED', 'CANCELLED', 'FAILED')),
    exception       text        CHECK (exception IN ('LATE', 'OVERPAID', 'UNDERPAID', 'REVERSED')),
    sequence        integer     NOT NULL DEFAULT 1 CHECK (sequence >= 1),       -- Counts the changes; webhooks carry it.
    received_satang bigint      CHECK (received_satang >= 0),                   -- What really arrived, when it was not nothing.
    credit_id       uuid,                       -- The credit that settled it (of owner_id).
    verifying       boolean     NOT NULL DEFAULT false,                         -- A slip is being checked; no cancel meanwhile.
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,       -- From then on EXPIRED, announced or not.
    paid_at         timestamptz,                -- When the money moved, as the evidence says.
    closed_at       timestamptz,                -- When it stopped being open, by the database's clock.
    extended        boolean     NOT NULL DEFAULT false,                         -- A slip moved the deadline; no other moves it again.
    PRIMARY KEY (merchant_id, mode, id),
    CHECK (abs(payable_satang - amount_satang) <= 99),
    CHECK (payable_satang - fee_satang - vat_satang >= 0),
    CHECK (expires_at > created_at),
    CHECK ((flow = 'central') = (owner_id = 0)),
    CHECK (owner_id IN (0, merchant_id)),
    CHECK (ref2 IS NULL OR ref1 IS NOT NULL),
    CHECK ((status = 'PAID') = (paid_at IS NOT NULL)),
    CHECK ((status = 'PAID') = (credit_id IS NOT NULL)),
    CHECK ((status = 'PENDING') = (closed_at IS NULL)),
    CHECK (status <> 'PAID' OR received_satang IS NOT NULL)
) WITH (fillfactor = 85);
CREATE INDEX payments_newest ON payments (merchant_id, mode, created_at DESC, id DESC);
CREATE INDEX payments_order ON payments (merchant_id, mode, order_id, created_at DESC) WHERE order_id IS NOT NULL;
CREATE INDEX payments_by_id ON payments (id);   -- Public pages and pictures name the payment alone.
CREATE INDEX payments_due ON payments (expires_at) WHERE status = 'PENDING';    -- The sweeper.
CREATE UNIQUE INDEX payments_credit ON payments (merchant_id, mode, credit_id) WHERE credit_id IS NOT NULL;     -- One credit, one payment.

-- A payment freezes what it was made with, and its end is its end.
CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this change of % is refused: what it was made with is frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payments_frozen BEFORE UPDATE ON payments FOR EACH ROW
    WHEN ((OLD.merchant_id, OLD.mode, OLD.id, OLD.amount_satang, OLD.payable_satang, OLD.fee_bps, OLD.fee_satang, OLD.vat_bps, OLD.vat_satang,
           OLD.flow, OLD.owner_id, OLD.account_id, OLD.receiving_id, OLD.ref1, OLD.ref2, OLD.qr_payload)
          IS DISTINCT FROM
          (NEW.merchant_id, NEW.mode, NEW.id, NEW.amount_satang, NEW.payable_satang, NEW.fee_bps, NEW.fee_satang, NEW.vat_bps, NEW.vat_satang,
           NEW.flow, NEW.owner_id, NEW.account_id, NEW.receiving_id, NEW.ref1, NEW.ref2, NEW.qr_payload)
          OR (OLD.status = 'PAID' AND NEW.status <> 'PAID')
          OR (OLD.status IN ('EXPIRED', 'CANCELLED', 'FAILED') AND NEW.status = 'PENDING'))
    EXECUTE FUNCTION frozen();
CREATE TRIGGER accounts_frozen BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN ((OLD.merchant_id, OLD.mode, OLD.id, OLD.receiving_id, OLD.proxy_kind, OLD.proxy, OLD.biller_id, OLD.bank_code, OLD.number, OLD.name,
           OLD.amount_tagging, OLD.virtual, OLD.created_at)
          IS DISTINCT FROM
          (NEW.merchant_id, NEW.mode, NEW.id, NEW.receiving_id, NEW.proxy_kind, NEW.proxy, NEW.biller_id, NEW.bank_code, NEW.number, NEW.name,
           NEW.amount_tagging, NEW.virtual, NEW.created_at))
    EXECUTE FUNCTION frozen();

CREATE TABLE slots (                            -- DIRECTORY. The one lock: whoever reserves, merges, decides or releases an amount of an account holds its row.
    mode            text        NOT NULL,
    receiving_id    uuid        NOT NULL,
    amount_satang   bigint      NOT NULL,
    busy_until      timestamptz NOT NULL DEFAULT '-infinity',   -- Held by payment_id until then; free afterwards.
    payment_id      uuid,
    PRIMARY KEY (mode, receiving_id, amount_satang)
) WITH (fillfactor = 70);

CREATE TABLE reservations (                     -- DIRECTORY. For ever: which payment a credit of this amount, or with this reference, belongs to, and when.
    mode            text        NOT NULL,
    receiving_id    uuid        NOT NULL,
    payment_id      uuid        NOT NULL,
    merchant_id     bigint      NOT NULL,       -- Of the payment.
    owner_id        bigint      NOT NULL,       -- Of the account: evidence of one owner never sees another's payments.
    amount_satang   bigint      NOT NULL,       -- The payable amount.
    ref1            text,                       -- Set for bill payments, which are found by reference and never by amount.
    ref2            text,                       -- As in payments.
    exclusive       boolean     NOT NULL,       -- Whether the slot was taken (amount_tagging off: it was not).
    from_at         timestamptz NOT NULL,       -- When the payment was made.
    until_at        timestamptz NOT NULL,       -- End of the quarantine: 10 minutes after PAID, 60 after any other end.
    PRIMARY KEY (mode, receiving_id, payment_id),
    CHECK (until_at > from_at),
    CHECK (ref1 IS NULL OR NOT exclusive)
) WITH (fillfactor = 85);
CREATE INDEX reservations_amount ON reservations (mode, receiving_id, amount_satang, until_at);
CREATE INDEX reservations_reference ON reservations (mode, ref1, owner_id, until_at) WHERE ref1 IS NOT NULL;

-- Take one amount of an account if it is free: the moment it was taken, or null. p_wait: queue behind whoever works on it.
CREATE FUNCTION try_slot_v1(p_mode text, p_receiving_id uuid, p_payment_id uuid, p_amount bigint, p_hold interval, p_wait boolean)
RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_now timestamptz;
BEGIN
    LOOP
        IF p_wait THEN
            PERFORM 1 FROM slots s WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount
                AND s.busy_until <= clock_timestamp() FOR NO KEY UPDATE;
        ELSE
            PERFORM 1 FROM slots s WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount
                AND s.busy_until <= clock_timestamp() FOR NO KEY UPDATE SKIP LOCKED;
        END IF;
        v_now := clock_timestamp();     -- Read after the row is locked: no earlier holder can reach past it.
        IF FOUND THEN
            UPDATE slots s SET busy_until = v_now + p_hold, payment_id = p_payment_id
             WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount AND s.busy_until <= v_now;
        ELSE
            INSERT INTO slots (mode, receiving_id, amount_satang, busy_until, payment_id)
                 VALUES (p_mode, p_receiving_id, p_amount, v_now + p_hold, p_payment_id)
            ON CONFLICT DO NOTHING;     -- It exists: busy, or somebody works on it.
        END IF;
        IF FOUND THEN
            RETURN v_now;
        END IF;
        -- A credit of an amount that was never held makes its row; whoever waited for that finds it free.
        PERFORM 1 FROM slots s WHERE p_wait AND s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount
            AND s.busy_until <= clock_timestamp();
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END LOOP;
END $$;

-- Take a payable amount for a payment, in one round trip. Returns no row when every candidate is held.
--   p_exact: the first candidate is preferred (amount_tagging auto); the others are taken least recently used first.
--   p_exclusive = false (amount_tagging off, or a bill payment): the first amount is not taken, but its row is locked
--   FOR SHARE, so that a credit of this amount is decided before or after this payment, never beside it.
CREATE FUNCTION take_slot_v1(
    p_mode text, p_receiving_id uuid, p_payment_id uuid, p_amounts bigint[], p_exact boolean, p_exclusive boolean, p_hold interval
) RETURNS TABLE (amount_satang bigint, now_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_amount bigint;
    v_now timestamptz;
BEGIN
    IF NOT p_exclusive THEN
        LOOP
            PERFORM 1 FROM slots s
              WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amounts[1] FOR SHARE;
            EXIT WHEN FOUND;
            INSERT INTO slots (mode, receiving_id, amount_satang) VALUES (p_mode, p_receiving_id, p_amounts[1]) ON CONFLICT DO NOTHING;
        END LOOP;
        RETURN QUERY SELECT p_amounts[1], clock_timestamp();
        RETURN;
    END IF;
    IF p_exact THEN
        v_now := try_slot_v1(p_mode, p_receiving_id, p_payment_id, p_amounts[1], p_hold, true);
        IF v_now IS NOT NULL THEN
            RETURN QUERY SELECT p_amounts[1], v_now;
            RETURN;
        END IF;
    END IF;
    FOR v_amount IN
        SELECT c.amount
          FROM unnest(p_amounts) WITH ORDINALITY AS c (amount, place)
     LEFT JOIN slots s ON s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = c.amount
         WHERE (s.busy_until IS NULL OR s.busy_until <= clock_timestamp())
           AND NOT (p_exact AND c.place = 1)
      ORDER BY coalesce(s.busy_until, '-infinity'), c.place     -- Never used before: the smallest tag is the kindest.
    LOOP
        v_now := try_slot_v1(p_mode, p_receiving_id, p_payment_id, v_amount, p_hold, false);
        IF v_now IS NOT NULL THEN
            RETURN QUERY SELECT v_amount, v_now;
            RETURN;
        END IF;
    END LOOP;
END $$;

-- ---------------------------------------------------------------------------------------------------- evidence

CREATE TABLE credits (                          -- One arrival of money on one account.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account; 0: central.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    receiving_id    uuid        NOT NULL,
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    occurred_at     timestamptz NOT NULL,       -- When the money moved, as the evidence says.
    recorded_at     timestamptz NOT NULL,       -- When we heard, by the database's clock.
    rank            text        NOT NULL CHECK (rank IN ('A', 'B', 'C', 'D')),  -- Best evidence seen for it.
    sending_bank    text,                       -- BOT code of the payer's bank.
    payer_name      text,                       -- Personal data, as the bank masks it.
    payer_account   text,                       -- As the bank masks it. Personal data.
    ref1            text,                       -- Bill-payment references as the bank echoes them.
    ref2            text,                       -- As the bank echoes it; some leave it out.
    balance_satang  bigint,                     -- Balance after it, when the evidence says so.
    state           text        NOT NULL CHECK (state IN ('UNASSIGNED', 'SETTLED', 'POSSIBLE_DUPLICATE', 'REVERSED')),
    reason          text,                       -- Why it is unassigned: ORPHAN, AMBIGUOUS, UNDERPAID...
    booked          boolean     NOT NULL,       -- Whether the ledger holds it (central accounts only).
    payment_merchant_id bigint,                 -- The payment it settled.
    payment_id      uuid,
    part            smallint    CHECK (part >= 1),  -- 1 unless a person combined several credits for one payment.
    settled_at      timestamptz,                -- When it was decided.
    recheck_at      timestamptz,                -- A payment that may fit was made: decide again.
    day_only        boolean     NOT NULL DEFAULT false,                         -- Only the day is known; occurred_at is noon in Bangkok.
    confirmed_at    timestamptz,                -- When more than a notice told of it: a bank, a verifier, a statement.
    PRIMARY KEY (merchant_id, mode, id),
    CHECK ((state = 'SETTLED') = (payment_id IS NOT NULL) OR state = 'REVERSED'),
    CHECK ((payment_id IS NULL) = (payment_merchant_id IS NULL)),
    CHECK ((payment_id IS NULL) = (part IS NULL)),
    CHECK ((payment_id IS NULL) = (settled_at IS NULL)),
    CHECK (NOT booked OR merchant_id = 0),
    CHECK (state <> 'POSSIBLE_DUPLICATE' OR NOT booked)
);
CREATE UNIQUE INDEX credits_payment ON credits (merchant_id, mode, payment_id, part) WHERE payment_id IS NOT NULL;
CREATE INDEX credits_amount ON credits (merchant_id, mode, receiving_id, amount_satang, occurred_at);
CREATE INDEX credits_unassigned ON credits (merchant_id, mode, receiving_id, amount_satang, occurred_at) WHERE state = 'UNASSIGNED';
CREATE INDEX credits_named ON credits (merchant_id, mode, receiving_id, ref1, occurred_at) WHERE state = 'UNASSIGNED' AND ref1 IS NOT NULL;
CREATE INDEX credits_recheck ON credits (recheck_at) WHERE recheck_at IS NOT NULL;
CREATE INDEX credits_broken ON credits (merchant_id, mode, receiving_id, balance_satang) WHERE state = 'UNASSIGNED' AND reason = 'BALANCE_BREAK';

CREATE TABLE credit_refs (                      -- DIRECTORY: a bank reference is used up once.
    mode            text        NOT NULL,
    trust           text        NOT NULL,       -- 'host', or the receiving account, so that no merchant uses up another's references.
    namespace       text        NOT NULL,       -- Who issued it: 'bank:004', or the source.
    ref             text        NOT NULL CHECK (length(ref) BETWEEN 1 AND 128),  -- Case matters.
    merchant_id     bigint      NOT NULL,       -- Owner of the credit.
    credit_id       uuid        NOT NULL,
    PRIMARY KEY (mode, trust, namespace, ref)
);
CREATE INDEX credit_refs_credit ON credit_refs (mode, merchant_id, credit_id);

CREATE TABLE observations (                     -- Each time somebody told us about a credit.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    credit_id       uuid        NOT NULL,
    source_id       uuid        NOT NULL,       -- Who said so: sources.id, or the voice of a verifier or person.
    channel         text        NOT NULL CHECK (channel IN ('bridge', 'sms', 'push', 'line', 'mail', 'slip', 'callback', 'statement', 'person')), -- By which way.
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),     -- SHA-256 of what was said: saying it again adds nothing.
    rank            text        NOT NULL CHECK (rank IN ('A', 'B', 'C', 'D')),
    occurred_at     timestamptz NOT NULL,       -- As this observation says.
    observed_at     timestamptz NOT NULL,       -- When we heard, by the database's clock.
    partial         boolean     NOT NULL DEFAULT false,                         -- The text was cut off: the whole may come as well.
    PRIMARY KEY (merchant_id, mode, credit_id, source_id, digest),
    FOREIGN KEY (merchant_id, mode, credit_id) REFERENCES credits
);

CREATE TABLE balance_points (                   -- Balances of an account as the bank told them: a forged notice does not know the last one.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,
    at              timestamptz NOT NULL,       -- When the account had it.
    balance_satang  bigint      NOT NULL,       -- After the movement that was told of.
    heard_at        timestamptz NOT NULL,       -- When we heard, by the database's clock.
    PRIMARY KEY (merchant_id, mode, receiving_id, at, balance_satang)
);
CREATE INDEX balance_points_heard ON balance_points (heard_at);

CREATE TABLE slips (                            -- A slip handed in for a payment, and what became of it.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    id              uuid        NOT NULL,
    payment_id      uuid        NOT NULL,
    payload         text,                       -- The mini-QR's text, when one was read.
    picture         bytea,                      -- Re-encoded; dropped after the retention period.
    outcome         text        NOT NULL CHECK (outcome IN ('VERIFYING', 'PAID', 'REVIEW', 'REJECTED')),
    reason          text,                       -- Why it was rejected or is in review.
    attempts        smallint    NOT NULL DEFAULT 0,  -- How often the verifier was asked.
    run_at          timestamptz,                -- Next try; doubles as the lease. Null: decided.
    lease_id        uuid,                       -- Who asks it now.
    created_at      timestamptz NOT NULL,
    decided_at      timestamptz,                -- When the outcome was final.
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, payment_id) REFERENCES payments,
    CHECK ((outcome = 'VERIFYING') = (decided_at IS NULL)),
    CHECK ((outcome = 'VERIFYING') = (run_at IS NOT NULL))
);
CREATE INDEX slips_payment ON slips (merchant_id, mode, payment_id);
CREATE INDEX slips_due ON slips (run_at) WHERE run_at IS NOT NULL;

CREATE TABLE reviews (                          -- What only a person can decide.
    merchant_id     bigint      NOT NULL,       -- Owner of the account: 0 is the operator's queue.
    mode            text        NOT NULL,
    id              uuid        NOT NULL,
    credit_id       uuid,
    slip_id         uuid,
    reason          text        NOT NULL,       -- ORPHAN, AMBIGUOUS, UNDERPAID, OVERPAID, CANCELLED, STALE, LATE, WRONG_ACCOUNT...
    detail          text        NOT NULL DEFAULT '',  -- For the person who decides.
    candidates      jsonb       NOT NULL DEFAULT '[]',  -- [{merchantId, paymentId, why}], best first.
    digest          bytea,                      -- What raised it: the same evidence does not raise it again.
    alarm           boolean     NOT NULL DEFAULT false, -- Smells of fraud or of a broken bridge.
    opened_at       timestamptz NOT NULL,       -- When it was raised.
    closed_at       timestamptz,                -- Null: it waits for a person.
    resolution      text,                       -- What was done; 'settled' when later evidence answered it.
    resolved_by     text,                       -- The person, when it was one.
    resolve_reason  text,                       -- Their words.
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, credit_id) REFERENCES credits,
    CHECK ((closed_at IS NULL) = (resolution IS NULL))
);
CREATE INDEX reviews_open ON reviews (merchant_id, mode, opened_at) WHERE closed_at IS NULL;
CREATE INDEX reviews_raised ON reviews (merchant_id, mode, digest) WHERE digest IS NOT NULL;
-- Each conflict is news of its own; anything else is asked once about a credit.
CREATE UNIQUE INDEX reviews_one_open ON reviews (merchant_id, mode, credit_id, reason)
    WHERE closed_at IS NULL AND credit_id IS NOT NULL AND reason <> 'REFERENCE_CONFLICT';

-- ---------------------------------------------------------------------------------------------------- ledger

CREATE TABLE journals (                         -- One booking. Append-only; a correction is another journal.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Whose books; platform legs carry it too, so no row is shared.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('payment.paid', 'credit.parked', 'credit.released', 'payment.reversed', 'settlement.requested',
                                                         'settlement.released', 'payout.sent', 'payout.confirmed', 'payout.returned',
                                                         'refund.requested', 'refund.released', 'invoice.paid', 'correction')),
    subject_id      uuid        NOT NULL,       -- What it books: a payment, credit, settlement, refund.
    part            smallint    NOT NULL DEFAULT 1,     -- For a subject that is booked several times under one kind.
    corrects_id     uuid,                       -- The journal that this one corrects.
    happened_at     timestamptz NOT NULL,       -- Business time: which day's statement it belongs to.
    booked_at       timestamptz NOT NULL,       -- When it was written.
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE UNIQUE INDEX journals_once ON journals (merchant_id, mode, kind, subject_id, part);    -- Booked once, whatever happens.

CREATE TABLE entries (                          -- The lines. Debit positive, credit negative; each journal sums to zero.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    journal_id      uuid        NOT NULL,       -- journals.id.
    line            smallint    NOT NULL,       -- 1, 2, 3... within the journal.
    account         text        NOT NULL CHECK (account IN ('payable', 'held', 'receivable', 'bank_central', 'fee_revenue', 'vat_payable', 'suspense', 'payout_clearing')),
    amount_satang   bigint      NOT NULL CHECK (amount_satang <> 0),
    PRIMARY KEY (merchant_id, mode, journal_id, line),
    FOREIGN KEY (merchant_id, mode, journal_id) REFERENCES journals
);
CREATE INDEX entries_account ON entries (merchant_id, mode, account) INCLUDE (amount_satang);

CREATE FUNCTION entries_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_journal uuid;
BEGIN
    SELECT f.journal_id INTO v_journal FROM fresh f GROUP BY f.merchant_id, f.mode, f.journal_id HAVING sum(f.amount_satang) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % does not sum to zero', v_journal USING ERRCODE = 'check_violation';
    END IF;
    SELECT f.journal_id INTO v_journal
      FROM (SELECT merchant_id, mode, journal_id, count(*) AS lines FROM fresh GROUP BY merchant_id, mode, journal_id) f
     WHERE f.lines <> (SELECT count(*) FROM entries e
                        WHERE e.merchant_id = f.merchant_id AND e.mode = f.mode AND e.journal_id = f.journal_id)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % is written already: a correction is another journal', v_journal USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_balance AFTER INSERT ON entries REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION entries_must_balance();

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journals FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE balances (                         -- Locked by every debit of `payable`; credits never touch it.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    frozen_reason   text,                       -- Set: payouts of this merchant stand still.
    PRIMARY KEY (merchant_id, mode)
);

-- ---------------------------------------------------------------------------------------------------- money out

CREATE TABLE payout_destinations (              -- Where a merchant wants its money. Immutable; a change makes a new row.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    id              uuid        NOT NULL,
    proxy_kind      text        CHECK (proxy_kind IN ('mobile', 'national_id', 'ewallet')),
    proxy           text,                       -- PromptPay ID, digits as a QR carries them.
    bank_code       text,                       -- BOT code.
    number          text,                       -- Full account number.
    name            text        NOT NULL,       -- Holder.
    created_at      timestamptz NOT NULL,
    usable_at       timestamptz NOT NULL,       -- A changed destination waits 24 hours.
    retired_at      timestamptz,                -- No new settlement goes there from then on.
    PRIMARY KEY (merchant_id, id),
    CHECK (proxy IS NOT NULL OR number IS NOT NULL)
);

CREATE TABLE settlements (                      -- A Free merchant takes its money out.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode = 'live'),                 -- Test money never pays out.
    id              uuid        NOT NULL,
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    status          text        NOT NULL CHECK (status IN ('REQUESTED', 'APPROVED', 'PAYING', 'COMPLETED', 'RETURNED', 'REJECTED', 'CANCELLED')),
    destination_id  uuid,                       -- Frozen at approval.
    approved_by     text,                       -- Who said yes.
    second_by       text,                       -- The second person above the operator's limit.
    claimed_by      text,                       -- PAYING is an exclusive claim.
    claimed_at      timestamptz,                -- When PAYING began.
    bank_reference  text,                       -- Of the operator's transfer.
    reason          text,                       -- Why it was rejected, cancelled or returned.
    promised_on     date,                       -- T+1 over bank holidays.
    created_at      timestamptz NOT NULL,
    completed_at    timestamptz,                -- When the transfer was confirmed.
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, destination_id) REFERENCES payout_destinations,
    CHECK (status NOT IN ('APPROVED', 'PAYING', 'COMPLETED', 'RETURNED') OR destination_id IS NOT NULL),
    CHECK ((status = 'PAYING') <= (claimed_by IS NOT NULL)),
    CHECK ((status IN ('COMPLETED', 'RETURNED')) <= (bank_reference IS NOT NULL))
);
CREATE INDEX settlements_open ON settlements (merchant_id, mode, created_at) WHERE status IN ('REQUESTED', 'APPROVED', 'PAYING');

CREATE TABLE refunds (                          -- Money back to a payer: a payout instruction with the same life.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    payment_id      uuid        NOT NULL,
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    fee_returned_satang bigint  NOT NULL DEFAULT 0 CHECK (fee_returned_satang >= 0),  -- Part of the fee that the merchant gets back.
    status          text        NOT NULL CHECK (status IN ('REQUESTED', 'APPROVED', 'PAYING', 'COMPLETED', 'RETURNED', 'REJECTED', 'CANCELLED')),
    reason          text,                       -- The merchant's words.
    payee           bytea,                      -- Where the payer wants it: sealed JSON, personal data.
    claimed_by      text,                       -- PAYING is an exclusive claim.
    claimed_at      timestamptz,                -- When PAYING began.
    bank_reference  text,                       -- Of the operator's transfer.
    created_at      timestamptz NOT NULL,
    completed_at    timestamptz,                -- When the transfer was confirmed.
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, payment_id) REFERENCES payments
);
CREATE INDEX refunds_payment ON refunds (merchant_id, mode, payment_id);

CREATE TABLE payout_references (                -- DIRECTORY: one transfer of the operator's bank completes one payout.
    bank_reference  text        PRIMARY KEY,    -- As the operator's bank prints it.
    merchant_id     bigint      NOT NULL,
    payout_id       uuid        NOT NULL        -- The settlement or refund.
);

CREATE TABLE fee_invoices (                     -- A direct merchant's fees of a month; paid by a PayGate payment without fee.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    number          text        NOT NULL,       -- Without gaps per merchant.
    month           date        NOT NULL CHECK (extract(day FROM month) = 1),  -- Its first day.
    fee_satang      bigint      NOT NULL CHECK (fee_satang >= 0),  -- Fees of the month.
    vat_satang      bigint      NOT NULL CHECK (vat_satang >= 0),  -- VAT on them.
    payment_id      uuid,                       -- Of merchant 0: the payment that pays it.
    due_on          date        NOT NULL,       -- Last day to pay.
    issued_at       timestamptz NOT NULL,       -- Date of the tax document.
    paid_at         timestamptz,                -- Null: open.
    PRIMARY KEY (merchant_id, mode, id),
    UNIQUE (merchant_id, mode, number),
    UNIQUE (merchant_id, mode, month)
);

-- ---------------------------------------------------------------------------------------------------- telling the merchant

CREATE TABLE endpoints (                        -- Where a merchant wants to hear.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    url             text        NOT NULL CHECK (length(url) <= 2048),  -- Where to POST.
    events          text[]      NOT NULL DEFAULT '{*}' CHECK (cardinality(events) > 0),  -- Event types; '*': all.
    format          text        NOT NULL DEFAULT 'paygate' CHECK (format IN ('paygate', 'gateway', 'stripe')),
    secret          bytea       NOT NULL,       -- Sealed.
    old_secret      bytea,                      -- Sealed; signs beside the new one until old_until.
    old_until       timestamptz,                -- End of the rotation.
    failing_since   timestamptz,                -- First failure since the last success.
    disabled_at     timestamptz,                -- Nothing is sent from then on.
    disabled_reason text,                       -- 410, too many failures, or a person's words.
    created_at      timestamptz NOT NULL DEFAULT now(),
    description     text        CHECK (length(description) BETWEEN 1 AND 200),  -- The merchant's words.
    sequence        integer     NOT NULL DEFAULT 0,     -- Counts the events about the endpoint itself (webhook.test...).
    deleted_at      timestamptz,                -- Nobody sees it any more; its log stays.
    PRIMARY KEY (merchant_id, mode, id),
    CHECK ((old_secret IS NULL) = (old_until IS NULL)),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK (deleted_at IS NULL OR disabled_at IS NOT NULL)
);
CREATE INDEX endpoints_by_id ON endpoints (id); -- The command line names an endpoint alone.

CREATE TABLE events (                           -- What happened; committed with the change itself.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,       -- webhookId and webhook-id.
    type            text        NOT NULL,       -- payment.success, settlement.created...
    subject_id      uuid        NOT NULL,       -- The payment, settlement, refund or endpoint.
    sequence        integer     NOT NULL,       -- Of the subject.
    body            text        NOT NULL,       -- The canonical bytes that deliveries of format paygate carry.
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE UNIQUE INDEX events_once ON events (merchant_id, mode, subject_id, sequence, type);
CREATE INDEX events_newest ON events (merchant_id, mode, created_at DESC, id DESC);

CREATE TABLE event_bodies (                     -- An event in another format's words: written before it is first sent so, never changed.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    event_id        uuid        NOT NULL,
    format          text        NOT NULL CHECK (format IN ('gateway', 'stripe')),
    body            text        NOT NULL,       -- The canonical bytes that every delivery of this format carries.
    PRIMARY KEY (merchant_id, mode, event_id, format),
    FOREIGN KEY (merchant_id, mode, event_id) REFERENCES events
);

CREATE TABLE deliveries (                       -- The outbox: one row per event and endpoint, in the event's own commit.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    event_id        uuid        NOT NULL,
    endpoint_id     uuid        NOT NULL,
    state           text        NOT NULL DEFAULT 'DUE' CHECK (state IN ('DUE', 'DELIVERED', 'DEAD')),
    attempts        smallint    NOT NULL DEFAULT 0,  -- How often it was claimed.
    run_at          timestamptz NOT NULL,       -- When to try next; a claim pushes it ahead, so it is the lease as well.
    lease_id        uuid,                       -- Who claimed it last; a late worker cannot overwrite its successor.
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,                -- Delivered or given up.
    attempts_before smallint    NOT NULL DEFAULT 0,  -- Of `attempts`, those before it was last sent again by hand.
    failures        smallint    NOT NULL DEFAULT 0,  -- Tries since then that ended badly: the schedule goes by them. What a kill cut short is none.
    PRIMARY KEY (merchant_id, mode, event_id, endpoint_id),
    FOREIGN KEY (merchant_id, mode, event_id) REFERENCES events,
    FOREIGN KEY (merchant_id, mode, endpoint_id) REFERENCES endpoints,
    CHECK ((state = 'DUE') = (finished_at IS NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX deliveries_due ON deliveries (merchant_id, mode, endpoint_id, run_at) WHERE state = 'DUE';
CREATE INDEX deliveries_endpoint ON deliveries (merchant_id, mode, endpoint_id, created_at DESC);
CREATE INDEX deliveries_dead ON deliveries (merchant_id, mode, endpoint_id, created_at DESC) WHERE state = 'DEAD';

CREATE TABLE attempts (                         -- The log of every try.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    event_id        uuid        NOT NULL,
    endpoint_id     uuid        NOT NULL,
    attempt         smallint    NOT NULL,       -- 1, 2, 3... of the delivery.
    at              timestamptz NOT NULL,       -- When it was claimed.
    status          smallint,                   -- HTTP status; null: no answer.
    latency_ms      integer     NOT NULL,       -- From request to answer, or to giving up.
    response_head   text        NOT NULL DEFAULT '',    -- First bytes of the answer's body.
    error           text,                       -- Why there was no answer, or why it did not count.
    request_headers text        NOT NULL DEFAULT '',    -- As they were sent, signatures and all, one a line.
    response_headers text       NOT NULL DEFAULT '',    -- As they came, one a line, cut off.
    PRIMARY KEY (merchant_id, mode, event_id, endpoint_id, attempt),
    FOREIGN KEY (merchant_id, mode, event_id, endpoint_id) REFERENCES deliveries
);

-- ---------------------------------------------------------------------------------------------------- the API's memory

CREATE TABLE idempotency_keys (                 -- Written in the transaction of the effect: the key and the effect exist together or not at all.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    credential      text        NOT NULL,       -- Kind of credential: secret, public, session.
    path            text        NOT NULL,       -- Method and path.
    key             text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),  -- The Idempotency-Key header.
    fingerprint     bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),    -- SHA-256 of the request's body.
    status          smallint,                   -- HTTP status of the stored answer; null: external work is under way.
    answer          bytea,                      -- Sealed: it may hold a secret.
    lease_until     timestamptz,                -- For effects outside the database: when somebody else may take over.
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,       -- From then on the key is new again.
    PRIMARY KEY (merchant_id, mode, credential, path, key),
    CHECK ((status IS NULL) = (answer IS NULL))
);
CREATE INDEX idempotency_expired ON idempotency_keys (expires_at);

CREATE TABLE audit_log (                        -- Who did what to money or access. Append-only, each row hashes the one before it.
    merchant_id     bigint      NOT NULL,
    id              bigint      NOT NULL,       -- 1, 2, 3... per merchant.
    at              timestamptz NOT NULL,       -- When, by the database's clock.
    actor           text        NOT NULL,       -- 'cli', 'key:...', 'user:...'.
    action          text        NOT NULL,       -- What was done: 'merchant.approve'...
    subject         text        NOT NULL,       -- To what: 'merchant:...', 'settlement:...'.
    before          jsonb,                      -- What changed, as it was.
    after           jsonb,                      -- And as it is now.
    address         inet,                       -- Where the request came from.
    prev_hash       bytea       NOT NULL,       -- hash of the row before; empty for the first.
    hash            bytea       NOT NULL,       -- SHA-256 over this row and prev_hash.
    PRIMARY KEY (merchant_id, id)
);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION append_only();
