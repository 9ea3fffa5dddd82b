"""The audit log, as a merchant's owners and the operator read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import shapes as declare
from paygate.core.audit import Sealed
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import audit_answers as answers
from paygate.faces.dashboard.owners import OWNER
from paygate.services import audit
from paygate.wire.paging import LIMIT

MAX_WORD = 100
_ROW = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


def _before(query: Fields) -> int | None:
    text = query.get("before")
    if text is None:
        return None
    if not _ROW.fullmatch(str(text)):
        raise InvalidInput("before must be the number of a row.", field="before")
    return int(str(text))


ACTION = declare.at_most("action", MAX_WORD, "Only acts of this kind.", example="settlement.approve")
SUBJECT = declare.at_most("subject", MAX_WORD, "Only what was done to this.", example="settlement:stl_06nz")
BEFORE = declare.custom(
    "before", _before, {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}, "Only rows with a smaller number."
)
OWN = Shape("AuditQuery", "Which acts.", (ACTION, SUBJECT, BEFORE, LIMIT))
ANY = Shape("AdminAuditQuery", "Whose acts, and which.", (OWNER, ACTION, SUBJECT, BEFORE, LIMIT))


async def own(request: Request) -> Response:
    """GET /api/audit: what was done to one's own merchant, the latest first."""
    who = await wire.person(request, May.SEE_AUDIT)
    return wire.json_answer(await _page(request, who.merchant_id, wire.query(request)))


async def listed(request: Request) -> Response:
    """GET /api/admin/audit: the platform's log, or with `owner` a merchant's."""
    await wire.person(request, May.OPERATE)
    query = wire.query(request)
    return wire.json_answer(await _page(request, OWNER.read(query), query))


async def verify(request: Request) -> Response:
    """GET /api/admin/audit/verify: whether the whole log is as it was written."""
    await wire.person(request, May.OPERATE)
    report = await audit.verify(wire.context(request))
    chains = [answers.Chain(audit.owner(one.merchant_id), one.last_id, one.last_hash.hex()) for one in report.heads]
    faults = [answers.Fault(audit.owner(one.merchant_id), one.row, one.what) for one in report.faults]
    return wire.json_answer(answers.Verified(report.whole, report.rows, chains, faults))


async def _page(request: Request, merchant_id: int, query: Mapping[str, str]) -> answers.Records:
    limit = LIMIT.read(query)
    found = await audit.list_records(
        wire.context(request),
        merchant_id,
        before_id=BEFORE.read(query),
        action=ACTION.read(query),
        subject=SUBJECT.read(query),
        limit=limit + 1,
    )
    return _records(found, limit)


def _records(found: Sequence[Sealed], limit: int) -> answers.Records:
    rows = [_record(one) for one in found[:limit]]
    more = len(found) > limit
    return answers.Records(rows, more, str(rows[-1].row) if more else None)


def _record(row: Sealed) -> answers.Record:
    one = row.record
    return answers.Record(
        row=one.id,
        at=timestamp(one.at),
        actor=one.actor,
        action=one.action,
        subject=one.subject,
        before=None if one.before is None else msgspec.Raw(one.before.encode()),
        after=None if one.after is None else msgspec.Raw(one.after.encode()),
        address=None if one.address is None else str(one.address),
        requestId=one.request_id,
        credential=one.credential,
        hash=row.hash.hex(),
    )
