-- Who holds an amount is known to the row that is locked anyway, so that limits are counted where amounts are taken: pk_ keys,
-- and merchants that share an account. Pools are filled by load. Addresses have seats. Metrics are added up.

ALTER TABLE slots ADD COLUMN merchant_id bigint;
ALTER TABLE slots ADD COLUMN browser boolean NOT NULL DEFAULT false;
UPDATE slots s SET merchant_id = r.merchant_id
  FROM reservations r
 WHERE r.mode = s.mode AND r.receiving_id = s.receiving_id AND r.payment_id = s.payment_id AND s.busy_until > now();

DROP FUNCTION take_slot_v1(text, uuid, uuid, bigint[], boolean, boolean, interval);
DROP FUNCTION try_slot_v1(text, uuid, uuid, bigint, interval, boolean);

CREATE TABLE seats (                            -- DIRECTORY: the open payments that pk_ keys made for one address: at most twenty.
    mode            text        NOT NULL,
    address         bytea       NOT NULL CHECK (octet_length(address) = 16),    -- Keyed hash of the client's address (IPv6: its /64), never the address.
    seat            smallint    NOT NULL CHECK (seat BETWEEN 1 AND 20),         -- Taken while its payment is open.
    merchant_id     bigint      NOT NULL,
    payment_id      uuid        NOT NULL,
    until_at        timestamptz NOT NULL,       -- The payment is over by then, whatever happens: forgotten.
    PRIMARY KEY (mode, address, seat)
);
CREATE INDEX seats_over ON seats (until_at);

-- Take one amount of an account if it is free: the moment it was taken, or null. p_wait: queue behind whoever works on it.
CREATE FUNCTION try_slot_v2(
    p_mode text, p_receiving_id uuid, p_payment_id uuid, p_merchant_id bigint, p_browser boolean, p_amount bigint, p_hold interval, p_wait boolean
) RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_now timestamptz;
BEGIN
    LOOP
        IF p_wait THEN
            PERFORM 1 FROM slots s WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount
                AND s.busy_until <= clock_timestamp() FOR NO KEY UPDATE;
        ELSE
            PERFORM 1 FROM slots s WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount
                AND s.busy_until <= clock_timestamp() FOR NO KEY UPDATE SKIP LOCKED;
        END IF;
        v_now := clock_timestamp();     -- Read after the row is locked: no earlier holder can reach past it.
        IF FOUND THEN
            UPDATE slots s SET busy_until = v_now + p_hold, payment_id = p_payment_id, merchant_id = p_merchant_id, browser = p_browser
             WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount AND s.busy_until <= v_now;
        ELSE
            INSERT INTO slots (mode, receiving_id, amount_satang, busy_until, payment_id, merchant_id, browser)
                 VALUES (p_mode, p_receiving_id, p_amount, v_now + p_hold, p_payment_id, p_merchant_id, p_browser)
            ON CONFLICT DO NOTHING;     -- It exists: busy, or somebody works on it.
        END IF;
        IF FOUND THEN
            RETURN v_now;
        END IF;
        -- A credit of an amount that was never held makes its row; whoever waited for that finds it free.
        PERFORM 1 FROM slots s WHERE p_wait AND s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_amount
            AND s.busy_until <= clock_timestamp();
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END LOOP;
END $$;

