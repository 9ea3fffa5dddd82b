"""A merchant in the hands of its own people: how it stands, and what they may change themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from paygate.core import ids, links, origins
from paygate.core.errors import InvalidInput, NotFound
from paygate.db import merchants as rows
from paygate.db.merchants import Choices, Merchant
from paygate.db.pool import Conn
from paygate.services import audit, inputs
from paygate.services.context import Context

Own: TypeAlias = tuple[Merchant, Choices]


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different; None: as it is."""

    name: str | None = None
    expiry_minutes: int | None = None
    callback_domains: Sequence[str] | None = None
    allowed_origins: Sequence[str] | None = None


async def show(ctx: Context, merchant_id: int) -> Own:
    """The merchant. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return await _read(conn, merchant_id)


async def update(ctx: Context, merchant_id: int, change: Change, actor: str) -> Own:
    """Change what the merchant's people may. Raises InvalidInput, naming the field."""
    name = None if change.name is None else inputs.name(change.name)
    domains = None if change.callback_domains is None else [links.domain(one) for one in change.callback_domains]
    pages = None if change.allowed_origins is None else sorted({_origin(one) for one in change.allowed_origins})

    async def work(conn: Conn) -> Own:
        await rows.lock(conn, merchant_id)
        merchant, now = await _read(conn, merchant_id)
        after = Choices(
            name=name or now.name,
            expiry_minutes=change.expiry_minutes or now.expiry_minutes,
            callback_domains=now.callback_domains if domains is None else tuple(dict.fromkeys(domains)),
            allowed_origins=now.allowed_origins if pages is None else tuple(pages),
        )
        if after == now:
            return merchant, now
        await rows.choose(conn, merchant_id, after)
        before, told = ({key: _plain(getattr(one, key)) for key in one.__slots__} for one in (now, after))
        await audit.append(
            conn,
            ctx,
            merchant_id=merchant_id,
            actor=actor,
            action="merchant.update",
            subject=f"merchant:{ids.show_merchant(merchant_id)}",
            before={key: value for key, value in before.items() if told[key] != value},
            after={key: value for key, value in told.items() if before[key] != value},
        )
        return replace(merchant, name=after.name, expiry_minutes=after.expiry_minutes), after

    return await ctx.db.transaction(work)


async def _read(conn: Conn, merchant_id: int) -> Own:
    merchant, choices = await rows.get(conn, merchant_id), await rows.choices(conn, merchant_id)
    if merchant is None or choices is None:
        raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
    return merchant, choices


def _origin(text: str) -> str:
    try:
        return origins.allowable(text)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="allowedOrigins") from error


def _plain(value: object) -> Any:
    return list(value) if isinstance(value, tuple) else value
