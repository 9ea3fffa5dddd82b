"""Markdown as HTML: headings with anchors, code in colours, and code in several languages as tabs.

Neighbouring fences whose info names a tab (```` ```sh tab=curl ````) are one box; a box works without a script.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

LEXERS: Final = {"sh": "bash", "js": "javascript", "ts": "typescript", "http": "http", "text": "text"}
_TAB: Final = re.compile(r"(?P<lexer>\w+) tab=(?P<tab>\S+)")
_FORMATTER: Final = HtmlFormatter(nowrap=True)
# What is opened and never closed says nothing; `$` stands for prompts that are not ours.
_PHP: Final = {"startinline": True}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it, for the table of contents and the search."""

    anchor: str
    title: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as HTML. `title` is its first heading, which is not in `body`; `lead` its first paragraph, likewise."""

    title: str
    lead: str
    body: Markup
    sections: Sequence[Section]


def coloured(code: str, language: str) -> Markup:
    """*code* as HTML with a class on each word that has a meaning."""
    name = LEXERS.get(language, language)
    lexer = get_lexer_by_name(name, **(_PHP if name == "php" and not code.lstrip().startswith("<?") else {}))
    return Markup(highlight(code.strip("\n"), lexer, _FORMATTER).rstrip("\n"))  # noqa: S704  # Escaped by Pygments.


def block(code: str, language: str) -> Markup:
    """*code* as a box that can be scrolled by keyboard, too."""
    shown = coloured(code, language)
    return Markup('<div class="code"><pre tabindex="0"><code class="language-{}">{}</code></pre></div>').format(
        language, shown
    )


def tabs(name: str, codes: Sequence[tuple[str, str, str]]) -> Markup:
    """One box for several ways of saying it: (tab, language, code) each. *name* is its own on the page."""
    parts = []
    for number, (tab, language, code) in enumerate(codes):
        here = f"{name}-{number}"
        parts.append(
            Markup('<input type="radio" name="{}" id="{}" value="{}"{}><label for="{}">{}</label>{}').format(
                name, here, tab, Markup(" checked") if number == 0 else "", here, tab, block(code, language)
            )
        )
    return Markup('<div class="tabs">{}</div>').format(Markup("").join(parts))


def slug(text: str) -> str:
    """The anchor of a heading: its letters and digits, Thai ones and their marks too."""
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else "-" for c in text.lower())
    return re.sub(r"-+", "-", kept).strip("-") or "section"


def inline(text: str) -> Markup:
    """One sentence of Markdown, without a paragraph around it."""
    return Markup(_parser().renderInline(text))  # noqa: S704  # The parser lets no HTML through.


def plain(markup: str) -> str:
    """The words of some HTML."""
    apart = re.sub(r"</?(?:p|li|td|th|tr|pre|h\d|div|ul|ol|blockquote)\b[^>]*>", " ", markup)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", apart))).strip()


def rendered(text: str, anchors: Sequence[str] | None = None) -> Rendered:
    """A whole page of Markdown; its headings have *anchors*, else some of their own words."""
    parser = _parser()
    tokens = parser.parse(text)
    title, lead = "", ""
    if tokens[0].tag == "h1":
        title, tokens = plain(parser.renderer.render(tokens[1:2], parser.options, {})), tokens[3:]
    if tokens and tokens[0].type == "paragraph_open":
        lead, tokens = parser.renderer.render(tokens[1:2], parser.options, {}), tokens[3:]
    sections = _anchored(tokens, parser, anchors)
    parts, boxes, at = [Markup("")], count(1), 0
    while at < len(tokens):
        group = _tab_group(tokens, at)
        if group:
            parts.append(tabs(f"box{next(boxes)}", group))
            at += len(group)
        else:
            end = at + 1
            while end < len(tokens) and not _tab_group(tokens, end):
                end += 1
            parts.append(Markup(parser.renderer.render(tokens[at:end], parser.options, {})))  # noqa: S704
            at = end
    return Rendered(title, lead, Markup("").join(parts), sections)


def _tab_group(tokens: Sequence[Token], at: int) -> list[tuple[str, str, str]]:
    found = []
    while at < len(tokens) and tokens[at].type == "fence" and (match := _TAB.fullmatch(tokens[at].info.strip())):
        found.append((match["tab"].replace("_", " "), match["lexer"], tokens[at].content))
        at += 1
    return found


def _anchored(tokens: Sequence[Token], parser: MarkdownIt, given: Sequence[str] | None) -> list[Section]:
    """Give each heading an anchor of its own; the sections that they head."""
    sections: list[Section] = []
    seen: set[str] = set()
    heads = [n for n, token in enumerate(tokens) if token.type == "heading_open"]
    for number, n in enumerate(heads):
        title = plain(parser.renderer.render(tokens[n + 1 : n + 2], parser.options, {}))
        anchor = base = given[number] if given else slug(title)
        for more in count(2):
            if anchor not in seen:
                break
            anchor = f"{base}-{more}"
        seen.add(anchor)
        tokens[n].attrSet("id", anchor)
        end = heads[number + 1] if number + 1 < len(heads) else len(tokens)
        said = plain(parser.renderer.render(list(tokens[n + 3 : end]), parser.options, {}))
        sections.append(Section(anchor, title, int(tokens[n].tag[1]), said))
    return sections


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")

    def fence(tokens: Sequence[Token], at: int, _: object, __: object) -> str:
        return block(tokens[at].content, (tokens[at].info.split() or ["text"])[0])

    def heading_close(tokens: Sequence[Token], at: int, _: object, __: object) -> str:
        opened = next(token for token in reversed(tokens[:at]) if token.type == "heading_open")
        anchor = opened.attrGet("id")
        words = plain(str(tokens[at - 1].content))
        mark = f'<a class="anchor" href="#{anchor}" aria-label="#{html.escape(words)}">#</a>' if anchor else ""
        return f"{mark}</{opened.tag}>\n"

    def table_open(_: Sequence[Token], __: int, ___: object, ____: object) -> str:
        return '<div class="table" tabindex="0"><table>\n'

    def table_close(_: Sequence[Token], __: int, ___: object, ____: object) -> str:
        return "</table></div>\n"

    rules: dict[str, Any] = parser.renderer.rules  # type: ignore[attr-defined]  # The HTML renderer has them.
    rules |= {
        "fence": fence,
        "heading_close": heading_close,
        "table_open": table_open,
        "table_close": table_close,
    }
    return parser
