"""Statements of a shop's account for tests: rows as a bank would print them, compared as the command line does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from paygate.core.credits import BANGKOK
from paygate.core.money import show
from paygate.core.statement_reports import Finding, Report
from paygate.services import reconcile, statement_files
from paygate.services.context import Context
from tests.services.helpers import PRICE, Shop, now, sql


@dataclass(frozen=True)
class Row:
    """One line of a statement. *at* None: the day of *day* alone."""

    at: datetime | None
    satang: int = PRICE
    balance: int | None = None
    text: str = "Transfer in"
    reference: str = ""
    ref1: str = ""
    day: datetime | None = None

    def cells(self) -> str:
        """As the bank prints it, to the second."""
        moment = (self.at or self.day or now()).astimezone(BANGKOK)
        clock = moment.strftime("%H:%M:%S") if self.at else ""
        balance = "" if self.balance is None else f'"{show(self.balance)}"'
        money = f'"{show(self.satang)}",' if self.satang > 0 else f',"{show(-self.satang)}"'
        return f"{moment:%d/%m/%Y},{clock},{self.text},{money},{balance},{self.reference},{self.ref1}"


def sheet(*rows: Row, period: tuple[datetime, datetime] | None = None) -> bytes:
    """A statement of these rows."""
    title = (
        "" if period is None else "Period,{:%d/%m/%Y} - {:%d/%m/%Y}\n".format(*(d.astimezone(BANGKOK) for d in period))
    )
    head = "Date,Time,Description,Deposit,Withdrawal,Balance,Reference,Ref 1\n"
    return (title + head + "\n".join(row.cells() for row in rows) + "\n").encode()


async def compare(ctx: Context, shop: Shop, *rows: Row, raw: bytes | None = None, **more: Any) -> Report:
    """Compare a statement of the shop's account."""
    about = await reconcile.subject(ctx, shop.account.id)
    period = more.pop("period", None)
    return await statement_files.run(ctx, about, raw or sheet(*rows, period=period), name="test.csv", **more)


def counts(report: Report) -> dict[str, int]:
    """How many rows there are of each finding that there is."""
    return {finding.value: len(report.of(finding)) for finding in Finding if report.of(finding)}


async def everything(ctx: Context) -> dict[str, list[Any]]:
    """All rows that comparing may change; equal before and after what changes nothing."""
    found = {}
    for table in ("payments", "credits", "observations", "journals", "entries", "reviews", "events", "deliveries"):
        rows = await sql(ctx, f"SELECT t::text AS row FROM {table} t ORDER BY 1")
        found[table] = [row["row"] for row in rows]
    return found


def ago(minutes: float) -> datetime:
    """So many minutes ago, to the second."""
    return (now() - timedelta(minutes=minutes)).replace(microsecond=0)
