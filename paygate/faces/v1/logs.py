"""GET /api/v1/logs: what became of requests, payments, webhooks and acts, for whoever looks for a mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import shapes as declare
from paygate.core.answers import Moment
from paygate.core.events import timestamp
from paygate.core.scopes import Scope
from paygate.core.shapes import Shape
from paygate.core.system_log import LEVELS, SOURCES, Level, Line, Place, Source
from paygate.faces.v1.answers import Cursor, Mode
from paygate.faces.v1.payments import merchant
from paygate.services import system_log
from paygate.services.system_log import Page
from paygate.wire import paging

_REQUEST_ID = re.compile(r"req_[0-9a-f]{24}", re.ASCII)


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the system log."""

    id: Annotated[str, Meta(description="Of this line.", examples=["log_0193f0a4c5d27c9e8b1a2f3e4d5c6b7a"])]
    at: Annotated[Moment, Meta(description="When; of a webhook, when its event happened.")]
    level: Annotated[Level, Meta(description="How bad it is.", examples=["warn"])]
    source: Annotated[
        Source,
        Meta(description="What it is about; `error`: a request that failed by our own fault.", examples=["http"]),
    ]
    message: Annotated[
        str, Meta(description="In words.", examples=["POST /api/v1/payment/create: 400 INVALID_REQUEST (amount)"])
    ]
    mode: Mode
    requestId: Annotated[
        str | None, Meta(description="The `Request-Id` of the answer.", examples=["req_0123456789abcdef01234567"])
    ]
    method: Annotated[str | None, Meta(description="Of the request.", examples=["POST"])]
    path: Annotated[
        str | None, Meta(description="Its address; what stood in it is shown if it is one of our ids.", examples=["/x"])
    ]
    status: Annotated[int | None, Meta(description="HTTP status: ours, or a webhook's receiver's.", examples=[400])]
    durationMs: Annotated[int | None, Meta(description="How long it took.", examples=[12])]
    actor: Annotated[str | None, Meta(description="Who it was: a key, a person.", examples=["key:key_06nz0nc5vj7r"])]
    credential: Annotated[str | None, Meta(description="How their key looks.", examples=["sk_live_...a1b2"])]
    subject: Annotated[str | None, Meta(description="What it is about.", examples=["endpoint:we_06nz0nc5vj7r4gjx"])]
    times: Annotated[int, Meta(description="So many that were alike in a short time.", examples=[1])]


class Logs(msgspec.Struct, frozen=True):
    """A page of the system log, newest first."""

    logs: list[LogLine]
    hasMore: Annotated[bool, Meta(description="Whether there are more.")]
    nextCursor: Cursor


LEVEL = declare.choice("level", LEVELS, "As bad as this.")
SOURCE = declare.choice("source", SOURCES, "About this.")
REQUEST_ID = declare.pattern("requestId", _REQUEST_ID, "the Request-Id of an answer", "What this request did.")
CURSOR = paging.cursor_field(3)
LISTED = Shape("logs", "Which lines.", (LEVEL, SOURCE, REQUEST_ID, paging.FROM, paging.TO, paging.LIMIT, CURSOR))


async def listed(request: Request) -> Response:
    """GET /api/v1/logs"""
    principal, ctx = await merchant(request, Scope.LOGS_READ), wire.context(request)
    page = wanted(wire.query(request))
    asked = replace(page, limit=page.limit + 1)
    found = await system_log.listed(ctx, principal.merchant_id, principal.mode, asked)
    return wire.json_answer(shown(found, page.limit))


def wanted(query: Mapping[str, str]) -> Page:
    """The query. Raises InvalidInput, naming the field."""
    level, source = LEVEL.read(query), SOURCE.read(query)
    ended = CURSOR.read(query)
    return Page(
        limit=paging.LIMIT.read(query),
        level=next((one for one in LEVELS if one == level), None),
        source=next((one for one in SOURCES if one == source), None),
        request_id=REQUEST_ID.read(query),
        from_at=paging.FROM.read(query),
        to_at=paging.TO.read(query),
        before=_place(*ended) if ended else None,
    )


def shown(found: Sequence[Line], limit: int) -> Logs:
    """A page of at most *limit* lines, of which one more was read to know whether there are more."""
    lines, more = found[:limit], len(found) > limit
    return Logs([_line(one) for one in lines], more, _cursor(lines[-1]) if more else None)


def _cursor(line: Line) -> str:
    return paging.cursor(line.at, UUID(int=line.rank), *(UUID(int=part) for part in line.key))


def _place(at: datetime, ids: Sequence[UUID]) -> Place:
    rank, first, second = (one.int for one in ids)
    return Place(at, rank, (first, second))


def _line(line: Line) -> LogLine:
    return LogLine(
        id=line.id,
        at=timestamp(line.at),
        level=line.level,
        source=line.source,
        message=line.message,
        mode=line.mode,
        requestId=line.request_id,
        method=line.method,
        path=line.path,
        status=line.status,
        durationMs=line.took_ms,
        actor=line.actor,
        credential=line.credential,
        subject=line.subject,
        times=line.times,
    )
