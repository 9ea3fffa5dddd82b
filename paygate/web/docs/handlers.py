"""`/docs`: guides, the reference, its search, and the files that its pages load from this host."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from paygate import wire
from paygate.core.errors import NotFound
from paygate.web import pages, sdk
from paygate.web.docs.search import MOST_CHARS, search
from paygate.web.docs.site import API, EVENTS, QUERY, Link, Page, Site

ASSETS: Final = {
    "docs.css": "text/css",
    "docs.js": "text/javascript",
    "theme.js": "text/javascript",
    "home.css": "text/css",
}
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


async def start(request: Request) -> Response:
    """GET /docs"""
    await wire.count_address(request)
    return await _show(request, "")


async def page(request: Request) -> Response:
    """GET /docs/{name}: a guide, or a page of the reference; `?lang=`."""
    await wire.count_address(request)
    return await _show(request, request.path_params["name"])


async def find(request: Request) -> Response:
    """GET /docs/search?q=: what is found, without a script too."""
    await wire.count_address(request)
    site, lang = _site(request), pages.language(request)
    question = request.query_params.get("q", "")[:MOST_CHARS]
    hits = await asyncio.to_thread(lambda: search(site.index(lang), question))
    words = pages.words("docs", lang)
    body = pages.part("docs/search.html", lang, "docs", hits=hits, question=question, query=query_of(request))
    found = Page("search", words["search"], Markup(""), body, ())
    return _answer(request, site, found, question=question)


async def index(request: Request) -> Response:
    """GET /docs/search.json: what there is to find, for the script."""
    await wire.count_address(request)
    content, tag = await asyncio.to_thread(_site(request).index_json, pages.language(request))
    answer = sdk.asset(request, content, tag, "application/json")
    answer.headers["Vary"] = "Accept-Language"
    return answer


async def asset(request: Request) -> Response:
    """GET /docs/assets/{name}: style sheets and scripts of these pages."""
    await wire.count_address(request)
    name = request.path_params["name"]
    if name not in ASSETS:
        raise NotFound("There is nothing at this address.")
    content, tag = _asset(name)
    return sdk.asset(request, content, tag, ASSETS[name])


@functools.cache
def _asset(name: str) -> tuple[bytes, str]:
    content = pages.source(f"docs/{name}").encode()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def address_of(name: str) -> str:
    """Where an asset is; the address changes with its content, so that a new version is fetched at once."""
    return f"/docs/assets/{name}?v={_asset(name)[1].strip(chr(34))[:8]}"


async def _show(request: Request, name: str) -> Response:
    site, lang = _site(request), pages.language(request)
    return _answer(request, site, await asyncio.to_thread(site.page, name, lang))


def _answer(request: Request, site: Site, shown: Page, *, question: str = "") -> Response:
    lang, query = pages.language(request), query_of(request)
    links = site.links(lang)
    here = next((number for number, one in enumerate(links) if one.name == shown.name), None)
    other = "en" if lang == "th" else "th"
    asked = {"lang": other, **({"q": question} if question else {})}
    html = pages.whole(
        "docs/layout.html",
        lang,
        "docs",
        page=shown,
        body=Markup(shown.body.replace(QUERY, query)),  # noqa: S704  # It was Markup before.
        lead=Markup(shown.lead.replace(QUERY, query)),  # noqa: S704
        groups=_grouped(links),
        before=links[here - 1] if here else None,
        after=links[here + 1] if here is not None and here + 1 < len(links) else None,
        wide=shown.name.startswith(API) or shown.name == EVENTS,
        query=query,
        question=question,
        other=other,
        other_query="?" + urlencode(asked),
        asset=address_of,
        host=site.chosen.url,
    )
    headers = {"Content-Security-Policy": POLICY, "Content-Language": lang, "Vary": "Accept-Language"}
    return HTMLResponse(html, headers=headers)


def _grouped(links: Sequence[Link]) -> list[tuple[str, list[Link]]]:
    groups: dict[str, list[Link]] = {}
    for link in links:
        groups.setdefault(link.group, []).append(link)
    return list(groups.items())


def query_of(request: Request) -> str:
    """`?lang=..` when the reader chose the language: links keep it."""
    chosen = request.query_params.get("lang")
    return f"?lang={chosen}" if chosen in pages.LANGUAGES else ""


def _site(request: Request) -> Site:
    site: Site = request.app.state.docs
    return site
