"""Lists: filters, pages that hold still while payments arrive, CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from tests.faces.conftest import Gateway

LIST = "/api/v1/transactions"


async def listed(gateway: Gateway, query: str = "") -> list[str]:
    answer = await gateway.ask("GET", f"{LIST}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["orderId"] for one in answer.json()["transactions"]]


async def put_at(gateway: Gateway, order_id: str, at: str) -> None:
    """Let a payment have been made at another moment."""
    async with gateway.ctx.db.connection() as conn:
        await conn.execute(
            "UPDATE payments SET created_at = $1::timestamptz, expires_at = $1::timestamptz + interval '15 minutes'"
            " WHERE order_id = $2",
            datetime.fromisoformat(at),
            order_id,
        )


async def test_pages_follow_each_other_without_gap_or_repeat_while_payments_arrive(gateway: Gateway) -> None:
    for number in range(7):
        await gateway.create(orderId=f"A{number}")
    seen, cursor = [], ""
    while True:
        page = (await gateway.ask("GET", f"{LIST}?limit=3{cursor}")).json()
        seen += [one["orderId"] for one in page["transactions"]]
        await gateway.create(orderId="LATER")
        assert page["hasMore"] == (page["nextCursor"] is not None)
        if not page["hasMore"]:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == [f"A{number}" for number in range(6, -1, -1)]


async def test_a_listed_payment_looks_like_a_read_one(gateway: Gateway) -> None:
    made = await gateway.create(orderId="A", metadata={"a": [1]})
    read = (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).json()["transaction"]
    assert (await gateway.ask("GET", LIST)).json() == {"transactions": [read], "hasMore": False, "nextCursor": None}


async def test_filters_by_status_order_and_words(gateway: Gateway) -> None:
    first = await gateway.create(orderId="RED-1", description="กาแฟเย็น")
    await gateway.create(orderId="blue-2")
    await gateway.ask("POST", f"/api/v1/payment/{first['id']}/cancel")
    assert await listed(gateway, "status=CANCELLED") == await listed(gateway, "status=cancelled") == ["RED-1"]
    assert await listed(gateway, "status=PENDING") == ["blue-2"]
    assert await listed(gateway, "status=PAID") == []
    assert await listed(gateway, "orderId=blue-2") == ["blue-2"]
    assert await listed(gateway, "q=red") == await listed(gateway, "q=กาแฟ") == ["RED-1"]
    assert await listed(gateway, f"q={first['id']}") == ["RED-1"]
    assert await listed(gateway, "q=%25") == await listed(gateway, "q=_") == []
    assert await listed(gateway, "status=&q=&limit=&cursor=") == ["blue-2", "RED-1"]


async def test_an_overdue_payment_is_listed_as_expired(gateway: Gateway) -> None:
    await gateway.create(orderId="OLD")
    await put_at(gateway, "OLD", (datetime.now(UTC) - timedelta(hours=1)).isoformat())
    assert await listed(gateway, "status=EXPIRED") == ["OLD"] and await listed(gateway, "status=PENDING") == []


async def test_days_are_bangkok_days_and_the_last_one_counts(gateway: Gateway) -> None:
    for order_id, at in (
        ("BEFORE", "2026-11-18T16:59:59.999999+00:00"),
        ("FIRST", "2026-11-18T17:00:00+00:00"),
        ("LAST", "2026-11-20T16:59:59.999999+00:00"),
        ("AFTER", "2026-11-20T17:00:00+00:00"),
    ):
        await gateway.create(orderId=order_id)
        await put_at(gateway, order_id, at)
    assert await listed(gateway, "from=2026-11-19&to=2026-11-20") == ["LAST", "FIRST"]
    assert await listed(gateway, "to=2026-11-18") == ["BEFORE"]
    instants = "from=2026-11-19T00:00:00%2B07:00&to=2026-11-20T17:00:00Z"
    assert await listed(gateway, instants) == ["LAST", "FIRST"]
    assert await listed(gateway, "from=2026-11-21T00:00:00+07:00") == ["AFTER"]  # Nobody escaped the plus.


async def test_every_bad_filter_is_refused_by_its_name(gateway: Gateway) -> None:
    cursor = "A" * 32
    bad = {
        "limit": ["0", "101", "-1", "x", "1.5", "1000", "๑"],
        "status": ["PAYED", "PENDING,PAID", "*"],
        "from": ["yesterday", "2026-13-01", "2026-02-30", "2026-11-20T10:00:00", "20261120", "9999-99-99"],
        "to": ["x", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00", "0001-01-01", "%00"],
        "cursor": ["x", cursor[:-1], cursor + "A", "_" * 32, "*" * 32, cursor + "%0a"],
        "orderId": ["x" * 129, "a%00"],
        "q": ["x" * 129, "%00"],
    }
    for name, values in bad.items():
        for value in values:
            answer = await gateway.ask("GET", f"{LIST}?{name}={value}")
            found = (answer.status_code, answer.json().get("field"))
            assert found == (400, name), (name, value, answer.text)


async def test_csv_holds_every_row_and_no_formula(gateway: Gateway) -> None:
    orders = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", 'a "b", c', "ปกติ", "A"]
    for order_id in orders:
        await gateway.create(orderId=order_id, description="=cmd|' /C calc'!A0", amount=147.5)
    answer = await gateway.ask("GET", f"{LIST}?limit=1", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [row["orderId"].removeprefix("'") for row in rows] == orders[::-1]
    assert [row["orderId"] for row in rows[3:]] == ["'＝1", "'@SUM(A1)", "'-1", "'+1", "'=1+1"]
    assert {row["description"] for row in rows} == {"'=cmd|' /C calc'!A0"}
    assert {(row["amount"], row["fee"], row["status"], row["paidAt"]) for row in rows} == {
        ("147.5", "4.43", "PENDING", "")
    }


async def test_csv_goes_on_over_many_pages_and_filters(gateway: Gateway) -> None:
    await gateway.create(orderId="A")
    async with gateway.ctx.db.connection() as conn:
        columns = await conn.fetchval(
            "SELECT string_agg(column_name, ',') FROM information_schema.columns"
            " WHERE table_name = 'payments' AND column_name NOT IN ('id', 'order_id')"
        )
        # All of one moment, so that only the id tells them apart.
        await conn.execute(
            f"INSERT INTO payments (id, order_id, {columns})"
            f" SELECT gen_random_uuid(), 'B' || n, {columns} FROM payments, generate_series(1, 1200) n"
        )
    answer = await gateway.ask("GET", LIST, headers={"Accept": "application/json;q=0.5, text/csv"})
    ids = [row["id"] for row in csv.DictReader(io.StringIO(answer.text))]
    assert len(ids) == len(set(ids)) == 1201
    few = await gateway.ask("GET", f"{LIST}?orderId=B7", headers={"Accept": "text/csv"})
    assert len(few.text.splitlines()) == 2
