-- Rate limits, shared by all processes. Not logged: after a crash of the database the buckets are full again.

CREATE UNLOGGED TABLE rate_limits (
    subject         bytea       PRIMARY KEY CHECK (octet_length(subject) = 16),
    full_at         timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE FUNCTION take_tokens_v1(
    p_subjects bytea[], p_owed integer[], p_wanted integer[], p_bursts bigint[], p_pauses_us bigint[]
) RETURNS TABLE (o_subject bytea, o_granted integer, o_left integer, o_wait_us bigint)
LANGUAGE plpgsql AS $$
DECLARE
    v record;
    v_full timestamptz;
    v_now timestamptz;
    v_used bigint;
BEGIN
    FOR v IN
        SELECT a.subject, a.owed, a.wanted, a.burst, a.pause_us
          FROM unnest(p_subjects, p_owed, p_wanted, p_bursts, p_pauses_us) a (subject, owed, wanted, burst, pause_us)
      ORDER BY a.subject
    LOOP
        LOOP
            SELECT r.full_at INTO v_full FROM rate_limits r WHERE r.subject = v.subject FOR NO KEY UPDATE;
            EXIT WHEN FOUND;
            INSERT INTO rate_limits (subject, full_at) VALUES (v.subject, clock_timestamp()) ON CONFLICT DO NOTHING;
        END LOOP;
        v_now := clock_timestamp();
        -- What is used, as time that it takes to come back. Should the clock be set back, that is not for long.
        v_used := greatest(0, least(extract(epoch FROM v_full - v_now) * 1000000, 2 * v.burst * v.pause_us))::bigint
                  + v.owed * v.pause_us;
        o_subject := v.subject;
        o_granted := greatest(0, least(v.wanted, (v.burst * v.pause_us - v_used) / v.pause_us))::integer;
        v_used := v_used + o_granted * v.pause_us;
        o_left := greatest(0, (v.burst * v.pause_us - v_used) / v.pause_us)::integer;
        o_wait_us := greatest(0, v_used - (v.burst - 1) * v.pause_us);
        UPDATE rate_limits r SET full_at = v_now + v_used * interval '1 microsecond' WHERE r.subject = v.subject;
        RETURN NEXT;
    END LOOP;
END $$;
