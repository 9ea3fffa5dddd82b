-- Plans and rates that change from a moment on.
CREATE TABLE merchant_plans (                   -- What a merchant pays from a moment on: the last row that has begun is in force.
    merchant_id     bigint      NOT NULL REFERENCES merchants,
    valid_from      timestamptz NOT NULL,       -- A moment to come is one by itself when it is there.
    id              uuid        NOT NULL,
    plan            text        NOT NULL CHECK (plan IN ('free', 'basic', 'pro', 'enterprise')),
    fee_bps         integer     CHECK (fee_bps BETWEEN 0 AND 10000),    -- A rate of its own; null: the plan's.
    created_at      timestamptz NOT NULL,       -- When it was decided.
    PRIMARY KEY (merchant_id, valid_from),
    CHECK (valid_from >= created_at)
);
CREATE TABLE plan_rates (                       -- DIRECTORY: what plans cost from a moment on, where the operator said it here and not by a setting.
    plan            text        NOT NULL CHECK (plan IN ('free', 'basic', 'pro', 'enterprise')),
    valid_from      timestamptz NOT NULL,       -- As in merchant_plans.
    fee_bps         integer     CHECK (fee_bps BETWEEN 0 AND 10000),    -- Null: as the setting says, again.
    created_at      timestamptz NOT NULL,       -- When it was decided.
    PRIMARY KEY (plan, valid_from),
    CHECK (valid_from >= created_at)
);
CREATE TRIGGER merchant_plans_frozen BEFORE UPDATE OR DELETE ON merchant_plans FOR EACH ROW
    WHEN (OLD.valid_from <= clock_timestamp()) EXECUTE FUNCTION frozen();
CREATE TRIGGER plan_rates_frozen BEFORE UPDATE OR DELETE ON plan_rates FOR EACH ROW
    WHEN (OLD.valid_from <= clock_timestamp()) EXECUTE FUNCTION frozen();

INSERT INTO merchant_plans (merchant_id, valid_from, id, plan, fee_bps, created_at)
     SELECT merchant_id, created_at, gen_random_uuid(), plan, fee_bps, created_at FROM merchants
      WHERE fee_bps IS NOT NULL AND merchant_id > 0;
ALTER TABLE merchants DROP COLUMN fee_bps;

-- A central account is shared with those that are on the free plan now.
CREATE OR REPLACE FUNCTION take_slot_v2(
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
                             WHERE m.merchant_id > 0 AND m.merchant_id <> p_merchant_id AND m.status <> 'SUSPENDED'
                               AND coalesce((SELECT t.plan FROM merchant_plans t
                                              WHERE t.merchant_id = m.merchant_id AND t.valid_from <= v_at
                                           ORDER BY t.valid_from DESC LIMIT 1), m.plan) = 'free');
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
