"""`/link/{id}`: the page of a payment link. Its button makes a payment and goes on to it."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from paygate import wire
from paygate.core import ids
from paygate.core.errors import Conflict, NoAccount, SlotsExhausted, TooManyOpen
from paygate.services import payment_links
from paygate.services.payment_links import PREFIX
from paygate.web import formats, pages

FORM_BYTES = 1_024


async def show(request: Request) -> Response:
    """GET /link/{id}; `?lang=`."""
    await wire.count_address(request)
    return await _page(request)


async def pay(request: Request) -> Response:
    """POST /link/{id}: to the page of a new payment. There is nothing to forge: whoever posts gets a price to pay."""
    await wire.count_address(request)
    await wire.body(request, FORM_BYTES)
    lang = pages.language(request)
    try:
        made = await payment_links.pay(wire.context(request), _id(request), wire.client_address(request))
    except (SlotsExhausted, TooManyOpen) as error:
        return await _page(request, told=error.payer[lang], status=409)
    except (Conflict, NoAccount):
        return await _page(request, status=409)
    query = f"?{urlencode({'lang': lang})}" if "lang" in request.query_params else ""
    return RedirectResponse(f"/pay/{made.id}{query}", 303)


def _id(request: Request) -> UUID:
    return ids.read(PREFIX, request.path_params["link_id"])


async def _page(request: Request, *, told: str | None = None, status: int = 200) -> Response:
    shown = await payment_links.look(wire.context(request), _id(request))
    lang = pages.language(request)
    return pages.page(
        "link.html",
        lang,
        "link",
        status,
        sheet="checkout.css",
        pictures=True,
        shown=shown,
        told=told,
        open=shown.open and (status == 200 or told is not None),
        amount=formats.baht(shown.link.amount_satang),
        other_query="?" + urlencode({**request.query_params, "lang": "en" if lang == "th" else "th"}),
    )
