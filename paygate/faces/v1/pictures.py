"""`/qr/{id}.png` and `/qr/{id}.svg`: the QR of an open payment, for whoever knows its id."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.fields import Fields
from paygate.core.payments import Status
from paygate.core.shapes import Shape
from paygate.services import checkout, payments, specimens

DEFAULT_SCALE = 8
MAX_SCALE = 20
_SCALE = re.compile(r"[0-9]{1,2}", re.ASCII)
_SHOWN_ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}  # In the merchant's own page.
# An SVG opened by itself is a document: it may run and load nothing; the mark of the test mode is within it.
_SVG_HEADERS = {
    **_SHOWN_ANYWHERE,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
}


async def picture(request: Request) -> Response:
    """GET /qr/{id}.png and .svg, `?scale=` pixels to a module. Only while PENDING: nobody shall pay what is over.

    `?card=th` or `en`: the whole payment card with amount and account name, as payers save it.
    """
    await wire.count_address(request)
    name, _, form = str(request.path_params["name"]).rpartition(".")
    if form not in {"png", "svg"}:
        raise NotFound("There is nothing at this address.")
    query, ctx = wire.query(request), wire.context(request)
    scale, language = SCALE.read(query), CARD.read(query)
    payment = await payments.public(ctx, ids.read("pi", name))
    if payment.status is not Status.PENDING:
        raise NotFound(f"This payment is {payment.status}; its QR is not shown any more.")
    if language is not None:
        card = await checkout.card(ctx, payment, language)
        if form == "svg":
            return Response(card.svg(), media_type="image/svg+xml", headers=_SVG_HEADERS)
        return Response(await asyncio.to_thread(card.png), media_type="image/png")
    test = payment.mode == "test"
    drawn = await asyncio.to_thread(specimens.picture, payment.qr_payload, test=test, scale=scale)
    if form == "svg":
        return Response(drawn.svg(), media_type="image/svg+xml", headers=_SVG_HEADERS)
    return Response(await asyncio.to_thread(drawn.png), media_type="image/png", headers=_SHOWN_ANYWHERE)


def _scale(given: Fields) -> int:
    text = given.get("scale")
    if text is None:
        return DEFAULT_SCALE
    if not _SCALE.fullmatch(str(text)) or not 1 <= int(str(text)) <= MAX_SCALE:
        raise InvalidInput(f"scale must be a whole number from 1 to {MAX_SCALE}.", field="scale")
    return int(str(text))


def _card(given: Fields) -> Literal["th", "en"] | None:
    match given.get("card"):
        case None:
            return None
        case "th":
            return "th"
        case "en":
            return "en"
    raise InvalidInput("card must be th or en.", field="card")


SCALE = declare.custom(
    "scale",
    _scale,
    {"type": "integer", "minimum": 1, "maximum": MAX_SCALE, "default": DEFAULT_SCALE},
    "Pixels to a module.",
    example=DEFAULT_SCALE,
)
CARD = declare.custom(
    "card",
    _card,
    {"type": "string", "enum": ["th", "en"]},
    "The whole payment card in this language, with amount and account name; `scale` does not count then.",
    example="th",
)
PICTURE = Shape("picture", "How it is drawn.", (SCALE, CARD))
