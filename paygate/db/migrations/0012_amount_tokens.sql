-- Prices that the merchant's server signs and a page hands on, and merchants that take no others from pages.

ALTER TABLE api_keys ADD COLUMN amount_secret bytea;
ALTER TABLE merchants ADD COLUMN signed_amounts boolean NOT NULL DEFAULT false;
