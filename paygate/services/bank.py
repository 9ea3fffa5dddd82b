"""What a bank, or the operator's bridge to it, tells us: believed when its source signed it, then recorded."""

from __future__ import annotations

from uuid import UUID

from paygate.banks import generic
from paygate.core.errors import InvalidInput, NotFound, Unauthorized
from paygate.core.webhooks import verify_bank_signature
from paygate.db import sources
from paygate.services import callbacks, evidence
from paygate.services.context import Context
from paygate.services.evidence import Outcome
from paygate.services.sources import purpose


async def receive(ctx: Context, source_id: UUID, signature: str | None, body: bytes) -> Outcome:
    """Take in one signed message of a source.

    Raises NotFound for a source that is unknown or disabled, Unauthorized for a signature that is not good for these
    bytes now (by the database's clock), InvalidInput for what cannot be read. Nothing is written then.
    """
    async with ctx.db.connection() as conn:
        found = await sources.get(conn, source_id)
    if found is None or found[0].disabled:
        raise NotFound("No such source.")
    source, now = found
    if source.kind in callbacks.KINDS:
        raise Unauthorized("This source is for the bank itself, which has its address with `?key=`.")
    secret = ctx.unseal(source.secret, purpose(source.id))
    if not verify_bank_signature(secret, signature, body, int(now.timestamp())):
        raise Unauthorized("X-PayGate-Signature is missing, older or newer than 5 minutes, or not of these bytes.")
    if source.kind != generic.KIND:
        raise InvalidInput(f"Sources of kind {source.kind} are not supported by this version.")
    seen = generic.read(
        body,
        merchant_id=source.merchant_id,
        mode=source.mode,
        receiving_id=source.receiving_id,
        source_id=source.id,
        trust=source.trust,
    )
    return await evidence.record(ctx, seen)
