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
    created_at      timestamptz NOT NULL DEFAULT now(),
    second_above_satang bigint  CHECK (second_above_satang > 0)     -- Two people approve a payout above it: as the server was told that started last.
);

-- ---------------------------------------------------------------------------------------------------- people

CREATE TABLE merchants (
    merchant_id     bigint      PRIMARY KEY CHECK (merchant_id >= 0),   -- Time-ordered, random tail; 0 is the platform.
    name            text        NOT NULL CHECK (name <> ''),            -- What payers read.
    email           text        NOT NULL,                               -- The owner's address, lower case.
    plan            text        NOT NULL CHECK (plan IN ('platform', 'free', 'basic', 'pro', 'enterprise')),   -- It began with this one; later ones are in merchant_plans.
    status          text        NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'APPROVED', 'SUSPENDED')),
    overpay         text        NOT NULL DEFAULT 'review' CHECK (overpay IN ('review', 'accept')), -- Too much money: ask, or pay and keep the rest aside.
    notice_ceiling_satang bigint CHECK (notice_ceiling_satang > 0),     -- Above it a bank notice alone does not pay; null: no limit of the merchant's own.
    expiry_minutes  integer     NOT NULL DEFAULT 15 CHECK (expiry_minutes BETWEEN 1 AND 1440),     -- How long a QR lives unless the request says.
    callback_domains text[]     NOT NULL DEFAULT '{}',                  -- Hosts that callbackUrl and cancelUrl may name; empty: any (pk_live_ keys: those of allowed_origins).
    allowed_origins text[]      NOT NULL DEFAULT '{}',                  -- Origins from which pk_live_ keys may be used, and that may show the payer's page in a frame.
    approved_at     timestamptz,                                        -- When the operator said yes.
    created_at      timestamptz NOT NULL DEFAULT now(),
    signed_amounts  boolean     NOT NULL DEFAULT false,                 -- Payments made with pk_ keys need an amountToken.
    allow_renewal   boolean     NOT NULL DEFAULT false,                 -- Whether a payer whose QR has expired may make a new one.
    forgotten_at    timestamptz,                                        -- When what was known of who it is was forgotten; null again once it is approved anew.
    CHECK ((plan = 'platform') = (merchant_id = 0)),
    CHECK ((status = 'PENDING') = (approved_at IS NULL) OR status = 'SUSPENDED')
);
INSERT INTO merchants (merchant_id, name, email, plan, status, approved_at)
     VALUES (0, 'PayGate', '', 'platform', 'APPROVED', now());

CREATE TABLE merchant_plans (                   -- What a merchant pays from a moment on: the last row that has begun is in force.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    valid_from      timestamptz NOT NULL,       -- A moment to come is one by itself when it is there.
    id              uuid        NOT NULL,
    plan            text        NOT NULL CHECK (plan IN ('free', 'basic', 'pro', 'enterprise')),
    fee_bps         integer     CHECK (fee_bps BETWEEN 0 AND 10000),    -- A rate of its own; null: the plan's.
    created_at      timestamptz NOT NULL,       -- When it was decided.
    PRIMARY KEY (merchant_id, valid_from),
    CHECK (valid_from >= created_at)
);
CREATE TABLE plan_rates (                       -- DIRECTORY: what plans cost from a moment on, where the operator said it here and not by a setting.
    plan            text        NOT NULL CHECK (plan IN ('free', 'basic', 'pro', 'enterprise')),
    valid_from      timestamptz NOT NULL,       -- As in merchant_plans.
    fee_bps         integer     CHECK (fee_bps BETWEEN 0 AND 10000),    -- Null: as the setting says, again.
    created_at      timestamptz NOT NULL,       -- When it was decided.
    PRIMARY KEY (plan, valid_from),
    CHECK (valid_from >= created_at)
);

CREATE TABLE merchant_logos (                   -- What stands beside a merchant's name on the payer's page.
    merchant_id     bigint      PRIMARY KEY REFERENCES merchants,
    digest          text        NOT NULL CHECK (digest ~ '^[0-9a-f]{32}$'),     -- Of the picture: its address, so that browsers may keep it.
    picture         bytea       NOT NULL CHECK (octet_length(picture) <= 65536),    -- PNG, drawn anew by us.
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX merchant_logos_digest ON merchant_logos (digest);

CREATE TABLE dossiers (                         -- Know your merchant: what it told of itself, and who checked it.
    merchant_id     bigint      PRIMARY KEY REFERENCES merchants,
    kind            text        CHECK (kind IN ('person', 'company')),  -- Whom the ID is of.
    legal_name      text,                       -- As on the ID card, or in the company register.
    tax_id          bytea,                      -- Sealed: a national ID, or a company's tax ID.
    address         text,                       -- Of the person, or of the registered office.
    business        text,                       -- What it sells.
    contact_name    text,                       -- Whom to call,
    contact_phone   text,                       -- and where.
    checked_at      timestamptz,                -- When somebody compared it with the documents; any change after it undoes that.
    checked_by      text,                       -- Who.
    check_note      text,                       -- What was looked at, in that person's words.
    changed_at      timestamptz NOT NULL,       -- When it was told last.
    CHECK ((checked_at IS NULL) = (checked_by IS NULL) AND (checked_at IS NULL) = (check_note IS NULL))
);

CREATE TABLE dossier_documents (                -- ID cards, certificates, bank books: personal data.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    id              uuid        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('id_card', 'company_certificate', 'bank_book', 'photo', 'other')), -- What it shows.
    name            text        NOT NULL,       -- The file's, for people.
    media_type      text        NOT NULL,       -- By its first bytes.
    size_bytes      integer     NOT NULL CHECK (size_bytes BETWEEN 1 AND 5242880),      -- Of the file, not of what is kept.
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),             -- SHA-256: the same file again is this one.
    content         bytea       NOT NULL,       -- Sealed.
    added_by        text        NOT NULL,       -- Who handed it in.
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, id),
    UNIQUE (merchant_id, digest)
);

CREATE TABLE users (                            -- Who may log in. merchant 0: admins.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    id              uuid        NOT NULL,
    email           text        NOT NULL CHECK (email = lower(email) AND position('@' IN email) > 1),  -- What they log in with; unique through logins.
    password_hash   text,                       -- argon2id; null: cannot log in by password (invited, not yet set).
    role            text        NOT NULL CHECK (role IN ('admin', 'owner', 'staff', 'viewer')),
    totp_secret     bytea,                      -- Sealed; null: TOTP is off.
    totp_pending    bytea,                      -- Sealed; a secret that was shown and waits for its first code.
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
    refreshed_at    timestamptz NOT NULL DEFAULT now(),  -- When a token was given last.
    expires_at      timestamptz NOT NULL,       -- No refresh from then on.
    ended_at        timestamptz,                -- Logged out, or ended because a used refresh token came again.
    PRIMARY KEY (merchant_id, id),
    FOREIGN KEY (merchant_id, user_id) REFERENCES users
);
CREATE INDEX sessions_of_user ON sessions (merchant_id, user_id);
CREATE INDEX sessions_over ON sessions (expires_at);

CREATE TABLE user_links (                       -- A link that lets one person set a password once.
    merchant_id     bigint      NOT NULL,
    id              uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('reset')),
    token_hash      bytea       NOT NULL CHECK (octet_length(token_hash) = 32),  -- SHA-256 of the link's token.
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,       -- Worthless from then on.
    used_at         timestamptz,                -- Used, or made worthless by a newer one.
    PRIMARY KEY (merchant_id, id),
    FOREIGN KEY (merchant_id, user_id) REFERENCES users
);
CREATE INDEX user_links_of_user ON user_links (merchant_id, user_id) WHERE used_at IS NULL;
CREATE INDEX user_links_over ON user_links (expires_at);

