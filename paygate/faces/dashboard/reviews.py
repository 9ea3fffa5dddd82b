"""The review queue: a merchant's own (money on its own accounts), and with `owner` anybody's for the operator.

A queue is its owner's; what one may do about a review is the same for both, and follows from the review.
"""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.people import May
from paygate.faces.dashboard import review_shapes as shapes
from paygate.faces.dashboard.names import known_as
from paygate.faces.dashboard.owners import OWNER
from paygate.services import reviews
from paygate.wire.paging import LIMIT


async def own_list(request: Request) -> Response:
    """GET /api/reviews: what waits for one's own people, the oldest first."""
    who = await wire.person(request, May.SEE_REVIEWS)
    return await _listed(request, who.merchant_id)


async def own_get(request: Request) -> Response:
    """GET /api/reviews/{id}: with its money, who told of it, which payments may be meant, and what can be done."""
    who = await wire.person(request, May.SEE_REVIEWS)
    return await _get(request, who.merchant_id)


async def own_picture(request: Request) -> Response:
    """GET /api/reviews/{id}/picture: of the slip that it is about."""
    who = await wire.person(request, May.SEE_REVIEWS)
    return await _picture(request, who.merchant_id)


async def own_resolve(request: Request) -> Response:
    """POST /api/reviews/{id}/resolve: `action`, `reason`, and what the action needs."""
    who = await wire.person(request, May.DECIDE_REVIEWS)
    return await _resolve(request, who.merchant_id, who.actor)


async def listed(request: Request) -> Response:
    """GET /api/admin/reviews: of the central accounts, or with `owner` a merchant's."""
    await wire.person(request, May.OPERATE)
    return await _listed(request, OWNER.read(wire.query(request)))


async def get(request: Request) -> Response:
    """GET /api/admin/reviews/{id}"""
    await wire.person(request, May.OPERATE)
    return await _get(request, OWNER.read(wire.query(request)))


async def picture(request: Request) -> Response:
    """GET /api/admin/reviews/{id}/picture"""
    await wire.person(request, May.OPERATE)
    return await _picture(request, OWNER.read(wire.query(request)))


async def resolve(request: Request) -> Response:
    """POST /api/admin/reviews/{id}/resolve"""
    who = await wire.person(request, May.OPERATE)
    return await _resolve(request, OWNER.read(wire.query(request)), who.actor)


async def _listed(request: Request, owner: int) -> Response:
    query = wire.query(request)
    page = await reviews.list_reviews(
        wire.context(request),
        owner,
        mode=shapes.MODE.read(query),
        is_open=shapes.STATE.read(query) != "CLOSED",
        reason=shapes.WHY_OPEN.read(query),
        after=shapes.AFTER.read(query),
        limit=LIMIT.read(query),
    )
    return wire.json_answer(shapes.page(page))


async def _get(request: Request, owner: int) -> Response:
    return wire.json_answer(shapes.detail(await reviews.get(wire.context(request), owner, _id(request))))


async def _picture(request: Request, owner: int) -> Response:
    data = await reviews.picture(wire.context(request), owner, _id(request))
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    return Response(data, media_type=kind, headers={"X-Content-Type-Options": "nosniff"})


async def _resolve(request: Request, owner: int, actor: str) -> Response:
    wish = shapes.wish(fields.json_object(await wire.body(request)), actor)
    with known_as(payment="transactionId", credit="creditIds", occurred_at="occurredAt"):
        done = await reviews.resolve(wire.context(request), owner, _id(request), wish)
    return wire.json_answer(shapes.resolved(done))


def _id(request: Request) -> UUID:
    return ids.read("rev", request.path_params["review_id"])
