-- Notices whose money was not decided are finished, unread ones are counted, and the log of tries does not grow for ever.

ALTER TABLE notices ADD COLUMN day_only boolean NOT NULL DEFAULT false;
CREATE INDEX notices_undecided ON notices (heard_at) WHERE outcome IS NULL AND kind = 'credit' AND reason IS NULL;
CREATE INDEX attempts_old ON attempts USING brin (at);

CREATE INDEX notices_lately ON notices (merchant_id, mode, source_id, heard_at) WHERE kind <> 'ignored';
