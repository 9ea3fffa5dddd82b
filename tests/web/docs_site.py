"""The pages of /docs as tests read them: made without a server, and their boxes of code."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from paygate import app
from paygate.settings import Settings
from paygate.web.docs import Site
from paygate.web.docs.site import QUERY, Page

URL = "https://pay.shop.example"
FOLDER = Path(__file__).parents[2] / "templates" / "docs"
_BOX = re.compile(
    r'<label for="[^"]*">([^<]*)</label><div class="code"><pre[^>]*><code class="language-(\w+)">(.*?)</code>', re.S
)
_ID = re.compile(r'\bid="([^"]+)"')
_LINK = re.compile(r'href="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Box:
    """Code of a page: its tab, its language, and what a reader copies."""

    tab: str
    language: str
    code: str


def site_of(url: str) -> Site:
    """The pages for a host at *url*, with what the operator usually chooses."""
    env = {"PAYGATE_PUBLIC_URL": url, "PAYGATE_SECRET_KEY": "k" * 40}
    settings = Settings.from_env(env)
    return Site(lambda: (app.document(url), app.chosen(settings)))


@cache
def site() -> Site:
    """The pages for `URL`."""
    return site_of(URL)


def whole(page: Page) -> str:
    """All HTML of a page that is its own."""
    return f"<p>{page.lead}</p>{page.body}".replace(QUERY, "")


def boxes(markup: str) -> list[Box]:
    """Every box of code with a tab."""
    return [Box(tab, language, plain(code)) for tab, language, code in _BOX.findall(markup)]


def plain(markup: str) -> str:
    """The text of some HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup))


def anchors(page: Page) -> set[str]:
    """Every place that can be linked to."""
    return set(_ID.findall(whole(page)))


def links(page: Page) -> Iterator[str]:
    """Every address that a page leads to."""
    return (html.unescape(found) for found in _LINK.findall(whole(page)))
