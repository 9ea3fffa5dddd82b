"""How a page is made: a template, one language's words, and headers that let it load nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

LANGUAGES: Final = ("th", "en")
_BESIDE: Final = Path(__file__).parents[2] / "templates"
_INSTALLED: Final = Path(__file__).parents[1] / "_data" / "templates"
FOLDER: Final = _INSTALLED if _INSTALLED.is_dir() else _BESIDE  # Other packages may leave a `templates` beside ours.

_templates = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@functools.cache
def words(page: str, language: str) -> Mapping[str, str]:
    """The words of a page in "th" or "en", out of templates/words/<page>.json."""
    catalogue = json.loads((FOLDER / "words" / f"{page}.json").read_text(encoding="utf-8"))
    return {name: said[language] for name, said in catalogue.items()}


@functools.cache
def style() -> tuple[Markup, str]:
    """The one style sheet, and the hash under which a browser may use it inline."""
    text = (FOLDER / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"sha256-{digest}"  # noqa: S704  # Our own file.


def source(name: str) -> str:
    """A file of templates/ as it is."""
    return (FOLDER / name).read_text(encoding="utf-8")


def fill(name: str, **values: object) -> str:
    """A text of templates/ with *values* in it, for what is no HTML: nothing is escaped."""
    return _templates.overlay(autoescape=False, keep_trailing_newline=True).get_template(name).render(values)


def language(request: Request) -> str:
    """What `?lang=` asks for, else what the browser prefers; Thai when neither says."""
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        return asked
    for part in request.headers.get("accept-language", "").lower().split(","):
        wanted = part.split(";")[0].strip()[:2]
        if wanted in LANGUAGES:
            return wanted
    return LANGUAGES[0]


def page(name: str, lang: str, catalogue: str, status: int = 200, **values: object) -> Response:
    """*name* of templates/ as a page in *lang* with the words of *catalogue*."""
    sheet, digest = style()
    html = _templates.get_template(name).render(style=sheet, lang=lang, w=words(catalogue, lang), **values)
    policy = f"default-src 'none'; style-src '{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, "Content-Language": lang, "Vary": "Accept-Language"}
    return HTMLResponse(html, status, headers)
