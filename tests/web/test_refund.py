"""The page of a refund's payer in a real Chromium without a script: typed, looked at once more, sent."""

from __future__ import annotations

import html
import os
import re
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from paygate.core import ids
from paygate.services.refund_desk import REFUNDS, open_payee
from paygate.services.refunds import read_payee
from tests.browsers import DESKTOP, browser, visiting
from tests.faces.conftest import Gateway
from tests.faces.test_v1_refunds import LIST, of, sold
from tests.services.helpers import sql
from tests.web.test_checkout_browser import axe, base_of, faults, state

__all__ = ["browser"]  # A fixture.

WIDE: dict[str, Any] = {**DESKTOP, "is_mobile": False, "has_touch": False}
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 568}}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PHONE_NUMBER = {"way": "promptpay", "promptpay": "081-234 5678", "name": "สมชาย ใจดี"}


async def asked(gateway: Gateway, amount: float = 250.25) -> tuple[str, str]:
    """The id of a refund whose payer is asked, and the path of the page."""
    made = (await gateway.ask("POST", of(await sold(gateway)), {"amount": amount})).json()["refund"]
    return str(made["id"]), "/refund/" + made["payeeUrl"].rpartition("/")[2]


async def stands(gateway: Gateway, refund_id: str) -> tuple[str, Any]:
    found = (await REFUNDS.show(gateway.ctx, ids.read("rfd", refund_id))).payout
    return found.status, open_payee(gateway.ctx, found)


async def send(gateway: Gateway, path: str, headers: dict[str, str] | None = None, **values: str) -> httpx2.Response:
    return await gateway.client.post(path, data=values, headers={**(headers or {}), "Accept-Language": "en"})


def checked_of(answer: httpx2.Response) -> str:
    found = re.search(r'name="checked" value="([^"]+)"', answer.text)
    assert found, answer.text
    return html.unescape(found[1])


async def type_promptpay(page: Page) -> None:
    await page.locator("#promptpay").fill("081-234 5678")
    await page.locator("#name").fill("สมชาย ใจดี")
    await page.locator("button[value=check]").click()


@pytest.mark.parametrize("lang", ["th", "en"])
async def test_a_payer_types_its_promptpay_looks_again_corrects_it_and_sends_it(
    gateway: Gateway, browser: Browser, lang: str
) -> None:
    refund, path = await asked(gateway)
    async with visiting(browser, base_of(gateway), java_script_enabled=False) as visit:
        page = visit.page
        await page.goto(f"{path}?lang={lang}")
        await state(page, "open")
        await expect(page.locator("html")).to_have_attribute("lang", lang)
        await expect(page.locator(".sum")).to_contain_text("฿250.25")
        await expect(page.get_by_text("ร้านกาแฟ")).to_be_visible()
        await expect(page.locator("#bank")).to_be_hidden()
        await type_promptpay(page)
        await state(page, "check")
        await expect(page.get_by_text("081-234-5678")).to_be_visible()
        assert await stands(gateway, refund) == ("WAITING", None)
        await page.locator("button[value=change]").click()
        await expect(page.locator("#promptpay")).to_have_value("081-234 5678")
        await page.locator("label[for=way-bank]").click()
        await expect(page.locator("#promptpay")).to_be_hidden()
        await page.locator("#bank").select_option("014")
        await page.locator("#number").fill("406-1-23456-7")
        await page.locator("button[value=check]").click()
        await state(page, "check")
        await expect(page.get_by_text("4061234567")).to_be_visible()
        await page.locator("button[value=confirm]").click()
        await state(page, "given")
        assert page.url.endswith(f"{path}?lang={lang}")  # Reloading sends nothing again.
        text = await page.locator("main").inner_text()
        assert "xxxxxx4567" in text and "4061234567" not in text and "สมชาย" not in text
    status, place = await stands(gateway, refund)
    assert status == "REQUESTED"
    assert place == read_payee(None, "014", "4061234567", "สมชาย ใจดี")


async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(gateway: Gateway, browser: Browser) -> None:
    refund, path = await asked(gateway)
    async with visiting(browser, base_of(gateway), java_script_enabled=False) as visit:
        page = visit.page
        await page.goto(f"{path}?lang=en")
        await page.locator("#promptpay").fill("081")
        await page.locator("#name").fill("<b>Somchai</b>")
        await page.locator("button[value=check]").click()
        await expect(page.get_by_role("alert")).to_contain_text("no PromptPay ID")
        await expect(page.locator("#promptpay")).to_have_attribute("aria-invalid", "true")
        await expect(page.locator("#promptpay")).to_have_value("081")
        await expect(page.locator("#name")).to_have_value("<b>Somchai</b>")
        visit.wrong.clear()  # The browser tells of the 400.
    assert await stands(gateway, refund) == ("WAITING", None)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"way": "promptpay", "promptpay": "", "name": "A"}, "promptpay"),
        ({"way": "promptpay", "promptpay": "0812345678", "name": " "}, "name"),
        ({"way": "promptpay", "promptpay": "0812345678", "name": "x" * 101}, "name"),
        ({"way": "bank", "bank": "", "number": "4061234567", "name": "A"}, "bank"),
        ({"way": "bank", "bank": "014", "number": "12", "name": "A"}, "number"),
        ({"way": "bank", "bank": "014", "name": "A"}, "number"),
        ({"way": "moon", "name": "A"}, "promptpay"),
        ({}, "promptpay"),
        ({"way": "promptpay", "promptpay": "0" * 5000, "name": "A"}, "promptpay"),
    ],
)
async def test_a_form_that_is_not_right_comes_back_with_400(
    gateway: Gateway, values: dict[str, str], wrong: str
) -> None:
    _, path = await asked(gateway)
    answer = await send(gateway, path, act="check", **values)
    assert answer.status_code == 400, answer.text
    assert re.search(rf'name="{wrong}"[^>]*aria-invalid="true"', answer.text)


