"""The pages of /docs: which there are, in which order, and each of them made once, when it is first asked for.

Guides are texts of templates/docs/<language>; the pages of the reference are made of the API's document.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from paygate.core.errors import NotFound
from paygate.core.events import EVENT_TYPES
from paygate.core.shapes import Schema
from paygate.web import pages
from paygate.web.docs import facts, markdown, samples
from paygate.web.docs.facts import Chosen
from paygate.web.docs.markdown import Section
from paygate.web.docs.reference import Field, Operation, Reference, number, short, slug_of
from paygate.web.docs.search import Entry

START: Final = ""
EVENTS: Final = "events"
API: Final = "api/"
GROUPS: Final = (
    ("begin", (START, "getting-started", "payments", "checkout", "widget", "webhooks")),
    ("build", ("keys", "errors", "idempotency", "limits", "test-mode", "sdks")),
    ("run", ("money-out", "people", "evidence")),
)
GUIDES: Final = tuple(name for _, names in GROUPS for name in names)
QUERY: Final = "%QUERY%"  # Stands for `?lang=..` in links between pages, when the reader chose the language.
PICTURE: Final = "PICTURE-OF-STATES"
INDEXED_CHARS: Final = 700
_LINK: Final = 'href="/docs'
_texts: Final = Environment(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one language. `name` is its address after /docs/."""

    name: str
    title: str
    lead: Markup
    body: Markup
    sections: Sequence[Section]


@dataclass(frozen=True, slots=True)
class Link:
    """A page in the list of all pages."""

    name: str
    title: str
    group: str


