-- Keys are replaced by others, and work on for a while.

ALTER TABLE api_keys ADD COLUMN replaced_by uuid;