async def test_only_what_the_page_showed_can_be_confirmed_and_only_from_this_site(gateway: Gateway) -> None:
    refund, path = await asked(gateway)
    other, elsewhere = await asked(gateway)
    shown = checked_of(await send(gateway, path, act="check", **PHONE_NUMBER))
    theirs = checked_of(await send(gateway, elsewhere, act="check", **PHONE_NUMBER))
    for forged in ("", "x", theirs, shown[:-2] + "xx"):
        assert (await send(gateway, path, act="confirm", checked=forged)).status_code == 403
    assert (await send(gateway, path, act="confirm", **PHONE_NUMBER)).status_code == 403
    from_elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await send(gateway, path, from_elsewhere, act="confirm", checked=shown)).status_code == 403
    assert await stands(gateway, refund) == await stands(gateway, other) == ("WAITING", None)
    done = await send(gateway, path, {"Sec-Fetch-Site": "same-origin"}, act="confirm", checked=shown)
    assert (done.status_code, done.headers["location"]) == (303, path)
    assert (await stands(gateway, refund))[0] == "REQUESTED"


async def test_a_second_tab_and_a_refund_that_was_called_off_are_told_how_it_stands(gateway: Gateway) -> None:
    refund, path = await asked(gateway)
    mine = checked_of(await send(gateway, path, act="check", **PHONE_NUMBER))
    late = checked_of(await send(gateway, path, act="check", **{**PHONE_NUMBER, "promptpay": "0899999999"}))
    assert (await send(gateway, path, act="confirm", checked=mine)).status_code == 303
    assert (await send(gateway, path, act="confirm", checked=mine)).status_code == 303  # Pressed twice.
    told = await send(gateway, path, act="confirm", checked=late)
    assert told.status_code == 409 and 'data-state="given"' in told.text and "5678" in told.text
    await gateway.ask("POST", f"{LIST}/{refund}/cancel", b"")
    gone = await send(gateway, path, act="confirm", checked=mine)
    assert gone.status_code == 409 and 'data-state="closed"' in gone.text
    assert "5678" not in gone.text
    over, path = await asked(gateway)
    typed = checked_of(await send(gateway, path, act="check", **PHONE_NUMBER))
    fresh = await gateway.ask("POST", f"{LIST}/{over}/payee-link", b"")
    assert fresh.status_code == 200
    assert (await gateway.client.get(path)).status_code == 404  # A newer link is in force.
    assert (await send(gateway, path, act="confirm", checked=typed)).status_code == 404


async def test_the_page_loads_nothing_is_in_no_frame_and_is_not_remembered(gateway: Gateway) -> None:
    _, path = await asked(gateway)
    answer = await gateway.client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script-src" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text and 'content="noindex"' in answer.text
    assert len(answer.content) < 14_000


async def test_the_page_is_clean_for_axe_and_fits_every_screen(gateway: Gateway, browser: Browser) -> None:
    checker, folder = axe(), os.environ.get("PAYGATE_SCREENSHOTS")
    _, open_one = await asked(gateway)
    given, given_path = await asked(gateway)
    gone, closed_path = await asked(gateway)
    mine = checked_of(await send(gateway, given_path, act="check", **PHONE_NUMBER))
    await send(gateway, given_path, act="confirm", checked=mine)
    await gateway.ask("POST", f"{LIST}/{gone}/cancel", b"")
    paid, paid_path = await asked(gateway)
    await send(gateway, paid_path, act="confirm", checked=checked_of(await send(gateway, paid_path, **PHONE_NUMBER)))
    await REFUNDS.approve(gateway.ctx, ids.read("rfd", paid), "cli:a")
    await REFUNDS.claim(gateway.ctx, ids.read("rfd", paid), "cli:a")
    await REFUNDS.complete(gateway.ctx, ids.read("rfd", paid), "cli:a", "REF-1")
    await sql(gateway.ctx, "UPDATE merchants SET name = 'ร้านอาหารครัวคุณแม่สาขาลาดพร้าว 71' WHERE merchant_id > 0")
    pages = [("open", open_one), ("given", given_path), ("closed", closed_path), ("paid", paid_path)]
    for scheme in ("light", "dark"):
        for size, view in {"phone": {}, "small": SMALL, "desktop": WIDE}.items():
            async with visiting(
                browser, base_of(gateway), color_scheme=scheme, reduced_motion="reduce", **view
            ) as visit:

                async def looked_at(page: Page, name: str, size: str = size, scheme: str = scheme) -> None:
                    assert await faults(page, checker) == [], (scheme, size, name)
                    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (size, name)
                    if folder:
                        await page.screenshot(path=f"{folder}/refund-{name}-{size}-{scheme}.png", full_page=True)

                for name, path in pages:
                    await visit.page.goto(f"{path}?lang={'th' if scheme == 'light' else 'en'}")
                    await state(visit.page, name)
                    await looked_at(visit.page, name)
                await visit.page.goto(f"{open_one}?lang=th")
                await type_promptpay(visit.page)
                await state(visit.page, "check")
                await looked_at(visit.page, "check")
                await visit.page.locator("button[value=change]").click()
                await visit.page.locator("label[for=way-bank]").click()
                await visit.page.locator("button[value=check]").click()
                await expect(visit.page.get_by_role("alert")).to_be_visible()
                await looked_at(visit.page, "wrong")
                visit.wrong.clear()  # The browser tells of the 400.
    assert given
