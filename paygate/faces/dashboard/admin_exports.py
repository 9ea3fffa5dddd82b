"""Evidence for a bank or the police, by the admin API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import IO
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from paygate import wire
from paygate.core import fields, ids
from paygate.core import shapes as declare
from paygate.core.answers import TRANSACTION
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.fields import Fields
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import shapes
from paygate.services import exports
from paygate.services.exports import Scope

ZIP = "application/zip"
BLOCK_BYTES = 65_536


def _merchant(given: Fields) -> int | None:
    value = given.get("merchantId")
    if value is None:
        return None
    try:
        return ids.read_merchant(value if isinstance(value, str) else "")
    except NotFound:
        raise InvalidInput("merchantId must be an id of the form mer_...", field="merchantId") from None


def _transaction(given: Fields) -> UUID | None:
    value = given.get("transactionId")
    if value is None:
        return None
    try:
        return ids.read_uuid(value if isinstance(value, str) else "")
    except NotFound:
        raise InvalidInput("transactionId must be a payment's id.", field="transactionId") from None


def _credit(given: Fields) -> UUID | None:
    value = given.get("creditId")
    if value is None:
        return None
    try:
        return ids.read("crd", value if isinstance(value, str) else "")
    except NotFound:
        raise InvalidInput("creditId must be an id of the form crd_...", field="creditId") from None


MERCHANT_ID = declare.custom("merchantId", _merchant, {"type": "string"}, "All of a merchant's payments of some time.")
TRANSACTION_ID = declare.custom(
    "transactionId", _transaction, {"type": "string", "format": "uuid"}, "One payment.", example=TRANSACTION
)
CREDIT_ID = declare.custom("creditId", _credit, {"type": "string"}, "One arrival of money.")
SINCE = declare.moment("since", "Of a merchant: from then.")
UNTIL = declare.moment("until", "Of a merchant: until then.")
REASON = shapes.needed("reason", 500, "Who asks, and why.", "Police, case 123/2569")
WANTED = Shape("EvidenceWanted", "What is asked for.", (MERCHANT_ID, SINCE, UNTIL, TRANSACTION_ID, CREDIT_ID, REASON))


async def make(request: Request) -> Response:
    """POST /api/admin/evidence-export: a ZIP."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    scope = Scope(
        merchant_id=MERCHANT_ID.read(given),
        since=SINCE.read(given),
        until=UNTIL.read(given),
        payment_id=TRANSACTION_ID.read(given),
        credit_id=CREDIT_ID.read(given),
    )
    done = await exports.make(wire.context(request), scope, REASON.read(given), who.actor)
    headers = {"Content-Disposition": f'attachment; filename="{done.name}"'}
    return StreamingResponse(_blocks(done.file), media_type=ZIP, headers=headers)


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
            yield block
    finally:
        file.close()