CREATE TABLE invitations (                      -- A link with which somebody joins a merchant's people. Their user is made when it is used.
    merchant_id     bigint      NOT NULL REFERENCES merchants CHECK (merchant_id > 0),
    id              uuid        NOT NULL,
    email           text        NOT NULL CHECK (email = lower(email) AND position('@' IN email) > 1),  -- Who shall log in. That somebody does elsewhere is nothing that an invitation tells.
    role            text        NOT NULL CHECK (role IN ('owner', 'staff', 'viewer')),  -- What they may then.
    token_hash      bytea       NOT NULL CHECK (octet_length(token_hash) = 32),  -- SHA-256 of the link's token.
    invited_by      text        NOT NULL,       -- As the audit log names them.
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,       -- Worthless from then on.
    ended_at        timestamptz,                -- Used, revoked, or made worthless by a newer one for the same address.
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX invitations_open ON invitations (merchant_id, email) WHERE ended_at IS NULL;
CREATE INDEX invitations_over ON invitations (expires_at);

CREATE TABLE throttles (                        -- DIRECTORY: tries of passwords and codes, counted by network and by person before anybody is known.
    kind            text        NOT NULL CHECK (kind IN ('address', 'account', 'code', 'register')),
    key             bytea       NOT NULL CHECK (octet_length(key) = 16),  -- Keyed hash of what is counted: a network, an e-mail address.
    full_until      timestamptz NOT NULL,       -- All tries spent so far are forgotten then (GCRA: the theoretical arrival time).
    PRIMARY KEY (kind, key)
);
CREATE INDEX throttles_over ON throttles (full_until);

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
    expires_at      timestamptz,                -- Chosen when it was made, or set by a rotation with overlap.
    revoked_at      timestamptz,                -- Worthless from then on.
    replaced_by     uuid,                       -- The key that a rotation made in its place; works on until expires_at.
    created_at      timestamptz NOT NULL DEFAULT now(),
    amount_secret   bytea,                      -- Sealed: what a secret key signs amountTokens with. Null: older than they are.
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

CREATE TABLE account_shares (                   -- How much of new payments an account of a pool gets. No row: weight 1, not paused.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account; 0: central.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,       -- The real account, whatever its version in force is.
    weight          integer     NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 100),   -- Its part of new payments beside the others' weights.
    paused_at       timestamptz,                -- No new payments since then, until somebody resumes it.
    PRIMARY KEY (merchant_id, mode, receiving_id)
);

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
    bank_merchant   text        CHECK (length(bank_merchant) BETWEEN 1 AND 64), -- KBank: the merchant id that its callbacks name.
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
    amount_source   text        NOT NULL DEFAULT 'server' CHECK (amount_source IN ('server', 'token', 'link', 'browser')),  -- Who named the amount.
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
    renews_id       uuid,                       -- The expired payment that the payer made this one in place of.
    refunded_satang bigint      NOT NULL DEFAULT 0,     -- Gone back to the payer: its completed refunds.
    link_id         uuid,                       -- The payment link that it was made of, and that fixed its amount.
    CONSTRAINT payments_link CHECK ((amount_source = 'link') = (link_id IS NOT NULL)),
    CONSTRAINT payments_refunded CHECK (refunded_satang BETWEEN 0 AND payable_satang),
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
CREATE UNIQUE INDEX payments_renewal ON payments (merchant_id, mode, renews_id) WHERE renews_id IS NOT NULL;    -- Two taps make one.
CREATE UNIQUE INDEX payments_credit ON payments (merchant_id, mode, credit_id) WHERE credit_id IS NOT NULL;     -- One credit, one payment.

