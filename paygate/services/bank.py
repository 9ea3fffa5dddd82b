"""What a bank, the operator's bridge to it, or a phone that forwards its texts tells us: believed when its source
signed it, then handed to whoever reads that kind of source."""

from __future__ import annotations

from uuid import UUID

from paygate import telemetry
from paygate.banks import generic
from paygate.core.errors import InvalidInput, NotFound, Unauthorized
from paygate.core.limits import Counted
from paygate.core.webhooks import verify_bank_signature
from paygate.db import sources
from paygate.services import callbacks, evidence, notices, statement_files
from paygate.services.context import Context
from paygate.services.evidence import Outcome
from paygate.services.limits import BANK_PATIENCE_S
from paygate.services.notices import Told, Trial
from paygate.services.sources import purpose
from paygate.services.statement_files import Accepted


async def receive(
    ctx: Context, source_id: UUID, signature: str | None, body: bytes, *, dry_run: bool = False
) -> Outcome | Told | Trial | Accepted:
    """Take in one signed message of a source; with *dry_run* a notice is read, and nothing is kept.

    Raises NotFound for a source that is unknown or disabled, Unauthorized for a signature that is not good for these
    bytes now (by the database's clock), TooManyRequests, InvalidInput for what cannot be read. Nothing is written then.
    """
    async with ctx.db.connection() as conn:
        found = await sources.get(conn, source_id)
    if found is None or found[0].disabled:
        telemetry.count_unbelieved("unknown")
        raise NotFound("No such source.")
    source, now = found
    telemetry.bind(merchant=source.merchant_id, mode=source.mode)
    if source.kind in callbacks.KINDS:
        raise Unauthorized("This source is for the bank itself, which has its address with `?key=`.")
    secret = ctx.unseal(source.secret, purpose(source.id))
    if not verify_bank_signature(secret, signature, body, int(now.timestamp())):
        telemetry.count_unbelieved("signature")
        raise Unauthorized("X-PayGate-Signature is missing, older or newer than 5 minutes, or not of these bytes.")
    if ctx.limiter is not None:  # Only now: nobody else can use up what a source may send.
        await ctx.limiter.take(Counted.SOURCE, str(source.id), patience_s=BANK_PATIENCE_S)
    if source.kind == notices.KIND:
        return await (notices.rehearse if dry_run else notices.receive)(ctx, source, body, now)
    if dry_run:
        raise InvalidInput("A dry run is for sources of kind notice.", field="dryRun")
    if source.kind == statement_files.KIND:
        return await statement_files.accept(ctx, source, body)
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


async def most_bytes(ctx: Context, source_id: UUID, usual: int) -> int:
    """How large a message of this source may be: *usual*, unless it sends files."""
    async with ctx.db.connection() as conn:
        found = await sources.get(conn, source_id)
    is_statement = found is not None and not found[0].disabled and found[0].kind == statement_files.KIND
    return statement_files.MAX_POST_BYTES if is_statement else usual
