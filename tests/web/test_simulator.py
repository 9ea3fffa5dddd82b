"""/simulator/{id}: every button over HTTP and in Chromium; live payments have no such page."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from playwright.async_api import Browser, expect

from paygate.banks.slips.picture import read_codes
from paygate.services import endpoints, installation, simulator
from paygate.web import pages
from tests.browsers import DESKTOP, browser, visiting
from tests.faces.conftest import Gateway, serving
from tests.services.helpers import sql
from tests.web.test_checkout import FORM, state
from tests.web.test_checkout_browser import axe, base_of, faults

__all__ = ["browser"]  # A fixture.

V1 = "/api/v1"
VIAS = ("notice", "callback", "slip")
WIDE: dict[str, Any] = {**DESKTOP, "is_mobile": False, "has_touch": False}


@pytest.fixture(autouse=True)
async def ready(gateway: Gateway) -> None:
    await installation.check(gateway.ctx)


async def made(gateway: Gateway, amount: float = 150, **fields: object) -> dict[str, Any]:
    body = {"amount": amount, "orderId": "A-1001", "description": "กาแฟสองแก้ว", **fields}
    answer = await gateway.ask("POST", f"{V1}/payment/create", body, key=gateway.world.test_key)
    found: dict[str, Any] = answer.json()["transaction"]
    return found


async def press(
    gateway: Gateway, payment: dict[str, Any], act: str, via: str = "callback", **more: str
) -> httpx2.Response:
    """A button, as a browser sends it."""
    said = {"secret": payment["clientSecret"], "via": via, "act": act, **more}
    return await gateway.client.post(f"/simulator/{payment['id']}/play?lang=en", content=urlencode(said), headers=FORM)


async def chips(gateway: Gateway, payment: dict[str, Any]) -> list[str]:
    """The outcomes that the result tells."""
    page = await gateway.client.get(f"/simulator/{payment['id']}?lang=en")
    assert page.status_code == 200
    result = page.text.partition('id="result"')[2].partition("</section>")[0]
    return re.findall(r'<span class="chip[^"]*">([^<]+)</span>', result)


@pytest.mark.parametrize("via", VIAS)
@pytest.mark.parametrize(
    ("act", "told", "shows"),
    [
        ("exact", ["PAID"], "paid"),
        ("under", ["ORPHAN"], "waiting"),
        ("over", ["ORPHAN"], "waiting"),
        ("again", ["PAID", "DUPLICATE"], "paid"),
        ("late", ["PAID"], "paid"),
    ],
)
async def test_every_button_does_what_it_says_by_every_way(
    gateway: Gateway, via: str, act: str, told: list[str], shows: str
) -> None:
    payment = await made(gateway)
    answer = await press(gateway, payment, act, via)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/simulator/{payment['id']}?lang=en&via={via}",
    ), answer.text
    if via == "slip":
        told = {"under": ["REVIEW"], "over": ["REVIEW"], "again": ["PAID", "PAID"]}.get(act, told)
        shows = "review" if act in {"under", "over"} else shows
    assert await chips(gateway, payment) == told
    page = await gateway.client.get(f"/simulator/{payment['id']}")
    assert state(page) == shows
    assert state(await gateway.client.get(f"/pay/{payment['id']}")) == shows


async def test_who_pays_twice_sees_both_and_an_amount_of_ones_own_is_taken_as_typed(gateway: Gateway) -> None:
    payment = await made(gateway)
    await press(gateway, payment, "twice", "notice")
    assert await chips(gateway, payment) == ["ORPHAN"]
    page = (await gateway.client.get(f"/simulator/{payment['id']}?lang=en")).text
    timeline = page.partition('class="timeline"')[2]
    assert re.findall(r'<span class="chip[^"]*">(\w+)</span>', timeline) == ["ORPHAN", "PAID"]
    assert re.findall(r"<code>([\w.]+)</code>", timeline) == [
        "payment.verification",
        "payment.success",
        "payment.created",
    ]
    other = await made(gateway)
    await press(gateway, other, "amount", amount="1,234.5")
    rows = await sql(gateway.ctx, "SELECT amount_satang FROM simulated_transfers ORDER BY created_at DESC LIMIT 1")
    assert rows[0]["amount_satang"] == 123_450
    for bad in ("", "0", "x", "1.005", "-1"):
        refused = await press(gateway, other, "amount", amount=bad)
        assert refused.status_code == 400 and "That is no amount" in refused.text


async def test_later_is_told_by_the_workers_and_the_page_asks_again_by_itself(gateway: Gateway) -> None:
    payment = await made(gateway)
    await press(gateway, payment, "later")
    page = await gateway.client.get(f"/simulator/{payment['id']}?lang=en")
    assert 'http-equiv="refresh" content="2"' in page.text and await chips(gateway, payment) == ["SCHEDULED"]
    await sql(gateway.ctx, "UPDATE simulated_transfers SET run_at = now()")
    assert await simulator.tell_due(gateway.ctx, 10) == 1
    page = await gateway.client.get(f"/simulator/{payment['id']}?lang=en")
    assert "refresh" not in page.text and await chips(gateway, payment) == ["PAID"]


async def test_a_slip_that_is_only_drawn_is_downloaded_and_pays_on_the_payers_page(gateway: Gateway) -> None:
    payment = await made(gateway)
    await press(gateway, payment, "draw")
    assert await chips(gateway, payment) == ["SLIP DRAWN"]
    page = (await gateway.client.get(f"/simulator/{payment['id']}")).text
    [address] = set(re.findall(r'href="(/simulator/[^"]+\.png)"', page))
    picture = await gateway.client.get(address)
    assert picture.headers["content-type"] == "image/png" and len(read_codes(picture.content)) == 1
    answer = await gateway.client.post(
        f"/pay/{payment['id']}/slip?lang=en",
        data={"secret": payment["clientSecret"]},
        files={"file": ("slip.png", picture.content, "image/png")},
    )
    assert answer.status_code == 303 and state(await gateway.client.get(f"/pay/{payment['id']}")) == "paid"
    other = await made(gateway)
    assert (await gateway.client.get(address.replace(payment["id"], other["id"]))).status_code == 404
    assert (await gateway.client.get(f"/simulator/{other['id']}/slips/x.png")).status_code == 404


async def test_a_live_payment_has_no_such_page_and_no_press_touches_it(gateway: Gateway) -> None:
    live, tried = await gateway.create(), await made(gateway)
    before = await gateway.counts()
    for address in (f"/simulator/{live['id']}", "/simulator/01900000-0000-7000-8000-000000000000", "/simulator/x"):
        assert (await gateway.client.get(address)).status_code == 404
    for act in ("exact", "late", "draw"):
        assert (await press(gateway, live, act)).status_code == 404
    assert "/simulator/" not in (await gateway.client.get(f"/pay/{live['id']}")).text
    for said in ({"secret": ""}, {"secret": live["clientSecret"]}, {"secret": tried["clientSecret"] + "x"}):
        answer = await press(gateway, tried, "exact", **said)
        assert answer.status_code == 403
    for wrong in ({"act": "steal"}, {"via": "pigeon"}):
        body = {"secret": tried["clientSecret"], "via": "slip", "act": "exact", **wrong}
        sent = await gateway.client.post(f"/simulator/{tried['id']}/play", content=urlencode(body), headers=FORM)
        assert sent.status_code == 400
    assert await gateway.counts() == before


async def test_the_page_runs_nothing_is_in_no_frame_and_is_counted_by_address(gateway: Gateway, dsn: str) -> None:
    payment = await made(gateway)
    answer = await gateway.client.get(f"/simulator/{payment['id']}")
    policy = answer.headers["content-security-policy"]
    assert "script" not in policy and "<script" not in answer.text
    assert "frame-ancestors 'none'" in policy and "img-src 'self'" in policy and 'content="noindex"' in answer.text
    limits = {"PAYGATE_RATE_LIMIT": "key=off source=off address=1/m:20"}
    async with serving(dsn, **limits) as base, httpx2.AsyncClient(base_url=base, trust_env=False) as client:
        statuses = {(await client.get(f"/simulator/{payment['id']}")).status_code for _ in range(60)}
        assert statuses == {200, 429}
        sent = await client.post(f"/simulator/{payment['id']}/play", content="", headers=FORM)
        assert sent.status_code == 429


def test_every_word_is_there_in_both_languages() -> None:
    for lang in ("th", "en"):
        assert all(pages.words("simulator", lang).values())
    page = pages.source("simulator.html")
    named = set(re.findall(r"w\.(\w+)", page))
    assert named <= set(pages.words("simulator", "th"))
    for word in ("PAID", "DUPLICATE", "ORPHAN", "REVIEW", "REJECTED", "VERIFYING", "IGNORED", "PAID_OTHER", "REFUSED"):
        assert {f"out_{word}", f"say_{word}"} <= set(pages.words("simulator", "th"))


@pytest.mark.parametrize(("view", "lang"), [({}, "th"), (WIDE, "en")], ids=["phone-th", "desktop-en"])
async def test_from_the_payers_page_to_the_bank_and_back_in_a_browser_without_a_script(
    gateway: Gateway, browser: Browser, view: dict[str, Any], lang: str
) -> None:
    payment, words = await made(gateway), pages.words("simulator", lang)
    async with visiting(browser, base_of(gateway), locale=f"{lang}-TH", java_script_enabled=False, **view) as visit:
        page = visit.page
        await page.goto(f"/pay/{payment['id']}")
        [text] = read_codes(await page.screenshot())
        assert text == payment["qrPayload"]
        await expect(page.get_by_text(pages.words("checkout", lang)["simulate"])).to_be_visible()
        await page.goto(f"/simulator/{payment['id']}?lang={lang}")
        await page.locator("input[value=notice]").check()
        await page.locator(".acts button[value=under]").click()
        await expect(page.locator("#result .chip")).to_have_text(words["out_ORPHAN"])
        await expect(page.locator("blockquote")).to_contain_text("เงินเข้าบัญชี")
        await page.locator("#amount").fill("7.25")
        await page.locator("#amount").press("Enter")
        await expect(page.locator("#result")).to_contain_text("7.25")
        await page.locator("input[value=slip]").check()
        await page.locator("button[value=exact]").click()
        await expect(page.locator("#result .chip")).to_have_text(words["out_PAID"])
        await expect(page.locator("#result img")).to_be_visible()
        await page.get_by_text(words["back"]).click()
        await expect(page.locator("main[data-state=paid]")).to_have_count(1)


async def test_the_payers_page_turns_green_while_the_bank_is_played_elsewhere(
    gateway: Gateway, browser: Browser
) -> None:
    payment = await made(gateway)
    async with visiting(browser, base_of(gateway)) as visit:
        await visit.page.goto(f"/pay/{payment['id']}")
        await press(gateway, payment, "exact", "notice")
        await expect(visit.page.locator("main[data-state=paid]")).to_have_count(1, timeout=15_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nobody_is_shut_out_and_nothing_sticks_out(
    gateway: Gateway, browser: Browser, scheme: str, tmp_path: Path
) -> None:
    """With axe, in both languages; at 320 pixels. PAYGATE_SCREENSHOTS keeps a picture of each."""
    payment, checker = await made(gateway, 1234.5), axe()
    await endpoints.add(gateway.ctx, merchant_id=gateway.world.merchant_id, url="http://127.0.0.1:9/", mode="test")
    folder = Path(os.environ.get("PAYGATE_SCREENSHOTS", tmp_path))
    every = "PAYGATE_SCREENSHOTS" in os.environ
    small = {"viewport": {"width": 320, "height": 640}}
    sizes: tuple[tuple[str, dict[str, Any]], ...] = (("small", small), ("phone", {}), ("desktop", WIDE))
    for act, via, lang in (("", "", "th"), ("under", "notice", "en"), ("exact", "slip", "th")):
        if act:
            await press(gateway, payment, act, via)
        for size, view in sizes if every else sizes[:1]:
            for language in ("th", "en") if every else (lang,):
                async with visiting(browser, base_of(gateway), color_scheme=scheme, **view) as visit:
                    await visit.page.goto(f"/simulator/{payment['id']}?lang={language}")
                    assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
                    name = f"simulator-{act or 'fresh'}-{size}-{language}-{scheme}.png"
                    await visit.page.screenshot(path=folder / name, full_page=True)
                    assert every or not await faults(visit.page, checker)
