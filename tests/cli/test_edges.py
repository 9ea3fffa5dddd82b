"""What surrounds a server: nonsense on its port, its own address as a webhook, databases and folders of no use."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx2
import pytest

from paygate.core.errors import NotFound
from paygate.db.migrate import MigrationRefused, migrate
from paygate.services import accounts, endpoints, sources
from paygate.services.context import Context
from tests.postgres import Databases, named
from tests.servers import Server
from tests.worlds import World, make_world

PATIENCE_S = 20.0


@pytest.mark.parametrize("nonsense", [b"NONSENSE\r\n\r\n", "GET /api/v1/payment/order/ร้าน HTTP/1.1\r\n\r\n".encode()])
async def test_what_is_not_http_is_refused_in_the_apis_shape(server: Callable[..., Server], nonsense: bytes) -> None:
    running = server("--no-worker")
    with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE_S) as plug:
        plug.sendall(nonsense)
        head, _, body = b"".join(iter(lambda: plug.recv(65536), b"")).partition(b"\r\n\r\n")
    answer = json.loads(body)
    assert head.startswith(b"HTTP/1.1 400 ") and answer["error"] == "INVALID_REQUEST"
    assert f"request-id: {answer['requestId']}".encode() in head


async def test_no_webhook_goes_to_the_servers_own_port(ctx: Context, server: Callable[..., Server], dsn: str) -> None:
    running = server(env={"PAYGATE_PUBLIC_URL": "https://pay.example.com"})
    world = await make_world(ctx)
    await endpoints.add(ctx, merchant_id=world.merchant_id, url=f"{running.base}/api/bank/src_self")
    headers = {"X-API-Key": world.secret_key}
    made = httpx2.post(f"{running.base}/api/v1/payment/create", json={"amount": 1}, headers=headers, trust_env=False)
    assert made.status_code == 201
    conn, deadline, error = await asyncpg.connect(dsn), time.monotonic() + PATIENCE_S, None
    while error is None and time.monotonic() < deadline:
        error = await conn.fetchval("SELECT error FROM attempts")
    await conn.close()
    assert error is not None and "this gateway" in error


def test_a_body_that_announces_too_much_is_refused_before_it_comes(server: Callable[..., Server]) -> None:
    running = server("--no-worker")
    with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE_S) as plug:
        plug.sendall(b"POST /api/bank/src_x HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n{")
        assert plug.recv(65536).startswith(b"HTTP/1.1 413 ")


async def test_a_request_that_outlasts_the_stop_is_told_so_in_its_faces_shape(
    server: Callable[..., Server], ctx: Context, world: World
) -> None:
    running = server("--no-worker")
    request = f"POST /api/bank/{world.source} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}"
    async with ctx.db.connection() as held, held.transaction():
        await held.execute("LOCK TABLE sources IN ACCESS EXCLUSIVE MODE")  # Whoever asks for a source waits.
        with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE_S + 20) as plug:
            plug.sendall(request.encode())
            async with asyncio.timeout(PATIENCE_S):
                while not await held.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    await asyncio.sleep(0.01)
            running.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
            answer = await asyncio.to_thread(lambda: b"".join(iter(lambda: plug.recv(65536), b"")))
    assert answer.startswith(b"HTTP/1.1 503 ") and b'"received":false' in answer


async def test_a_database_that_cannot_hold_thai_is_refused(databases: Databases) -> None:
    empty = databases.create_empty()
    admin = await asyncpg.connect(empty)
    name = f"latin_{os.getpid()}"
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'")
    await admin.close()
    with pytest.raises(MigrationRefused, match="LATIN1"):
        await migrate(named(empty, name))
    databases.drop(named(empty, name))
    databases.drop(empty)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write to, as /proc is")
def test_a_data_folder_that_cannot_be_used_is_one_clear_line() -> None:
    env = {**os.environ, "PAYGATE_DATA_DIR": "/proc/paygate-data", "PAYGATE_SECRET_KEY": "x" * 40}
    env.pop("PAYGATE_DATABASE_URL", None)
    command = [sys.executable, "-m", "paygate", "ledger", "check"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr and "/proc/paygate-data" in done.stderr, done.stderr


async def test_a_retired_account_takes_no_new_payments_until_it_is_added_again(ctx: Context, world: World) -> None:
    await accounts.retire(ctx, world.account_id)
    assert await accounts.list_accounts(ctx, 0) == [a for a in await accounts.list_accounts(ctx, 0) if a.mode == "test"]
    with pytest.raises(NotFound):
        await accounts.retire(ctx, world.account_id)
    again = await accounts.add(
        ctx, owner=0, promptpay="0812345678", bank="014", number="4061234567", name="Again", amount_tagging="off"
    )
    assert again.receiving_id == world.receiving_id


async def test_an_account_without_a_source_is_used_only_when_there_is_no_other(
    ctx: Context, server: Callable[..., Server]
) -> None:
    world = await make_world(ctx, tagging="auto")
    silent = await accounts.add(
        ctx, owner=0, promptpay="0898765432", bank="004", number="1112223334", name="Nobody listens"
    )
    running = server("--no-worker")
    headers = {"X-API-Key": world.secret_key}

    def payees() -> set[str]:
        found = set()
        for _ in range(8):
            answer = httpx2.post(
                f"{running.base}/api/v1/payment/create", json={"amount": 50}, headers=headers, trust_env=False
            )
            found.add(answer.json()["transaction"]["qrPayload"][40:53])
        return found

    assert payees() == {"0066812345678"}
    await sources.add(ctx, account_id=silent.id, kind="generic")
    assert payees() == {"0066898765432"}  # Now it has the fewer.
    assert payees() == {"0066812345678", "0066898765432"}
