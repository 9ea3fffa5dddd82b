"""What a merchant has with us, and taking it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core import payouts as core
from paygate.core import shapes as declare
from paygate.core.events import timestamp
from paygate.core.masks import last_four
from paygate.core.money import baht
from paygate.core.payouts import PayoutStatus
from paygate.core.scopes import Scope
from paygate.core.shapes import Field, Shape
from paygate.db import destinations
from paygate.db.settlements import Page
from paygate.faces.v1 import shapes
from paygate.faces.v1.payments import merchant, replayed
from paygate.faces.v1.settlement_answers import Balance, Destination, Settlement, SettlementMade, Settlements
from paygate.services import settlements
from paygate.services.context import MIN_SETTLEMENT_SATANG
from paygate.wire import paging

HIGHEST_SATANG = 99_999_999_999_999


def amount(low: int = MIN_SETTLEMENT_SATANG) -> Field[int]:
    """`amount`, at least the operator's minimum."""
    return declare.baht("amount", low, HIGHEST_SATANG, "What you take out, in baht.", example=1500.00)


STATUS = declare.word("status", tuple(PayoutStatus), "Only those that stand so.", example="COMPLETED")
NEW_SETTLEMENT = Shape("NewSettlement", "Money to take out.", (amount(), shapes.CURRENCY))
CURSOR = paging.cursor_field(1)
LISTED = Shape("settlements", "Which settlements.", (STATUS, paging.FROM, paging.TO, paging.LIMIT, CURSOR))


async def balance(request: Request) -> Response:
    """GET /api/v1/balance: what may be taken out, what is on its way, what waits for more than a notice. In baht."""
    principal, ctx = await merchant(request, Scope.SETTLEMENTS_READ), wire.context(request)
    has = await settlements.balance(ctx, principal.merchant_id, principal.mode)
    available, held, pending = [
        baht(satang) for satang in (has.available_satang, has.held_satang, has.pending_review_satang)
    ]
    frozen = has.frozen_reason is not None
    return wire.json_answer(Balance(True, available, held, pending, payoutsFrozen=frozen))


async def create(request: Request) -> Response:
    """POST /api/v1/settlements: 201. The amount is set aside until it is paid, refused or cancelled."""
    principal, ctx = await merchant(request, Scope.SETTLEMENTS_WRITE), wire.context(request)
    raw = await wire.body(request)
    given = fields.json_object(raw)
    shapes.CURRENCY.read(given)
    amount_satang = amount(ctx.settlements.min_satang).read(given)
    claim = wire.claim(request, principal, raw)

    def answer(settlement: core.Settlement) -> tuple[int, bytes]:
        return 201, wire.encode(SettlementMade(True, shape(settlement, {})))

    done = await settlements.request(
        ctx, principal.merchant_id, principal.mode, amount_satang, claim, answer, principal.actor
    )
    return wire.raw_json(done.body, done.status, replayed(done))


async def listed(request: Request) -> Response:
    """GET /api/v1/settlements: a page, newest first; `status from to limit cursor`."""
    principal, ctx = await merchant(request, Scope.SETTLEMENTS_READ), wire.context(request)
    page = _page(wire.query(request))
    found = await settlements.list_page(ctx, principal.merchant_id, principal.mode, replace(page, limit=page.limit + 1))
    rows, more = found[: page.limit], len(found) > page.limit
    places = await settlements.destinations(ctx, rows)
    cursor = paging.cursor(rows[-1].created_at, rows[-1].id) if more else None
    return wire.json_answer(Settlements([shape(one, places) for one in rows], more, cursor))


async def get(request: Request) -> Response:
    """GET /api/v1/settlements/{id}"""
    principal, ctx = await merchant(request, Scope.SETTLEMENTS_READ), wire.context(request)
    settlement_id = ids.read("stl", request.path_params["settlement_id"])
    found = await settlements.get(ctx, principal.merchant_id, principal.mode, settlement_id)
    places = await settlements.destinations(ctx, [found])
    return wire.json_answer(SettlementMade(True, shape(found, places)))


async def cancel(request: Request) -> Response:
    """POST /api/v1/settlements/{id}/cancel: 200, also when it was cancelled before; 409 once it is approved."""
    principal, ctx = await merchant(request, Scope.SETTLEMENTS_WRITE), wire.context(request)
    settlement_id = ids.read("stl", request.path_params["settlement_id"])
    claim = wire.claim(request, principal, await wire.body(request))

    def answer(settlement: core.Settlement) -> tuple[int, bytes]:
        return 200, wire.encode(SettlementMade(True, shape(settlement, {})))

    done = await settlements.cancel(
        ctx, principal.merchant_id, principal.mode, settlement_id, claim, answer, principal.actor
    )
    return wire.raw_json(done.body, done.status, replayed(done))


def shape(settlement: core.Settlement, places: Mapping[UUID, destinations.Destination]) -> Settlement:
    """A settlement as the API shows it; where it goes is masked."""
    place = places.get(settlement.destination_id) if settlement.destination_id else None
    return Settlement(
        id=ids.show("stl", settlement.id),
        amount=baht(settlement.amount_satang),
        status=settlement.status,
        promisedOn=settlement.promised_on.isoformat(),
        bankReference=settlement.bank_reference,
        reason=settlement.reason,
        createdAt=timestamp(settlement.created_at),
        completedAt=timestamp(settlement.completed_at),
        mode=settlement.mode,
        destination=None if place is None else _masked(place),
    )


def _masked(place: destinations.Destination) -> Destination:
    return Destination(
        promptpay=place.proxy and last_four(place.proxy),
        bank=place.bank_code,
        account=place.number and last_four(place.number),
        name=place.name,
    )


def _page(query: Mapping[str, str]) -> Page:
    status, after = STATUS.read(query), CURSOR.read(query)
    return Page(
        limit=paging.LIMIT.read(query),
        status=PayoutStatus(status) if status else None,
        from_at=paging.FROM.read(query),
        to_at=paging.TO.read(query),
        before=(after[0], after[1][0]) if after else None,
    )
