"""All that is known about a merchant's time, a payment or a credit, in one ZIP: when a bank or the police ask.

The rows are of one moment; each file's SHA-256 stands in the manifest, and the manifest's in the audit log, in the
commit without which nobody gets the file.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from paygate.core import ids
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.events import timestamp
from paygate.db import exports as rows
from paygate.db import merchants
from paygate.db.exports import FILES, Subjects
from paygate.db.pool import Conn
from paygate.services import audit, dossiers
from paygate.services.audit import By
from paygate.services.context import Context
from paygate.services.payouts import read_reason
from paygate.services.refund_desk import purpose
from paygate.services.words import words

MOST_PAYMENTS = 50_000
IN_MEMORY = 8 << 20  # Larger ones go to the disk.


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked for: a merchant's time, one payment, or one credit."""

    merchant_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    payment_id: UUID | None = None
    credit_id: UUID | None = None

    def as_json(self) -> dict[str, Any]:
        """For the manifest and the audit log."""
        told: dict[str, Any] = {}
        if self.merchant_id is not None:
            told |= {"merchantId": ids.show_merchant(self.merchant_id)}
            told |= {"since": timestamp(self.since), "until": timestamp(self.until)}
        if self.payment_id is not None:
            told["transactionId"] = str(self.payment_id)
        if self.credit_id is not None:
            told["creditId"] = ids.show("crd", self.credit_id)
        return told


@dataclass(frozen=True, slots=True)
class Export:
    """A finished ZIP, to be read from its beginning; `counts` are rows by file."""

    file: IO[bytes]
    name: str
    counts: dict[str, int]
    manifest_sha256: str


async def make(ctx: Context, scope: Scope, reason: str, actor: By) -> Export:
    """Write the ZIP. Close its file when it is read.

    Raises InvalidInput (reason; not exactly one thing asked for; since, until), NotFound, Conflict (too much: ask for
    less time).
    """
    because = read_reason(reason)
    _check(scope)
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # The caller closes it.
    try:
        async with ctx.db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            wanted = await _subjects(conn, scope)
            now = await rows.clock(conn)
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                bag = _Bag(archive)
                await _fill(ctx, conn, bag, wanted)
                told = {**scope.as_json(), "reason": because, "by": _name(actor), "at": timestamp(now)}
                manifest = json.dumps(
                    {**told, "rows": bag.counts, "sha256": bag.digests}, ensure_ascii=False, indent=1
                ).encode()
                archive.writestr("manifest.json", manifest)
        digest = hashlib.sha256(manifest).hexdigest()

        async def log(conn: Conn) -> None:
            after = {**scope.as_json(), "reason": because, "rows": bag.counts, "manifest": digest}
            owner = wanted.merchant_id
            subject = "export" if owner == audit.PLATFORM else f"merchant:{ids.show_merchant(owner)}"
            await audit.append(
                conn, ctx, merchant_id=owner, actor=actor, action="evidence.export", subject=subject, after=after
            )

        await ctx.db.transaction(log)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return Export(out, f"paygate-evidence-{now:%Y%m%d-%H%M%S}.zip", bag.counts, digest)


