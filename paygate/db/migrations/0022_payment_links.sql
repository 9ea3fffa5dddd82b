-- A price with an address: whoever opens a payment link pays what its merchant fixed, as often as people do.
CREATE TABLE payment_links (
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    id              uuid        NOT NULL,
    amount_satang   bigint      NOT NULL CHECK (amount_satang > 0),
    description     text        CHECK (length(description) <= 500),
    callback_url    text,
    expiry_minutes  integer     CHECK (expiry_minutes > 0),
    active          boolean     NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant_id, mode, id)
);
CREATE INDEX payment_links_by_id ON payment_links (id);
CREATE INDEX payment_links_newest ON payment_links (merchant_id, mode, created_at DESC, id DESC);

ALTER TABLE payments ADD COLUMN link_id uuid;
ALTER TABLE payments DROP CONSTRAINT payments_amount_source_check;
ALTER TABLE payments ADD CONSTRAINT payments_amount_source_check CHECK (amount_source IN ('server', 'token', 'link', 'browser'));
ALTER TABLE payments ADD CONSTRAINT payments_link CHECK ((amount_source = 'link') = (link_id IS NOT NULL));

DROP TRIGGER payments_frozen ON payments;
CREATE TRIGGER payments_frozen BEFORE UPDATE ON payments FOR EACH ROW
    WHEN ((OLD.merchant_id, OLD.mode, OLD.id, OLD.amount_satang, OLD.payable_satang, OLD.fee_bps, OLD.fee_satang, OLD.vat_bps, OLD.vat_satang,
           OLD.flow, OLD.owner_id, OLD.account_id, OLD.receiving_id, OLD.ref1, OLD.ref2, OLD.qr_payload, OLD.renews_id, OLD.link_id)
          IS DISTINCT FROM
          (NEW.merchant_id, NEW.mode, NEW.id, NEW.amount_satang, NEW.payable_satang, NEW.fee_bps, NEW.fee_satang, NEW.vat_bps, NEW.vat_satang,
           NEW.flow, NEW.owner_id, NEW.account_id, NEW.receiving_id, NEW.ref1, NEW.ref2, NEW.qr_payload, NEW.renews_id, NEW.link_id)
          OR (OLD.status = 'PAID' AND NEW.status <> 'PAID')
          OR (OLD.status IN ('EXPIRED', 'CANCELLED', 'FAILED') AND NEW.status = 'PENDING'))
    EXECUTE FUNCTION frozen();
