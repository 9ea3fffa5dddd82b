"""What comparing a statement with our credits found: rows for people and programs, without names or texts of payers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from paygate.core import canonical, ids
from paygate.core.credits import BANGKOK
from paygate.core.money import baht
from paygate.core.reconcile import Cover, Entry, Known
from paygate.core.statements import Direction, Statement


class Finding(StrEnum):
    """What a row is about."""

    MATCHED = "matched"  # The line is a credit that paid a payment.
    WITHOUT_PAYMENT = "withoutPayment"  # The money is there, and pays nothing yet.
    NEVER_HEARD = "neverHeard"  # Only the statement knows of it (a dry run leaves it at that).
    MISSING = "missing"  # We have a credit, the statement does not: possible fake evidence.
    DIFFERS = "amountDiffers"  # One reference or balance, two amounts.
    DUPLICATE = "duplicate"  # Two credits of ours, one line.


LISTED = 1_000
"""Rows of each finding in a report that is kept; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Row:
    """One finding. `line` is None for credits without a line, `credit_id` for lines without a credit."""

    finding: Finding
    amount_satang: int
    day: date
    at: datetime | None = None
    line: int | None = None
    credit_id: UUID | None = None
    payment_id: UUID | None = None
    merchant_id: int | None = None
    reason: str | None = None
    other_satang: int | None = None  # The amount of ours that differs.
    other_id: UUID | None = None  # The credit that has the line already.
    newly: bool = False  # This run found it, not an earlier one.

    def as_json(self) -> dict[str, Any]:
        """As programs get it; amounts in baht."""
        values = {
            "line": self.line,
            "day": self.day.isoformat(),
            "at": self.at.astimezone(BANGKOK).isoformat() if self.at else None,
            "amount": _number(self.amount_satang),
            "creditId": _text(self.credit_id),
            "paymentId": _text(self.payment_id),
            "merchantId": None if self.merchant_id is None else ids.show_merchant(self.merchant_id),
            "reason": self.reason,
            "ourAmount": None if self.other_satang is None else _number(self.other_satang),
            "otherCreditId": _text(self.other_id),
            "new": self.newly or None,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(slots=True)
class Report:
    """All findings of one statement. `account` is what is shown of it: id, masked number, holder's name."""

    statement: Statement
    account: Mapping[str, str]
    file: str
    digest: bytes
    cover: Cover | None = None
    dry_run: bool = False
    statement_id: str | None = None
    rows: list[Row] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is left for a person."""
        return not self.statement.problems and all(row.finding is Finding.MATCHED for row in self.rows)

    def of(self, finding: Finding) -> list[Row]:
        """The rows of one finding."""
        return [row for row in self.rows if row.finding is finding]

    def as_json(self, most: int | None = None) -> dict[str, Any]:
        """As programs get it, with at most *most* rows of each finding."""
        statement, cover = self.statement, self.cover
        lines = {direction: [n for n in statement.lines if n.direction is direction] for direction in Direction}
        return {
            "statementId": self.statement_id,
            "account": dict(self.account),
            "file": self.file,
            "fileDigest": self.digest.hex(),
            "format": statement.format,
            "period": None if statement.period is None else [day.isoformat() for day in statement.period],
            "covered": None if cover is None else _span(cover.since, cover.until),
            "checked": None if cover is None else _span(cover.checked_since, cover.checked_until),
            "dryRun": self.dry_run,
            "clean": self.clean,
            "lines": {
                direction.value: {"count": len(found), "amount": _number(sum(n.amount_satang for n in found))}
                for direction, found in lines.items()
            },
            "counts": {finding.value: _counted(self.of(finding)) for finding in Finding}
            | {"problems": {"count": len(statement.problems)}},
            **{finding.value: [row.as_json() for row in self.of(finding)[:most]] for finding in Finding},
            "problems": [
                {"line": p.number, "trouble": p.trouble.value, "message": p.message} for p in statement.problems[:most]
            ],
        }

    def dumps(self, most: int | None = None) -> str:
        """`as_json` as text."""
        return canonical.dumps(self.as_json(most))


def _counted(rows: Sequence[Row]) -> dict[str, Any]:
    return {"count": len(rows), "amount": _number(sum(row.amount_satang for row in rows))}


def _number(satang: int) -> int | Decimal:
    exact = baht(satang)
    return int(exact) if exact == exact.to_integral_value() else exact


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _span(since: datetime, until: datetime) -> list[str]:
    return [since.astimezone(BANGKOK).isoformat(), until.astimezone(BANGKOK).isoformat()]


def of_line(finding: Finding, entry: Entry, known: Known | None = None, **more: Any) -> Row:
    """A row about a line, and the credit that it is."""
    line = entry.line
    row = Row(finding, line.amount_satang, line.day, line.at, line.number, **more)
    if known is None:
        return row
    return replace(row, credit_id=known.id, payment_id=known.payment_id, merchant_id=known.payment_merchant_id)


def of_credit(finding: Finding, known: Known, **more: Any) -> Row:
    """A row about a credit that no line speaks of."""
    at = None if known.day_only else known.occurred_at
    row = Row(finding, known.amount_satang, known.day, at, reason=known.reason, **more)
    return replace(row, credit_id=known.id, payment_id=known.payment_id, merchant_id=known.payment_merchant_id)


def rivals(left: Iterable[Known], taken: Iterable[Known], reach_s: float) -> dict[UUID, UUID]:
    """Credits without a line that look like one with a line: same amount, and near it or on its day. left -> taken."""
    of_amount: dict[int, list[Known]] = {}
    for one in taken:
        of_amount.setdefault(one.amount_satang, []).append(one)
    found = {}
    for one in left:
        for other in of_amount.get(one.amount_satang, ()):
            apart_s = abs((one.occurred_at - other.occurred_at).total_seconds())
            day_only = one.day_only or other.day_only
            if (day_only and one.day == other.day) or (not day_only and apart_s <= reach_s):
                found[one.id] = other.id
                break
    return found
