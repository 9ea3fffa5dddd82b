"""How a page is made: a template, one language's words, and headers that let it load nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from paygate import wire
from paygate.services import words as catalogues

LANGUAGES: Final = ("th", "en")
FOLDER: Final = catalogues.FOLDER
words = catalogues.words

_templates = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@functools.cache
def inline(name: str) -> tuple[Markup, str]:
    """A style sheet or script of templates/, and the hash under which a browser may use it inline."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"sha256-{digest}"  # noqa: S704  # Our own file.


def source(name: str) -> str:
    """A file of templates/ as it is."""
    return (FOLDER / name).read_text(encoding="utf-8")


def fill(name: str, **values: object) -> str:
    """A text of templates/ with *values* in it, for what is no HTML: nothing is escaped."""
    return _templates.overlay(autoescape=False, keep_trailing_newline=True).get_template(name).render(values)


def language(request: Request) -> str:
    """What `?lang=` asks for, else which of the two the browser prefers. Thai when it says nothing; who reads neither
    is helped more by English."""
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        return asked
    wanted = {name: weight for name, weight in wire.wishes(request, "accept-language").items() if name != "*"}
    ours = [(weight, lang) for name, weight in wanted.items() if weight and (lang := name.split("-")[0]) in LANGUAGES]
    if ours:
        return max(ours, key=lambda one: one[0])[1]  # The first one named, of those that are wanted as much.
    refused = {name.split("-")[0] for name, weight in wanted.items() if not weight}
    return "en" if "en" not in refused and wanted else "th"


def text(name: str, lang: str, catalogue: str, **values: object) -> str:
    """*name* of templates/ as a whole page's text, in *lang* with the words of *catalogue*; it runs no script."""
    style, _ = inline("page.css")
    shown = {"style": style, "lang": lang, "w": words(catalogue, lang), "script": None}
    return _templates.get_template(name).render(**shown, **values)


def whole(name: str, lang: str, catalogue: str, **values: object) -> str:
    """*name* of templates/ as text, in *lang* with the words of *catalogue*: a page that loads its style from us."""
    return _templates.get_template(name).render(lang=lang, w=words(catalogue, lang), **values)


def part(name: str, lang: str, catalogue: str, **values: object) -> Markup:
    """The same, for a part of a page."""
    return Markup(whole(name, lang, catalogue, **values))  # noqa: S704  # Escaped by the template.


def page(
    name: str,
    lang: str,
    catalogue: str,
    status: int = 200,
    *,
    sheet: str = "page.css",
    script: str | None = None,
    pictures: bool = False,
    framed_by: Sequence[str] = (),
    **values: object,
) -> Response:
    """*name* of templates/ as a page in *lang* with the words of *catalogue*.

    *script*: a file of templates/ that the page runs; it may ask this host alone. *pictures*: without a script,
    but with pictures of this host. *framed_by*: origins whose pages may show this one in a frame.
    """
    style, digest = inline(sheet)
    policy = [
        "default-src 'none'",
        f"style-src '{digest}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors " + (" ".join(framed_by) or "'none'"),
    ]
    values |= {"script": None}
    if pictures:
        policy.append("img-src 'self'")
    if script is not None:
        values["script"], digest = inline(script)
        policy += [f"script-src '{digest}'", "connect-src 'self'", "img-src 'self' data: blob:"]
    html = _templates.get_template(name).render(style=style, lang=lang, w=words(catalogue, lang), **values)
    headers = {
        "Content-Security-Policy": "; ".join(policy),
        "Content-Language": lang,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(html, status, headers)


async def icon(_: Request) -> Response:
    """GET /favicon.ico, which every browser asks for by itself."""
    return Response(_icon(), media_type="image/png", headers={"Cache-Control": "public, max-age=86400"})


@functools.cache
def _icon() -> bytes:
    return (FOLDER / "favicon.png").read_bytes()
