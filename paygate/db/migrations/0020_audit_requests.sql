-- The audit log names the request and the key in columns of their own. Rows without them hash to what they did.
ALTER TABLE audit_log ADD COLUMN request_id text, ADD COLUMN credential text;
