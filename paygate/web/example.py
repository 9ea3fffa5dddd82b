"""`/payment-example.html`: a page that makes a payment with a public key, shows its QR and hears what becomes of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.web import pages


async def show(request: Request) -> Response:
    """GET /payment-example.html"""
    await wire.count_address(request)
    here = wire.context(request).public_url
    lang = pages.language(request)
    return pages.page("payment-example.html", lang, "payment-example", script="payment-example.js", here=here)
