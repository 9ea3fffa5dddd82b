-- How many of a source's latest texts could not be read.

CREATE INDEX notices_lately ON notices (merchant_id, mode, source_id, heard_at) WHERE kind <> 'ignored';
