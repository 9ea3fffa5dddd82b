"""`paygate worker`: the background work without HTTP."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from paygate import telemetry, workers
from paygate.cli.output import emit, examples, json_option
from paygate.cli.session import database, load, prepare
from paygate.db.pool import Database
from paygate.settings import Settings


@click.command(epilog=examples("paygate worker", "paygate worker --data /var/lib/paygate"))
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder; before PAYGATE_DATA_DIR.")
@json_option
def worker(data: Path | None, as_json: bool) -> None:
    """Deliver webhooks and watch deadlines until SIGTERM, beside any number of servers and workers."""
    settings = load(data)
    telemetry.configure(settings.log_level)
    with database(settings, watch=True, loud=True) as dsn:
        asyncio.run(_work(settings, dsn, as_json))


async def _work(settings: Settings, dsn: str, as_json: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await prepare(settings, dsn)
    db = await Database.open(dsn, size=settings.db_pool_size)
    ctx = settings.context(db)
    try:
        emit({"working": True}, ["PayGate works in the background. Stop it with Ctrl-C."], as_json=as_json)
        await workers.run(ctx, stop)
    finally:
        await ctx.close()
        await db.close()
