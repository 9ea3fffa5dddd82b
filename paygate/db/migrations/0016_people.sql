-- People: sessions that are refreshed and listed, links that set a password, one-time codes, and tries that are counted.

ALTER TABLE users ADD COLUMN totp_pending bytea;

ALTER TABLE sessions ADD COLUMN refreshed_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX sessions_of_user ON sessions (merchant_id, user_id);
CREATE INDEX sessions_over ON sessions (expires_at);

CREATE TABLE user_links (
    merchant_id     bigint      NOT NULL,
    id              uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('reset', 'invite')),
    token_hash      bytea       NOT NULL CHECK (octet_length(token_hash) = 32),
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz,
    PRIMARY KEY (merchant_id, id),
    FOREIGN KEY (merchant_id, user_id) REFERENCES users
);
CREATE INDEX user_links_of_user ON user_links (merchant_id, user_id) WHERE used_at IS NULL;
CREATE INDEX user_links_over ON user_links (expires_at);

CREATE TABLE throttles (
    kind            text        NOT NULL CHECK (kind IN ('address', 'account', 'code', 'register')),
    key             bytea       NOT NULL CHECK (octet_length(key) = 16),
    full_until      timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX throttles_over ON throttles (full_until);
