"""The payer's page in a real Chromium: scanned, paid, expired, cancelled, cut off, without a script, for everybody."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

import emvco
from paygate.banks.slips.picture import read_codes
from paygate.services import logos, merchants
from tests.banks import slip_pictures
from tests.browsers import DESKTOP, browser, visiting
from tests.faces.conftest import Gateway
from tests.faces.slips import Slips, new_slip, slip_gateway
from tests.javascript import missing, node
from tests.services.helpers import sql
from tests.web.test_checkout import CATALOGUE, credit, expire

__all__ = ["browser", "slip_gateway"]  # Fixtures.

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"
LINE = f"{IPHONE} Line/15.3.0"
WIDE: dict[str, Any] = {**DESKTOP, "is_mobile": False, "has_touch": False}


def base_of(gateway: Gateway) -> str:
    return str(gateway.client.base_url).rstrip("/")


async def state(page: Page, name: str) -> None:
    await expect(page.locator(f"main[data-state={name}]")).to_have_count(1, timeout=15_000)


def axe() -> str:
    """The accessibility checker's own script."""
    command = [node(), "-p", "require.resolve('axe-core/axe.min.js')"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if found.returncode:
        missing("the npm package axe-core is not there (see tests/javascript.py)")
    return Path(found.stdout.strip()).read_text("utf-8")


async def faults(page: Page, checker: str) -> list[str]:
    """What axe finds wrong for people who see, hear or move less. It runs beside the page's policy, as a tool does."""
    session = await page.context.new_cdp_session(page)
    tree = await session.send("Page.getFrameTree")
    world = await session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
    code = f"{checker}; axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ')))"
    wanted = {"expression": code, "contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": True}
    told = await session.send("Runtime.evaluate", wanted)
    assert "exceptionDetails" not in told, told
    found: list[str] = told["result"]["value"]
    return found


# --- the way that payers go ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("view", "lang"), [({}, "th"), (WIDE, "en")], ids=["phone-th", "desktop-en"])
async def test_the_qr_on_the_screen_is_scanned_paid_and_leads_back_to_the_shop(
    gateway: Gateway, browser: Browser, view: dict[str, Any], lang: str
) -> None:
    made = await gateway.create(amount=1250.5, callbackUrl="https://shop.example/done?cart=7", description="กาแฟ")
    async with visiting(browser, base_of(gateway), locale=f"{lang}-TH", **view) as visit:
        page, back = visit.page, list[str]()

        async def shop(route: Route) -> None:
            back.append(route.request.url)
            await route.fulfill(body="shop", content_type="text/plain")

        await page.route("https://shop.example/**", shop)
        await page.goto(f"/pay/{made['id']}")
        await expect(page.get_by_text(CATALOGUE["waiting"][lang])).to_be_visible()
        await expect(page.locator("[data-left]")).to_have_text(re.compile(r"1[45]:\d\d$"))
        picture = await page.screenshot()
        [text] = read_codes(picture)
        assert text == made["qrPayload"] and emvco.parse(text).amount_satang == 125_050
        shown = [await page.get_by_text(CATALOGUE[step][lang]).is_visible() for step in ("step_one", "desk_one")]
        assert shown == ([True, False] if not view else [False, True]), "a computer's screen is scanned, not saved"
        if not view:  # Everything that is to be done is on the first screen of a phone, and nothing sticks out of it.
            box = await page.locator(".more summary").last.bounding_box()
            assert box is not None and box["y"] + box["height"] <= 844
            qr = await page.locator(".qr svg").bounding_box()
            assert qr is not None and qr["width"] >= 240
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert (await gateway.tell(credit(1250.5))).json()["outcome"] == "PAID"
        await state(page, "paid")
        await expect(page.get_by_role("heading", name=CATALOGUE["head_paid"][lang])).to_be_visible()
        await expect(page.locator("#live")).to_have_text(CATALOGUE["title_paid"][lang])
        await page.wait_for_url("https://shop.example/**", timeout=15_000)
        query = parse_qs(urlsplit(back[0]).query)
        assert query == {"cart": ["7"], "payment_id": [made["id"]], "status": ["success"], "amount": ["125050"]}
        visit.wrong[:] = [one for one in visit.wrong if "shop.example" not in one]


async def test_on_a_phone_all_that_is_to_be_done_is_on_the_first_screen_of_tagged_and_test_payments_too(
    gateway: Gateway, browser: Browser
) -> None:
    who = {"email": "t@example.com", "name": "ร้านกาแฟ", "promptpay": "0899999999"}
    shop = await merchants.create(gateway.ctx, plan="pro", approve=True, **who)
    body = {"amount": 12_345, "description": "กาแฟเย็นสองแก้ว"}
    for key in (shop.live_secret_key, shop.test_secret_key):
        for _ in range(2):  # The second one's amount is told apart by satang.
            made = (await gateway.ask("POST", "/api/v1/payment/create", body, key=key)).json()["transaction"]
        assert made["payableAmount"] != made["amount"]
        async with visiting(browser, base_of(gateway)) as visit:
            for lang in ("th", "en"):
                await visit.page.goto(f"/pay/{made['id']}?lang={lang}")
                for what in ("h1", ".qr svg", "[data-save]", ".steps.here"):
                    box = await visit.page.locator(what).bounding_box()
                    assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 844, (what, lang, box)


async def test_who_comes_back_from_the_shop_is_not_sent_there_again(gateway: Gateway, browser: Browser) -> None:
    made = await gateway.create(callbackUrl="https://shop.example/done")
    assert (await gateway.tell(credit(150))).json()["outcome"] == "PAID"
    async with visiting(browser, base_of(gateway)) as visit:
        page, back = visit.page, list[str]()

        async def shop(route: Route) -> None:
            back.append(route.request.url)
            await route.fulfill(body="shop", content_type="text/plain")

        await page.route("https://shop.example/**", shop)
        await page.clock.install()
        await page.goto(f"/pay/{made['id']}")
        await expect(page.get_by_text(CATALOGUE["returning"]["th"])).to_be_visible()
        await page.clock.run_for(3_500)
        await page.wait_for_url("https://shop.example/**")
        for again in (page.go_back, page.reload):
            await again()
            await state(page, "paid")
            await expect(page.get_by_text(CATALOGUE["returning"]["th"])).to_be_hidden()
            await page.clock.run_for(10_000)
            await state(page, "paid")
        assert len(back) == 1
        await page.get_by_role("link", name=CATALOGUE["back"]["th"]).click()
        await page.wait_for_url("https://shop.example/**")
        visit.wrong[:] = [one for one in visit.wrong if "shop.example" not in one]


async def test_a_reload_in_the_middle_and_a_deadline_that_passes_change_the_screen_by_themselves(
    gateway: Gateway, browser: Browser
) -> None:
    await logos.set_page(gateway.ctx, gateway.world.merchant_id, allow_renewal=True)
    made = await gateway.create(amount=333)
    async with visiting(browser, base_of(gateway)) as visit:
        page = visit.page
        await page.goto(f"/pay/{made['id']}")
        await page.reload()
        await state(page, "waiting")
        await expire(gateway, made)
        await state(page, "expired")
        await page.get_by_role("button", name=CATALOGUE["renew"]["th"]).click()
        await state(page, "waiting")
        assert page.url.startswith(f"{base_of(gateway)}/pay/") and made["id"] not in page.url
        await page.get_by_text(CATALOGUE["cancel"]["th"], exact=True).click()
        await page.get_by_role("button", name=CATALOGUE["cancel_yes"]["th"]).click()
        await state(page, "cancelled")


async def test_a_stream_that_is_cut_is_replaced_by_asking_and_a_lost_connection_is_said(
    gateway: Gateway, browser: Browser
) -> None:
    made = await gateway.create()
    async with visiting(browser, base_of(gateway)) as visit:
        page = visit.page
        await page.route("**/events?*", lambda route: route.abort())
        await page.goto(f"/pay/{made['id']}")
        await page.context.set_offline(True)
        await expect(page.get_by_text(CATALOGUE["offline"]["th"])).to_be_visible()
        assert (await gateway.tell(credit(150))).json()["outcome"] == "PAID"
        await page.context.set_offline(False)
        await state(page, "paid")
        await expect(page.get_by_text(CATALOGUE["offline"]["th"])).to_be_hidden()
        visit.wrong.clear()  # Chromium writes each request that failed to its console.


async def test_a_slip_is_sent_with_a_bar_and_what_became_of_it_is_told_in_place(
    slip_gateway: Slips, browser: Browser, tmp_path: Path
) -> None:
    gateway = slip_gateway.gateway
    made, slip = await gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    good, bad = tmp_path / "slip.jpg", tmp_path / "cat.png"
    good.write_bytes(slip_pictures.as_file(slip_pictures.slip(slip)))
    bad.write_bytes(b"no picture at all")
    empty, vast = tmp_path / "empty.png", tmp_path / "vast.png"
    empty.write_bytes(b"")
    Image.new("1", (20_000, 20_000)).save(vast)
    async with visiting(browser, base_of(gateway), locale="en-US") as visit:
        page = visit.page
        await page.goto(f"/pay/{made['id']}")
        await page.get_by_text(CATALOGUE["slip"]["en"]).click()
        for lang in ("en", "th"):
            await page.goto(f"/pay/{made['id']}?lang={lang}")
            await page.get_by_text(CATALOGUE["slip"][lang]).click()
            for wrong in (bad, empty, vast):
                await page.locator(".said").evaluate("said => { said.textContent = '' }")
                await page.set_input_files("#file", wrong)
                said = f"{CATALOGUE['slip_unreadable'][lang]} ({CATALOGUE['reference'][lang]} req_"
                await expect(page.locator(".said")).to_contain_text(said)
        visit.wrong.clear()  # The refusals, in Chromium's console.
        await page.goto(f"/pay/{made['id']}")
        await page.get_by_text(CATALOGUE["slip"]["en"]).click()
        await page.set_input_files("#file", good)
        await state(page, "paid")


async def test_it_works_without_a_script(gateway: Gateway, browser: Browser) -> None:
    made, other = await gateway.create(amount=100), await gateway.create(amount=200)
    async with visiting(browser, base_of(gateway), java_script_enabled=False) as visit:
        page = visit.page
        await page.goto(f"/pay/{made['id']}")
        assert read_codes(await page.screenshot()) == [made["qrPayload"]]
        await expect(page.locator("[data-left]")).to_contain_text(CATALOGUE["until"]["th"])
        assert (await gateway.tell(credit(100))).json()["outcome"] == "PAID"
        await state(page, "paid")  # The page asks for itself again.
        await page.goto(f"/pay/{other['id']}")
        await page.get_by_text(CATALOGUE["cancel"]["th"], exact=True).click()
        await page.get_by_role("button", name=CATALOGUE["cancel_yes"]["th"]).click()
        await state(page, "cancelled")


@pytest.mark.parametrize(("agent", "way"), [(None, "download"), (IPHONE, "share"), (LINE, "hold")])
async def test_the_qr_is_saved_where_the_bank_app_finds_it(
    gateway: Gateway, browser: Browser, agent: str | None, way: str
) -> None:
    made = await gateway.create()
    async with visiting(browser, base_of(gateway), **({"user_agent": agent} if agent else {})) as visit:
        page = visit.page
        shared: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        await page.expose_function("given", lambda *file: shared.set_result(list(file)))
        share = "navigator.share = async ({files: [file]}) => window.given(file.name, file.type, file.size > 1000);"
        await page.add_init_script(f"navigator.canShare = () => true; {share}")
        await page.goto(f"/pay/{made['id']}")
        button = page.get_by_role("link", name=CATALOGUE["save"]["th"])
        if way == "download":
            async with page.expect_download() as started:
                await button.click()
            download = await started.value
            assert download.suggested_filename == "promptpay-15000.png"
            assert read_codes(Path(await download.path()).read_bytes()) == [made["qrPayload"]]
        elif way == "share":
            await button.click()
            assert await asyncio.wait_for(shared, 15) == ["promptpay-15000.png", "image/png", True]
        else:
            await button.click()
            sheet = page.get_by_role("dialog")
            await expect(sheet.get_by_text(CATALOGUE["hold"]["th"])).to_be_visible()
            await expect(sheet.locator("img")).to_have_js_property("naturalWidth", 1080)
            await page.keyboard.press("Escape")
            await expect(sheet).to_be_hidden()


async def test_every_screen_is_clean_for_axe_in_light_and_dark(slip_gateway: Slips, browser: Browser) -> None:
    gateway, checker = slip_gateway.gateway, axe()
    screens = {name: await gateway.create(amount=100 + n, description="กาแฟ") for n, name in enumerate(
        ("waiting", "verifying", "under", "paid", "expired", "cancelled"))}  # fmt: skip
    slip_gateway.bank.down = True
    await slip_gateway.outcome(screens["verifying"], new_slip())
    await gateway.tell(credit(103))
    await gateway.ask("POST", f"/api/v1/payment/{screens['cancelled']['id']}/cancel", {})
    await expire(gateway, screens["expired"])
    under = "UPDATE payments SET exception = 'UNDERPAID', received_satang = 100 WHERE id = $1"
    await sql(gateway.ctx, under, screens["under"]["id"])
    for scheme in ("light", "dark"):
        async with visiting(browser, base_of(gateway), color_scheme=scheme, reduced_motion="reduce") as visit:
            for name, made in screens.items():
                await visit.page.goto(f"/pay/{made['id']}")
                await state(visit.page, name)
                await visit.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                assert await faults(visit.page, checker) == [], (scheme, name)
                folder = os.environ.get("PAYGATE_SCREENSHOTS")
                if folder:
                    await visit.page.screenshot(path=f"{folder}/checkout-{name}-{scheme}.png", full_page=True)
            assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_nothing_sticks_out_of_a_screen_of_320_points(gateway: Gateway, browser: Browser) -> None:
    made = await gateway.create(amount=499_999.99, description="x" * 200)
    async with visiting(browser, base_of(gateway), viewport={"width": 320, "height": 568}) as visit:
        for lang in ("th", "en"):
            await visit.page.goto(f"/pay/{made['id']}?lang={lang}")
            assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            [text] = read_codes(await visit.page.screenshot(full_page=True))
            assert text == made["qrPayload"]
