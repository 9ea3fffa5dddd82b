"""What a payment needs, made through the services that the command line uses."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from paygate.core import ids
from paygate.services import accounts, endpoints, merchants, sources
from paygate.services.context import Context

DIRECT_PROMPTPAY = "0899999999"


@dataclass(frozen=True, slots=True)
class World:
    """A central account with its bank source, an approved merchant, and perhaps a webhook endpoint."""

    account_id: UUID
    receiving_id: UUID
    merchant_id: int
    secret_key: str  # sk_live_
    public_key: str  # pk_live_
    test_key: str  # sk_test_
    test_public_key: str  # pk_test_
    source: str  # src_..., as addresses have it.
    source_secret: str
    endpoint_secret: str


async def make_world(ctx: Context, *, plan: str = "free", tagging: str = "off", hook: str | None = None) -> World:
    """A central account 0812345678 with amount tagging *tagging*, a merchant on *plan*, and an endpoint at *hook*."""
    account = await accounts.add(
        ctx,
        owner=0,
        promptpay="0812345678",
        bank="014",
        number="4061234567",
        name="บริษัท เพย์เกต จำกัด",
        amount_tagging=tagging,
    )
    promptpay = None if plan == "free" else DIRECT_PROMPTPAY
    merchant = await merchants.create(
        ctx, email="shop@example.com", name="ร้านกาแฟ", plan=plan, promptpay=promptpay, approve=True
    )
    source = await sources.add(ctx, account_id=account.id, kind="generic")
    endpoint = await endpoints.add(ctx, merchant_id=merchant.merchant_id, url=hook) if hook else None
    return World(
        account_id=account.id,
        receiving_id=account.receiving_id,
        merchant_id=merchant.merchant_id,
        secret_key=merchant.live_secret_key,
        public_key=merchant.live_public_key,
        test_key=merchant.test_secret_key,
        test_public_key=merchant.test_public_key,
        source=ids.show("src", source.id),
        source_secret=source.secret,
        endpoint_secret=endpoint.secret if endpoint else "",
    )
