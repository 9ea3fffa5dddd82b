-- The limit above which two people approve a payout: a command that was not told of it is held to the server's.
ALTER TABLE installation ADD COLUMN second_above_satang bigint CHECK (second_above_satang > 0);
