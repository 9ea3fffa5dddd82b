"""Statements: a merchant's month with opening and closing balance, equal to the ledger to the satang.

A booking belongs to the Bangkok month in which its money moved. So the closing balance of a month is the opening one of
the next at every moment; news that comes late changes a month that is over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from paygate.core import ids
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput, NotFound
from paygate.db import merchants
from paygate.db import monthly as rows
from paygate.db.monthly import Line, Sums
from paygate.services.context import Context

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """A statement. `kinds`: what changed, by kind of booking: how many, and by how much."""

    merchant_id: int
    mode: str
    month: date
    opening: Sums
    closing: Sums
    kinds: Mapping[str, tuple[int, Sums]]


def read_month(text: str) -> date:
    """`2026-11` as its first day. Raises InvalidInput (month)."""
    match = MONTH.fullmatch(text)
    if match is None or not 2000 <= int(match[1]) <= 2999:
        raise InvalidInput("The month is like 2026-11.", field="month")
    return date(int(match[1]), int(match[2]), 1)


def span(month: date) -> tuple[datetime, datetime]:
    """The moments between which *month* is, in Bangkok."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    begin, end = (datetime(day.year, day.month, 1, tzinfo=BANGKOK).astimezone(UTC) for day in (month, after))
    return begin, end


async def statement(
    ctx: Context, merchant_id: int, mode: str, month: date, each: Callable[[Line], None] | None = None
) -> Month:
    """The merchant's month, all at one moment; *each* is told every booking in order. Raises NotFound (merchant)."""
    begin, end = span(month)
    async with ctx.db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        if await merchants.get(conn, merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        opening = await rows.before(conn, merchant_id, mode, begin)
        closing = await rows.before(conn, merchant_id, mode, end)
        kinds = await rows.kinds(conn, merchant_id, mode, begin, end)
        if each is not None:
            async for line in rows.lines(conn, merchant_id, mode, begin, end):
                each(line)
    return Month(merchant_id, mode, month, opening, closing, kinds)
