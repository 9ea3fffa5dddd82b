"""`/pay/{id}`: the payer's page. It works without a script; with one it is live, counts down and saves the picture."""

from __future__ import annotations

import asyncio
import hmac
import re
from contextlib import suppress
from datetime import timedelta
from urllib.parse import parse_qs, urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from paygate import wire
from paygate.banks.slips.picture import MAX_SLIP_BYTES
from paygate.core import ids, origins
from paygate.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    SlipRefused,
    SlotsExhausted,
    TooManyOpen,
)
from paygate.core.events import timestamp
from paygate.core.payments import Oddity, Payment, Status
from paygate.core.slips import SlipOutcome
from paygate.services import checkout, logos, payments, slips, specimens
from paygate.services.checkout import View
from paygate.services.slip_outcomes import Verification
from paygate.web import formats, pages
from paygate.wire.access import actor

FORM_BYTES = 16_384  # What a form has beside its file.
RETURNS = timedelta(minutes=10)  # A page that is opened again long after shows the receipt and stays.
_LOGO = re.compile(r"([0-9a-f]{32})\.png", re.ASCII)
_HELD = "max-age=31536000, immutable"  # A logo's address changes with the picture.


async def show(request: Request) -> Response:
    """GET /pay/{id} and /payment/{id}; `?lang=`, and `?origin=` of the page that shows this one in a frame."""
    await wire.count_address(request)
    return await _page(request, await read_view(request))


async def cancel(request: Request) -> Response:
    """POST /pay/{id}/cancel, a form with `secret`: back to the page, which then says that it is cancelled."""
    view, _, _ = await read_form(request, FORM_BYTES)
    with suppress(Conflict):  # Paid or expired meanwhile, or a slip is being checked: the page says which.
        ctx, by = wire.context(request), actor(request)
        await payments.cancel(ctx, view.payment, view.payment.id, None, lambda _: (200, b""), by)
    return _back(request, view.payment)


async def send_slip(request: Request) -> Response:
    """POST /pay/{id}/slip, a form with `secret` and `file`: back to the page, which tells what became of the slip."""
    ctx = wire.context(request)
    view, _, files = await read_form(request, MAX_SLIP_BYTES + FORM_BYTES)
    content = files.get("file", b"")
    if not content:
        return await _page(request, view, problem="slip_missing", status=400)
    if len(content) > MAX_SLIP_BYTES:
        return await _page(request, view, problem="slip_too_large", status=413)
    try:
        await slips.begin(ctx, view.payment, None)
        given = await slips.look(content)
        await slips.hand_in(ctx, view.payment, given, None, lambda _, __: (200, b""))
    except SlipRefused as error:
        return await _page(request, await read_view(request), told=error.payer[pages.language(request)], status=409)
    except InvalidInput:
        return await _page(request, view, problem="slip_unreadable", status=400)
    return _back(request, view.payment)


async def renew(request: Request) -> Response:
    """POST /pay/{id}/renew, a form with `secret`: to the page of a new payment for the same order."""
    view, _, _ = await read_form(request, FORM_BYTES)
    try:
        new_id = await checkout.renew(wire.context(request), view, wire.client_address(request))
    except (SlotsExhausted, TooManyOpen) as error:
        return await _page(request, view, told=error.payer[pages.language(request)], status=409)
    except Conflict:
        return _back(request, await _payment(request))
    return RedirectResponse(f"/pay/{new_id}{_query(request)}", 303)


async def logo(request: Request) -> Response:
    """GET /logo/{digest}.png"""
    await wire.count_address(request)
    found = _LOGO.fullmatch(request.path_params["name"])
    if found is None:
        raise NotFound("There is nothing at this address.")
    picture = await logos.picture(wire.context(request), found[1])
    return Response(picture, media_type="image/png", headers={"Cache-Control": f"public, {_HELD}"})


# --- the request ---------------------------------------------------------------------------------------------------


async def read_view(request: Request) -> View:
    """What there is to show of the payment that the address names. Raises NotFound."""
    return await checkout.view(wire.context(request), ids.read("pi", request.path_params["payment_id"]))


async def _payment(request: Request) -> Payment:
    return (await read_view(request)).payment


