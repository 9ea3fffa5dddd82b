-- Accounts of a pool may be paused, and have weights by which new payments are shared out.
CREATE TABLE account_shares (                   -- How much of new payments an account of a pool gets. No row: weight 1, not paused.
    merchant_id     bigint      NOT NULL REFERENCES merchants,  -- Owner of the account; 0: central.
    mode            text        NOT NULL CHECK (mode IN ('live', 'test')),
    receiving_id    uuid        NOT NULL,       -- The real account, whatever its version in force is.
    weight          integer     NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 100),   -- Its part of new payments beside the others' weights.
    paused_at       timestamptz,                -- No new payments since then, until somebody resumes it.
    PRIMARY KEY (merchant_id, mode, receiving_id)
);
CREATE OR REPLACE FUNCTION take_pool_v1(p_mode text, p_payment_id uuid, p_merchant_id bigint, p_browser boolean, p_accounts jsonb, p_hold interval)
RETURNS TABLE (place integer, amount_satang bigint, now_at timestamptz, refused text, free_at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    k_kept constant integer := 20;
    v_many constant boolean := jsonb_array_length(p_accounts) > 1;
    v_even constant boolean := NOT EXISTS (SELECT 1 FROM jsonb_to_recordset(p_accounts) e (weight bigint) WHERE e.weight > 1);
    v_account record;
    v_taken record;
BEGIN
    FOR v_account IN
        SELECT a.place, a.receiving, a.first, a.last, a.exact, a.exclusive, a.shared
          FROM (SELECT e.place, (e.one ->> 'receiving')::uuid AS receiving, (e.one ->> 'first')::bigint AS first,
                       (e.one ->> 'last')::bigint AS last, (e.one ->> 'exact')::boolean AS exact,
                       (e.one ->> 'exclusive')::boolean AS exclusive, (e.one ->> 'shared')::boolean AS shared,
                       coalesce((e.one ->> 'weight')::bigint, 1) AS weight
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
      ORDER BY (t.held + o.held) / a.weight, CASE WHEN v_even THEN t.used_until END NULLS FIRST, a.place
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