-- A price with an address: whoever opens a payment link pays what its merchant fixed, as often as people do.
CREATE TABLE payment_links (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,       -- Shown as plink_...
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    description     text        CHECK (length(description) <= 500),  -- What it is for, shown to the payer.
    callback_url    text,                       -- Where the payer's browser goes after PAID.
    expiry_minutes  integer     CHECK (expiry_minutes > 0),          -- How long its payments are open; null: as the merchant's.
    active          boolean     NOT NULL DEFAULT true,               -- Others make no payments.
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE INDEX payment_links_by_id ON payment_links (id);      -- Its page names the link alone.
CREATE INDEX payment_links_newest ON payment_links (merchant_id, mode, created_at DESC, id DESC);

-- A payment freezes what it was made with, and its end is its end.
CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this change of % is refused: what it was made with is frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER payments_frozen BEFORE UPDATE ON payments FOR EACH ROW
    WHEN ((OLD.merchant_id, OLD.mode, OLD.id, OLD.amount_satang, OLD.payable_satang, OLD.fee_bps, OLD.fee_satang, OLD.vat_bps, OLD.vat_satang,
           OLD.flow, OLD.owner_id, OLD.account_id, OLD.receiving_id, OLD.ref1, OLD.ref2, OLD.qr_payload, OLD.renews_id, OLD.link_id)
          IS DISTINCT FROM
          (NEW.merchant_id, NEW.mode, NEW.id, NEW.amount_satang, NEW.payable_satang, NEW.fee_bps, NEW.fee_satang, NEW.vat_bps, NEW.vat_satang,
           NEW.flow, NEW.owner_id, NEW.account_id, NEW.receiving_id, NEW.ref1, NEW.ref2, NEW.qr_payload, NEW.renews_id, NEW.link_id)
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
CREATE TRIGGER merchant_plans_frozen BEFORE UPDATE OR DELETE ON merchant_plans FOR EACH ROW
    WHEN (OLD.valid_from <= clock_timestamp()) EXECUTE FUNCTION frozen();
CREATE TRIGGER plan_rates_frozen BEFORE UPDATE OR DELETE ON plan_rates FOR EACH ROW
    WHEN (OLD.valid_from <= clock_timestamp()) EXECUTE FUNCTION frozen();

CREATE TABLE slots (                            -- DIRECTORY. The one lock: whoever reserves, merges, decides or releases an amount of an account holds its row.
    mode            text        NOT NULL,
    receiving_id    uuid        NOT NULL,
    amount_satang   bigint      NOT NULL,
    busy_until      timestamptz NOT NULL DEFAULT '-infinity',   -- Held by payment_id until then; free afterwards.
    payment_id      uuid,
    merchant_id     bigint,                     -- Of that payment: on a shared account nobody takes all of a price.
    browser         boolean     NOT NULL DEFAULT false,         -- Whether a pk_ key made it: those hold at most half of a price.
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

CREATE TABLE seats (                            -- DIRECTORY: the open payments that pk_ keys made for one address: at most twenty.
    mode            text        NOT NULL,
    address         bytea       NOT NULL CHECK (octet_length(address) = 16),    -- Keyed hash of the client's address (IPv6: its /64), never the address.
    seat            smallint    NOT NULL CHECK (seat BETWEEN 1 AND 20),         -- Taken while its payment is open.
    merchant_id     bigint      NOT NULL,
    payment_id      uuid        NOT NULL,
    until_at        timestamptz NOT NULL,       -- The payment is over by then, whatever happens: forgotten.
    PRIMARY KEY (mode, address, seat)
);
CREATE INDEX seats_over ON seats (until_at);

-- Take one amount of an account if it is free: the moment it was taken, or null. p_wait: queue behind whoever works on it.
CREATE FUNCTION try_slot_v2(
    p_mode text, p_receiving_id uuid, p_payment_id uuid, p_merchant_id bigint, p_browser boolean, p_amount bigint, p_hold interval, p_wait boolean
) RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
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
            UPDATE slots s SET busy_until = v_now + p_hold, payment_id = p_payment_id, merchant_id = p_merchant_id, browser = p_browser
             WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount AND s.busy_until <= v_now;
        ELSE
            INSERT INTO slots (mode, receiving_id, amount_satang, busy_until, payment_id, merchant_id, browser)
                 VALUES (p_mode, p_receiving_id, p_amount, v_now + p_hold, p_payment_id, p_merchant_id, p_browser)
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

-- Take a payable amount of one account, p_first to p_last, for a payment. Returns no row when it may have none.
--   p_exact: the first amount is preferred (amount_tagging auto); the others are taken least recently used first.
--   p_exclusive = false (amount_tagging off, or a bill payment): the first amount is not taken, but its row is locked
--   FOR SHARE, so that a credit of this amount is decided before or after this payment, never beside it.
--   p_shared (a central account): when other merchants are on it, the last 20 free amounts are left to those that hold fewer
--   than 20 of these; which 20 is settled beforehand (the last places, given to nobody while there are others), so that
--   requests at one time keep to it.
--   p_browser (a pk_ key): no stretch of a hundred amounts is held to more than half by such payments. Exact only behind the
--   lock of take_browser_v1.
CREATE FUNCTION take_slot_v2(
    p_mode text, p_receiving_id uuid, p_payment_id uuid, p_merchant_id bigint, p_first bigint, p_last bigint,
    p_exact boolean, p_exclusive boolean, p_shared boolean, p_browser boolean, p_hold interval
) RETURNS TABLE (amount_satang bigint, now_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    k_kept constant integer := 20;
    v_low constant bigint := least(p_first, p_last);
    v_high constant bigint := greatest(p_first, p_last);
    v_places constant integer := v_high - v_low + 1;
    v_half constant integer := greatest(v_places / 2, 1);
    v_reach constant integer := CASE WHEN p_browser THEN 99 ELSE 0 END;
    v_shared boolean := false;
    v_usable integer := v_places;       -- How many places, from the first, this merchant may use.
    v_held integer;
    v_own integer;
    v_wanted record;
    v_at constant timestamptz := clock_timestamp();
    v_now timestamptz;
BEGIN
    IF NOT p_exclusive THEN
        LOOP
            PERFORM 1 FROM slots s
              WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_first FOR SHARE;
            EXIT WHEN FOUND;
            INSERT INTO slots (mode, receiving_id, amount_satang) VALUES (p_mode, p_receiving_id, p_first) ON CONFLICT DO NOTHING;
        END LOOP;
        RETURN QUERY SELECT p_first, clock_timestamp();
        RETURN;
    END IF;
    IF p_shared THEN
        v_shared := EXISTS (SELECT 1 FROM merchants m
                             WHERE m.merchant_id > 0 AND m.merchant_id <> p_merchant_id AND m.status <> 'SUSPENDED'
                               AND coalesce((SELECT t.plan FROM merchant_plans t
                                              WHERE t.merchant_id = m.merchant_id AND t.valid_from <= v_at
                                           ORDER BY t.valid_from DESC LIMIT 1), m.plan) = 'free');
    END IF;
    IF v_shared THEN
        SELECT count(*), count(*) FILTER (WHERE s.merchant_id = p_merchant_id) INTO v_held, v_own
          FROM slots s
         WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang BETWEEN v_low AND v_high
           AND s.busy_until > clock_timestamp();
        IF v_own >= k_kept THEN
            IF v_places - v_held <= k_kept THEN
                RETURN;
            END IF;
            v_usable := v_places - k_kept;
        END IF;
    END IF;
    IF p_exact AND (NOT p_browser OR v_half > (
        SELECT count(*) FROM slots s
         WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang BETWEEN p_first - v_reach AND p_first + v_reach
           AND s.browser AND s.busy_until > clock_timestamp()))
    THEN
        v_now := try_slot_v2(p_mode, p_receiving_id, p_payment_id, p_merchant_id, p_browser, p_first, p_hold, true);
        IF v_now IS NOT NULL THEN
            RETURN QUERY SELECT p_first, v_now;
            RETURN;
        END IF;
    END IF;
    FOR v_wanted IN
        SELECT w.amount, v_shared AND w.place >= v_places - k_kept AS kept
          FROM (SELECT g.amount, abs(g.amount - p_first) AS place, s.busy_until,
                       count(*) FILTER (WHERE s.browser AND s.busy_until > v_at)   -- No clock here: it would count anew for each row.
                           OVER (ORDER BY g.amount RANGE BETWEEN 99 PRECEDING AND 99 FOLLOWING) AS near
                  FROM generate_series(v_low - v_reach, v_high + v_reach) g (amount)
             LEFT JOIN slots s ON s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = g.amount
                              AND s.amount_satang BETWEEN v_low - v_reach AND v_high + v_reach) w
         WHERE w.amount BETWEEN v_low AND v_high
           AND (w.busy_until IS NULL OR w.busy_until <= v_at)
           AND NOT (p_exact AND w.place = 0)
           AND w.place < v_usable
           AND (NOT p_browser OR w.near < v_half)
      ORDER BY kept, coalesce(w.busy_until, '-infinity'), w.place     -- Never used before: the smallest tag is the kindest.
    LOOP
        IF v_wanted.kept AND k_kept <= (        -- Requests of the same merchant have come through meanwhile.
            SELECT count(*) FROM slots s
             WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang BETWEEN v_low AND v_high
               AND s.merchant_id = p_merchant_id AND s.busy_until > clock_timestamp())
        THEN
            RETURN;
        END IF;
        v_now := try_slot_v2(p_mode, p_receiving_id, p_payment_id, p_merchant_id, p_browser, v_wanted.amount, p_hold, false);
        IF v_now IS NOT NULL THEN
            RETURN QUERY SELECT v_wanted.amount, v_now;
            RETURN;
        END IF;
    END LOOP;
END $$;

-- Take a payable amount of one of several accounts, in one round trip: of the account that holds the fewest around this price,
-- then of the one that was used the longest ago, then by the caller's order; the next one when it has none. Where weights differ
-- it is the account that went through its weight the fewest times, then the caller's order, which draws by weight: so shares are
-- right while many wait for money, and while nobody does.
--   p_accounts: [{"receiving": uuid, "first": 100, "last": 199, "exact": true, "exclusive": true, "shared": true, "weight": 1}].
-- Returns one row: place (of p_accounts, from 1), amount and moment; or why not (full, share, browser) and when the first
-- hold ends.
CREATE FUNCTION take_pool_v1(p_mode text, p_payment_id uuid, p_merchant_id bigint, p_browser boolean, p_accounts jsonb, p_hold interval)
RETURNS TABLE (place integer, amount_satang bigint, now_at timestamptz, refused text, free_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    k_kept constant integer := 20;
    v_many constant boolean := jsonb_array_length(p_accounts) > 1;
    v_even constant boolean := NOT EXISTS (SELECT 1 FROM jsonb_to_recordset(p_accounts) e (weight bigint) WHERE e.weight > 1);
    v_account record;
    v_taken record;
BEGIN
    FOR v_account IN
        SELECT a.place, a.receiving, a.first, a.last, a.exact, a.exclusive, a.shared
          FROM (SELECT e.place, (e.one ->> 'receiving')::uuid AS receiving, (e.one ->> 'first')::bigint AS first,
                       (e.one ->> 'last')::bigint AS last, (e.one ->> 'exact')::boolean AS exact,
                       (e.one ->> 'exclusive')::boolean AS exclusive, (e.one ->> 'shared')::boolean AS shared,
                       coalesce((e.one ->> 'weight')::bigint, 1) AS weight
                  FROM jsonb_array_elements(p_accounts) WITH ORDINALITY e (one, place)) a
    CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE s.busy_until > clock_timestamp()) AS held, max(s.busy_until) AS used_until
                 FROM slots s
                WHERE v_many AND a.exclusive AND s.mode = p_mode AND s.receiving_id = a.receiving
                  AND s.amount_satang BETWEEN least(a.first, a.last) AND greatest(a.first, a.last)) t
    CROSS JOIN LATERAL (
               SELECT count(*) AS held
                 FROM (SELECT 1 FROM reservations r
                        WHERE v_many AND NOT a.exclusive AND r.mode = p_mode AND r.receiving_id = a.receiving
                          AND r.amount_satang = a.first AND r.until_at > clock_timestamp()
                        LIMIT 100) r) o
      ORDER BY (t.held + o.held) / a.weight, CASE WHEN v_even THEN t.used_until END NULLS FIRST, a.place
    LOOP
        SELECT t.amount_satang AS amount, t.now_at AS at INTO v_taken
          FROM take_slot_v2(p_mode, v_account.receiving, p_payment_id, p_merchant_id, v_account.first, v_account.last,
                            v_account.exact, v_account.exclusive, v_account.shared, p_browser, p_hold) t;
        IF FOUND THEN
            RETURN QUERY SELECT v_account.place::integer, v_taken.amount, v_taken.at, NULL::text, NULL::timestamptz;
            RETURN;
        END IF;
    END LOOP;
    RETURN QUERY
        SELECT NULL::integer, NULL::bigint, NULL::timestamptz,
               CASE WHEN bool_and(a.free <= 0) THEN 'full'
                    WHEN bool_or(a.shared AND a.own >= k_kept AND a.free > 0) THEN 'share'
                    WHEN p_browser THEN 'browser'
                    ELSE 'full' END,
               min(a.ends_at)
          FROM (SELECT e.shared, abs(e.last - e.first) + 1 - t.held AS free, t.own, t.ends_at
                  FROM jsonb_to_recordset(p_accounts) e (receiving uuid, first bigint, last bigint, shared boolean)
            CROSS JOIN LATERAL (
                       SELECT count(*) AS held, count(*) FILTER (WHERE s.merchant_id = p_merchant_id) AS own,
                              min(s.busy_until) AS ends_at
                         FROM slots s
                        WHERE s.mode = p_mode AND s.receiving_id = e.receiving
                          AND s.amount_satang BETWEEN least(e.first, e.last) AND greatest(e.first, e.last)
                          AND s.busy_until > clock_timestamp()) t) a;
END $$;

-- Take one of the twenty seats of an address for a payment that a pk_ key makes; false when each has an open payment.
CREATE FUNCTION take_seat_v1(p_mode text, p_address bytea, p_payment_id uuid, p_merchant_id bigint, p_keep interval)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_seat record;
BEGIN
    FOR v_seat IN
        SELECT s.seat, s.payment_id
          FROM seats s
         WHERE s.mode = p_mode AND s.address = p_address
           AND NOT EXISTS (SELECT 1 FROM payments p
                            WHERE p.merchant_id = s.merchant_id AND p.mode = s.mode AND p.id = s.payment_id
                              AND p.status = 'PENDING' AND p.expires_at > clock_timestamp())
      ORDER BY s.seat
    LOOP
        PERFORM 1 FROM seats s WHERE s.mode = p_mode AND s.address = p_address AND s.seat = v_seat.seat
            AND s.payment_id = v_seat.payment_id FOR NO KEY UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE seats s SET payment_id = p_payment_id, merchant_id = p_merchant_id, until_at = clock_timestamp() + p_keep
             WHERE s.mode = p_mode AND s.address = p_address AND s.seat = v_seat.seat;
            RETURN true;
        END IF;
    END LOOP;
    FOR v_seat IN
        SELECT g.seat FROM generate_series(1, 20) g (seat)
         WHERE NOT EXISTS (SELECT 1 FROM seats s WHERE s.mode = p_mode AND s.address = p_address AND s.seat = g.seat)
      ORDER BY g.seat
    LOOP
        INSERT INTO seats (mode, address, seat, payment_id, merchant_id, until_at)
             VALUES (p_mode, p_address, v_seat.seat, p_payment_id, p_merchant_id, clock_timestamp() + p_keep)
        ON CONFLICT DO NOTHING;         -- Somebody was quicker, and is waited for.
        IF FOUND THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END $$;

-- take_pool_v1 for a payment that a pk_ key makes, which anybody may do: not under an order of the merchant's own server, at
-- most twenty open ones for an address, one after another on an account, so that what is counted there is so. Locks are taken
-- in one order by all (seat, accounts by id, amount), so nobody waits in a circle. Refusals beside those: order, address.
CREATE FUNCTION take_browser_v1(
    p_mode text, p_payment_id uuid, p_merchant_id bigint, p_accounts jsonb, p_hold interval, p_address bytea, p_order_id text
) RETURNS TABLE (place integer, amount_satang bigint, now_at timestamptz, refused text, free_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_account record;
BEGIN
    IF EXISTS (SELECT 1 FROM payments p
                WHERE p.merchant_id = p_merchant_id AND p.mode = p_mode AND p.order_id = p_order_id AND p.amount_source <> 'browser')
    THEN
        RETURN QUERY SELECT NULL::integer, NULL::bigint, NULL::timestamptz, 'order', NULL::timestamptz;
        RETURN;
    END IF;
    IF NOT take_seat_v1(p_mode, p_address, p_payment_id, p_merchant_id, p_hold + interval '30 minutes') THEN
        RETURN QUERY
            SELECT NULL::integer, NULL::bigint, NULL::timestamptz, 'address', min(p.expires_at)
              FROM seats s
              JOIN payments p ON p.merchant_id = s.merchant_id AND p.mode = s.mode AND p.id = s.payment_id
             WHERE s.mode = p_mode AND s.address = p_address AND p.status = 'PENDING' AND p.expires_at > clock_timestamp();
        RETURN;
    END IF;
    FOR v_account IN
        SELECT DISTINCT e.owner, e.account FROM jsonb_to_recordset(p_accounts) e (owner bigint, account uuid) ORDER BY e.account
    LOOP
        PERFORM 1 FROM accounts a
          WHERE a.merchant_id = v_account.owner AND a.mode = p_mode AND a.id = v_account.account FOR NO KEY UPDATE;
    END LOOP;
    RETURN QUERY SELECT t.place, t.amount_satang, t.now_at, t.refused, t.free_at
                   FROM take_pool_v1(p_mode, p_payment_id, p_merchant_id, true, p_accounts, p_hold) t;
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
    state           text        NOT NULL CHECK (state IN ('UNASSIGNED', 'SETTLED', 'POSSIBLE_DUPLICATE', 'REFUND_DUE', 'REVERSED')), -- REFUND_DUE: a person wants it sent back.
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
CREATE INDEX credits_when ON credits (merchant_id, mode, receiving_id, occurred_at, id);   -- Statements speak of a span of time.
CREATE INDEX credits_unassigned ON credits (merchant_id, mode, receiving_id, amount_satang, occurred_at) WHERE state = 'UNASSIGNED';
CREATE INDEX credits_named ON credits (merchant_id, mode, receiving_id, ref1, occurred_at) WHERE state = 'UNASSIGNED' AND ref1 IS NOT NULL;
CREATE INDEX credits_recheck ON credits (recheck_at) WHERE recheck_at IS NOT NULL;
CREATE INDEX credits_told_only ON credits (merchant_id, mode, payment_merchant_id) WHERE state = 'SETTLED' AND rank = 'C' AND confirmed_at IS NULL;   -- Not settleable yet.
CREATE INDEX credits_refund_due ON credits (merchant_id, mode, occurred_at) WHERE state = 'REFUND_DUE';
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
CREATE INDEX observations_heard ON observations (merchant_id, mode, source_id, observed_at);    -- When a source was heard last.

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

CREATE TABLE notices (                          -- What banks wrote to the phones that forward for us: SMS, app notices, LINE, mail.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the source's account.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    source_id       uuid        NOT NULL,       -- The phone.
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),     -- SHA-256 of what was said: said again, it is the same row.
    kind            text        NOT NULL CHECK (kind IN ('credit', 'ignored', 'unread')),  -- How it was read.
    bank            text,                       -- KBANK, SCB...; null: a sender whom we do not know.
    channel         text        CHECK (channel IN ('sms', 'push', 'line', 'mail')),  -- How the bank wrote; null: as above.
    direction       text        NOT NULL CHECK (direction IN ('in', 'out', 'none')),  -- Of the money.
    reason          text,                       -- Why it is no evidence: OUTGOING, OTP, OTHER_ACCOUNT, RECEIVER_UNKNOWN...
    amount_satang   bigint,
    account_mask    text,                       -- The own account as the bank masks it.
    counterparty    text,                       -- Personal data, as the bank shows it; forgotten with the text.
    balance_satang  bigint,                     -- After the movement.
    truncated       boolean     NOT NULL,       -- The bank's sentence goes on behind the end of the text.
    occurred_at     timestamptz NOT NULL,       -- When the money moved, by the text, else when the phone got it.
    received_at     timestamptz NOT NULL,       -- When the phone got it, as it says.
    heard_at        timestamptz NOT NULL,       -- When we did, by the database's clock.
    told            integer     NOT NULL DEFAULT 1 CHECK (told >= 1),           -- How often it was sent.
    outcome         text,                       -- What the phone was told; null: it was cut short, and a chore decides it.
    text            text,                       -- As it was sent; forgotten after the retention period.
    day_only        boolean     NOT NULL DEFAULT false,         -- The text has a day other than that of receipt, and no clock.
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, source_id) REFERENCES sources
);
CREATE UNIQUE INDEX notices_said ON notices (merchant_id, mode, source_id, digest);
CREATE INDEX notices_worded ON notices (heard_at) WHERE text IS NOT NULL OR counterparty IS NOT NULL;
CREATE INDEX notices_lately ON notices (merchant_id, mode, source_id, heard_at) WHERE kind <> 'ignored';
CREATE INDEX notices_undecided ON notices (heard_at) WHERE outcome IS NULL AND kind = 'credit' AND reason IS NULL;

CREATE TABLE slips (                            -- A slip handed in for a payment, and what became of it; or a picture in which there was none.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    id              uuid        NOT NULL,
    payment_id      uuid        NOT NULL,
    payload         text,                       -- The mini-QR's text, when one was read.
    sending_bank    text,                       -- What it says: BOT code of the payer's bank, or TMN for TrueMoney,
    trans_ref       text        CHECK (length(trans_ref) BETWEEN 1 AND 64),     -- and that bank's reference. Case matters.
    picture         bytea,                      -- Re-encoded; dropped after the retention period.
    outcome         text        NOT NULL CHECK (outcome IN ('VERIFYING', 'PAID', 'REVIEW', 'REJECTED')),
    reason          text,                       -- Why it was rejected or is in review.
    attempts        smallint    NOT NULL DEFAULT 0,  -- How often the verifier was asked, since it was handed in.
    handed          smallint    NOT NULL DEFAULT 1 CHECK (handed >= 1),         -- How often it was handed in anew; each counts.
    handed_at       timestamptz NOT NULL DEFAULT now(),                         -- When it was handed in last.
    last_error      text,                       -- Why the last try told nothing: a verifier's ErrorKind.
    facts           jsonb,                      -- What its bank said, for the person who reviews it. Personal data; dropped with the picture.
    credit_id       uuid,                       -- The credit that it is evidence of (of the account's owner).
    run_at          timestamptz,                -- Next try; doubles as the lease. Null: decided.
    lease_id        uuid,                       -- Who asks it now.
    created_at      timestamptz NOT NULL,
    decided_at      timestamptz,                -- When the outcome was final.
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, payment_id) REFERENCES payments,
    CHECK ((outcome = 'VERIFYING') = (decided_at IS NULL)),
    CHECK ((outcome = 'VERIFYING') = (run_at IS NOT NULL)),
    CHECK ((trans_ref IS NULL) = (sending_bank IS NULL)),
    CHECK ((trans_ref IS NULL) = (payload IS NULL)),
    CHECK (trans_ref IS NOT NULL OR outcome = 'REJECTED'),
    CHECK ((lease_id IS NULL) OR outcome = 'VERIFYING')
);
CREATE INDEX slips_payment ON slips (merchant_id, mode, payment_id);
CREATE INDEX slips_due ON slips (run_at) WHERE run_at IS NOT NULL;
CREATE UNIQUE INDEX slips_once ON slips (merchant_id, mode, payment_id, sending_bank, trans_ref) WHERE trans_ref IS NOT NULL;    -- A slip is handed in once for a payment.
CREATE INDEX slips_by_id ON slips (id);         -- A review names the slip alone.
CREATE INDEX slips_kept ON slips (decided_at) WHERE picture IS NOT NULL OR facts IS NOT NULL;   -- What is to be forgotten one day.

CREATE TABLE simulated_transfers (              -- The simulated bank of the test mode: what moves through it, and when it is told. Never a live row.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL CHECK (mode = 'test'),
    id              uuid        NOT NULL,
    payment_id      uuid        NOT NULL,
    via             text        NOT NULL CHECK (via IN ('notice', 'callback', 'slip')),    -- How it is told.
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    occurred_at     timestamptz NOT NULL,       -- When the money moves, by the database's clock.
    sending_bank    text        NOT NULL CHECK (sending_bank ~ '^[0-9]{3}$'),  -- BOT code of the payer's bank,
    reference       text        NOT NULL CHECK (length(reference) BETWEEN 1 AND 25),   -- and its reference, as the slip's mini QR has it.
    text            text,                       -- The notice, fixed when it was ordered: told again it is the same.
    sender          text,                       -- Whom the phone shows as its sender.
    times           smallint    NOT NULL CHECK (times BETWEEN 0 AND 2),        -- How often it is told. 0: its slip is drawn, and a person hands it in.
    run_at          timestamptz,                -- When to tell it; a claim pushes it ahead, so it is the lease as well. Null: done.
    lease_id        uuid,                       -- Who tells it now.
    attempts        smallint    NOT NULL DEFAULT 0,     -- How often telling was begun.
    outcomes        text[]      NOT NULL DEFAULT '{}',  -- What was answered each time: PAID, DUPLICATE, ORPHAN...
    detail          text        NOT NULL DEFAULT '',    -- Why it was refused, in words.
    told_at         timestamptz,                -- When all was told.
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

CREATE TABLE bank_hints (                       -- What a bank's unsigned callback claims: the bank is asked about it, the claim itself is never believed.
    merchant_id     bigint      NOT NULL,       -- Owner of the source's account.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    source_id       uuid        NOT NULL,       -- sources.id: where it came in.
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),     -- SHA-256 of the claim: the same again is the same row.
    transaction_id  text        NOT NULL CHECK (length(transaction_id) BETWEEN 1 AND 128),  -- The bank's own, as claimed.
    payee           text,                       -- Who was paid, as claimed: a biller ID (SCB), a merchant id (KBank).
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),             -- As claimed.
    occurred_at     timestamptz,                -- As claimed; KBank does not say.
    ref1            text,                       -- As claimed.
    ref2            text,                       -- As claimed.
    heard           integer     NOT NULL DEFAULT 1 CHECK (heard >= 1),          -- How often it came.
    state           text        NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'CONFIRMED', 'UNCONFIRMED', 'CONTRADICTED')),
    detail          text        NOT NULL DEFAULT '',    -- What became of it, or why it is still open.
    attempts        integer     NOT NULL DEFAULT 0,     -- How often the bank was asked.
    run_at          timestamptz,                -- When to ask next; a claim pushes it ahead, so it is the lease as well. Null: closed.
    lease_id        uuid,                       -- Who asks now.
    created_at      timestamptz NOT NULL,
    asked_since     timestamptz NOT NULL,       -- From when the schedule counts: a claim that comes again is asked about anew.
    closed_at       timestamptz,                -- When it was confirmed or given up.
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, source_id) REFERENCES sources,
    CHECK ((state = 'OPEN') = (run_at IS NOT NULL)),
    CHECK ((state = 'OPEN') = (closed_at IS NULL))
);
CREATE UNIQUE INDEX bank_hints_once ON bank_hints (merchant_id, mode, source_id, digest);
CREATE INDEX bank_hints_recent ON bank_hints (merchant_id, mode, source_id, created_at);    -- No flood of one source fills the database.
CREATE INDEX bank_hints_open ON bank_hints (merchant_id, mode, source_id) WHERE run_at IS NOT NULL;
CREATE INDEX bank_hints_due ON bank_hints (run_at) WHERE run_at IS NOT NULL;
CREATE INDEX bank_hints_closed ON bank_hints (closed_at) WHERE closed_at IS NOT NULL;       -- Forgotten after a while.

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
    CHECK ((closed_at IS NULL) = (resolution IS NULL)),
    CHECK (resolve_reason IS NULL OR resolved_by IS NOT NULL),
    CHECK (resolved_by IS NULL OR closed_at IS NOT NULL)
);
CREATE INDEX reviews_closed ON reviews (merchant_id, closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX reviews_open ON reviews (merchant_id, mode, opened_at) WHERE closed_at IS NULL;
CREATE INDEX reviews_meant ON reviews USING gin (candidates jsonb_path_ops) WHERE closed_at IS NULL;  -- Which payment's money waits.
CREATE INDEX reviews_raised ON reviews (merchant_id, mode, digest) WHERE digest IS NOT NULL;
CREATE INDEX reviews_slip ON reviews (merchant_id, mode, slip_id) WHERE slip_id IS NOT NULL;
-- Each conflict is news of its own; anything else is asked once about a credit.
CREATE INDEX reviews_worded ON reviews (closed_at) WHERE reason IN ('UNREAD_NOTICE', 'RECEIVER_UNKNOWN') AND detail <> '';
CREATE UNIQUE INDEX reviews_one_open ON reviews (merchant_id, mode, credit_id, reason)
    WHERE closed_at IS NULL AND credit_id IS NOT NULL AND reason <> 'REFERENCE_CONFLICT';

CREATE TABLE statements (                       -- A bank's statement of one account, and what comparing it with our credits found.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    receiving_id    uuid        NOT NULL,
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),     -- SHA-256 of the file: the same one again is the same row.
    name            text        NOT NULL DEFAULT '',  -- Of the file, as it was given.
    state           text        NOT NULL CHECK (state IN ('WAITING', 'DONE', 'FAILED')),
    raw             bytea,                      -- The file, while it waits; names of payers stand in it.
    since_at        timestamptz,                -- What it speaks of without a gap: from then,
    until_at        timestamptz,                -- and until then.
    checked_since_at timestamptz,               -- Credits from then on
    checked_until_at timestamptz,               -- until then have to be in it, or in an earlier one.
    report          jsonb,                      -- What was found, without names or texts of payers.
    error           text,                       -- Why it could not be read.
    attempts        smallint    NOT NULL DEFAULT 0,  -- How often it was begun.
    run_at          timestamptz,                -- When to work on it next; doubles as the lease. Null: nothing to do.
    lease_id        uuid,                       -- Who works on it.
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,                -- When the report was written last.
    PRIMARY KEY (merchant_id, mode, id),
    UNIQUE (merchant_id, mode, receiving_id, digest),
    CHECK ((state = 'WAITING') = (run_at IS NOT NULL)),
    CHECK ((state = 'WAITING') = (raw IS NOT NULL)),
    CHECK (state <> 'DONE' OR report IS NOT NULL)
);
CREATE INDEX statements_due ON statements (run_at) WHERE run_at IS NOT NULL;
CREATE INDEX statements_cover ON statements (merchant_id, mode, receiving_id, until_at) WHERE since_at IS NOT NULL;
CREATE INDEX statements_finished ON statements (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE statement_profiles (               -- What the header of a bank's CSV does not say.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,
    columns         text        NOT NULL,       -- Which column of the bank's CSV is what, as JSON.
    changed_at      timestamptz NOT NULL,       -- When somebody said so.
    PRIMARY KEY (merchant_id, mode, receiving_id)
);

CREATE TABLE bank_balances (                    -- What an account had when a day in Bangkok was over, as its bank says.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account; 0: central.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,
    day             date        NOT NULL,       -- In Bangkok.
    balance_satang  bigint      NOT NULL,       -- After its last movement.
    told_by         text        NOT NULL,       -- 'statement', or the person who looked it up.
    told_at         timestamptz NOT NULL,       -- When we were told.
    PRIMARY KEY (merchant_id, mode, receiving_id, day)
);

CREATE TABLE bank_movements (                   -- What moved on an account and is nobody's payment or payout: the bank's fee, the operator's own money.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account; 0: central.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    receiving_id    uuid        NOT NULL,
    day             date        NOT NULL,       -- In Bangkok.
    amount_satang   bigint      NOT NULL CHECK (amount_satang <> 0),    -- Below zero: it went out.
    reason          text        NOT NULL,       -- In a person's words.
    told_by         text        NOT NULL,       -- Who said so.
    told_at         timestamptz NOT NULL,       -- When.
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE INDEX bank_movements_day ON bank_movements (merchant_id, mode, receiving_id, day);

CREATE TABLE daily_closes (                     -- A day of an account, compared: books on one side, the bank on the other.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account; 0: central.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,
    day             date        NOT NULL,       -- In Bangkok.
    opening_satang  bigint      NOT NULL,       -- What the bank said the evening before.
    in_satang       bigint      NOT NULL,       -- Credits in the books, less those that the bank took back.
    out_satang      bigint      NOT NULL,       -- Payouts that were completed, less those that came back.
    other_satang    bigint      NOT NULL,       -- bank_movements.
    bank_satang     bigint,                     -- What the bank says; null: it has not said.
    state           text        NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),  -- OPEN while books and bank differ.
    run_at          timestamptz NOT NULL,       -- When it was compared last; of a CLOSED one, when it was closed.
    run_by          text        NOT NULL,       -- By whom.
    PRIMARY KEY (merchant_id, mode, receiving_id, day),
    CHECK (state = 'OPEN' OR bank_satang = opening_satang + in_satang - out_satang + other_satang)
);

CREATE TABLE alert_states (                     -- What about an account the operator was told: not the same thing again and again.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account; 0: central.
    alarm           text        NOT NULL,       -- core/alarms.py.
    receiving_id    uuid        NOT NULL,
    standing        boolean     NOT NULL DEFAULT false,         -- Whether the operator was told, and not yet that it is over.
    told_count      integer     NOT NULL DEFAULT 0,             -- How much of it there was then.
    told_at         timestamptz,                -- When it was told last.
    PRIMARY KEY (merchant_id, alarm, receiving_id)
);

CREATE TABLE alerts (                           -- What the operator is told by LINE, mail or webhook: an outbox.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of what it is about; 0: central.
    id              uuid        NOT NULL,       -- The receiver knows it by this when it comes again.
    alarm           text        NOT NULL,       -- core/alarms.py, or 'test'.
    word            text        NOT NULL CHECK (word IN ('RAISED', 'MORE', 'STILL', 'OVER', 'TEST')),  -- What became of it.
    channel         text        NOT NULL CHECK (channel IN ('line', 'mail', 'webhook')),    -- How it is told.
    account_id      uuid,                       -- Which account it is about.
    count           integer     NOT NULL,       -- How much of it there is.
    title           text        NOT NULL,       -- In the operator's language.
    body            text        NOT NULL,       -- Likewise: what to do.
    created_at      timestamptz NOT NULL,
    run_at          timestamptz,                -- When to try next; doubles as the lease. Null: sent, or given up.
    lease_id        uuid,                       -- Who tries.
    failures        smallint    NOT NULL DEFAULT 0,             -- Tries that ended badly.
    sent_at         timestamptz,                -- When the channel took it.
    last_error      text,                       -- Why the last try failed.
    PRIMARY KEY (merchant_id, id),
    CHECK (sent_at IS NULL OR run_at IS NULL)
);
CREATE INDEX alerts_due ON alerts (run_at) WHERE run_at IS NOT NULL;
CREATE INDEX alerts_by_age ON alerts (created_at);

-- ---------------------------------------------------------------------------------------------------- ledger

CREATE TABLE journals (                         -- One booking. Append-only; a correction is another journal.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Whose books; platform legs carry it too, so no row is shared.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('payment.paid', 'credit.parked', 'credit.released', 'payment.reversed', 'settlement.requested',
                                                         'settlement.released', 'payout.sent', 'payout.unsent', 'payout.confirmed', 'payout.returned',
                                                         'shortfall.netted', 'refund.requested', 'refund.released', 'invoice.paid', 'invoice.unpaid',
                                                         'invoice.withheld', 'correction')),
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
    account         text        NOT NULL CHECK (account IN ('payable', 'held', 'receivable', 'bank_central', 'fee_revenue', 'vat_payable', 'suspense', 'payout_clearing', 'wht_receivable')),
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
    frozen_at       timestamptz,                -- Since when.
    frozen_by       text,                       -- Who froze them: an actor of the audit log.
    PRIMARY KEY (merchant_id, mode),
    CHECK ((frozen_reason IS NULL) = (frozen_at IS NULL) AND (frozen_at IS NULL) = (frozen_by IS NULL))
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
CREATE UNIQUE INDEX payout_destinations_live ON payout_destinations (merchant_id) WHERE retired_at IS NULL;

CREATE TABLE settlements (                      -- A Free merchant takes its money out.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode = 'live'),                 -- Test money never pays out.
    id              uuid        NOT NULL,
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    status          text        NOT NULL CHECK (status IN ('REQUESTED', 'APPROVED', 'PAYING', 'COMPLETED', 'RETURNED', 'REJECTED', 'CANCELLED')),
    destination_id  uuid,                       -- Frozen at approval; before the second one, what the first one was for.
    approved_by     text,                       -- Who said yes.
    second_by       text,                       -- The second person above the operator's limit.
    claimed_by      text,                       -- PAYING is an exclusive claim.
    claimed_at      timestamptz,                -- When PAYING began.
    bank_reference  text,                       -- Of the operator's transfer.
    reason          text,                       -- Why it was rejected, cancelled or returned.
    promised_on     date        NOT NULL,       -- T+1 over bank holidays.
    created_at      timestamptz NOT NULL,
    completed_at    timestamptz,                -- When the transfer was confirmed.
    sequence        integer     NOT NULL DEFAULT 1,     -- Counts its changes: each is a compare-and-set on it.
    paid_from       uuid,                       -- The real central account that it left from (accounts.receiving_id).
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, destination_id) REFERENCES payout_destinations,
    CHECK (status NOT IN ('APPROVED', 'PAYING', 'COMPLETED', 'RETURNED') OR destination_id IS NOT NULL),
    CHECK ((status = 'PAYING') <= (claimed_by IS NOT NULL)),
    CHECK ((status IN ('COMPLETED', 'RETURNED')) <= (bank_reference IS NOT NULL)),
    CHECK ((status IN ('REJECTED', 'RETURNED')) <= (reason IS NOT NULL))
);
CREATE INDEX settlements_open ON settlements (merchant_id, mode, created_at) WHERE status IN ('REQUESTED', 'APPROVED', 'PAYING');
CREATE INDEX settlements_newest ON settlements (merchant_id, mode, created_at DESC, id DESC);
CREATE INDEX settlements_by_id ON settlements (id);     -- The operator names a settlement alone.

