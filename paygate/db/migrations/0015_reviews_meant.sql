-- Which open questions are about the money of a payment.

CREATE INDEX reviews_meant ON reviews USING gin (candidates jsonb_path_ops) WHERE closed_at IS NULL;
