-- What the payer's page shows and lets the payer do.
ALTER TABLE merchants ADD COLUMN allow_renewal boolean NOT NULL DEFAULT false;
ALTER TABLE payments ADD COLUMN renews_id uuid;
CREATE UNIQUE INDEX payments_renewal ON payments (merchant_id, mode, renews_id) WHERE renews_id IS NOT NULL;

DROP TRIGGER payments_frozen ON payments;
CREATE TRIGGER payments_frozen BEFORE UPDATE ON payments FOR EACH ROW
    WHEN ((OLD.merchant_id, OLD.mode, OLD.id, OLD.amount_satang, OLD.payable_satang, OLD.fee_bps, OLD.fee_satang, OLD.vat_bps, OLD.vat_satang,
           OLD.flow, OLD.owner_id, OLD.account_id, OLD.receiving_id, OLD.ref1, OLD.ref2, OLD.qr_payload, OLD.renews_id)
          IS DISTINCT FROM
          (NEW.merchant_id, NEW.mode, NEW.id, NEW.amount_satang, NEW.payable_satang, NEW.fee_bps, NEW.fee_satang, NEW.vat_bps, NEW.vat_satang,
           NEW.flow, NEW.owner_id, NEW.account_id, NEW.receiving_id, NEW.ref1, NEW.ref2, NEW.qr_payload, NEW.renews_id)
          OR (OLD.status = 'PAID' AND NEW.status <> 'PAID')
          OR (OLD.status IN ('EXPIRED', 'CANCELLED', 'FAILED') AND NEW.status = 'PENDING'))
    EXECUTE FUNCTION frozen();

CREATE TABLE merchant_logos (
    merchant_id     bigint      PRIMARY KEY REFERENCES merchants,
    digest          text        NOT NULL CHECK (digest ~ '^[0-9a-f]{32}$'),
    picture         bytea       NOT NULL CHECK (octet_length(picture) <= 65536),
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX merchant_logos_digest ON merchant_logos (digest);
