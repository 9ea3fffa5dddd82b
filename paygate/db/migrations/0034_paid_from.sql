-- A payout says which central account it left from; those of before left from the first one, as the daily close said.
ALTER TABLE settlements ADD COLUMN paid_from uuid;
ALTER TABLE refunds ADD COLUMN paid_from uuid;
WITH latest AS (
     SELECT DISTINCT ON (receiving_id) receiving_id, retired_at,
            min(created_at) OVER (PARTITION BY receiving_id) AS since_at
       FROM accounts
      WHERE merchant_id = 0 AND mode = 'live'
   ORDER BY receiving_id, created_at DESC, id DESC
     ),
     first AS (
     SELECT receiving_id FROM latest ORDER BY retired_at IS NOT NULL, since_at, receiving_id LIMIT 1
     ),
     settled AS (
     UPDATE settlements SET paid_from = first.receiving_id
       FROM first
      WHERE mode = 'live' AND status IN ('COMPLETED', 'RETURNED')
     )
UPDATE refunds SET paid_from = first.receiving_id
  FROM first
 WHERE mode = 'live' AND flow = 'central' AND status IN ('COMPLETED', 'RETURNED');
