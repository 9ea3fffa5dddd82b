-- Know your merchant: who it is, its documents, and who checked them.
CREATE TABLE dossiers (
    merchant_id     bigint      PRIMARY KEY REFERENCES merchants,
    kind            text        CHECK (kind IN ('person', 'company')),
    legal_name      text,
    tax_id          bytea,
    address         text,
    business        text,
    contact_name    text,
    contact_phone   text,
    checked_at      timestamptz,
    checked_by      text,
    check_note      text,
    changed_at      timestamptz NOT NULL,
    CHECK ((checked_at IS NULL) = (checked_by IS NULL) AND (checked_at IS NULL) = (check_note IS NULL))
);
CREATE TABLE dossier_documents (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    id              uuid        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('id_card', 'company_certificate', 'bank_book', 'photo', 'other')),
    name            text        NOT NULL,
    media_type      text        NOT NULL,
    size_bytes      integer     NOT NULL CHECK (size_bytes BETWEEN 1 AND 5242880),
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),
    content         bytea       NOT NULL,
    added_by        text        NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, id),
    UNIQUE (merchant_id, digest)
);
