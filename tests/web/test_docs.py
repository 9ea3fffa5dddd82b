"""/docs: whole in both languages, true to the code, with every call and event, no link into nothing, and a search."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from paygate import app
from paygate.core import webhooks
from paygate.core.events import EVENT_TYPES
from paygate.core.payments import TRANSITIONS, Oddity, Status
from paygate.core.payouts import PayoutStatus
from paygate.core.scopes import Scope
from paygate.core.shapes import Schema
from paygate.faces.dashboard import errors as dashboard_errors
from paygate.faces.v1 import errors as v1_errors
from paygate.web import pages
from paygate.web.docs import Site, facts, search
from paygate.web.docs.site import GUIDES
from tests.faces.conftest import Gateway
from tests.web.docs_site import FOLDER, URL, anchors, links, plain, site, whole

DOCUMENT = app.document(URL)
EVERY = [(name, lang) for lang in pages.LANGUAGES for name in site().names]


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.rglob("*.md")):
        yield f"{path.parent.name}/{path.stem}", path.read_text(encoding="utf-8")


def prose(text: str) -> str:
    """A source without its examples: what it says by itself."""
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


# --- whole ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", pages.LANGUAGES)
def test_every_operation_of_the_document_has_its_place_with_its_address_scope_and_four_snippets(lang: str) -> None:
    said = {o["operationId"]: (m.upper(), at, o) for at, item in DOCUMENT["paths"].items() for m, o in item.items()}
    seen = {one.id: one for one in site().reference.operations}
    assert set(seen) == set(said)
    for name, (method, path, operation) in said.items():
        shown = whole(site().page(f"api/{seen[name].page}", lang))
        part = shown.partition(f'<h2 id="{name}">')[2].partition("</section>")[0]
        assert method in part and path in plain(part), name
        assert ("x-scope" not in operation) or operation["x-scope"] in part
        tabs = re.findall(r'value="([^"]+)"(?: checked)?><label', part)
        assert tabs == (["curl"] if name == "tellOfMoney" else ["curl", "Node.js", "PHP", "Python"]), name
        for status in operation["responses"]:
            assert status in plain(part), (name, status)


@pytest.mark.parametrize("lang", pages.LANGUAGES)
def test_every_event_has_its_place_with_the_body_that_is_sent_and_a_word_for_each_member(lang: str) -> None:
    shown = whole(site().page("events", lang))
    for event in EVENT_TYPES:
        part = shown.partition(f'<h2 id="{facts.anchor(event)}">')[2].partition("</section>")[0]
        body = json.loads(plain(re.findall(r"<pre.*?>(.*?)</pre>", part, re.S)[0]))
        assert body["event"] == event and list(body) == ["event", "timestamp", "webhookId", "data"]
        for name in body["data"]:
            assert f"<code>{name}</code>" in shown, (event, name)


def test_each_guide_is_there_in_both_languages_with_the_same_sections_facts_and_examples() -> None:
    texts = dict(sources())
    wanted = {f"{lang}/{name or 'start'}" for lang in pages.LANGUAGES for name in GUIDES}
    assert set(texts) == wanted
    for name in GUIDES:
        thai, english = (texts[f"{lang}/{name or 'start'}"] for lang in pages.LANGUAGES)
        for what in (r"^#+ ", r"\{\{ .*? \}\}", r"^```\w+", r"^\|---", r"\]\((/[^)]*)\)"):
            here, there = (re.findall(what, text, re.M) for text in (thai, english))
            assert sorted(here) == sorted(there), (name, what)
        assert [one.anchor for one in site().page(name, "th").sections] == [
            one.anchor for one in site().page(name, "en").sections
        ]
        assert re.search(r"[ก-๙]", site().page(name, "th").title + thai) and not re.search(r"[ก-๙]", english)


@pytest.mark.parametrize("name", sorted(path.name for path in (FOLDER.parent / "words").glob("*.json")))
def test_nothing_is_said_twice_in_a_catalogue(name: str) -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
        assert not twice
        return dict(pairs)

    assert json.loads((FOLDER.parent / "words" / name).read_text(encoding="utf-8"), object_pairs_hook=once)


def test_every_call_and_group_has_a_thai_heading_of_its_present_english_one() -> None:
    catalogue = json.loads((FOLDER.parent / "words" / "docs-api.json").read_text(encoding="utf-8"))
    missing = []
    for one in site().reference.operations:
        said = catalogue.get(one.id, catalogue.get(one.id.removesuffix("InPerson")))
        if said is None or said["en"] != one.summary:
            missing.append((one.id, one.summary))
    missing += [(f"tag.{tag}", tag) for tag in site().reference.tags if f"tag.{tag}" not in catalogue]
    assert not missing, f"{missing}: say them in templates/words/docs-api.json"


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_every_link_leads_somewhere(name: str, lang: str) -> None:
    page = site().page(name, lang)
    own = {address.path for address in app.ADDRESSES}
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https"
            continue
        if parts.path == "" or parts.path == "/docs" or parts.path.startswith("/docs/"):
            there = parts.path.removeprefix("/docs").removeprefix("/") if parts.path else name
            assert there in site().names, link
            assert not parts.fragment or parts.fragment in anchors(site().page(there, lang)), link
        else:
            assert parts.path in own or re.fullmatch(r"/sdk/[\w.-]+", parts.path), link


# --- true ----------------------------------------------------------------------------------------------------------


def test_no_text_names_a_code_status_event_scope_or_address_that_the_code_does_not_know() -> None:
    codes = {code for table in (v1_errors.TABLE, dashboard_errors.TABLE) for _, code in table.values()}
    words = codes | set(Status) | set(Oddity) | set(PayoutStatus) | {"DUPLICATE", "TEST", "CSV", "JSON"}
    paths = {re.sub(r"\{\w+\}", "{}", path) for path in DOCUMENT["paths"]}
    wrong = []
    for name, text in sources():
        wrong += [(name, w) for w in re.findall(r"`([A-Z][A-Z_]{3,})`", text) if w not in words]
        events = re.findall(r"`((?:payment|settlement|webhook)\.[a-z]+)`", text)
        wrong += [(name, w) for w in events if w not in EVENT_TYPES]
        wrong += [(name, w) for w in re.findall(r"\b\w+:(?:read|write)\b", text) if w not in set(Scope)]
        for path in re.findall(r"(?:GET|POST|PATCH|DELETE) (/api/[^\s`]+)", text):
            if re.sub(r"\{\w+\}", "{}", path) not in paths:
                wrong.append((name, path))
    assert not wrong


def test_no_text_says_by_hand_how_long_how_large_or_how_much() -> None:
    """Numbers with a unit are filled in by the code; those that no code of ours decides are listed."""
    units = r"(?:seconds?|minutes?|hours?|days?|MiB|KiB|%|baht|วินาที|นาที|ชั่วโมง|วัน|บาท)"
    allowed = {"1 บาท", "5 นาที"}  # Which one pays oneself; in which one is live.
    wrong = []
    for name, text in sources():
        said = re.sub(r"^# .*$", "", prose(text), flags=re.M)
        wrong += [(name, found) for found in re.findall(rf"\b[0-9][0-9.,]* ?{units}", said) if found not in allowed]
    assert not wrong


def test_what_is_filled_in_is_what_the_code_does() -> None:
    for lang in pages.LANGUAGES:
        shown = plain(whole(site().page("webhooks", lang)))
        for pause in webhooks.RETRY_DELAYS_S:
            assert facts.span(pause, lang) in shown
        errors = plain(whole(site().page("errors", lang)))
        for status, code in {*v1_errors.TABLE.values(), *dashboard_errors.TABLE.values()}:
            assert re.search(rf"{status}\s+{code}\b", errors), code
        payments = plain(whole(site().page("payments", lang)))
        assert not [one for one in (*Status, *Oddity) if one not in payments]
        assert not [scope for scope in Scope if scope not in plain(whole(site().page("keys", lang)))]
    assert (
        facts.span(300, "en") == "5 minutes"
        and facts.span(86_400, "th") == "1 วัน"
        and facts.span(90, "en") == "90 seconds"
    )


def test_the_picture_of_the_states_has_the_ways_of_the_table() -> None:
    drawn = set(re.findall(r'data-way="(\w+) (\w+)"', (FOLDER / "states.svg").read_text(encoding="utf-8")))
    assert drawn == {(str(before), str(after)) for (before, _), after in TRANSITIONS.items() if before != after}


def test_an_operation_that_nobody_translated_is_shown_with_its_english_words() -> None:
    document: Schema = json.loads(json.dumps(DOCUMENT))
    document["tags"].append({"name": "new things", "description": "Not translated yet."})
    known = document["paths"]["/api/v1/payment/{paymentId}"]["get"]
    new = known | {"operationId": "newThing", "tags": ["new things"], "summary": "Look at a new thing"}
    document["paths"]["/api/v1/new/{paymentId}"] = {"get": new}
    other = Site(lambda: (document, site().chosen))
    page = other.page("api/new-things", "th")
    assert page.title == "New things" and "Look at a new thing" in page.body
    assert [one.title for one in other.links("th")][-1] == "New things"


# --- found ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "question", "url"),
    [
        ("en", "rotate secret", "/docs/webhooks#change-the-secret"),
        ("en", "IDEMPOTENCY_MISMATCH", "/docs/idempotency#what-happens"),
        ("en", "/api/v1/payment/create", "/docs/api/payments#createPayment"),
        ("en", "idempotancy", "/docs/idempotency"),  # Nearly.
        ("th", "คืนเงิน", "/docs/api/refunds"),
        ("th", "ลายเซ็น", "/docs/webhooks#verify-it-yourself"),
        ("th", "สลิป", "/docs/evidence#slips"),
    ],
)
def test_what_is_looked_for_is_found_in_both_languages(lang: str, question: str, url: str) -> None:
    hits = search.search(site().index(lang), question)
    assert url in [hit.entry.url for hit in hits[:6]], [hit.entry.url for hit in hits]


def test_what_is_nowhere_is_not_found() -> None:
    assert search.search(site().index("en"), "  ") == []
    assert search.search(site().index("en"), "xyzzy plugh") == []


# --- served --------------------------------------------------------------------------------------------------------


async def test_pages_are_served_with_a_policy_that_lets_nothing_else_in(gateway: Gateway) -> None:
    for path in ("/docs", "/docs/webhooks", "/docs/api/payments", "/docs/events", "/docs/search?q=webhook"):
        for lang in pages.LANGUAGES:
            answer = await gateway.client.get(path, params={"lang": lang} if "?" not in path else None)
            assert answer.status_code == 200, (path, answer.text[:300])
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy and "connect-src 'self'" in policy
            assert not re.search(r"<style|\sstyle=|<script(?! src)|\son\w+=|javascript:", answer.text)
            assert not re.findall(r'(?:src|action)="(?!/)', answer.text)
    assert f"{gateway.ctx.public_url}/api/v1/payment/create" in plain(
        (await gateway.client.get("/docs/getting-started")).text
    )


async def test_the_language_that_a_reader_chose_stays(gateway: Gateway) -> None:
    english = await gateway.client.get("/docs/webhooks", params={"lang": "en"})
    assert 'lang="en"' in english.text and 'href="/docs/errors?lang=en"' in english.text
    assert 'href="/docs/api/webhooks?lang=en#listDeliveries"' in english.text
    thai = await gateway.client.get("/docs/webhooks", headers={"Accept-Language": "th,en;q=0.5"})
    assert 'href="/docs/errors"' in thai.text and "ตรวจลายเซ็นเอง" in thai.text
    assert thai.headers["vary"] == "Accept-Language"


async def test_the_search_answers_without_a_script_and_escapes_what_was_asked(gateway: Gateway) -> None:
    found = await gateway.client.get("/docs/search", params={"q": "ลายเซ็น", "lang": "th"})
    assert "/docs/webhooks?lang=th#verify-it-yourself" in found.text
    odd = await gateway.client.get("/docs/search", params={"q": "<b>\"'&%QUERY%", "lang": "en"})
    assert odd.status_code == 200 and '<b>"' not in odd.text and "Nothing found" in odd.text
    index = (await gateway.client.get("/docs/search.json", params={"lang": "th"})).json()
    assert len(index) == len(site().index("th")) and all(len(row) == 4 for row in index)


async def test_style_and_script_are_kept_by_browsers_until_they_change(gateway: Gateway) -> None:
    page = await gateway.client.get("/docs")
    for path in re.findall(r'(?:href|src)="(/docs/assets/[^"]+)"', page.text):
        answer = await gateway.client.get(path)
        assert answer.status_code == 200 and "max-age=3600" in answer.headers["cache-control"]
        again = await gateway.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


@pytest.mark.parametrize("path", ["/docs/nothing", "/docs/api/", "/docs/assets/x.css", "/docs/../docs/en"])
async def test_a_page_that_is_not_there_is_a_page_that_says_so(gateway: Gateway, path: str) -> None:
    answer: httpx2.Response = await gateway.client.get(path)
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")