class _Bag:
    """The ZIP under way: what is in it, with sums."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.counts: dict[str, int] = {}
        self.digests: dict[str, str] = {}

    async def put(self, name: str, content: bytes) -> None:
        """A whole file."""
        self.digests[name] = hashlib.sha256(content).hexdigest()
        await asyncio.to_thread(self.archive.writestr, name, content)

    async def stream(self, conn: Conn, name: str, wanted: Subjects) -> None:
        """A file of lines, as the database gives them."""
        count, digest, file = 0, hashlib.sha256(), f"{name}.ndjson"
        with self.archive.open(file, "w", force_zip64=True) as entry:
            async for some in rows.lines(conn, name, wanted):
                block = "".join(f"{line}\n" for line in some).encode()
                digest.update(block)
                await asyncio.to_thread(entry.write, block)
                count += len(some)
        self.counts[name], self.digests[file] = count, digest.hexdigest()


async def _fill(ctx: Context, conn: Conn, bag: _Bag, wanted: Subjects) -> None:
    said = [words("export", language)["readme"] for language in ("th", "en")]
    await bag.put("README.txt", "\n\n".join(said).encode())
    await bag.put("merchant.json", await _merchant(ctx, conn, wanted.merchant_id))
    for name in FILES:
        await bag.stream(conn, name, wanted)
    lines = []
    for refund_id, payee, row in await rows.refunds(conn, wanted):
        told = json.loads(row)
        told["payee"] = None if payee is None else json.loads(ctx.unseal(payee, purpose(refund_id)))
        lines.append(json.dumps(told, ensure_ascii=False))
    bag.counts["refunds"] = len(lines)
    await bag.put("refunds.ndjson", "".join(f"{line}\n" for line in lines).encode())
    bag.counts["pictures"] = 0
    async for slip_id, picture in rows.pictures(conn, wanted):
        bag.counts["pictures"] += 1
        await bag.put(f"slips/{ids.show('slp', slip_id)}.{_ending(picture)}", picture)


async def _merchant(ctx: Context, conn: Conn, merchant_id: int) -> bytes:
    found = await merchants.get(conn, merchant_id)
    if found is None:
        return b"{}"
    known = await dossiers.read(ctx, conn, merchant_id)
    told = {
        "merchantId": ids.show_merchant(merchant_id),
        "name": found.name,
        "email": found.email,
        "plan": found.plan,
        "status": found.status,
        "createdAt": timestamp(found.created_at),
        "approvedAt": timestamp(found.approved_at),
        "dossier": asdict(known.facts),
        "checkedBy": known.check.by if known.check else None,
        "documents": [{"kind": one.kind, "name": one.name, "sha256": one.digest.hex()} for one in known.documents],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _check(scope: Scope) -> None:
    if sum(one is not None for one in (scope.merchant_id, scope.payment_id, scope.credit_id)) != 1:
        raise InvalidInput("Ask for one thing: a merchant, a payment or a credit.", field="merchantId")
    if scope.merchant_id is not None and (scope.since is None or scope.until is None):
        raise InvalidInput(
            "Of a merchant, say from when until when.", field="since" if scope.since is None else "until"
        )
    if scope.since is not None and scope.until is not None and scope.since >= scope.until:
        raise InvalidInput("until must be after since.", field="until")


async def _subjects(conn: Conn, scope: Scope) -> Subjects:
    if scope.merchant_id is not None and scope.since is not None and scope.until is not None:
        if await merchants.get(conn, scope.merchant_id) is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(scope.merchant_id)}.")
        found = await rows.payments_of(conn, scope.merchant_id, scope.since, scope.until, MOST_PAYMENTS + 1)
        if len(found) > MOST_PAYMENTS:
            raise Conflict(f"These are more than {MOST_PAYMENTS} payments: ask for less time.", field="until")
        settled = await rows.settlements_of(conn, scope.merchant_id, scope.since, scope.until)
        return await _around(conn, scope.merchant_id, found, (), settled, scope)
    if scope.payment_id is not None:
        owner = await rows.owner_of(conn, scope.payment_id)
        if owner is None:
            raise NotFound("No such payment.")
        return await _around(conn, owner, [scope.payment_id], (), (), scope)
    one = None if scope.credit_id is None else await rows.credit(conn, scope.credit_id)
    if one is None or scope.credit_id is None:
        raise NotFound("No such credit.")
    holder, owner, payment_id = one
    payments = [] if payment_id is None else [payment_id]
    return await _around(conn, holder if owner is None else owner, payments, [scope.credit_id], (), scope)


async def _around(
    conn: Conn,
    merchant_id: int,
    payments: Sequence[UUID],
    credits: Sequence[UUID],
    settlements: Sequence[UUID],
    scope: Scope,
) -> Subjects:
    """What belongs to payments."""
    more, refunds = await rows.about(conn, merchant_id, payments)
    subjects = [f"payment:{one}" for one in payments] + [f"refund:{ids.show('rfd', one)}" for one in refunds]
    subjects += [f"settlement:{ids.show('stl', one)}" for one in settlements]
    every = sorted({*credits, *more})
    return Subjects(merchant_id, payments, every, settlements, refunds, subjects, scope.since, scope.until)


def _ending(picture: bytes) -> str:
    return "jpg" if picture[:3] == b"\xff\xd8\xff" else "png" if picture[:4] == b"\x89PNG" else "webp"


def _name(actor: By) -> str:
    return actor if isinstance(actor, str) else actor.name
