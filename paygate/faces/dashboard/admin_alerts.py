"""What the operator is told of by LINE, mail or webhook, by the admin API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.core.alerts import Word
from paygate.core.events import timestamp
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import alert_answers as answers
from paygate.faces.dashboard import shapes
from paygate.services import alerts

WHICH = Shape("AlertQuery", "How many alerts.", (shapes.LIMIT,))


async def listed(request: Request) -> Response:
    """GET /api/admin/alerts: what was told, the newest first, and whether it was taken."""
    await wire.person(request, May.OPERATE)
    return await _answer(request, shapes.LIMIT.read(wire.query(request)))


async def test(request: Request) -> Response:
    """POST /api/admin/alerts/test: a message by each channel that is set up; a worker sends it within seconds."""
    who = await wire.person(request, May.OPERATE)
    made = await alerts.test(wire.context(request), who.actor)
    return await _answer(request, len(made), 202)


async def _answer(request: Request, limit: int, status: int = 200) -> Response:
    ctx = wire.context(request)
    found = [
        answers.Alert(
            id=str(one.id),
            alarm=one.alarm,
            word=Word(one.word).value,
            channel=one.channel,  # type: ignore[arg-type]
            accountId=None if one.account_id is None else ids.show("acc", one.account_id),
            count=one.count,
            title=one.title,
            body=one.body,
            state=one.state,  # type: ignore[arg-type]
            failures=one.failures,
            lastError=one.last_error,
            createdAt=timestamp(one.created_at),
            sentAt=timestamp(one.sent_at),
        )
        for one in await alerts.listed(ctx, limit)
    ]
    return wire.json_answer(answers.Alerts(alerts=found, channels=list(ctx.alerts.ready)), status)
