"""The days on which banks rest: those that come along, and those that the operator adds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from paygate.core import calendar
from paygate.services.context import Context

FILE = "bank_holidays.txt"


@cache
def known() -> dict[date, str]:
    """The holidays that come along, each with its name."""
    return calendar.read_holidays(files("paygate.services").joinpath(FILE).read_text(encoding="utf-8"))


def of(ctx: Context) -> Collection[date]:
    """All holidays of this installation."""
    return known().keys() | ctx.settlements.more_holidays


def promised_on(ctx: Context, asked_at: datetime) -> date:
    """When a settlement that is asked for at *asked_at* shall be paid."""
    return calendar.promised_on(asked_at, ctx.settlements.cutoff, of(ctx))
