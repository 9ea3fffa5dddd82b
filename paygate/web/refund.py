"""`/refund/{link}`: a payer says where its refund shall go: typed, looked at once more, sent. It runs no script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import emvco.banks
from paygate import wire
from paygate.core import refund_links as signed
from paygate.core.errors import Conflict, Forbidden, InvalidInput
from paygate.core.masks import last_four
from paygate.services import refund_links
from paygate.services.payouts import Place
from paygate.services.refund_links import Standing
from paygate.web import formats, pages
from paygate.wire.access import actor

FORM_BYTES = 8_192
# Those that people have accounts with, the largest first.
BANKS: Final = (
    *("004", "014", "002", "006", "025", "011", "030", "034", "033", "069", "022", "024", "067", "073", "071", "066"),
    *("070", "020", "052"),
)
WAYS: Final = ("promptpay", "bank")
LONGEST: Final = {"promptpay": 40, "bank": 3, "number": 40, "name": 100}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form holds; `wrong` names the field that is not right."""

    way: str = "promptpay"
    values: dict[str, str] = field(default_factory=dict)
    wrong: str | None = None


async def show(request: Request) -> Response:
    """GET /refund/{link}; `?lang=`."""
    await wire.count_address(request)
    return await _page(request, Typed())


async def give(request: Request) -> Response:
    """POST /refund/{link}: `act` is check (shows what was typed, and keeps nothing), change, or confirm.

    The address holds the secret that makes the form ours. What is confirmed is what the page showed: it is signed.
    """
    await wire.count_address(request)
    given = await _form(request)
    act, link = given.get("act", "check"), _link(request)
    if act == "check":
        return await _check(request, given)
    kept = signed.kept(wire.context(request).key, link, given.get("checked", ""))
    if kept is None:
        raise Forbidden("This form is not of this refund's page. Open the page again.")
    typed = Typed(kept["way"], kept)
    if act == "change":
        return await _page(request, typed)
    try:
        await refund_links.give(wire.context(request), link, _place(typed), actor(request))
    except Conflict:  # Another tab was quicker, or the shop: the page says which.
        return await _page(request, Typed(), status=409)
    query = f"?{urlencode({'lang': pages.language(request)})}" if "lang" in request.query_params else ""
    return RedirectResponse(f"/refund/{link}{query}", 303)


async def _check(request: Request, given: dict[str, str]) -> Response:
    way = given.get("way", WAYS[0])
    names = (*(("promptpay",) if way == "promptpay" else ("bank", "number")), "name")
    typed = Typed(way if way in WAYS else WAYS[0], {name: given.get(name, "").strip() for name in names})
    try:
        place = _place(typed)
    except InvalidInput as error:
        return await _page(request, Typed(typed.way, typed.values, error.field), status=400)
    return await _page(request, typed, place=place)


def _place(typed: Typed) -> Place:
    values = typed.values
    for name, longest in LONGEST.items():
        if len(values.get(name, "")) > longest:
            raise InvalidInput(f"{name} is too long.", field=name)
    if typed.way == "promptpay":
        place = refund_links.read_account(values.get("promptpay", ""), None, None, values.get("name"))
    else:
        place = refund_links.read_account(None, values.get("bank", ""), values.get("number", ""), values.get("name"))
    if place is None:
        raise InvalidInput("Say where the money shall go.", field=typed.way)
    return place


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("This form was sent from another site. Open the page again.")
    raw = await wire.body(request, FORM_BYTES)
    try:
        fields = parse_qs(raw.decode("utf-8"), max_num_fields=10, keep_blank_values=True)
    except ValueError as error:
        raise InvalidInput("The form cannot be read.") from error
    return {name: values[0] for name, values in fields.items()}


def _link(request: Request) -> str:
    link: str = request.path_params["link"]
    return link


async def _page(request: Request, typed: Typed, *, place: Place | None = None, status: int = 200) -> Response:
    ctx, lang, link = wire.context(request), pages.language(request), _link(request)
    seen = await refund_links.look(ctx, link)
    is_open = seen.standing is Standing.OPEN
    checked = signed.keep(ctx.key, link, {**typed.values, "way": typed.way}) if place is not None else None
    until, done = seen.refund.link_until, seen.refund.completed_at
    return pages.page(
        "refund.html",
        lang,
        "refund",
        status if is_open or status == 409 else 200,
        sheet="refund.css",
        pictures=True,
        seen=seen,
        state=("check" if checked else "open") if is_open else seen.standing.lower(),
        amount=formats.baht(seen.refund.amount_satang),
        until=formats.moment(until, lang) if until else None,
        done=formats.moment(done, lang) if done else None,
        typed=typed,
        filled=dict.fromkeys(LONGEST, "") | typed.values,
        checked=checked,
        goes=_shown(place, lang) if place is not None else None,
        went=_masked(seen.place, lang) if seen.place is not None else None,
        banks=[(code, emvco.banks.name_of(code, lang)) for code in BANKS],
        other_query="?" + urlencode({**request.query_params, "lang": "en" if lang == "th" else "th"}),
    )


def _shown(place: Place, lang: str) -> tuple[str, str]:
    """(way or bank, number): as a person reads numbers, in groups; for whoever has just typed it."""
    if place.proxy is not None:
        return "promptpay", _grouped(place.proxy)
    return _bank(place, lang), place.number or ""


def _masked(place: Place, lang: str) -> tuple[str, str]:
    """The same, for whoever has the link."""
    if place.proxy is not None:
        return "promptpay", last_four(place.proxy.removeprefix("00"))
    return _bank(place, lang), last_four(place.number or "")


def _bank(place: Place, lang: str) -> str:
    code = place.bank_code or ""
    return emvco.banks.name_of(code, lang) or code


def _grouped(digits: str) -> str:
    if digits.startswith("0066") and len(digits) == 13:
        local = f"0{digits[4:]}"
        return f"{local[:3]}-{local[3:6]}-{local[6:]}"
    if len(digits) == 13:
        return f"{digits[0]}-{digits[1:5]}-{digits[5:10]}-{digits[10:12]}-{digits[12]}"
    return digits