class Site:
    """All pages for one host. Making them takes time: call it in a thread."""

    def __init__(self, make: Callable[[], tuple[Schema, Chosen]]) -> None:
        self._make = make
        self._lock = threading.RLock()
        self._pages: dict[tuple[str, str], Page] = {}

    @functools.cached_property
    def chosen(self) -> Chosen:
        """What the operator chose."""
        return self._made[1]

    @functools.cached_property
    def reference(self) -> Reference:
        """The API's document, as pages show it."""
        return Reference(self._made[0], self.chosen.url)

    @functools.cached_property
    def _made(self) -> tuple[Schema, Chosen]:
        return self._make()

    @functools.cached_property
    def names(self) -> Sequence[str]:
        """Every page, in reading order."""
        with self._lock:
            return (*GUIDES, EVENTS, *(one.page for one in self._groups))

    @functools.cached_property
    def _groups(self) -> Sequence[_Group]:
        used = {one.tag for one in self.reference.operations}
        return [_Group(tag, API + slug_of(tag), about) for tag, about in self.reference.tags.items() if tag in used]

    def page(self, name: str, lang: str) -> Page:
        """One page. Raises NotFound."""
        if name not in self.names:
            raise NotFound("There is no such page.")
        with self._lock:
            if (name, lang) not in self._pages:
                self._pages[name, lang] = self._new(name, lang)
            return self._pages[name, lang]

    def links(self, lang: str) -> Sequence[Link]:
        """Every page with its title and group, in reading order."""
        found = [Link(name, self._title(name, lang), group) for group, names in GROUPS for name in names]
        found.append(Link(EVENTS, self._title(EVENTS, lang), "reference"))
        return [*found, *(Link(one.page, self._title(one.page, lang), "reference") for one in self._groups)]

    def index(self, lang: str) -> Sequence[Entry]:
        """Every section of every page, for the search."""
        with self._lock:
            return self._index(lang)

    @functools.cache  # noqa: B019  # As many sites as processes: one.
    def _index(self, lang: str) -> Sequence[Entry]:
        found = []
        for name in self.names:
            page = self.page(name, lang)
            found.append(Entry(f"/docs/{name}".rstrip("/"), page.title, page.title, markdown.plain(page.lead)))
            found += [
                Entry(f"/docs/{name}".rstrip("/") + f"#{one.anchor}", page.title, one.title, one.text[:INDEXED_CHARS])
                for one in page.sections
            ]
        return found

    @functools.cache  # noqa: B019
    def index_json(self, lang: str) -> tuple[bytes, str]:
        """The index as the browser gets it, and its tag."""
        rows = [[one.url, one.page, one.title, one.text] for one in self.index(lang)]
        content = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
        return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'

    # --- making ----------------------------------------------------------------------------------------------------

    def _title(self, name: str, lang: str) -> str:
        if name.startswith(API):
            group = next(one for one in self._groups if one.page == name)
            return self.tag_title(group.tag, lang)
        return pages.words("docs", lang)[f"page.{name or 'start'}"]

    def tag_title(self, tag: str, lang: str) -> str:
        """The name of a group of operations; the document's own while nobody has translated it."""
        return pages.words("docs-api", lang).get(f"tag.{tag}", tag[:1].upper() + tag[1:])

    def summary(self, operation: Operation, lang: str) -> str:
        """What an operation does, as a heading; in Thai by the catalogue, in English by the document."""
        said = pages.words("docs-api", lang)
        known = said.get(operation.id, said.get(operation.id.removesuffix("InPerson")))
        return operation.summary if lang == "en" or known is None else known

    def _new(self, name: str, lang: str) -> Page:
        if name in GUIDES:
            return self._guide(name, lang)
        return self._events(lang) if name == EVENTS else self._api(name, lang)

    def _guide(self, name: str, lang: str) -> Page:
        source = pages.source(f"docs/{lang}/{name or 'start'}.md")
        told = dict(self._facts(lang))

        def file(name: str) -> str:
            return self.example(name, lang)

        def code(name: str, tab: str) -> str:
            return f"```{name.rpartition('.')[2]} tab={tab}\n{file(name)}\n```"

        text = _texts.from_string(source).render(told | {"file": file, "code": code, "picture": PICTURE})
        # The same anchors in each language, so that a link leads to its section whoever follows it.
        anchors = None if lang == "en" else [one.anchor for one in self.page(name, "en").sections]
        made = markdown.rendered(text, anchors)
        body = Markup(made.body.replace(f"<p>{PICTURE}</p>", pages.part("docs/states.svg", lang, "docs")))  # noqa: S704
        return Page(name, made.title, _linked(Markup(made.lead)), _linked(body), made.sections)  # noqa: S704

    def _facts(self, lang: str) -> Mapping[str, object]:
        return facts.facts(self.chosen, self.reference, lang)

    def example(self, name: str, lang: str) -> str:
        """A file of templates/docs/code, with this host in it."""
        return _texts.from_string(pages.source(f"docs/code/{name}")).render(self._facts(lang)).strip("\n")

    def _events(self, lang: str) -> Page:
        words = pages.words("docs-facts", lang)
        shown = [
            {
                "type": event,
                "anchor": facts.anchor(event),
                "about": markdown.inline(words.get(f"event.{event}", "")),
                "body": None if said is None else markdown.block(said, "json"),
                "text": said or "",
            }
            for event, said in ((event, samples.body(event)) for event in EVENT_TYPES)
        ]
        body = pages.part("docs/events.html", lang, "docs", events=shown, fields=samples.members(), f=words)
        sections = [
            Section(str(one["anchor"]), str(one["type"]), 2, markdown.plain(f"{one['about']} {one['text']}"))
            for one in shown
        ]
        said = pages.words("docs", lang)
        return Page(EVENTS, said["page.events"], markdown.inline(said["events_lead"]), _linked(body), sections)

    def _api(self, name: str, lang: str) -> Page:
        group = next(one for one in self._groups if one.page == name)
        operations = self.reference.of_tag(group.tag)
        body = pages.part(
            "docs/operations.html",
            lang,
            "docs",
            operations=operations,
            summary=lambda one: self.summary(one, lang),
            inline=markdown.inline,
            block=markdown.block,
            tabs=markdown.tabs,
            short=short,
            number=number,
        )
        sections = [
            Section(one.id, self.summary(one, lang), 2, markdown.plain(" ".join(_words_of(one)))) for one in operations
        ]
        lead = pages.words("docs-api", lang).get(f"about.{group.tag}", group.about)
        return Page(name, self._title(name, lang), markdown.inline(lead), _linked(body), sections)


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of operations, and the address of its page."""

    tag: str
    page: str
    about: str


def _words_of(operation: Operation) -> Sequence[str]:
    """What is found of an operation."""

    def names(fields: Sequence[Field]) -> list[str]:
        return [one.name for one in fields]

    return [
        operation.method,
        operation.path,
        operation.id,
        operation.summary,
        operation.about,
        *names(operation.places),
        *names(operation.query),
        *names(operation.body),
        *(code for code in dict.fromkeys(one.code for one in operation.refusals)),
    ]


def _linked(body: Markup) -> Markup:
    """Links between pages keep the language that was chosen."""
    parts = str(body).split(_LINK)
    kept = [parts[0]]
    for part in parts[1:]:
        address, quote, rest = part.partition('"')
        path, mark, anchor = address.partition("#")
        kept.append(f"{_LINK}{path}{QUERY}{mark}{anchor}{quote}{rest}")
    return Markup("".join(kept))  # noqa: S704  # It was Markup before.