-- Take a payable amount of one account, p_first to p_last, for a payment. Returns no row when it may have none.
--   p_exact: the first amount is preferred (amount_tagging auto); the others are taken least recently used first.
--   p_exclusive = false (amount_tagging off, or a bill payment): the first amount is not taken, but its row is locked
--   FOR SHARE, so that a credit of this amount is decided before or after this payment, never beside it.
--   p_shared (a central account): when other merchants are on it, the last 20 free amounts are left to those that hold fewer
--   than 20 of these; which 20 is settled beforehand (the last places, given to nobody while there are others), so that
--   requests at one time keep to it.
--   p_browser (a pk_ key): no stretch of a hundred amounts is held to more than half by such payments. Exact only behind the
--   lock of take_browser_v1.
CREATE FUNCTION take_slot_v2(
    p_mode text, p_receiving_id uuid, p_payment_id uuid, p_merchant_id bigint, p_first bigint, p_last bigint,
    p_exact boolean, p_exclusive boolean, p_shared boolean, p_browser boolean, p_hold interval
) RETURNS TABLE (amount_satang bigint, now_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    k_kept constant integer := 20;
    v_low constant bigint := least(p_first, p_last);
    v_high constant bigint := greatest(p_first, p_last);
    v_places constant integer := v_high - v_low + 1;
    v_half constant integer := greatest(v_places / 2, 1);
    v_reach constant integer := CASE WHEN p_browser THEN 99 ELSE 0 END;
    v_shared boolean := false;
    v_usable integer := v_places;       -- How many places, from the first, this merchant may use.
    v_held integer;
    v_own integer;
    v_wanted record;
    v_at constant timestamptz := clock_timestamp();
    v_now timestamptz;
BEGIN
    IF NOT p_exclusive THEN
        LOOP
            PERFORM 1 FROM slots s
              WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = p_first FOR SHARE;
            EXIT WHEN FOUND;
            INSERT INTO slots (mode, receiving_id, amount_satang) VALUES (p_mode, p_receiving_id, p_first) ON CONFLICT DO NOTHING;
        END LOOP;
        RETURN QUERY SELECT p_first, clock_timestamp();
        RETURN;
    END IF;
    IF p_shared THEN
        v_shared := EXISTS (SELECT 1 FROM merchants m
                             WHERE m.plan = 'free' AND m.merchant_id <> p_merchant_id AND m.status <> 'SUSPENDED');
    END IF;
    IF v_shared THEN
        SELECT count(*), count(*) FILTER (WHERE s.merchant_id = p_merchant_id) INTO v_held, v_own
          FROM slots s
         WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang BETWEEN v_low AND v_high
           AND s.busy_until > clock_timestamp();
        IF v_own >= k_kept THEN
            IF v_places - v_held <= k_kept THEN
                RETURN;
            END IF;
            v_usable := v_places - k_kept;
        END IF;
    END IF;
    IF p_exact AND (NOT p_browser OR v_half > (
        SELECT count(*) FROM slots s
         WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang BETWEEN p_first - v_reach AND p_first + v_reach
           AND s.browser AND s.busy_until > clock_timestamp()))
    THEN
        v_now := try_slot_v2(p_mode, p_receiving_id, p_payment_id, p_merchant_id, p_browser, p_first, p_hold, true);
        IF v_now IS NOT NULL THEN
            RETURN QUERY SELECT p_first, v_now;
            RETURN;
        END IF;
    END IF;
    FOR v_wanted IN
        SELECT w.amount, v_shared AND w.place >= v_places - k_kept AS kept
          FROM (SELECT g.amount, abs(g.amount - p_first) AS place, s.busy_until,
                       count(*) FILTER (WHERE s.browser AND s.busy_until > v_at)   -- No clock here: it would count anew for each row.
                           OVER (ORDER BY g.amount RANGE BETWEEN 99 PRECEDING AND 99 FOLLOWING) AS near
                  FROM generate_series(v_low - v_reach, v_high + v_reach) g (amount)
             LEFT JOIN slots s ON s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang = g.amount
                              AND s.amount_satang BETWEEN v_low - v_reach AND v_high + v_reach) w
         WHERE w.amount BETWEEN v_low AND v_high
           AND (w.busy_until IS NULL OR w.busy_until <= v_at)
           AND NOT (p_exact AND w.place = 0)
           AND w.place < v_usable
           AND (NOT p_browser OR w.near < v_half)
      ORDER BY kept, coalesce(w.busy_until, '-infinity'), w.place     -- Never used before: the smallest tag is the kindest.
    LOOP
        IF v_wanted.kept AND k_kept <= (        -- Requests of the same merchant have come through meanwhile.
            SELECT count(*) FROM slots s
             WHERE s.mode = p_mode AND s.receiving_id = p_receiving_id AND s.amount_satang BETWEEN v_low AND v_high
               AND s.merchant_id = p_merchant_id AND s.busy_until > clock_timestamp())
        THEN
            RETURN;
        END IF;
        v_now := try_slot_v2(p_mode, p_receiving_id, p_payment_id, p_merchant_id, p_browser, v_wanted.amount, p_hold, false);
        IF v_now IS NOT NULL THEN
            RETURN QUERY SELECT v_wanted.amount, v_now;
            RETURN;
        END IF;
    END LOOP;
END $$;

-- Take a payable amount of one of several accounts, in one round trip: of the account that holds the fewest around this price,
-- then of the one that was used the longest ago, then by the caller's order; the next one when it has none.
--   p_accounts: [{"receiving": uuid, "first": 100, "last": 199, "exact": true, "exclusive": true, "shared": true}].
-- Returns one row: place (of p_accounts, from 1), amount and moment; or why not (full, share, browser) and when the first
-- hold ends.
CREATE FUNCTION take_pool_v1(p_mode text, p_payment_id uuid, p_merchant_id bigint, p_browser boolean, p_accounts jsonb, p_hold interval)
RETURNS TABLE (place integer, amount_satang bigint, now_at timestamptz, refused text, free_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    k_kept constant integer := 20;
    v_many constant boolean := jsonb_array_length(p_accounts) > 1;
    v_account record;
    v_taken record;
BEGIN
    FOR v_account IN
        SELECT a.place, a.receiving, a.first, a.last, a.exact, a.exclusive, a.shared
          FROM (SELECT e.place, (e.one ->> 'receiving')::uuid AS receiving, (e.one ->> 'first')::bigint AS first,
                       (e.one ->> 'last')::bigint AS last, (e.one ->> 'exact')::boolean AS exact,
                       (e.one ->> 'exclusive')::boolean AS exclusive, (e.one ->> 'shared')::boolean AS shared
                  FROM jsonb_array_elements(p_accounts) WITH ORDINALITY e (one, place)) a
    CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE s.busy_until > clock_timestamp()) AS held, max(s.busy_until) AS used_until
                 FROM slots s
                WHERE v_many AND a.exclusive AND s.mode = p_mode AND s.receiving_id = a.receiving
                  AND s.amount_satang BETWEEN least(a.first, a.last) AND greatest(a.first, a.last)) t
    CROSS JOIN LATERAL (
               SELECT count(*) AS held
                 FROM (SELECT 1 FROM reservations r
                        WHERE v_many AND NOT a.exclusive AND r.mode = p_mode AND r.receiving_id = a.receiving
                          AND r.amount_satang = a.first AND r.until_at > clock_timestamp()
                        LIMIT 100) r) o
      ORDER BY t.held + o.held, t.used_until NULLS FIRST, a.place
    LOOP
        SELECT t.amount_satang AS amount, t.now_at AS at INTO v_taken
          FROM take_slot_v2(p_mode, v_account.receiving, p_payment_id, p_merchant_id, v_account.first, v_account.last,
                            v_account.exact, v_account.exclusive, v_account.shared, p_browser, p_hold) t;
        IF FOUND THEN
            RETURN QUERY SELECT v_account.place::integer, v_taken.amount, v_taken.at, NULL::text, NULL::timestamptz;
            RETURN;
        END IF;
    END LOOP;
    RETURN QUERY
        SELECT NULL::integer, NULL::bigint, NULL::timestamptz,
               CASE WHEN bool_and(a.free <= 0) THEN 'full'
                    WHEN bool_or(a.shared AND a.own >= k_kept AND a.free > 0) THEN 'share'
                    WHEN p_browser THEN 'browser'
                    ELSE 'full' END,
               min(a.ends_at)
          FROM (SELECT e.shared, abs(e.last - e.first) + 1 - t.held AS free, t.own, t.ends_at
                  FROM jsonb_to_recordset(p_accounts) e (receiving uuid, first bigint, last bigint, shared boolean)
            CROSS JOIN LATERAL (
                       SELECT count(*) AS held, count(*) FILTER (WHERE s.merchant_id = p_merchant_id) AS own,
                              min(s.busy_until) AS ends_at
                         FROM slots s
                        WHERE s.mode = p_mode AND s.receiving_id = e.receiving
                          AND s.amount_satang BETWEEN least(e.first, e.last) AND greatest(e.first, e.last)
                          AND s.busy_until > clock_timestamp()) t) a;
