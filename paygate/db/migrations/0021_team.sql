-- Teams: a merchant's people are invited by a link. The link belongs to no user: one is made when it is used.

CREATE TABLE invitations (
    merchant_id     bigint      NOT NULL REFERENCES merchants CHECK (merchant_id > 0),
    id              uuid        NOT NULL,
    email           text        NOT NULL CHECK (email = lower(email) AND position('@' IN email) > 1),
    role            text        NOT NULL CHECK (role IN ('owner', 'staff', 'viewer')),
    token_hash      bytea       NOT NULL CHECK (octet_length(token_hash) = 32),
    invited_by      text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (merchant_id, id)
);
CREATE INDEX invitations_open ON invitations (merchant_id, email) WHERE ended_at IS NULL;
CREATE INDEX invitations_over ON invitations (expires_at);

ALTER TABLE user_links DROP CONSTRAINT user_links_kind_check;
ALTER TABLE user_links ADD CONSTRAINT user_links_kind_check CHECK (kind IN ('reset'));
