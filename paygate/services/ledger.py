"""Do the books agree with what happened? One consistent look at ledger, payments, credits and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paygate.core import ids
from paygate.db import ledger as rows
from paygate.services.context import Context


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is wrong: what, whose, and the satang (or count) expected and found."""

    what: str
    merchant_id: int
    mode: str
    subject: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the check saw. `balances` are (mode, account, satang), debit positive."""

    balances: tuple[tuple[str, str, int], ...]
    counts: dict[str, int]
    differences: tuple[Difference, ...]

    @property
    def balanced(self) -> bool:
        """Whether nothing is wrong."""
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """For machines; money in satang."""
        return {
            "balanced": self.balanced,
            "counts": self.counts,
            "balances": [
                {"mode": mode, "account": account, "satang": satang} for mode, account, satang in self.balances
            ],
            "differences": [
                {
                    "what": d.what,
                    "merchantId": ids.show_merchant(d.merchant_id),
                    "mode": d.mode,
                    "subject": d.subject,
                    "expected": d.expected,
                    "found": d.found,
                }
                for d in self.differences
            ],
        }


async def check(ctx: Context) -> Report:
    """Sum the whole ledger and compare it with payments, credits and events, all at one moment."""
    async with ctx.db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        totals = await rows.totals(conn)
        found: list[Difference] = []
        for mode in ("live", "test"):
            total = sum(satang for m, _, satang, _ in totals if m == mode)
            if total:
                found.append(Difference("ledger does not sum to zero", 0, mode, "all accounts", 0, total))
        for what, question in rows.QUESTIONS.items():
            for row in await rows.differences(conn, question):
                found.append(Difference(what, **row))
        counts = await rows.counts(conn)
    return Report(tuple((mode, account, satang) for mode, account, satang, _ in totals), counts, tuple(found))