async def read_form(request: Request, most_bytes: int) -> tuple[View, dict[str, str], dict[str, bytes]]:
    """The payment, and what the form says; its `secret` shows that it comes from our page. Raises Forbidden."""
    await wire.count_address(request)
    raw = await wire.body(request, most_bytes)
    if wire.is_form(request):
        form = wire.read_form(request.headers["content-type"], raw)
        texts, files = dict(form.texts), dict(form.files)
    else:
        try:
            fields = parse_qs(raw.decode("utf-8"), max_num_fields=10, keep_blank_values=True)
        except ValueError as error:
            raise InvalidInput("The form cannot be read.") from error
        texts, files = {name: values[0] for name, values in fields.items()}, {}
    view = await read_view(request)
    secret = payments.client_secret(wire.context(request), view.payment)
    if not hmac.compare_digest(texts.get("secret", "").encode(), secret.encode()):
        raise Forbidden("This form is not of this payment's page. Open the page again.")
    return view, texts, files


def _query(request: Request) -> str:
    """The part of the query that stays with the payer: the language, and the page around this one."""
    kept = {name: request.query_params[name] for name in ("lang", "origin") if name in request.query_params}
    return f"?{urlencode(kept)}" if kept else ""


def _back(request: Request, payment: Payment) -> Response:
    return RedirectResponse(f"/pay/{payment.id}{_query(request)}", 303)


# --- the page ------------------------------------------------------------------------------------------------------


async def _page(
    request: Request, view: View, *, problem: str | None = None, told: str | None = None, status: int = 200
) -> Response:
    ctx, lang, payment, shop = wire.context(request), pages.language(request), view.payment, view.shop
    state = state_of(view)
    if told is None and state == "waiting" and view.verification is not None:
        words = view.verification.words
        told = words.th if lang == "th" else words.en
    around = origins.shown(request.query_params.get("origin", ""))
    framing = ("*",) if payment.mode == "test" else shop.allowed_origins
    if around is not None and "*" not in framing and around not in framing:
        around = None
    answer = pages.page(
        "checkout.html",
        lang,
        "checkout",
        status,
        sheet="checkout.css",
        script="checkout.js",
        framed_by=framing,
        state=state,
        token=token(payment, view.verification),
        view=view,
        payment=payment,
        shop=shop,
        secret=payments.client_secret(ctx, payment),
        qr=await asyncio.to_thread(_symbol, payment) if state == "waiting" else None,
        told=told,
        problem=problem,
        request_id=wire.request_id(request),
        around=around,
        query=_query(request),
        other_query="?" + urlencode({**request.query_params, "lang": "en" if lang == "th" else "th"}),
        returns=view.return_url is not None and view.now - (payment.closed_at or view.now) < RETURNS,
        baht=formats.baht,
        moment=lambda at: formats.moment(at, lang),
        now_ms=int(view.now.timestamp() * 1000),
        expires_ms=int(payment.expires_at.timestamp() * 1000),
        slip_words=_words(view.verification, lang),
    )
    answer.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"  # A shop may open it in a window, and wait for that.
    return answer


def state_of(view: View) -> str:
    """Which of its screens the page shows."""
    payment, verification = view.payment, view.verification
    outcome = verification.status if verification else None
    match payment.status:
        case Status.PAID:
            return "reversed" if payment.exception is Oddity.REVERSED else "paid"
        case Status.CANCELLED:
            return "cancelled"
        case Status.FAILED:
            return "failed"
    if outcome is SlipOutcome.VERIFYING:
        return "verifying"
    if payment.exception in (Oddity.UNDERPAID, Oddity.OVERPAID):
        return "under" if payment.exception is Oddity.UNDERPAID else "over"
    if outcome is SlipOutcome.REVIEW:
        return "review"
    return "waiting" if payment.status is Status.PENDING else "expired"


def token(payment: Payment, verification: Verification | None) -> str:
    """What tells states apart; the script makes the same of an event, and asks for the page when they differ."""
    said = (verification.status, timestamp(verification.at)) if verification else ("", "")
    return "|".join((payment.status, payment.exception or "", *said))


def _words(verification: Verification | None, lang: str) -> str | None:
    if verification is None:
        return None
    return verification.words.th if lang == "th" else verification.words.en


def _symbol(payment: Payment) -> Markup:
    symbol = specimens.picture(payment.qr_payload, test=payment.mode == "test", scale=6)
    return Markup(symbol.svg())  # noqa: S704  # Drawn by us: digits and paths.