CREATE TABLE refunds (                          -- Money back to a payer: a payout instruction with the same life.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    payment_id      uuid        NOT NULL,
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    fee_returned_satang bigint  NOT NULL DEFAULT 0 CHECK (fee_returned_satang >= 0),  -- Part of the fee that the merchant gets back.
    status          text        NOT NULL CHECK (status IN ('WAITING', 'REQUESTED', 'APPROVED', 'PAYING', 'COMPLETED', 'RETURNED', 'REJECTED', 'CANCELLED', 'EXPIRED')),  -- WAITING: for its payer's account.
    reason          text,                       -- The merchant's words.
    payee           bytea,                      -- Where the payer wants it: sealed JSON, personal data.
    claimed_by      text,                       -- PAYING is an exclusive claim.
    claimed_at      timestamptz,                -- When PAYING began.
    bank_reference  text,                       -- Of the operator's transfer.
    created_at      timestamptz NOT NULL,
    completed_at    timestamptz,                -- When the transfer was confirmed.
    sequence        integer     NOT NULL DEFAULT 1,     -- Counts its changes: each is a compare-and-set on it.
    flow            text        NOT NULL CHECK (flow IN ('central', 'direct')), -- As the payment's. Direct: the merchant pays it itself.
    vat_returned_satang bigint  NOT NULL DEFAULT 0 CHECK (vat_returned_satang >= 0),   -- VAT on that part of the fee.
    shortfall_satang bigint     NOT NULL DEFAULT 0 CHECK (shortfall_satang >= 0),      -- What the operator advanced: the merchant owes it.
    approved_by     text,                       -- Who said yes.
    second_by       text,                       -- The second person above the operator's limit.
    refusal         text,                       -- Why it was rejected, returned or expired: the operator's words, or ours.
    link_number     integer     NOT NULL DEFAULT 0 CHECK (link_number >= 0),   -- How many links its payer was given; the latest is good.
    link_until      timestamptz,                -- When that one is over.
    paid_from       uuid,                       -- The real central account that it left from (accounts.receiving_id).
    PRIMARY KEY (merchant_id, mode, id),
    FOREIGN KEY (merchant_id, mode, payment_id) REFERENCES payments,
    CHECK (fee_returned_satang + vat_returned_satang + shortfall_satang <= amount_satang),
    CHECK ((status = 'PAYING') <= (claimed_by IS NOT NULL)),
    CHECK ((status IN ('COMPLETED', 'RETURNED')) <= (bank_reference IS NOT NULL)),
    CHECK ((status IN ('REJECTED', 'RETURNED')) <= (refusal IS NOT NULL)),
    CHECK ((link_number > 0) = (link_until IS NOT NULL)),
    CHECK ((status = 'WAITING') <= (link_number > 0 AND payee IS NULL)),
    CHECK ((status = 'EXPIRED') <= (refusal IS NOT NULL))
);
CREATE INDEX refunds_payment ON refunds (merchant_id, mode, payment_id);
CREATE INDEX refunds_open ON refunds (merchant_id, mode, created_at) WHERE status IN ('REQUESTED', 'APPROVED', 'PAYING');
CREATE INDEX refunds_newest ON refunds (merchant_id, mode, created_at DESC, id DESC);
CREATE INDEX refunds_by_id ON refunds (id);     -- The operator names a refund alone.
CREATE INDEX refunds_waiting ON refunds (link_until) WHERE status = 'WAITING';
CREATE INDEX refunds_never_paid ON refunds (created_at) WHERE payee IS NOT NULL AND status IN ('REJECTED', 'CANCELLED', 'EXPIRED');  -- Whose payee is forgotten.

