-- A freeze of a merchant's payouts says since when and by whom.
ALTER TABLE balances ADD COLUMN frozen_at timestamptz;
ALTER TABLE balances ADD COLUMN frozen_by text;
UPDATE balances SET frozen_at = clock_timestamp(), frozen_by = 'cli' WHERE frozen_reason IS NOT NULL;
ALTER TABLE balances ADD CHECK ((frozen_reason IS NULL) = (frozen_at IS NULL) AND (frozen_at IS NULL) = (frozen_by IS NULL));
