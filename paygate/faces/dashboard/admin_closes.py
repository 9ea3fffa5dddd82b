"""The daily close of the central accounts, by the admin API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core import shapes as declare
from paygate.core.closes import read_day
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.money import baht, satang_from_json
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import close_answers as answers
from paygate.faces.dashboard.admin_duties import REASON
from paygate.services import closes
from paygate.services.closes import Seen

HIGHEST_SATANG = 99_999_999_999_99
DAYS = {"type": "string", "format": "date"}


def _day(given: Fields) -> date | None:
    value = given.get("day")
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput("day must be a day of Bangkok, like 2026-11-28.", field="day")
    return read_day(value)


def _account(given: Fields) -> UUID | None:
    value = given.get("accountId")
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput("accountId must be a string.", field="accountId")
    try:
        return ids.read("acc", value)
    except NotFound:
        raise InvalidInput("accountId must be an id of the form acc_...", field="accountId") from None


def _baht(name: str, about: str, example: float) -> declare.Field[int | None]:
    def read(given: Fields) -> int | None:
        value = given.get(name)
        return None if value is None else satang_from_json(value, field=name, low=0, high=HIGHEST_SATANG)

    values = {"type": "number", **declare.between(0, HIGHEST_SATANG), "multipleOf": 0.01}
    return declare.custom(name, read, values, about, example=example)


ACCOUNT_ID = declare.custom(
    "accountId", _account, {"type": "string"}, "A central account.", example="acc_06nz0nc5vj7r4gjx7c79l6za00"
)
DAY = declare.custom("day", _day, DAYS, "A day in Bangkok.", example="2026-11-28")
OPENING = _baht("opening", "What the account had before its first close ever.", 12500.00)
BALANCE = _baht("balance", "What the bank's app says of the evening of `day`.", 98750.25)
AMOUNT = declare.baht("amount", 1, HIGHEST_SATANG, "What moved.", example=25.00)
DIRECTION = declare.needed(
    declare.choice("direction", ("in", "out"), "Whether it came in or went out.", example="out"),
    "direction is required: in or out.",
)
NEEDED_ACCOUNT = declare.needed(ACCOUNT_ID, "accountId is required.")
NEEDED_DAY = declare.needed(DAY, "day is required.")

WHICH = Shape("CloseQuery", "Which day, of which account.", (ACCOUNT_ID, DAY))
RUN = Shape("CloseRun", "What to close.", (ACCOUNT_ID, DAY, OPENING, BALANCE))
MOVEMENT = Shape("BankMovement", "What moved.", (NEEDED_ACCOUNT, NEEDED_DAY, AMOUNT, DIRECTION, REASON))


async def listed(request: Request) -> Response:
    """GET /api/admin/closes: books and bank, of the next day to be closed or of `day`."""
    await wire.person(request, May.OPERATE)
    query = wire.query(request)
    return _answer(await closes.show(wire.context(request), ACCOUNT_ID.read(query), DAY.read(query)))


async def run(request: Request) -> Response:
    """POST /api/admin/closes: close what agrees."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    account_id, day = ACCOUNT_ID.read(given), DAY.read(given)
    opening, balance = OPENING.read(given), BALANCE.read(given)
    seen = await closes.run(
        wire.context(request),
        account_id,
        day=day,
        opening_satang=opening,
        bank_satang=balance,
        actor=who.actor,
    )
    return _answer(seen)


async def explain(request: Request) -> Response:
    """POST /api/admin/closes/explain: what moved and is nobody's payment or payout."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    account_id, day, satang = NEEDED_ACCOUNT.read(given), NEEDED_DAY.read(given), AMOUNT.read(given)
    signed, reason = satang if DIRECTION.read(given) == "in" else -satang, REASON.read(given)
    seen = await closes.explain(wire.context(request), account_id, day, signed, reason, who.actor)
    return _answer([seen])


def _answer(seen: Sequence[Seen]) -> Response:
    return wire.json_answer(answers.Closes([_close(one) for one in seen]))


def _close(seen: Seen) -> answers.Close:
    found = seen.figures
    bank = found.bank_satang if found else None
    return answers.Close(
        accountId=ids.show("acc", seen.account.id),
        accountName=seen.account.name,
        day=seen.day.isoformat(),
        state="CLOSED" if seen.state == "CLOSED" else "OPEN",
        opening=baht(found.opening_satang) if found else None,
        received=baht(found.in_satang) if found else None,
        paidOut=baht(found.out_satang) if found else None,
        explained=baht(found.other_satang) if found else None,
        books=baht(found.books_satang) if found else None,
        bank=None if bank is None else baht(bank),
        difference=None if found is None or bank is None else baht(bank - found.books_satang),
        bankSaidBy=seen.told_by,
        changed=seen.changed,
        movements=[
            answers.Movement(amount=baht(m.amount_satang), reason=m.reason, by=m.told_by, at=timestamp(m.told_at))
            for m in seen.movements
        ],
        runAt=timestamp(seen.close.run_at) if seen.close else None,
        runBy=seen.close.run_by if seen.close else None,
    )