CREATE TABLE payout_references (                -- DIRECTORY: one transfer of the operator's bank completes one payout.
    bank_reference  text        PRIMARY KEY,    -- As the operator's bank prints it.
    merchant_id     bigint      NOT NULL,
    payout_id       uuid        NOT NULL,       -- The settlement or refund.
    folded          text        UNIQUE          -- In small letters; null: it came before they counted as the same, after another.
);

CREATE TABLE refund_references (                -- One transfer of a direct merchant's own bank completes one of its refunds.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    folded          text        NOT NULL,       -- As the bank prints it, in small letters.
    refund_id       uuid        NOT NULL,       -- The refund that it paid.
    PRIMARY KEY (merchant_id, mode, folded)
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
    credit_satang   bigint      NOT NULL DEFAULT 0,     -- Taken off: what was paid too much before; below zero: added, too little.
    tax_number      text,                       -- Where VAT is charged: of the tax invoice, from tax_invoices.
    withheld_satang bigint      NOT NULL DEFAULT 0 CHECK (withheld_satang >= 0),   -- Tax that the merchant withheld and pays for us.
    certificate     text        CHECK (length(certificate) BETWEEN 1 AND 50),      -- Number of its certificate (50 Tawi).
    certificate_on  date,                       -- Its date.
    received_satang bigint      NOT NULL DEFAULT 0 CHECK (received_satang >= 0),   -- What payments brought for it; less than its due: open.
    overdue_told_at timestamptz,                -- When its merchant was told that it is overdue; once.
    buyer           bytea,                      -- Sealed JSON: whom its tax invoice names (shop, legal_name, tax_id, address).
    PRIMARY KEY (merchant_id, mode, id),
    UNIQUE (merchant_id, mode, number),
    UNIQUE (merchant_id, mode, month),
    CHECK ((paid_at IS NULL) = (payment_id IS NULL)),
    CHECK ((withheld_satang > 0) = (certificate IS NOT NULL)),
    CHECK ((certificate IS NULL) = (certificate_on IS NULL))
);
CREATE INDEX fee_invoices_by_id ON fee_invoices (id);   -- The operator names an invoice alone.