END $$;

-- Take one of the twenty seats of an address for a payment that a pk_ key makes; false when each has an open payment.
CREATE FUNCTION take_seat_v1(p_mode text, p_address bytea, p_payment_id uuid, p_merchant_id bigint, p_keep interval)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_seat record;
BEGIN
    FOR v_seat IN
        SELECT s.seat, s.payment_id
          FROM seats s
         WHERE s.mode = p_mode AND s.address = p_address
           AND NOT EXISTS (SELECT 1 FROM payments p
                            WHERE p.merchant_id = s.merchant_id AND p.mode = s.mode AND p.id = s.payment_id
                              AND p.status = 'PENDING' AND p.expires_at > clock_timestamp())
      ORDER BY s.seat
    LOOP
        PERFORM 1 FROM seats s WHERE s.mode = p_mode AND s.address = p_address AND s.seat = v_seat.seat
            AND s.payment_id = v_seat.payment_id FOR NO KEY UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE seats s SET payment_id = p_payment_id, merchant_id = p_merchant_id, until_at = clock_timestamp() + p_keep
             WHERE s.mode = p_mode AND s.address = p_address AND s.seat = v_seat.seat;
            RETURN true;
        END IF;
    END LOOP;
    FOR v_seat IN
        SELECT g.seat FROM generate_series(1, 20) g (seat)
         WHERE NOT EXISTS (SELECT 1 FROM seats s WHERE s.mode = p_mode AND s.address = p_address AND s.seat = g.seat)
      ORDER BY g.seat
    LOOP
        INSERT INTO seats (mode, address, seat, payment_id, merchant_id, until_at)
             VALUES (p_mode, p_address, v_seat.seat, p_payment_id, p_merchant_id, clock_timestamp() + p_keep)
        ON CONFLICT DO NOTHING;         -- Somebody was quicker, and is waited for.
        IF FOUND THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END $$;

