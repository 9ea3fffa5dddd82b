"""What a merchant's payments of some Bangkok days came to: counts and sums by status, fees, a series by hour or day.

A payment belongs to the day on which it was made, whatever became of it later; so the numbers of a day that is over
still change while its payments do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput
from paygate.core.payments import Status
from paygate.db import balances
from paygate.db import stats as rows
from paygate.db.stats import Count
from paygate.services.context import Context

PERIODS = {"today": 1, "week": 7, "month": 30}
"""Days, today among them."""
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
MOST_DAYS = 92
MOST_DAYS_BY_HOUR = 7
REVERSED = "REVERSED"
STATUSES = (*Status, REVERSED)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which days: from one to another, both in it, or a period that ends today. `step` None: what fits."""

    period: str = "today"
    first: date | None = None
    last: date | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many payments, and what they came to. `payable_satang` is what was booked of them."""

    payments: int = 0
    amount_satang: int = 0
    payable_satang: int = 0
    fee_satang: int = 0
    vat_satang: int = 0
    refunded_satang: int = 0

    @property
    def net_satang(self) -> int:
        """What is left after the fees."""
        return self.payable_satang - self.fee_satang - self.vat_satang

    def plus(self, more: Count) -> Sum:
        """This and *more*."""
        return Sum(*(getattr(self, name) + getattr(more, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Point:
    """An hour or a day: payments that were made in it, and those of them that are paid."""

    at: datetime
    made: int
    paid: Sum


@dataclass(frozen=True, slots=True)
class Stats:
    """The numbers. `success` is the part of the payments that are over which was paid; None when none is over."""

    first: date
    last: date
    step: str
    by_status: dict[str, Sum]
    success: float | None
    median_s: float | None
    series: Sequence[Point]

    @property
    def paid(self) -> Sum:
        """Those that are paid, and whose money the bank did not take back."""
        return self.by_status[Status.PAID]


async def look(ctx: Context, merchant_id: int, mode: str, wish: Wish) -> Stats:
    """The numbers of some days. Raises InvalidInput (from, to, by)."""
    async with ctx.db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        first, last = days(wish, (await balances.clock(conn)).astimezone(BANGKOK).date())
        step = _step(wish.step, (last - first).days + 1)
        from_at, to_at = _begin(first), _begin(last + timedelta(days=1))
        counts = await rows.counts(conn, merchant_id, mode, from_at, to_at, step)
        median_s = await rows.median_s(conn, merchant_id, mode, from_at, to_at)
    by_status = {str(status): _sum(one for one in counts if one.status == status) for status in STATUSES}
    over = sum(found.payments for status, found in by_status.items() if status != Status.PENDING)
    success = by_status[Status.PAID].payments / over if over else None
    return Stats(first, last, step, by_status, success, median_s, _series(counts, from_at, to_at, STEPS[step]))


def days(wish: Wish, today: date) -> tuple[date, date]:
    """The first and the last day that are meant. Raises InvalidInput (from, to)."""
    if wish.first is None and wish.last is None:
        return today - timedelta(days=PERIODS[wish.period] - 1), today
    last = wish.last or today
    first = wish.first or last
    if first > last:
        raise InvalidInput("from must be before to.", field="from")
    if (last - first).days >= MOST_DAYS:
        raise InvalidInput(f"At most {MOST_DAYS} days at once.", field="from")
    return first, last


def _step(wished: str | None, count: int) -> str:
    if wished == "hour" and count > MOST_DAYS_BY_HOUR:
        raise InvalidInput(f"By hour: at most {MOST_DAYS_BY_HOUR} days at once.", field="by")
    return wished or ("hour" if count == 1 else "day")


def _series(counts: Sequence[Count], from_at: datetime, to_at: datetime, step: timedelta) -> list[Point]:
    """One point for each hour or day, also for those in which nothing happened. Bangkok has no summer time."""
    found: dict[datetime, list[Count]] = {}
    for one in counts:
        found.setdefault(one.at, []).append(one)
    places = [from_at + step * place for place in range((to_at - from_at) // step)]
    return [
        Point(
            at,
            sum(one.payments for one in found.get(at, ())),
            _sum(one for one in found.get(at, ()) if one.status == Status.PAID),
        )
        for at in places
    ]


def _sum(counts: Iterable[Count]) -> Sum:
    total = Sum()
    for one in counts:
        total = total.plus(one)
    return total


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), BANGKOK).astimezone(UTC)