CREATE TABLE fee_invoice_days (                 -- What an invoice is for, day by day: its sum is the invoice's fee and VAT.
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    invoice_id      uuid        NOT NULL,       -- fee_invoices.id.
    day             date        NOT NULL,       -- In Bangkok, when the money moved.
    payments        bigint      NOT NULL,       -- So many were paid, less those that the bank took back.
    amount_satang   bigint      NOT NULL,       -- Their amounts.
    fee_satang      bigint      NOT NULL,       -- Fees, less what reversals and refunds gave back.
    vat_satang      bigint      NOT NULL,       -- VAT on them.
    PRIMARY KEY (merchant_id, mode, invoice_id, day),
    FOREIGN KEY (merchant_id, mode, invoice_id) REFERENCES fee_invoices
);

CREATE TABLE tax_invoices (                     -- DIRECTORY: numbers of the operator's tax invoices, 1, 2, 3... of the whole installation.
    number          bigint      PRIMARY KEY CHECK (number > 0),     -- Without gaps: given in the transaction of its invoice.
    merchant_id     bigint      NOT NULL,
    invoice_id      uuid        NOT NULL,       -- fee_invoices.id.
    issued_at       timestamptz NOT NULL        -- Date of the tax invoice.
);
CREATE TRIGGER tax_invoices_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tax_invoices FOR EACH STATEMENT EXECUTE FUNCTION append_only();

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
CREATE INDEX attempts_old ON attempts USING brin (at);  -- For forgetting them.

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
    request_id      text,                       -- By which request, as its answer and the log name it.
    credential      text,                       -- What is to be seen of the key that acted: 'sk_live_...a1b2'.
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX audit_log_newest ON audit_log (merchant_id, at DESC, id DESC);
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TABLE audit_heads (                      -- The end of each chain: its writers queue here, and a tail that was cut off is missed.
    merchant_id     bigint      PRIMARY KEY,
    last_id         bigint      NOT NULL CHECK (last_id >= 0),  -- audit_log.id of the last row.
    last_hash       bytea       NOT NULL,       -- Its hash.
    seal            text        NOT NULL        -- What the installation's key makes of the two: the database alone cannot forge it.
);

