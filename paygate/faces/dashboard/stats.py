"""Numbers about one's payments."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields
from paygate.core import shapes as declare
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.money import baht
from paygate.core.people import May
from paygate.core.shapes import Field, Shape
from paygate.faces.dashboard import stats_answers as answers
from paygate.services import stats
from paygate.services.stats import PERIODS, STEPS, Stats, Sum, Wish

YEARS = range(2000, 3000)


def _day(name: str, about: str) -> Field[date | None]:
    def read(given: Fields) -> date | None:
        text = given.get(name)
        if text is None:
            return None
        found = fields.read_day(str(text))
        day = None if found is None else (found + timedelta(hours=12)).astimezone(BANGKOK).date()
        if day is None or day.year not in YEARS:
            raise InvalidInput(f"{name} must be a day in Bangkok, like 2026-11-20.", field=name)
        return day

    values = {"type": "string", "minLength": 10, "maxLength": 10, "pattern": "^2[0-9]{3}-[0-9]{2}-[0-9]{2}$"}
    return declare.custom(name, read, values, about, example="2026-11-20")


PERIOD = declare.choice(
    "period", tuple(PERIODS), "Days that end with today; `from` and `to` go before it.", example="week"
)
FROM = _day("from", "The first day.")
TO = _day("to", "The last day; today, unless it is said.")
BY = declare.choice("by", tuple(STEPS), "Of the series; without it, what fits.", example="day")
QUERY = Shape("StatsQuery", "Which days.", (PERIOD, FROM, TO, BY))


async def look(request: Request) -> Response:
    """GET /api/stats: `period` (today, week, month) or `from` and `to`, `by` (hour, day), `mode`."""
    who, query = await wire.principal(request, May.SEE_PAYMENTS), wire.query(request)
    wish = Wish(PERIOD.read(query) or "today", FROM.read(query), TO.read(query), BY.read(query))
    found = await stats.look(wire.context(request), who.merchant_id, who.mode, wish)
    return wire.json_answer(shape(found, who.mode))


def shape(found: Stats, mode: str) -> answers.Stats:
    """The numbers as they are sent."""
    paid = found.paid
    return answers.Stats(
        mode=mode,
        from_=found.first.isoformat(),
        to=found.last.isoformat(),
        by=found.step,
        payments=sum(one.payments for one in found.by_status.values()),
        byStatus={status: answers.Counted(one.payments, baht(one.amount_satang)) for status, one in _some(found)},
        successRate=None if found.success is None else round(found.success, 4),
        received=baht(paid.payable_satang),
        fees=baht(paid.fee_satang),
        vat=baht(paid.vat_satang),
        net=baht(paid.net_satang),
        refunded=baht(paid.refunded_satang),
        medianSecondsToPay=None if found.median_s is None else round(found.median_s, 1),
        series=[
            answers.Point(
                at=timestamp(point.at),
                payments=point.made,
                paid=point.paid.payments,
                received=baht(point.paid.payable_satang),
                fees=baht(point.paid.fee_satang + point.paid.vat_satang),
                net=baht(point.paid.net_satang),
            )
            for point in found.series
        ],
    )


def _some(found: Stats) -> list[tuple[str, Sum]]:
    return sorted(found.by_status.items())
