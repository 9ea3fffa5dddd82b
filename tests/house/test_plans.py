"""The hot questions on many rows: each uses its index and touches few pages, with real values and with a kept plan.

EXPLAIN EXECUTE under force_generic_plan shows the plan that PostgreSQL may keep for a prepared statement; with values
it shows the one that it makes for them. A statement that is quick in one of them only is slow on some days.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from paygate.db.pool import Conn
from paygate.db.sql import Sql
from tests.house.statements import statements
from tests.postgres import Databases

ROWS = 50_000
PAGES = 250  # A scan of a big table here touches a thousand and more.
BIG = {
    "accounts",
    "api_keys",
    "balance_points",
    "bank_hints",
    "credit_refs",
    "credits",
    "deliveries",
    "events",
    "idempotency_keys",
    "key_directory",
    "merchants",
    "notices",
    "observations",
    "payments",
    "reservations",
    "seats",
    "sessions",
    "slots",
    "system_log",
    "throttles",
    "users",
}
NOW = datetime.now(UTC).replace(microsecond=0)
LIVE = {"mode": "live"}

# Row n: merchant n % 1000 + 1, account n % 50. Most are PAID, 5,000 are open, 20 of them past their deadline.
SEED = f"""
    CREATE FUNCTION pg_temp.u(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
        AS $$ SELECT (left(h, 12) || '7' || substr(h, 14, 3) || '8' || substr(h, 18))::uuid FROM md5(kind || n) h $$;
    INSERT INTO merchants (merchant_id, name, email, plan, status, approved_at)
    SELECT n, 'Shop', 'shop@example.com', 'pro', 'APPROVED', now() FROM generate_series(1, 1000) n;
    INSERT INTO accounts (merchant_id, mode, id, receiving_id, proxy_kind, proxy, name)
    SELECT n, 'live', pg_temp.u('account', n), pg_temp.u('receiving', n), 'mobile', '0066812345678', 'Shop'
      FROM generate_series(1, 1000) n;
    INSERT INTO api_keys (merchant_id, mode, id, kind, key_hash, last4)
    SELECT n % 1000 + 1, 'live', pg_temp.u('key', n), 'secret', sha256(n::text::bytea), 'abcd'
      FROM generate_series(1, 5000) n;
    INSERT INTO key_directory SELECT key_hash, merchant_id, mode, id FROM api_keys;
    INSERT INTO users (merchant_id, id, email, role)
    SELECT n % 1000 + 1, pg_temp.u('user', n), 'u' || n || '@shop.example', 'staff' FROM generate_series(1, 5000) n;
    INSERT INTO logins SELECT email, merchant_id, id FROM users;
    INSERT INTO sessions (merchant_id, id, user_id, token_hash, address, expires_at)
    SELECT (n % 5000 + 1) % 1000 + 1, pg_temp.u('session', n), pg_temp.u('user', n % 5000 + 1), 'x', '203.0.113.7',
           now() + CASE WHEN n <= 20 THEN interval '-1 minute' ELSE interval '1 day' END
      FROM generate_series(1, 20000) n;
    INSERT INTO throttles
    SELECT 'address', decode(md5(n::text), 'hex'),
           now() + CASE WHEN n <= 20 THEN interval '-1 minute' ELSE interval '1 minute' END
      FROM generate_series(1, 20000) n;
    INSERT INTO endpoints (merchant_id, mode, id, url, secret)
    SELECT n, 'live', pg_temp.u('endpoint', n), 'https://shop.example/', 'sealed' FROM generate_series(1, 1000) n;
    ANALYZE;
    CREATE TEMPORARY TABLE made AS
    SELECT n, (n % 1000 + 1)::bigint AS merchant_id, pg_temp.u('payment', n) AS id, 10000 + n / 50 AS amount,
           pg_temp.u('central', n % 50) AS receiving_id, now() - (n + 5) * interval '1 minute' AS at,
           CASE WHEN n <= 5000 THEN 'PENDING' WHEN n % 10 = 0 THEN 'EXPIRED' ELSE 'PAID' END AS status,
           CASE WHEN n <= 20 THEN interval '-1 minute' WHEN n <= 5000 THEN interval '1 day' END AS due
      FROM generate_series(1, {ROWS}) n;
    INSERT INTO payments (merchant_id, mode, id, order_id, amount_satang, payable_satang, fee_bps, fee_satang, flow,
                          owner_id, account_id, receiving_id, qr_payload, status, sequence, received_satang, credit_id,
                          created_at, expires_at, paid_at, closed_at)
    SELECT merchant_id, 'live', id, 'ORDER-' || n, amount, amount, 300, 300, 'central', 0, pg_temp.u('central', 0),
           receiving_id, repeat('0', 80), status, 1,
           CASE status WHEN 'PAID' THEN amount END, CASE status WHEN 'PAID' THEN pg_temp.u('credit', n) END,
           at, CASE WHEN due IS NULL THEN at + interval '15 minutes' ELSE now() + due END,
           CASE status WHEN 'PAID' THEN at END, CASE WHEN status <> 'PENDING' THEN at END FROM made;
    INSERT INTO reservations (mode, receiving_id, payment_id, merchant_id, owner_id, amount_satang, ref1, exclusive,
                              from_at, until_at)
    SELECT 'live', receiving_id, id, merchant_id, 0, amount, CASE WHEN n % 5 = 0 THEN 'REF' || n END, n % 5 <> 0,
           at, at + interval '75 minutes' FROM made;
    INSERT INTO slots SELECT 'live', receiving_id, amount, at, id FROM made ON CONFLICT DO NOTHING;
    INSERT INTO credits (merchant_id, mode, id, receiving_id, amount_satang, occurred_at, recorded_at, rank, state,
                         booked, payment_merchant_id, payment_id, part, settled_at, recheck_at)
    SELECT 0, 'live', pg_temp.u('credit', n), receiving_id, amount, at, at, 'A',
           CASE status WHEN 'PAID' THEN 'SETTLED' ELSE 'UNASSIGNED' END, true,
           CASE status WHEN 'PAID' THEN merchant_id END, CASE status WHEN 'PAID' THEN id END,
           CASE status WHEN 'PAID' THEN 1 END, CASE status WHEN 'PAID' THEN at END,
           CASE WHEN n <= 20 THEN now() - interval '1 minute' END FROM made;
    INSERT INTO credit_refs SELECT 'live', 'host', 'bank:004', 'T' || n, 0, pg_temp.u('credit', n) FROM made;
    ANALYZE;
    INSERT INTO observations (merchant_id, mode, credit_id, source_id, digest, rank, occurred_at, observed_at, channel)
    SELECT 0, 'live', pg_temp.u('credit', n), pg_temp.u('source', 1), sha256(n::text::bytea), 'A', at, at, 'bridge'
      FROM made WHERE n % 5 = 3;
    INSERT INTO balance_points
    SELECT 0, 'live', receiving_id, at, 1000000 + n, at FROM made;
    INSERT INTO reviews (merchant_id, mode, id, credit_id, reason, opened_at, closed_at, resolution, candidates)
    SELECT 0, 'live', pg_temp.u('review', n), pg_temp.u('credit', n), 'ORPHAN', at,
           CASE WHEN n > 500 THEN at END, CASE WHEN n > 500 THEN 'settled' END,
           jsonb_build_array(jsonb_build_object('merchantId', merchant_id, 'paymentId', id, 'status', 'PENDING'))
      FROM made;
    INSERT INTO audit_log (merchant_id, id, at, actor, action, subject, prev_hash, hash)
    SELECT n % 2, n / 2 + 1, at, 'cli', 'merchant.approve', 'merchant:' || n, '', sha256(n::text::bytea) FROM made;
    INSERT INTO system_log (merchant_id, mode, id, at, level, source, request_id, method, path, form, status, took_ms)
    SELECT merchant_id, 'live', pg_temp.u('line', n), at, 'warn', 'http', 'req_' || n, 'POST', '/', '/', 400, 5
      FROM made;
    INSERT INTO sources (merchant_id, mode, id, receiving_id, kind, trust, secret)
    VALUES (0, 'live', pg_temp.u('source', 1), pg_temp.u('central', 0), 'notice', 'host', 'sealed');
    INSERT INTO notices (merchant_id, mode, id, source_id, digest, kind, direction, truncated, occurred_at, received_at,
                         heard_at, text)
    SELECT 0, 'live', pg_temp.u('notice', n), pg_temp.u('source', 1), sha256(n::text::bytea), 'credit', 'in', false, at,
           at, at, CASE WHEN n > {ROWS} - 100 THEN 'old' END FROM made WHERE n % 5 = 3 OR n > {ROWS} - 100;
    INSERT INTO events
    SELECT merchant_id, 'live', pg_temp.u('event', n), 'payment.created', id, 1, '{{}}', at FROM made
     WHERE n <= {ROWS // 2};
    ANALYZE;
    INSERT INTO deliveries (merchant_id, mode, event_id, endpoint_id, state, run_at, created_at, finished_at)
    SELECT merchant_id, 'live', pg_temp.u('event', n), pg_temp.u('endpoint', merchant_id),
           CASE WHEN n <= 5 THEN 'DUE' ELSE 'DELIVERED' END, at, at, CASE WHEN n > 5 THEN at END FROM made
     WHERE n <= {ROWS // 2};
    INSERT INTO seats
    SELECT 'live', decode(md5((n / 20)::text), 'hex'), n % 20 + 1, merchant_id, id,
           now() + CASE WHEN n <= 20 THEN interval '-1 minute' ELSE interval '1 day' END
      FROM made WHERE n <= {ROWS // 2};
    INSERT INTO idempotency_keys
    SELECT merchant_id, 'live', 'secret', 'POST /api/v1/payment/create', 'key-' || n, sha256(n::text::bytea), 201,
           'sealed', NULL, now(), now() + CASE WHEN n <= 20 THEN interval '-1 minute' ELSE interval '1 day' END
      FROM made WHERE n <= {ROWS // 2};
    INSERT INTO slips (merchant_id, mode, id, payment_id, payload, sending_bank, trans_ref, picture, outcome, run_at,
                       created_at, handed_at, decided_at)
    SELECT merchant_id, 'live', pg_temp.u('slip', n), id, repeat('0', 60), '004', 'T' || n,
           CASE WHEN n <= 5000 THEN 'JPEG'::bytea END, CASE WHEN n <= 20 THEN 'VERIFYING' ELSE 'PAID' END,
           CASE WHEN n <= 20 THEN at END, at, at, CASE WHEN n > 20 THEN at END FROM made WHERE n <= {ROWS // 2 + 10};
    INSERT INTO sources (merchant_id, mode, id, receiving_id, kind, trust, secret)
    SELECT n % 1000 + 1, 'live', pg_temp.u('source', n), pg_temp.u('receiving', n % 1000 + 1), 'scb', 'host', 'sealed'
      FROM generate_series(1, 5000) n;
    INSERT INTO bank_hints (merchant_id, mode, id, source_id, digest, transaction_id, amount_satang, state, run_at,
                            created_at, asked_since, closed_at)
    SELECT (n % 5000 + 1) % 1000 + 1, 'live', pg_temp.u('hint', n), pg_temp.u('source', n % 5000 + 1),
           sha256(n::text::bytea), 'T' || n, amount, CASE WHEN n <= 20 THEN 'OPEN' ELSE 'CONFIRMED' END,
           CASE WHEN n <= 20 THEN at END, at, at, CASE WHEN n > 20 THEN at END FROM made;
"""


@dataclass(frozen=True)
class Hot:
    """A statement: values as they come, and the indexes that it must use ("a b": one of the two).

    `run`: it is run as well, and the pages that it touches are counted: `pages` at most.
    """

    values: dict[str, Any]
    indexes: set[str] = field(default_factory=set)
    run: bool = True
    pages: int = PAGES


def hot(row: dict[str, Any]) -> dict[str, Hot]:
    """The hot statements, asked about *row*: a payment of the seed and what belongs to it."""
    one = {"merchant_id": row["merchant_id"], "mode": "live", "id": row["id"]}
    money = {"mode": "live", "receiving_id": row["receiving_id"], "amount_satang": row["payable_satang"]}
    of_payment = {"merchant_id": row["merchant_id"], "mode": "live", "payment_id": row["id"]}
    key = {"merchant_id": row["merchant_id"], "mode": "live", "credential": "secret"} | {
        "path": "POST /api/v1/payment/create",
        "key": f"key-{row['n']}",
    }
    page = dict.fromkeys(("before_at", "before_id", "status", "from_at", "to_at", "order_id", "q"))
    page |= {"merchant_id": row["merchant_id"], "mode": "live", "limit": 21}
    span = {"merchant_id": row["merchant_id"], "mode": "live", "to_at": row["created_at"] + timedelta(hours=1)}
    span |= {"from_at": row["created_at"] - timedelta(hours=1)}
    nobody = dict.fromkeys(statements()["payments.INSERT"].names) | money | {"skew": timedelta(minutes=2)}
    nobody |= {"owner_id": 0, "merchant_id": row["merchant_id"], "created_at": row["created_at"], "ref1": "REF30"}
    nobody |= {"payable_satang": row["payable_satang"]}
    many = dict.fromkeys(statements()["batches.INSERT"].names) | {"skew": timedelta(minutes=2), "maker_mode": "live"}
    many |= {name: [row[name]] * 1_000 for name in many if name in row} | {"maker_id": row["merchant_id"]}
    many |= {"ref1": [f"REF{n}" for n in range(1_000)], "payable_satang": [10_000 + n for n in range(1_000)]}
    nothing = dict.fromkeys(statements()["steps.WRITE"].names) | LIVE | {"now": NOW, "accounts": [], "amounts": []}
    candidates = money | {"skew": timedelta(minutes=2), "ref1": None, "owner_id": 0}
    candidates |= {"occurred_at": row["created_at"], "to_at": row["created_at"]}
    known = money | {"merchant_id": 0, "trust": "host", "namespace": "bank:004", "occurred_at": row["created_at"]}
    queue = {"merchant_id": 0, "limit": 51}
    three: dict[str, Any] = {"amounts": [row["payable_satang"]] * 3, "moments": [row["created_at"]] * 3}
    three |= {"digests": [b"x" * 32] * 3, "ref1s": ["REF30"] * 3, "day_onlys": [False] * 3, "places": [0, 1, 2]}
    three |= {name: [row["id"]] * 3 for name in ("credit_ids", "journal_ids", "review_ids")}
    lines = {"merchant_id": 0, "mode": "live", "receiving_id": row["receiving_id"], "source_id": row["id"]} | three
    lines |= {"skew": timedelta(minutes=2), "window": timedelta(minutes=10), "half_day": timedelta(hours=12)}
    lines |= {"balances": [5] * 3, "ref2s": [None] * 3, "left_ids": [], "booked": True}
    claim = {"lease": timedelta(seconds=30), "lease_id": row["id"], "known": [], "rooms": [], "new_room": 8}
    pool = [{"owner": 0, "account": str(row["account_id"]), "exact": True, "exclusive": True, "shared": True}]
    pool = [one | {"receiving": str(row["receiving_id"]), "first": 10_100, "last": 10_199} for one in pool] * 2
    taking = dict.fromkeys(statements()["reservations.TAKE"].names) | {"mode": "live", "payment_id": uuid4()}
    taking |= {"merchant_id": row["merchant_id"], "accounts": json.dumps(pool), "hold": timedelta(hours=1)}
    browser = taking | {"address": md5(str(row["n"] // 20).encode()).digest(), "order_id": "ORDER-none"}
    told = dict.fromkeys(statements()["callbacks.TELL"].names) | {"merchant_id": 9, "mode": "live", "id": row["id"]}
    told |= {"source_id": UUID(row["a_source"]), "digest": sha256(b"7").digest(), "transaction_id": "T7"}
    told |= {"amount_satang": 100, "most_open": 1_000, "most_hourly": 10_000, "most_again": 20}
    return {
        "reservations.TAKE": Hot(taking),
        "reservations.TAKE_FOR_BROWSER": Hot(browser, pages=2 * PAGES),  # 300 slots around a price, scattered.
        "reservations.FORGET": Hot({"limit": 100}, {"seats_over"}),
        "payments.GET": Hot(one, {"payments_pkey payments_by_id"}),
        "payments.GET_BY_ID": Hot({"id": row["id"]}, {"payments_by_id"}),
        "payments.GET_BY_ORDER": Hot({**one, "id": ...} | {"order_id": row["order_id"]}, {"payments_order"}),
        "payments.LIST": Hot(page, {"payments_newest"}),
        "stats.COUNTS": Hot(span | {"step": "day"}, {"payments_newest"}),
        "stats.MEDIAN": Hot(span, {"payments_newest"}),
        "payments.LOCK": Hot(one, {"payments_pkey payments_by_id"}),
        "payments.DUE": Hot({"limit": 100}, {"payments_due"}),
        "payments.CANDIDATES": Hot(
            candidates, {"reservations_amount", "payments_pkey payments_by_id", "merchants_pkey"}
        ),
        "payments.INSERT": Hot(
            nobody, {"credits_unassigned credits_amount", "credits_named", "reservations_reference"}, run=False
        ),
        "batches.GATES": Hot({"owner_ids": [0], "mode": "live", "ids": [row["account_id"]]}),
        "batches.INSERT": Hot(
            many, {"credits_unassigned credits_amount", "credits_named", "reservations_reference"}, run=False
        ),
        "credits.LOCK_SLOT": Hot(money),
        "credits.KNOWN": Hot(
            {**known, "reference": f"T{row['n']}", "window": timedelta(minutes=10)}, {"credit_refs_pkey"}
        ),
        "balances.CHAINED": Hot(
            {"merchant_id": 0, "mode": "live", "receiving_id": row["receiving_id"], "occurred_at": row["created_at"]}
            | {"looked_back": timedelta(days=1), "window": timedelta(minutes=10), "before_satang": 5}
            | {"after_satang": 6},
            {"balance_points_pkey"},
        ),
        "balances.NOTE": Hot(
            {"merchant_id": 0, "mode": "live", "receiving_id": row["receiving_id"], "at": NOW, "balance_satang": 5},
            {"credits_broken"},
            run=False,
        ),
        "credits.GET": Hot({**one, "merchant_id": 0}, {"credits_pkey"}),
        "credits.RECHECK": Hot({"age": timedelta(0), "limit": 50}, {"credits_recheck"}),
        "reviews.LIST_OPEN": Hot(queue, {"reviews_open"}),
        "reviews.LIST_CLOSED": Hot(queue, {"reviews_closed"}),
        "reviews.MONEY_OF": Hot(
            {
                "owner_id": 0,
                "mode": "live",
                "meant": json.dumps([{"paymentId": str(row["id"])}]),
                "reasons": ["ORPHAN"],
            },
            {"reviews_meant"},
        ),
        "reviews.GET": Hot({"merchant_id": 0, "id": row["id"]}, {"reviews_pkey"}),
        "reviews.CANDIDATES": Hot(
            money
            | {"owner_id": 0, "credit_id": row["id"], "occurred_at": row["created_at"], "listed": [row["id"]]}
            | {"around": timedelta(hours=24), "skew": timedelta(minutes=2), "near": 99, "ref1": "REF30"},
            {"reservations_amount", "reservations_reference", "credits_unassigned credits_amount credits_when"},
            pages=2_000,  # Some two hundred amounts are looked up.
        ),
        "audit.WALK": Hot({"merchant_id": 0, "id": 1_000, "limit": 100}, {"audit_log_pkey"}),
        "audit.LIST": Hot({"merchant_id": 0, "limit": 50}, {"audit_log_pkey"}),
        "statements.BETWEEN": Hot(
            {"merchant_id": 0, "mode": "live", "receiving_id": row["receiving_id"], "after_at": row["created_at"]}
            | {"after_id": row["id"], "until_at": row["created_at"] + timedelta(hours=5), "limit": 100},
            {"credits_when credits_amount"},  # This account's rows are few here.
        ),
        "statements.CONFIRM": Hot(lines | {"credit_ids": [row["credit_id"]] * 3}, {"credits_pkey"}, run=False),
        "statements.PARK": Hot(
            lines, {"credits_amount", "reservations_amount", "observations_pkey", "reservations_reference"}, run=False
        ),
        "slips.COUNTS": Hot(of_payment, {"slips_payment slips_once"}),
        "slips.SAME": Hot({**of_payment, "sending_bank": "004", "trans_ref": f"T{row['n']}"}, {"slips_once"}),
        "slips.LATEST": Hot(of_payment, {"slips_payment slips_once"}),
        "slips.OTHERS_VERIFYING": Hot({**of_payment, "id": row["id"]}, {"slips_payment slips_once"}),
        "slips.CLAIM": Hot({"lease": timedelta(seconds=60), "lease_id": row["id"], "limit": 4}, {"slips_due"}),
        "slips.FIND": Hot({"id": row["id"]}, {"slips_by_id"}),
        "slips.USED": Hot(
            {**LIVE, "receiving_id": row["receiving_id"], "namespace": "bank:004", "ref": f"T{row['n']}"},
            {"credit_refs_pkey", "credits_pkey"},
        ),
        "slips.PRUNE": Hot({"age": timedelta(days=365), "limit": 100}, {"slips_kept"}),
        "idempotency.CLAIM_LEASED": Hot(
            {**key, "fingerprint": sha256(b"").digest(), "lease": timedelta(seconds=60)}, run=False
        ),
        "callbacks.TELL": Hot(told, {"bank_hints_once bank_hints_recent"}),
        "callbacks.CLAIM": Hot(
            {"kinds": ["scb"], "lease_id": row["id"], "lease": timedelta(seconds=30), "limit": 4}, {"bank_hints_due"}
        ),
        "callbacks.MOVE": Hot({**one, "state": "OPEN", "detail": "", "pause": timedelta(0)}),
        "steps.WRITE": Hot(nothing, run=False),
        "notices.CONCLUDE": Hot({**one, "merchant_id": 0, "outcome": "PAID"}, {"notices_pkey"}),
        "notices.FORGET": Hot({"age": timedelta(0), "limit": 10}, {"notices_worded", "notices_pkey"}),
        "deliveries.CLAIM": Hot(
            {**claim, "limit": 100, "many_unfinished": 20, "long_lease": timedelta(0)}
            | {"most_unfinished": 200, "most_buried": 200},
            {"deliveries_due"},
        ),
        **webhooks(row),
        **people(row),
        "keys.AUTHENTICATE": Hot(
            {"key_hash": sha256(b"77").digest(), "central_plans": ["free"]},
            {"key_directory_pkey", "api_keys_pkey", "merchants_pkey"},
        ),
        "idempotency.FIND": Hot(key, {"idempotency_keys_pkey"}),
        "idempotency.PRUNE": Hot({"limit": 100}, {"idempotency_expired"}),
    }


def people(row: dict[str, Any]) -> dict[str, Hot]:
    """The statements of logins, asked about somebody of the merchant of *row*."""
    session = {"merchant_id": row["merchant_id"], "id": UUID(row["a_session"])}
    return {
        "sessions.WHO": Hot(session, {"sessions_pkey", "users_pkey"}),
        "sessions.LOCK": Hot(session, {"sessions_pkey"}),
        "sessions.SEEN_AT": Hot({"email": "u7@shop.example", "network": "203.0.113.7"}, {"sessions_of_user"}),
        "sessions.PRUNE": Hot({"keep": timedelta(0), "limit": 100}, {"sessions_over"}),
        "users.BY_EMAIL": Hot({"email": "u7@shop.example"}, {"logins_pkey", "users_pkey"}),
        "throttles.SPEND": Hot(
            {"kind": "address", "key": bytes(16), "every": timedelta(seconds=12), "burst": timedelta(minutes=1)}
        ),
        "throttles.PRUNE": Hot({"limit": 100}, {"throttles_over"}),
    }


def webhooks(row: dict[str, Any]) -> dict[str, Hot]:
    """The statements of webhooks, asked about the merchant of *row*."""
    mine = {"merchant_id": row["merchant_id"], "mode": "live"}
    page = mine | {"limit": 21, "from_at": row["created_at"] - timedelta(days=30)}
    span = mine | {"from_at": row["created_at"] - timedelta(days=1), "to_at": NOW, "limit": 1_000}
    lines = page | {"before_at": NOW}
    told = lines | {"before_id": row["id"], "before_endpoint": row["id"]}
    one = {"merchant_ids": [row["merchant_id"]], "modes": ["live"], "event_ids": [row["id"]]}
    tries = one | {"endpoint_ids": [row["id"]], "lease_ids": [row["id"]], "attempts": [1], "ats": [NOW]}
    tries |= {"statuses": [200], "latencies_ms": [5], "request_headers": [""], "response_headers": [""]}
    tries |= {"response_heads": [""], "errors": [None], "states": ["DELIVERED"], "pauses": [timedelta(0)]}
    tries |= {"disables": [None], "patience": timedelta(days=5), "patience_over": "over"}
    return {
        "attempts.RECORD": Hot(tries, {"deliveries_pkey"}, run=False),
        "event_bodies.FACTS": Hot(one, {"events_pkey", "payments_pkey payments_by_id"}),
        "webhook_log.EVENTS": Hot(page, {"events_newest events_once events_pkey"}),
        "webhook_log.EVENTS_ABOUT": Hot(page | {"subject_id": row["id"]}, {"events_once"}),
        "webhook_log.EVENT": Hot(mine | {"id": row["id"]}, {"events_pkey"}),
        "system_log.REQUESTS": Hot(lines | {"before_id": row["id"]}, {"system_log_newest"}),
        "system_log.ACTS": Hot(lines | {"merchant_id": 0, "before_id": 0}, {"audit_log_newest"}),
        "system_log.EVENTS": Hot(lines | {"before_id": row["id"]}, {"events_newest events_once events_pkey"}),
        "system_log.DELIVERIES": Hot(told, {"deliveries_endpoint", "events_pkey"}),
        "system_log.DELIVERED": Hot(told, {"deliveries_endpoint"}),
        "system_log.FAILING": Hot(told, {"deliveries_due"}),
        "system_log.GIVEN_UP": Hot(told, {"deliveries_dead"}),
        "webhook_log.DELIVERIES": Hot(page, {"deliveries_endpoint", "events_pkey"}),
        "webhook_log.DELIVERIES_DUE": Hot(page, {"deliveries_due"}),
        "webhook_log.DELIVERIES_DEAD": Hot(page, {"deliveries_dead"}),
        "webhook_log.DELIVERIES_OF_EVENT": Hot(page | {"event_id": row["id"]}, {"deliveries_pkey"}),
        "webhook_log.ATTEMPTS": Hot(mine | {"event_ids": [row["id"]], "endpoint_ids": [row["id"]], "most": 50}),
        "redeliveries.ONE": Hot(
            mine | {"event_id": row["id"], "formats": ["paygate"], "spread": True}, {"events_pkey"}
        ),
        "redeliveries.FAILED": Hot(span, {"deliveries_dead"}),
        "redeliveries.SPAN": Hot(span, {"events_newest events_once events_pkey"}),
    }


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)


def faults(plan: dict[str, Any], wanted: set[str], most_pages: int = PAGES) -> list[str]:
    """What is wrong with a plan."""
    nodes = list(walk(plan))
    wrong = [
        f"reads all of {n['Relation Name']}"
        for n in nodes
        if n["Node Type"] == "Seq Scan" and n["Relation Name"] in BIG
    ]
    used = {n["Index Name"] for n in nodes if "Index Name" in n}
    wrong += [f"does not use {index}" for index in sorted(wanted) if not used & set(index.split())]
    # An index that is read from end to end is a scan in disguise.
    unbound = [n for n in nodes if "Index Only Scan" not in n["Node Type"] and n["Node Type"] == "Bitmap Index Scan"]
    wrong += [f"reads all of {n['Index Name']}" for n in unbound if "Index Cond" not in n]
    pages = plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
    return wrong + ([f"touches {pages} pages"] if pages > most_pages else [])


async def with_values(conn: Conn, sql: Sql, asked: Hot) -> dict[str, Any]:
    """The plan for these values, and what it touched; its effects are rolled back."""
    transaction = conn.transaction()
    await transaction.start()
    text, *arguments = sql.bind(**{name: asked.values.get(name) for name in sql.names})
    options = "ANALYZE, BUFFERS, COSTS OFF, FORMAT JSON" if asked.run else "COSTS OFF, FORMAT JSON"
    told = await conn.fetchval(f"EXPLAIN ({options}) {text}", *arguments)
    await transaction.rollback()
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


async def for_any_values(conn: Conn, sql: Sql) -> dict[str, Any]:
    """The plan that is made once and kept."""
    await conn.execute("SET plan_cache_mode = force_generic_plan")
    await conn.execute(f"PREPARE kept AS {sql.text}")
    arguments = f"({', '.join(['NULL'] * len(sql.names))})" if sql.names else ""
    told = await conn.fetchval(f"EXPLAIN (COSTS OFF, FORMAT JSON) EXECUTE kept{arguments}")
    await conn.execute("DEALLOCATE kept")
    await conn.execute("RESET plan_cache_mode")
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


async def a_row(conn: Conn, number: int) -> dict[str, Any]:
    """Payment *number* of the seed."""
    row = await conn.fetchrow("SELECT * FROM payments WHERE order_id = $1", f"ORDER-{number}")
    source_id = await conn.fetchval("SELECT source_id FROM bank_hints WHERE transaction_id = 'T7'")
    session_id = await conn.fetchval("SELECT id FROM sessions WHERE merchant_id = $1 LIMIT 1", row["merchant_id"])
    return dict(row) | {"n": number, "a_source": str(source_id), "a_session": str(session_id)}


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database that no test has used before: what others left would count among the pages."""
    made = databases.clone()
    yield made
    databases.drop(made)


async def test_every_hot_statement_uses_its_index_on_many_rows(dsn: str) -> None:
    conn = await asyncpg.connect(dsn)
    for statement in SEED.strip().removesuffix(";").split(";\n"):
        await conn.execute(statement)  # One by one: a foreign key's check keeps its plan for a whole transaction.
    await conn.execute("ANALYZE")
    wrong: dict[str, list[str]] = {}
    for name, asked in hot(await a_row(conn, 30)).items():
        if name.startswith("reservations.TAKE"):  # Functions read the catalogue when they are first called.
            await with_values(conn, statements()[name], asked)
    for number in (30, 25_003):  # An open payment, and an old paid one.
        for name, asked in hot(await a_row(conn, number)).items():
            sql = statements()[name]
            found = faults(await with_values(conn, sql, asked), asked.indexes, asked.pages)
            found += [f"kept plan {fault}" for fault in faults(await for_any_values(conn, sql), asked.indexes)]
            if found:
                wrong[f"{name} about {number}"] = found
    await conn.close()
    assert not wrong, json.dumps(wrong, indent=2)
