"""`/`: what this host is, for somebody who owns a shop or builds one."""

from __future__ import annotations

import asyncio
import base64
import functools
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from emvco import qr
from emvco.qr.card import Card, Language
from paygate import wire
from paygate.core.fees import CENTRAL_PLANS
from paygate.web import pages
from paygate.web.docs import handlers, markdown
from paygate.web.docs.facts import percent
from paygate.web.docs.site import QUERY, Site

SHOWN_SATANG: Final = 15_000


async def show(request: Request) -> Response:
    """GET /"""
    await wire.count_address(request)
    site: Site = request.app.state.docs
    lang = pages.language(request)
    html = await asyncio.to_thread(_drawn, site, lang)
    other = "en" if lang == "th" else "th"
    html = html.replace(QUERY, handlers.query_of(request)).replace("%OTHER%", f"?lang={other}")
    headers = {"Content-Security-Policy": handlers.POLICY, "Content-Language": lang, "Vary": "Accept-Language"}
    return HTMLResponse(html, headers=headers)


@functools.lru_cache(maxsize=4)
def _drawn(site: Site, lang: str) -> str:
    """The page; links in it keep the place for the language that a reader chose."""
    url = site.chosen.url
    picture = base64.b64encode(_card(url, pages.words("home", lang)["shop"], lang).encode()).decode()
    return pages.whole(
        "docs/home.html",
        lang,
        "home",
        card=f"data:image/svg+xml;base64,{picture}",
        create=markdown.block(site.example("create.sh", lang), "sh"),
        receive=markdown.block(site.example("receive.js", lang), "js"),
        widget=markdown.block(site.example("widget.html", lang), "html"),
        plans=[
            (plan.capitalize(), percent(bps), plan in CENTRAL_PLANS)
            for plan, bps in site.chosen.plan_fee_bps.items()
            if plan != "platform"
        ],
        asset=handlers.address_of,
        query=QUERY,
        other="en" if lang == "th" else "th",
        d=pages.words("docs", lang),
    )


def _card(url: str, shop: str, lang: str) -> str:
    """A payment card as payers see it. Its code leads to the docs, so nobody can pay by it."""
    symbol = qr.render(f"{url}/docs", error="M")
    return Card(symbol, SHOWN_SATANG, shop, None, cast(Language, lang)).svg()
