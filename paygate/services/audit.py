"""The audit log: who did what to money or access, in the commit of the act itself; and whether it still is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any, TypeAlias

from paygate import telemetry
from paygate.core import ids
from paygate.core.audit import (
    Address,
    Head,
    Record,
    Sealed,
    digest,
    dumps,
    faults_at_end,
    faults_of,
    seal_purpose,
)
from paygate.db import audit as rows
from paygate.db.pool import Conn
from paygate.services.context import Context

CLI = "cli"  # The actor of an act on the host's command line.
PAGE_ROWS = 2_000
MAX_FAULTS = 1_000  # Of a log that is broken everywhere, nobody reads more.
PLATFORM = 0


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts by a request: `name` (`key:key_...`, `user:...`), from which network address."""

    name: str
    address: Address | None = None
    credential: str | None = None  # What is to be seen of the key: `sk_live_...a1b2`.


By: TypeAlias = Actor | str
"""Who acts; a name alone where there is no request, or where it is the one that `asks` told of."""

_asking: ContextVar[Actor | None] = ContextVar("_asking", default=None)


def asks(actor: Actor) -> None:
    """From here on, in this request, *actor* acts: what is written of that name has its address and key, too."""
    _asking.set(actor)


Progress = Callable[[int, int], None]
"""Told now and then: rows looked at, rows in all."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a chain; `row` None: with its end."""

    merchant_id: int
    row: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a walk over every chain saw. `heads`: where each ends, to be kept elsewhere by whoever is careful."""

    rows: int
    heads: tuple[Head, ...]
    faults: tuple[Fault, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "whole": self.whole,
            "rows": self.rows,
            "chains": [
                {"merchantId": owner(head.merchant_id), "rows": head.last_id, "head": head.last_hash.hex()}
                for head in self.heads
            ],
            "faults": [{"merchantId": owner(f.merchant_id), "row": f.row, "what": f.what} for f in self.faults],
        }


async def append(
    conn: Conn,
    ctx: Context,
    *,
    merchant_id: int,
    actor: By,
    action: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one row to a merchant's chain (0: the platform's), inside the transaction of the act that it tells of.

    Call it last: writers of one chain wait for each other from here to their commit. *before* and *after* hold what
    changed, never a secret. The request's id is the one that log lines have now. Raises Bug for a value without an
    exact form (a float).
    """
    who = actor if isinstance(actor, Actor) else Actor(actor)
    asking = _asking.get()
    if asking is not None and actor == asking.name:
        who = asking
    address = who.address
    place = await rows.lock_head(conn, merchant_id)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    record = Record(
        merchant_id=merchant_id,
        id=place.last_id + 1,
        at=place.now,
        actor=who.name,
        action=action,
        subject=subject,
        before=None if before is None else dumps(before),
        after=None if after is None else dumps(after),
        address=address,
        prev_hash=place.last_hash,
        request_id=telemetry.bound("request_id"),
        credential=who.credential,
    )
    row = Sealed(record, digest(record))
    await rows.append(conn, row, _seal(ctx, merchant_id, record.id, row.hash))


async def list_records(
    ctx: Context,
    merchant_id: int,
    *,
    before_id: int | None = None,
    action: str | None = None,
    subject: str | None = None,
    limit: int = 50,
) -> Sequence[Sealed]:
    """Rows of one chain, newest first, those older than *before_id*."""
    async with ctx.db.connection() as conn:
        return await rows.listed(conn, merchant_id, before_id=before_id, action=action, subject=subject, limit=limit)


async def verify(ctx: Context, on_progress: Progress | None = None) -> Report:
    """Walk every chain from its beginning, all at one moment, and say what is not as it was written."""
    faults: list[Fault] = []
    async with ctx.db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        heads = await rows.heads(conn)
        total = sum(head.last_id for head in heads.values())
        seen, last = 0, None
        walked: set[int] = set()
        while page := await rows.walk(conn, (last.record.merchant_id, last.record.id) if last else None, PAGE_ROWS):
            for row in page:
                if last is not None and last.record.merchant_id != row.record.merchant_id:
                    _end(ctx, faults, last.record.merchant_id, last, heads)
                    last = None
                _add(faults, row.record.merchant_id, row.record.id, faults_of(last, row))
                last = row
                walked.add(row.record.merchant_id)
            seen += len(page)
            if on_progress:
                on_progress(seen, max(seen, total))
        if last is not None:
            _end(ctx, faults, last.record.merchant_id, last, heads)
    for merchant_id in heads.keys() - walked:
        _end(ctx, faults, merchant_id, None, heads)
    return Report(seen, tuple(heads[merchant_id] for merchant_id in sorted(heads)), tuple(faults))


def owner(merchant_id: int) -> str:
    """Whose chain it is, for people and programs."""
    return "central" if merchant_id == PLATFORM else ids.show_merchant(merchant_id)


def _end(ctx: Context, faults: list[Fault], merchant_id: int, last: Sealed | None, heads: Mapping[int, Head]) -> None:
    head = heads.get(merchant_id)
    seal = _seal(ctx, merchant_id, head.last_id, head.last_hash) if head else None
    _add(faults, merchant_id, None, faults_at_end(last, head, seal))


def _add(faults: list[Fault], merchant_id: int, row: int | None, found: Iterable[str]) -> None:
    faults.extend(Fault(merchant_id, row, what) for what in found)
    del faults[MAX_FAULTS:]


def _seal(ctx: Context, merchant_id: int, last_id: int, last_hash: bytes) -> str:
    return ctx.key.token(seal_purpose(merchant_id, last_id, last_hash))
