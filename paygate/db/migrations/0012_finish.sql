-- Notices whose reading was kept and whose money was not decided are finished; the log of tries does not grow for ever.

ALTER TABLE notices ADD COLUMN day_only boolean NOT NULL DEFAULT false;
CREATE INDEX notices_undecided ON notices (heard_at) WHERE outcome IS NULL AND kind = 'credit' AND reason IS NULL;
CREATE INDEX attempts_old ON attempts USING brin (at);
