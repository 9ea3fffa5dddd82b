"""Who may see and prove one payment: its merchant by a secret key, or its payer by the client secret."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from paygate import telemetry
from paygate.core.errors import NotFound, Unauthorized
from paygate.core.payments import Payment
from paygate.core.scopes import Scope
from paygate.services import payments
from paygate.wire import noting, people
from paygate.wire.access import authenticate, greet_page
from paygate.wire.edge import let_read
from paygate.wire.limits import count_address
from paygate.wire.requests import context, page_of

HEADER = "x-client-secret"
IN_QUERY = "clientSecret"
PAIR = "The key and the client secret do not belong together."


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody who may act on `payment`; `kind` is that of the credential: secret, or public for the payer."""

    payment: Payment
    kind: str

    @property
    def merchant_id(self) -> int:
        """Whose payment it is."""
        return self.payment.merchant_id

    @property
    def mode(self) -> str:
        """In which mode."""
        return self.payment.mode

    @property
    def is_payer(self) -> bool:
        """Whether it is the payer, who sees less."""
        return self.kind == "public"


async def merchant_or_payer(request: Request, payment_id: UUID, scope: Scope, *, in_query: bool = False) -> Access:
    """Who asks about a payment: `sk_...` of its merchant, or `X-Client-Secret`, alone or with a `pk_...` key.

    A secret key needs *scope*; public ones and client secrets are for this.

    Raises Unauthorized when there is neither, for a wrong client secret (also of a payment that does not exist), and
    for a pair that does not belong together; NotFound, Forbidden and TooManyRequests as for any key. *in_query*:
    `?clientSecret=` will do as well.
    """
    in_person = await people.at_door(request)
    if in_person is not None:
        return Access(await payments.get(context(request), in_person, payment_id), "secret")
    ctx, secret, has_key = context(request), request.headers.get(HEADER, "").strip(), _has_key(request)
    if in_query and not secret:
        secret = request.query_params.get(IN_QUERY, "").strip()
    if not has_key:
        await count_address(request)
        if not secret:
            raise Unauthorized()
        payment = await _by_secret(request, payment_id, secret)
        let_read(request.scope, page_of(request))  # Whoever has the secret may read what it opens, on whatever page.
        return Access(payment, "public")
    principal = await authenticate(request, scope)
    if principal.kind == "secret":
        payment = await payments.get(ctx, principal, payment_id)
        if secret and not _is_secret_of(request, payment, secret):
            raise Unauthorized(PAIR)
        return Access(payment, "secret")
    if not secret:
        raise Unauthorized("A public key (pk_...) needs the payment's X-Client-Secret as well.")
    payment = await _by_secret(request, payment_id, secret)
    if (payment.merchant_id, payment.mode) != (principal.merchant_id, principal.mode):
        raise Unauthorized(PAIR)
    greet_page(request, principal)  # The secret is the proof; an allowed page may read the answer as well.
    return Access(payment, "public")


async def secret_alone(request: Request) -> str | None:
    """The X-Client-Secret of a request without a key, counted by its address; None for anybody else."""
    secret = request.headers.get(HEADER, "").strip()
    if not secret or _has_key(request) or await people.at_door(request) is not None:
        return None
    await count_address(request)
    let_read(request.scope, page_of(request))
    noting.acts(request.scope, payments.PAYER)
    return secret


def _has_key(request: Request) -> bool:
    return bool(request.headers.get("x-api-key", "").strip() or request.headers.get("authorization", "").strip())


async def _by_secret(request: Request, payment_id: UUID, secret: str) -> Payment:
    try:
        payment = await payments.public(context(request), payment_id)
    except NotFound:
        payment = None
    if payment is None or not _is_secret_of(request, payment, secret):
        raise Unauthorized("The X-Client-Secret is not that of this payment.")
    telemetry.bind(merchant=payment.merchant_id, mode=payment.mode)
    noting.acts(request.scope, payments.PAYER)
    return payment


def _is_secret_of(request: Request, payment: Payment, secret: str) -> bool:
    return hmac.compare_digest(secret.encode(), payments.client_secret(context(request), payment).encode())
