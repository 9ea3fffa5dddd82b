"""Amounts that a page may not choose: a token is good when one of the merchant's secret keys signed it."""

from __future__ import annotations

import secrets
from uuid import UUID

from paygate.core import amount_tokens, ids
from paygate.core.amount_tokens import FIELD, Terms
from paygate.core.errors import InvalidInput
from paygate.core.principals import Principal
from paygate.core.sealing import NONCE_BYTES
from paygate.db import keys
from paygate.services.context import Context


def seal_secret(ctx: Context, key_id: UUID, text: str) -> bytes:
    """What is stored of a new secret key so that amounts signed with it can be checked."""
    return ctx.key.seal(amount_tokens.signing_secret(text), _purpose(key_id), secrets.token_bytes(NONCE_BYTES))


async def redeem(ctx: Context, principal: Principal, text: str) -> Terms:
    """What the token *text* fixes. Raises InvalidInput when no key of the merchant and mode signed it, or it is over.

    A token says nothing about how often it is used: two payments of one price are two payments.
    """
    token = amount_tokens.read(text)
    async with ctx.db.connection() as conn:
        found, now = await keys.amount_secrets(conn, principal.merchant_id, principal.mode)
    fits = False
    for key_id, sealed in found:
        fits |= token.fits(ctx.key.open(sealed, _purpose(key_id)))
    if not fits:
        message = (
            f"amountToken was not signed with a secret key (sk_{principal.mode}_...) that this merchant uses now and"
            " that may create payments."
        )
        raise InvalidInput(message, field=FIELD)
    return amount_tokens.terms(token, now)


def _purpose(key_id: UUID) -> str:
    return f"amounts:{ids.show('key', key_id)}"
