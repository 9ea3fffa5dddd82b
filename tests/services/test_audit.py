"""The audit log in the database: written with the act, without gaps, and no byte of it changes unseen."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paygate import telemetry
from paygate.core.errors import Conflict, NotFound
from paygate.core.sealing import SealingKey
from paygate.db.pool import Conn
from paygate.services import accounts, audit, endpoints, keys, merchants, sources, users
from paygate.services.audit import Actor
from paygate.services.context import Context
from tests.services.helpers import sql
from tests.worlds import make_world

MERCHANT = 41
COLUMNS = (
    *("merchant_id", "id", "at", "actor", "action", "subject", "before", "after", "address", "prev_hash", "hash"),
    *("request_id", "credential"),
)
HERE = Actor("cli", ip_address("10.0.0.1"), "sk_live_...a1b2")


async def note(ctx: Context, merchant_id: int = MERCHANT, **facts: Any) -> None:
    """One row in a transaction of its own."""
    values: dict[str, Any] = {"actor": "cli", "action": "shop.open", "subject": "shop:1"} | facts
    await ctx.db.transaction(lambda conn: audit.append(conn, ctx, merchant_id=merchant_id, **values))


async def tamper(ctx: Context, *statements: str) -> None:
    """What somebody does who owns the database."""
    async with ctx.db.connection() as conn, conn.transaction():
        await conn.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        for statement in statements:
            await conn.execute(statement)
        await conn.execute("ALTER TABLE audit_log ENABLE TRIGGER USER")


async def faults(ctx: Context) -> list[tuple[int, int | None]]:
    return [(fault.merchant_id, fault.row) for fault in (await audit.verify(ctx)).faults]


async def test_rows_are_numbered_without_gaps_whoever_writes_at_once(ctx: Context, crowd: Context) -> None:
    await asyncio.gather(*(note(crowd, MERCHANT + n % 2, after={"n": n}) for n in range(60)))
    rows = await sql(ctx, "SELECT merchant_id, array_agg(id ORDER BY id) AS ids FROM audit_log GROUP BY 1")
    assert {row["merchant_id"]: row["ids"] for row in rows} == {m: list(range(1, 31)) for m in (MERCHANT, MERCHANT + 1)}
    report = await audit.verify(ctx)
    assert (report.whole, report.rows) == (True, 60)
    assert [(head.merchant_id, head.last_id) for head in report.heads] == [(MERCHANT, 30), (MERCHANT + 1, 30)]


async def test_a_row_belongs_to_the_transaction_of_its_act(ctx: Context) -> None:
    async def work(conn: Conn) -> None:
        await audit.append(conn, ctx, merchant_id=MERCHANT, actor="cli", action="a", subject="s")
        raise Conflict()

    with pytest.raises(Conflict):
        await ctx.db.transaction(work)
    await note(ctx)
    assert [row["id"] for row in await sql(ctx, "SELECT id FROM audit_log")] == [1]
    assert (await audit.verify(ctx)).whole


async def test_every_kind_of_value_comes_back_as_it_was_hashed(ctx: Context) -> None:
    for address in (None, "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"):
        await note(
            ctx,
            subject="ร้านกาแฟ ☕",
            before={"b": None, "a": [1, -(2**70), True, {"z": "ก", "aa": ""}], "": "\u2028\\\"'"},
            after={},
            actor=Actor("cli", address and ip_address(address)),
        )
    assert (await audit.verify(ctx)).whole
    [row] = await audit.list_records(ctx, MERCHANT, limit=1)
    assert str(row.record.address) == "10.0.0.1"


async def test_the_log_is_read_in_pages_with_progress(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE_ROWS", 3)
    for number in range(10):
        await note(ctx, MERCHANT + number // 5)
    told: list[tuple[int, int]] = []
    report = await audit.verify(ctx, lambda done, total: told.append((done, total)))
    assert report.whole and told == [(3, 10), (6, 10), (9, 10), (10, 10)]
    numbers = [row.record.id for row in await audit.list_records(ctx, MERCHANT, before_id=4, limit=2)]
    assert numbers == [3, 2]


async def test_the_database_refuses_to_change_the_log(ctx: Context) -> None:
    await note(ctx)
    for statement in ("UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql(ctx, statement)


async def test_rows_of_before_the_request_and_the_key_had_columns_are_whole_and_no_column_is_filled_in_later(
    ctx: Context,
) -> None:
    await note(ctx, after={"requestId": "req_1"})
    telemetry.bind(request_id="req_2")
    await note(ctx, actor=HERE)
    telemetry.clear()
    await note(ctx)
    found = [(one.record.request_id, one.record.credential) for one in await audit.list_records(ctx, MERCHANT)]
    assert found == [(None, None), ("req_2", "sk_live_...a1b2"), (None, None)]
    assert (await audit.verify(ctx)).whole
    await tamper(ctx, "UPDATE audit_log SET request_id = 'req_1', after = NULL WHERE id = 1")
    await tamper(ctx, "UPDATE audit_log SET credential = NULL WHERE id = 2")
    assert await faults(ctx) == [(MERCHANT, 1), (MERCHANT, 2)]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM audit_log WHERE id = 2", [(MERCHANT, 3)]),
        ("DELETE FROM audit_log WHERE id = 1", [(MERCHANT, 2)]),
        ("DELETE FROM audit_log WHERE id = 3", [(MERCHANT, None)]),
        ("DELETE FROM audit_log", [(MERCHANT, None)]),
        ("DELETE FROM audit_heads", [(MERCHANT, None)]),
        ("UPDATE audit_log SET before = 'null' WHERE id = 2", [(MERCHANT, 2)]),
        ("UPDATE audit_log SET after = '{\"n\": 2.0}' WHERE id = 2", [(MERCHANT, 2)]),
        ("UPDATE audit_log SET at = 'infinity' WHERE id = 2", [(MERCHANT, 2)]),
        ("UPDATE audit_log SET at = '20000-01-01' WHERE id = 2", [(MERCHANT, 2)]),
        ("UPDATE audit_log SET address = '10.0.0.1/24' WHERE id = 2", [(MERCHANT, 2)]),
        ("UPDATE audit_log SET merchant_id = -1 WHERE id = 3", [(-1, 3), (-1, 3), (-1, None), (MERCHANT, None)]),
        ("UPDATE audit_log SET id = -9 WHERE id = 1", [(MERCHANT, -9), (MERCHANT, -9), (MERCHANT, 2)]),
        ("UPDATE audit_heads SET last_id = 9", [(MERCHANT, None), (MERCHANT, None)]),
        (
            "WITH gone AS (DELETE FROM audit_log WHERE id = 3) UPDATE audit_heads SET last_id = 2,"
            " last_hash = (SELECT hash FROM audit_log WHERE id = 2)",
            [(MERCHANT, None)],
        ),
    ],
)
async def test_what_an_owner_of_the_database_changes_is_found(
    ctx: Context, change: str, found: list[tuple[int, int | None]]
) -> None:
    for number in range(1, 4):
        await note(ctx, after={"n": number}, actor=HERE)
    await tamper(ctx, change)
    assert await faults(ctx) == found


async def test_a_log_of_another_installation_is_not_ours(ctx: Context) -> None:
    await note(ctx)
    other = Context(ctx.db, SealingKey.of("another secret of more than 32 characters"), ctx.public_url)
    assert await faults(other) == [(MERCHANT, None)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(COLUMNS), st.integers(1, 3), st.integers(0, 2**20))
def test_any_byte_flipped_in_any_column_is_found(dsn: str, column: str, row: int, place: int) -> None:
    asyncio.run(flip(dsn, column, row, place))


async def flip(dsn: str, column: str, row: int, place: int) -> None:
    """Flip one bit of one column's binary form; the database takes it, or it cannot be done at all."""
    conn = await asyncpg.connect(dsn)
    ctx = Context(One(conn), SealingKey.of("a" * 32), "http://x")  # type: ignore[arg-type]
    transaction = conn.transaction()
    await transaction.start()
    try:
        telemetry.bind(request_id="req_1")
        for number in range(1, 4):
            facts = {"before": {"a": "ข" * number}, "after": {"n": number}}
            await audit.append(conn, ctx, merchant_id=MERCHANT, actor=HERE, action="a", subject="s", **facts)  # type: ignore[arg-type]
        kind = {"before": "jsonb", "after": "jsonb", "address": "inet", "at": "timestamptz"}.get(column)
        kind = kind or ("bigint" if column in {"id", "merchant_id"} else "bytea" if column.endswith("hash") else "text")
        text = await conn.fetchval(f"SELECT {column}::text FROM audit_log WHERE id = {row}")
        assert (await audit.verify(ctx)).whole
        if kind == "bigint":
            new = str(int(text) ^ 1 << place % 63)
        elif kind == "bytea":
            old = bytes.fromhex(text[2:])
            bit = place % max(8 * len(old), 1)
            new = "\\x" + (bytes(b ^ (1 << bit % 8) * (i == bit // 8) for i, b in enumerate(old)) or b"\0").hex()
        else:
            raw = bytearray(text.encode())
            raw[place // 7 % len(raw)] ^= 1 << place % 7
            new = raw.decode(errors="replace")
        await conn.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        same = f"SELECT {column} IS NOT DISTINCT FROM $1::text::{kind} FROM audit_log WHERE id = {row}"
        try:
            async with conn.transaction():
                if await conn.fetchval(same, new):
                    return  # Another spelling of the same value.
                await conn.execute(f"UPDATE audit_log SET {column} = $1::text::{kind} WHERE id = {row}", new)
        except asyncpg.PostgresError:
            return  # No value of this column.
        assert not (await audit.verify(ctx)).whole, (column, text, new)
    finally:
        await transaction.rollback()
        await conn.close()


class One:
    """A database of one connection, inside a transaction."""

    def __init__(self, conn: Any) -> None:
        self.conn = conn

    def connection(self) -> Any:
        return self

    async def __aenter__(self) -> Any:
        return Inside(self.conn)

    async def __aexit__(self, *_: object) -> None:
        return None


class Inside:
    """A connection whose transactions are savepoints, whatever isolation they ask for."""

    def __init__(self, conn: Any) -> None:
        self.conn = conn

    def transaction(self, **_: Any) -> Any:
        return self.conn.transaction()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.conn, name)


# ---------------------------------------------------------------------------------------------- the acts


async def test_every_act_on_the_command_line_leaves_its_row(ctx: Context) -> None:
    world = await make_world(ctx, plan="pro", hook="http://127.0.0.1:9/hook?token=hush")
    key = await keys.create(ctx, merchant_id=world.merchant_id, kind="secret", mode="live")
    await keys.revoke(ctx, key.id)
    await merchants.suspend(ctx, world.merchant_id, "why")
    await merchants.approve(ctx, world.merchant_id, actor="user:usr_1")
    await accounts.retire(ctx, world.account_id)
    await users.create_admin(ctx, email="a@b.co", password="correct horse")
    central = [r.record.action for r in reversed(await audit.list_records(ctx, 0))]
    assert central == ["account.add", "source.add", "account.retire", "admin.create"]
    theirs = list(reversed(await audit.list_records(ctx, world.merchant_id)))
    assert [(r.record.actor, r.record.action) for r in theirs] == [
        ("cli", "merchant.create"),
        ("cli", "webhook.add"),
        ("cli", "key.create"),
        ("cli", "key.revoke"),
        ("cli", "merchant.suspend"),
        ("user:usr_1", "merchant.approve"),
    ]
    assert (theirs[-1].record.before, theirs[-1].record.after) == (
        '{"status": "SUSPENDED"}',
        '{"status": "APPROVED"}',
    )
    assert theirs[2].record.subject == theirs[3].record.subject
    assert (await audit.verify(ctx)).whole
    log = "\n".join(row["t"] for row in await sql(ctx, "SELECT a::text AS t FROM audit_log a"))
    for secret in (world.secret_key, key.text, world.source_secret, world.endpoint_secret, "correct horse", "hush"):
        assert secret not in log and secret[-12:] not in log


async def test_what_failed_leaves_no_row(ctx: Context) -> None:
    await make_world(ctx)
    before = await sql(ctx, "SELECT count(*) AS n FROM audit_log")
    for refused in (
        merchants.create(ctx, email="shop@example.com", name="Shop", plan="free"),
        merchants.approve(ctx, 12345),
        keys.revoke(ctx, ctx.new_id()),
        accounts.retire(ctx, ctx.new_id()),
        sources.add(ctx, account_id=ctx.new_id(), kind="generic"),
        endpoints.add(ctx, merchant_id=12345, url="http://127.0.0.1:9/hook"),
    ):
        with pytest.raises((Conflict, NotFound)):
            await refused
    assert await sql(ctx, "SELECT count(*) AS n FROM audit_log") == before
