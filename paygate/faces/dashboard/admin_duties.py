"""What an operator owes to others: payouts that stand still when a bank or the police ask."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.events import timestamp
from paygate.core.people import May
from paygate.db import freezes as rows
from paygate.faces.dashboard import duties_answers as answers
from paygate.faces.dashboard import shapes
from paygate.services import freezes

REASON = shapes.needed("reason", 500, "Why, in your words; the merchant does not read it.", "Bank, case 4711")


async def freeze_shown(request: Request) -> Response:
    """GET /api/admin/merchants/{id}/freeze: whether its payouts stand still, and why."""
    await wire.person(request, May.OPERATE)
    return wire.json_answer(_frozen(await freezes.get(wire.context(request), _merchant_id(request))))


async def freeze(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/freeze: settlements and refunds stand still from now on; payments go on."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    done = await freezes.freeze(wire.context(request), _merchant_id(request), REASON.read(given), who.actor)
    return wire.json_answer(_frozen(done))


async def unfreeze(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/unfreeze: they go on."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    await freezes.thaw(wire.context(request), _merchant_id(request), REASON.read(given), who.actor)
    return wire.json_answer(_frozen(None))


def _frozen(found: rows.Freeze | None) -> answers.Frozen:
    if found is None:
        return answers.Frozen(payoutsFrozen=False)
    return answers.Frozen(payoutsFrozen=True, reason=found.reason, since=timestamp(found.at), by=found.by)


def _merchant_id(request: Request) -> int:
    return ids.read_merchant(request.path_params["merchant_id"])
