-- What merchants see of their webhooks: endpoints that can be deleted and speak of themselves, bodies in other formats,
-- what was sent and what came back, and deliveries that are sent again.

ALTER TABLE endpoints ADD COLUMN description text CHECK (length(description) BETWEEN 1 AND 200);
ALTER TABLE endpoints ADD COLUMN sequence integer NOT NULL DEFAULT 0;
ALTER TABLE endpoints ADD COLUMN deleted_at timestamptz;
ALTER TABLE endpoints ADD CHECK (deleted_at IS NULL OR disabled_at IS NOT NULL);
CREATE INDEX endpoints_by_id ON endpoints (id);

CREATE TABLE event_bodies (
    merchant_id     bigint      NOT NULL,
    mode            text        NOT NULL,
    event_id        uuid        NOT NULL,
    format          text        NOT NULL CHECK (format IN ('gateway', 'stripe')),
    body            text        NOT NULL,
    PRIMARY KEY (merchant_id, mode, event_id, format),
    FOREIGN KEY (merchant_id, mode, event_id) REFERENCES events
);

ALTER TABLE deliveries ADD COLUMN attempts_before smallint NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN failures smallint NOT NULL DEFAULT 0;
UPDATE deliveries SET failures = attempts WHERE state = 'DUE' AND attempts <= 10;
CREATE INDEX deliveries_dead ON deliveries (merchant_id, mode, endpoint_id, created_at DESC) WHERE state = 'DEAD';

ALTER TABLE attempts ADD COLUMN request_headers text NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN response_headers text NOT NULL DEFAULT '';