-- take_pool_v1 for a payment that a pk_ key makes, which anybody may do: not under an order of the merchant's own server, at
-- most twenty open ones for an address, one after another on an account, so that what is counted there is so. Locks are taken
-- in one order by all (seat, accounts by id, amount), so nobody waits in a circle. Refusals beside those: order, address.
CREATE FUNCTION take_browser_v1(
    p_mode text, p_payment_id uuid, p_merchant_id bigint, p_accounts jsonb, p_hold interval, p_address bytea, p_order_id text
) RETURNS TABLE (place integer, amount_satang bigint, now_at timestamptz, refused text, free_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_account record;
BEGIN
    IF EXISTS (SELECT 1 FROM payments p
                WHERE p.merchant_id = p_merchant_id AND p.mode = p_mode AND p.order_id = p_order_id AND p.amount_source <> 'browser')
    THEN
        RETURN QUERY SELECT NULL::integer, NULL::bigint, NULL::timestamptz, 'order', NULL::timestamptz;
        RETURN;
    END IF;
    IF NOT take_seat_v1(p_mode, p_address, p_payment_id, p_merchant_id, p_hold + interval '30 minutes') THEN
        RETURN QUERY
            SELECT NULL::integer, NULL::bigint, NULL::timestamptz, 'address', min(p.expires_at)
              FROM seats s
              JOIN payments p ON p.merchant_id = s.merchant_id AND p.mode = s.mode AND p.id = s.payment_id
             WHERE s.mode = p_mode AND s.address = p_address AND p.status = 'PENDING' AND p.expires_at > clock_timestamp();
        RETURN;
    END IF;
    FOR v_account IN
        SELECT DISTINCT e.owner, e.account FROM jsonb_to_recordset(p_accounts) e (owner bigint, account uuid) ORDER BY e.account
    LOOP
        PERFORM 1 FROM accounts a
          WHERE a.merchant_id = v_account.owner AND a.mode = p_mode AND a.id = v_account.account FOR NO KEY UPDATE;
    END LOOP;
    RETURN QUERY SELECT t.place, t.amount_satang, t.now_at, t.refused, t.free_at
                   FROM take_pool_v1(p_mode, p_payment_id, p_merchant_id, true, p_accounts, p_hold) t;
END $$;

CREATE INDEX observations_heard ON observations (merchant_id, mode, source_id, observed_at);    -- When a source was heard last.

CREATE TABLE metrics (                          -- What was counted since the beginning, by all processes together; `/metrics` shows it.
    name            text        NOT NULL,       -- As Prometheus knows it; a histogram is NAME_bucket (each for itself) and NAME_sum (microseconds).
    labels          text        NOT NULL,       -- JSON object, names in order.
    value           bigint      NOT NULL,       -- Only ever grows.
    PRIMARY KEY (name, labels)
);
