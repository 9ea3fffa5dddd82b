"""`/simulator/{id}`: plays the bank for a test payment. No script: every press is a form, and the page tells."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from paygate import wire
from paygate.core import ids
from paygate.core.credits import BANGKOK
from paygate.core.errors import Conflict, InvalidInput, NotFound
from paygate.core.money import read_baht
from paygate.core.payments import Payment
from paygate.db.simulated import Transfer
from paygate.services import payments, simulator
from paygate.services.checkout import View
from paygate.services.simulator import HIGH_SATANG, VIAS, History, Play
from paygate.web import checkout, formats, pages
from paygate.wire.access import actor

ACTS = ("exact", "twice", "again", "under", "over", "late", "later", "draw", "amount")
LATER_S = 10
_SLIP = re.compile(r"(sim_[0-9a-z]{26})\.png", re.ASCII)
_PAIR = (137, 37)  # Satang too little or too much: odd ones, so that no other shop's price is met by chance.


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a transfer, or an event that the merchant hears of."""

    at: datetime
    transfer: Transfer | None = None
    event: str = ""
    endpoints: int = 0
    delivered: int = 0


async def show(request: Request) -> Response:
    """GET /simulator/{id}; `?lang=`. A live payment has no such page."""
    await wire.count_address(request)
    return await _page(request, await _test(request))


async def play(request: Request) -> Response:
    """POST /simulator/{id}/play, a form with `secret`, `via`, `act` and perhaps `amount`: back to the page."""
    await wire.count_address(request)
    await _test(request)  # Before anything of a form is read.
    view, texts, _ = await checkout.read_form(request, checkout.FORM_BYTES)
    act, via = texts.get("act", ""), texts.get("via", "callback")
    if act not in ACTS or via not in VIAS:
        raise InvalidInput("The form is not one of this page's.")
    wish = _wish(view.payment, act, via, texts.get("amount", ""))
    if wish is None:
        return await _page(request, view, problem="amount", via=via, status=400)
    ctx, who = wire.context(request), actor(request)
    try:
        for _ in range(2 if act == "twice" else 1):
            await simulator.play(ctx, view.payment, view.payment.id, wish, None, lambda _, __: (200, b""), who)
    except InvalidInput as error:
        problem = "via" if error.field == "via" else "taken"
        return await _page(request, await _test(request), problem=problem, via=via, status=400)
    except Conflict:
        return await _page(request, await _test(request), problem="conflict", via=via, status=409)
    return RedirectResponse(f"/simulator/{view.payment.id}{_query(request, via=via)}", 303)


async def slip(request: Request) -> Response:
    """GET /simulator/{id}/slips/{transfer}.png: the picture of a slip that was drawn."""
    await wire.count_address(request)
    found = _SLIP.fullmatch(request.path_params["name"])
    if found is None:
        raise NotFound("There is nothing at this address.")
    view = await _test(request)
    picture = await simulator.slip(wire.context(request), view.payment, ids.read("sim", found[1]))
    return Response(picture, media_type="image/png")


async def _test(request: Request) -> View:
    """The test payment that the address names. Raises NotFound, for a live one as well."""
    view = await checkout.read_view(request)
    if view.payment.mode != "test":
        raise NotFound("There is nothing at this address.")
    return view


def _wish(payment: Payment, act: str, via: str, amount: str) -> Play | None:
    """What the pressed button wants; None for an amount that is none."""
    wish = Play(via=next(known for known in VIAS if known == via))
    asked_satang = payment.payable_satang
    odd_satang = _PAIR[0] if asked_satang > 2 * _PAIR[0] else _PAIR[1]
    match act:
        case "again":
            return replace(wish, duplicate=True)
        case "under":
            return replace(wish, amount_satang=asked_satang - odd_satang)
        case "over":
            return replace(wish, amount_satang=asked_satang + odd_satang)
        case "late":
            return replace(wish, late=True)
        case "later":
            return replace(wish, delay_s=LATER_S)
        case "draw":
            return replace(wish, via="slip", draw_only=True)
        case "amount":
            typed_satang = read_baht(amount.replace(",", "").strip())
            return replace(wish, amount_satang=typed_satang) if typed_satang and typed_satang <= HIGH_SATANG else None
    return wish


def _query(request: Request, **more: str) -> str:
    kept = {"lang": request.query_params["lang"]} if "lang" in request.query_params else {}
    return f"?{urlencode(kept | more)}" if kept | more else ""


async def _page(
    request: Request, view: View, *, problem: str | None = None, via: str = "", status: int = 200
) -> Response:
    ctx, lang, payment = wire.context(request), pages.language(request), view.payment
    history = await simulator.history(ctx, payment)
    via = via or request.query_params.get("via", "")
    return pages.page(
        "simulator.html",
        lang,
        "simulator",
        status,
        sheet="simulator.css",
        pictures=True,
        payment=payment,
        shop=view.shop,
        secret=payments.client_secret(ctx, payment),
        state=checkout.state_of(view),
        vias=VIAS,
        via=via if via in VIAS else VIAS[0],
        problem=problem,
        latest=history.transfers[0] if history.transfers else None,
        waits=any(one.told_at is None for one in history.transfers),
        entries=_timeline(history),
        host=ctx.public_url,
        query=_query(request),
        other_query="?" + urlencode({**request.query_params, "lang": "en" if lang == "th" else "th"}),
        baht=formats.baht,
        moment=lambda at: formats.moment(at, lang),
        clock=lambda at: f"{at.astimezone(BANGKOK):%H:%M:%S}",
        named=lambda one: ids.show("sim", one.id),
    )


def _timeline(history: History) -> list[Entry]:
    """All that happened, newest first."""
    entries = [Entry(one.created_at, transfer=one) for one in history.transfers]
    entries += [Entry(e.created_at, None, e.type, e.endpoints, e.delivered) for e in history.events]
    return sorted(entries, key=lambda one: one.at, reverse=True)
