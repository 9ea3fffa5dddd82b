-- A refund may wait until its payer says, through a signed link, where the money shall go.
ALTER TABLE refunds DROP CONSTRAINT refunds_status_check;
ALTER TABLE refunds ADD CONSTRAINT refunds_status_check
      CHECK (status IN ('WAITING', 'REQUESTED', 'APPROVED', 'PAYING', 'COMPLETED', 'RETURNED', 'REJECTED', 'CANCELLED', 'EXPIRED'));
ALTER TABLE refunds ADD COLUMN link_number integer NOT NULL DEFAULT 0 CHECK (link_number >= 0);
ALTER TABLE refunds ADD COLUMN link_until timestamptz;
ALTER TABLE refunds ADD CHECK ((link_number > 0) = (link_until IS NOT NULL));
ALTER TABLE refunds ADD CHECK ((status = 'WAITING') <= (link_number > 0 AND payee IS NULL));
ALTER TABLE refunds ADD CHECK ((status = 'EXPIRED') <= (refusal IS NOT NULL));
CREATE INDEX refunds_waiting ON refunds (link_until) WHERE status = 'WAITING';
CREATE INDEX refunds_never_paid ON refunds (created_at) WHERE payee IS NOT NULL AND status IN ('REJECTED', 'CANCELLED', 'EXPIRED');
