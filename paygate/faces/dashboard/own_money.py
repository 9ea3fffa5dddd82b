"""Where a merchant's settlements go, and its month in the books: for its own people, and a month for the operator."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core import shapes as declare
from paygate.core.events import timestamp
from paygate.core.masks import last_four
from paygate.core.money import baht
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.db.destinations import Destination
from paygate.db.monthly import Sums
from paygate.faces.dashboard import own_money_answers as answers
from paygate.faces.dashboard import shapes
from paygate.faces.dashboard.names import known_as
from paygate.services import destinations, monthly, totp
from paygate.services.monthly import Month
from paygate.wire.people import MODES

PROMPTPAY = declare.text("promptpay", 40, "A PromptPay ID,", one_line=True, example="0899999999")
BANK = declare.text("bank", 3, "or a bank's code, 3 digits, with `account`.", one_line=True, example="014")
ACCOUNT = declare.text("account", 40, "The account's number.", one_line=True, example="4061234567")
NAME = declare.needed(
    declare.text("name", 100, "Who holds it; shown before money is sent.", one_line=True, example="ร้านกาแฟ"),
    "name is required.",
)
NEW_DESTINATION = Shape(
    "NewPayoutDestination",
    "Where settlements shall go.",
    (PROMPTPAY, BANK, ACCOUNT, NAME, shapes.PRESENT_PASSWORD, shapes.CODE),
)
MODE = declare.choice("mode", MODES, "live (the default), or test: no money moves.", example="test")
IN_MODE = Shape("StatementModeQuery", "In which mode.", (MODE,))


async def destination(request: Request) -> Response:
    """GET /api/payout-destination: masked; null until somebody said where."""
    who = await wire.person(request, May.SEE_MONEY)
    return wire.json_answer(_destination(await destinations.in_force(wire.context(request), who.merchant_id)))


async def change_destination(request: Request) -> Response:
    """POST /api/payout-destination: `password` and `code`; the first one at once, a change after 24 hours."""
    who, ctx = await wire.person(request, May.MOVE_MONEY), wire.context(request)
    given = fields.json_object(await wire.body(request))
    with known_as(number="account"):
        wanted = destinations.read(PROMPTPAY.read(given), BANK.read(given), ACCOUNT.read(given), NAME.read(given))
    await totp.confirm(ctx, who, shapes.PRESENT_PASSWORD.read(given), shapes.CODE.read(given))
    made = await destinations.change(ctx, who.merchant_id, wanted, actor=who.actor)
    return wire.json_answer(_destination(made))


async def own_statement(request: Request) -> Response:
    """GET /api/statements/{month}: opening and closing balance, and what changed it."""
    who = await wire.person(request, May.SEE_MONEY)
    return await _statement(request, who.merchant_id)


async def statement(request: Request) -> Response:
    """GET /api/admin/merchants/{id}/statements/{month}"""
    await wire.person(request, May.OPERATE)
    return await _statement(request, ids.read_merchant(request.path_params["merchant_id"]))


async def _statement(request: Request, merchant_id: int) -> Response:
    month = monthly.read_month(request.path_params["month"])
    mode = MODE.read(wire.query(request)) or "live"
    return wire.json_answer(_month(await monthly.statement(wire.context(request), merchant_id, mode, month)))


def _destination(found: Destination | None) -> answers.OwnDestination:
    if found is None:
        return answers.OwnDestination(None)
    return answers.OwnDestination(
        answers.PayoutDestination(
            promptpay=found.proxy and last_four(found.proxy),
            bank=found.bank_code,
            account=found.number and last_four(found.number),
            name=found.name,
            usableAt=timestamp(found.usable_at),
        )
    )


def _month(found: Month) -> answers.MonthStatement:
    return answers.MonthStatement(
        merchantId=ids.show_merchant(found.merchant_id),
        mode=found.mode,
        month=f"{found.month:%Y-%m}",
        opening=_sums(found.opening),
        changes=[
            answers.Change(kind, count, baht(sums.has_satang), baht(sums.owes_satang))
            for kind, (count, sums) in found.kinds.items()
        ],
        closing=_sums(found.closing),
    )


def _sums(sums: Sums) -> answers.Standing:
    return answers.Standing(baht(sums.has_satang), baht(sums.owes_satang))