CREATE TABLE system_log (                       -- What became of requests, for whoever looks for a mistake: ids and words of ours, nothing that was sent. Forgotten after 30 days.
    merchant_id     bigint      NOT NULL,       -- Whose request; 0: nobody's, or the operator's.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    at              timestamptz NOT NULL,       -- When it ended.
    level           text        NOT NULL CHECK (level IN ('info', 'warn', 'error')),
    source          text        NOT NULL CHECK (source IN ('http', 'error')),
    request_id      text        NOT NULL,       -- As the answer's Request-Id and the log name it.
    method          text        NOT NULL,       -- Of HTTP.
    path            text        NOT NULL,       -- The form of the address, with ids of ours in it.
    form            text        NOT NULL,       -- And without.
    status          smallint    NOT NULL,       -- Of HTTP.
    took_ms         integer     NOT NULL,       -- How long it took.
    reason          text,                       -- Why it was refused, in a word.
    field           text,                       -- Which field was wrong.
    actor           text,                       -- Who asked, as in audit_log.
    credential      text,                       -- What is to be seen of their key.
    times           integer     NOT NULL DEFAULT 1 CHECK (times >= 1),  -- So many were alike in a short time; the rest is of the first of them.
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE INDEX system_log_newest ON system_log (merchant_id, mode, at DESC, id DESC);
CREATE INDEX system_log_old ON system_log USING brin (at);  -- For forgetting it.

-- ---------------------------------------------------------------------------------------------------- rate limits

CREATE UNLOGGED TABLE rate_limits (             -- DIRECTORY: who may send how much now, for all processes. Not logged: after a crash every bucket is full.
    subject         bytea       PRIMARY KEY CHECK (octet_length(subject) = 16), -- Keyed hash of what is counted by: a key, a source, an address.
    full_at         timestamptz NOT NULL        -- When all of its burst is there again; forgotten after that.
) WITH (fillfactor = 50);

-- Take requests out of buckets, in one order so that nobody waits in a circle. p_owed were let through already and are taken
-- whatever is left; of p_wanted as many as there are. o_wait_us: until there is one again.
CREATE FUNCTION take_tokens_v1(
    p_subjects bytea[], p_owed integer[], p_wanted integer[], p_bursts bigint[], p_pauses_us bigint[]
) RETURNS TABLE (o_subject bytea, o_granted integer, o_left integer, o_wait_us bigint)
LANGUAGE plpgsql AS $$
DECLARE
    v record;
    v_full timestamptz;
    v_now timestamptz;
    v_used bigint;
BEGIN
    FOR v IN
        SELECT a.subject, a.owed, a.wanted, a.burst, a.pause_us
          FROM unnest(p_subjects, p_owed, p_wanted, p_bursts, p_pauses_us) a (subject, owed, wanted, burst, pause_us)
      ORDER BY a.subject
    LOOP
        LOOP
            SELECT r.full_at INTO v_full FROM rate_limits r WHERE r.subject = v.subject FOR NO KEY UPDATE;
            EXIT WHEN FOUND;
            INSERT INTO rate_limits (subject, full_at) VALUES (v.subject, clock_timestamp()) ON CONFLICT DO NOTHING;
        END LOOP;
        v_now := clock_timestamp();
        -- What is used, as time that it takes to come back. Should the clock be set back, that is not for long.
        v_used := greatest(0, least(extract(epoch FROM v_full - v_now) * 1000000, 2 * v.burst * v.pause_us))::bigint
                  + v.owed * v.pause_us;
        o_subject := v.subject;
        o_granted := greatest(0, least(v.wanted, (v.burst * v.pause_us - v_used) / v.pause_us))::integer;
        v_used := v_used + o_granted * v.pause_us;
        o_left := greatest(0, (v.burst * v.pause_us - v_used) / v.pause_us)::integer;
        o_wait_us := greatest(0, v_used - (v.burst - 1) * v.pause_us);
        UPDATE rate_limits r SET full_at = v_now + v_used * interval '1 microsecond' WHERE r.subject = v.subject;
        RETURN NEXT;
    END LOOP;
END $$;

-- ---------------------------------------------------------------------------------------------------- what is counted

CREATE TABLE metrics (                          -- What was counted since the beginning, by all processes together; `/metrics` shows it.
    name            text        NOT NULL,       -- As Prometheus knows it; a histogram is NAME_bucket (each for itself) and NAME_sum (microseconds).
    labels          text        NOT NULL,       -- JSON object, names in order.
    value           bigint      NOT NULL,       -- Only ever grows.
    PRIMARY KEY (name, labels)
);
