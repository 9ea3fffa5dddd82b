"""A worker process: `python -m tests.workers.a_worker DSN`, until SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from ipaddress import ip_network

from paygate import workers
from paygate.core.sealing import SealingKey
from paygate.db.pool import Database
from paygate.services import alert_channels
from paygate.services.context import Context
from tests.servers import SECRET_KEY


async def main(dsn: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    db = await Database.open(dsn)
    key = SealingKey.of(SECRET_KEY)
    ctx = Context(db, key, "http://127.0.0.1:8000", webhook_allow_networks=(ip_network("127.0.0.0/8"),))
    ctx.alerts = alert_channels.choose(os.environ).channels
    await workers.run(ctx, stop)
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
