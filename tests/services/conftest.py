"""What tests of services share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from paygate.db.pool import Database
from paygate.services.context import Context


@pytest.fixture
async def crowd(ctx: Context, dsn: str) -> AsyncIterator[Context]:
    """The database of `ctx` with twenty connections."""
    db = await Database.open(dsn, size=20)
    yield Context(db, ctx.key, ctx.public_url)
    await db.close()
