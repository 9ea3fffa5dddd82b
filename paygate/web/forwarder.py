"""`/forwarder`: how a phone forwards bank texts, and a box that shows what one reads as. Nothing is kept or logged."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from paygate import wire
from paygate.banks import notices
from paygate.banks.notices import Notice, senders
from paygate.banks.notices.text import MAX_CHARS
from paygate.core.errors import InvalidInput
from paygate.core.money import show
from paygate.web import formats, pages

MAX_FORM_BYTES = 60_000  # 4,000 Thai characters are 36,000 bytes of a form.
MAX_SENDER = 200


async def show_page(request: Request) -> Response:
    """GET /forwarder"""
    await wire.count_address(request)
    return _page(request)


async def read(request: Request) -> Response:
    """POST /forwarder, a form with `sender` and `text`: the page, with what the text reads as."""
    await wire.count_address(request)
    raw = await wire.body(request, MAX_FORM_BYTES)
    try:
        fields = parse_qs(raw.decode("utf-8"), max_num_fields=10, keep_blank_values=True)
    except ValueError as error:
        raise InvalidInput("The form cannot be read.") from error
    sender, text = (fields.get(name, [""])[0] for name in ("sender", "text"))
    if not (sender.strip() and text.strip()):
        return _page(request, sender=sender[:MAX_SENDER], text=text[:MAX_CHARS], problem="empty", status=400)
    if len(text) > MAX_CHARS or len(sender) > MAX_SENDER:
        return _page(request, sender=sender[:MAX_SENDER], text=text[:MAX_CHARS], problem="too_long", status=400)
    # In a thread: a bank's patterns are compiled when they are first used.
    found = await asyncio.to_thread(notices.read, text, sender, datetime.now(UTC))
    return _page(request, sender=sender, text=text, found=_shown(found, pages.language(request)))


async def script(request: Request) -> Response:
    """GET /forwarder/paygate-forward.py: the forwarder for Termux, with this host's address in it."""
    await wire.count_address(request)
    names = {kind: json.dumps(sorted(senders.names(kind)), ensure_ascii=False) for kind in ("sms", "push", "line")}
    filled = pages.fill(
        "forwarder/paygate-forward.py.txt",
        source_url=_source_url(request),
        sms=names["sms"],
        apps=names["push"],
        chats=names["line"],
    )
    return PlainTextResponse(filled, headers={"Content-Security-Policy": "default-src 'none'"})


def _page(
    request: Request,
    *,
    sender: str = "",
    text: str = "",
    problem: str | None = None,
    found: dict[str, object] | None = None,
    status: int = 200,
) -> Response:
    return pages.page(
        "forwarder.html",
        pages.language(request),
        "forwarder",
        status,
        sender=sender,
        text=text,
        problem=problem,
        found=found,
        banks=senders.usual(),
        here=wire.context(request).public_url,
        source_url=_source_url(request),
        tasker=pages.source("forwarder/tasker.js"),
    )


def _source_url(request: Request) -> str:
    return f"{wire.context(request).public_url}/api/bank/src_..."


def _shown(found: Notice, lang: str) -> dict[str, object]:
    """What a notice says, as people read it."""
    return {
        "kind": found.kind,
        "reason": found.reason,
        "bank": found.bank,
        "amount": show(found.amount_satang) if found.amount_satang is not None else None,
        "account": found.account_mask,
        "payer": found.counterparty,
        "time": formats.moment(found.occurred_at, lang, clock=found.time_source == "text")
        if found.time_source != "received"
        else None,
        "balance": show(found.balance_satang) if found.balance_satang is not None else None,
        "truncated": found.truncated,
    }
