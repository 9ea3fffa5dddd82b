"""Lists of payments: a page as JSON, all of them as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from paygate import wire
from paygate.core.cells import harmless
from paygate.core.events import timestamp
from paygate.core.money import baht
from paygate.core.payments import Payment
from paygate.core.principals import Principal
from paygate.core.scopes import Scope
from paygate.db.payments import Page
from paygate.faces.v1 import shapes
from paygate.faces.v1.payments import merchant
from paygate.services import payments
from paygate.services.context import Context

ROWS_AT_ONCE = 500
COLUMNS = (
    "id",
    "orderId",
    "amount",
    "fee",
    "netAmount",
    "status",
    "paymentMethod",
    "createdAt",
    "paidAt",
    "expiresAt",
    "payableAmount",
    "receivedAmount",
    "exception",
    "description",
    "refundedAmount",
)


async def listed(request: Request) -> Response:
    """GET /api/v1/transactions: a page, newest first; with `Accept: text/csv` all that fit, as a stream."""
    principal, ctx = await merchant(request, Scope.PAYMENTS_READ), wire.context(request)
    page = shapes.wanted(wire.query(request))
    if _wants_csv(request.headers.get("accept", "")):
        page = replace(page, limit=ROWS_AT_ONCE)
        first = await payments.list_page(ctx, principal, page)
        headers = {"Content-Disposition": 'attachment; filename="transactions.csv"'}
        return StreamingResponse(_csv(ctx, principal, page, first), headers=headers, media_type="text/csv")
    found = await payments.list_page(ctx, principal, replace(page, limit=page.limit + 1))
    return wire.raw_json(shapes.page(ctx, found, page.limit))


def _wants_csv(accept: str) -> bool:
    return any(part.split(";")[0].strip().lower() == "text/csv" for part in accept.split(","))


async def _csv(ctx: Context, principal: Principal, page: Page, rows: list[Payment]) -> AsyncIterator[str]:
    yield _lines([COLUMNS])
    while rows:
        yield _lines([_cells(payment) for payment in rows])
        if len(rows) < page.limit:
            return
        page = replace(page, before=(rows[-1].created_at, rows[-1].id))
        rows = await payments.list_page(ctx, principal, page)


def _lines(rows: list[tuple[object, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _cells(payment: Payment) -> tuple[object, ...]:
    return (
        payment.id,
        harmless(payment.order_id),
        baht(payment.amount_satang),
        baht(payment.fee_satang),
        baht(payment.net_satang),
        payment.status,
        "PROMPTPAY",
        timestamp(payment.created_at),
        timestamp(payment.paid_at),
        timestamp(payment.expires_at),
        baht(payment.payable_satang),
        None if payment.received_satang is None else baht(payment.received_satang),
        payment.exception,
        harmless(payment.description),
        baht(payment.refunded_satang),
    )
