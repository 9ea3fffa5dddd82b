"""/docs and / in a real browser: found, copied, tried, light and dark, small and large, without a script, for all."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from paygate.services import accounts
from tests.browsers import DESKTOP, browser, visiting
from tests.faces.conftest import Gateway
from tests.web.test_checkout_browser import WIDE, axe, base_of, faults

__all__ = ["browser"]

KINDS = {
    "home": "/",
    "start": "/docs",
    "guide": "/docs/webhooks",
    "states": "/docs/payments",
    "events": "/docs/events",
    "api": "/docs/api/payments",
    "search": "/docs/search?q=webhook",
}


@pytest.mark.parametrize(("view", "lang"), [({}, "th"), (WIDE, "en")], ids=["phone-th", "desktop-en"])
async def test_a_reader_finds_a_page_while_typing_and_by_keyboard(
    gateway: Gateway, browser: Browser, view: dict[str, Any], lang: str
) -> None:
    async with visiting(browser, base_of(gateway), locale=f"{lang}-TH", **view) as visit:
        page = visit.page
        await page.goto("/docs")
        if view:
            await page.keyboard.press("/")
        field = page.locator(".find input[type=search]")
        await field.focus()
        await page.keyboard.type("ลายเซ็น" if lang == "th" else "verify it yourself")
        first = page.locator(".hits a").first
        await expect(first).to_be_visible(timeout=20_000)  # The index is made when it is first asked for.
        await page.keyboard.press("ArrowDown")
        await expect(first).to_be_focused()
        await page.locator(".hits a[href='/docs/webhooks#verify-it-yourself']").first.click()
        await page.wait_for_url("**/docs/webhooks#verify-it-yourself")
        await page.locator(".find input[type=search]").fill("xyzzy")
        await expect(page.locator(".hits p")).to_have_text(
            "ไม่พบ ลองใช้คำที่สั้นลง" if lang == "th" else "Nothing found. Try a shorter word."
        )
        await page.keyboard.press("Escape")
        await expect(page.locator(".hits")).to_be_hidden()


async def test_code_is_copied_as_it_is_shown_in_the_language_that_was_chosen(
    gateway: Gateway, browser: Browser
) -> None:
    async with visiting(browser, base_of(gateway), locale="en-GB", **WIDE) as visit:
        page = visit.page
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.goto("/docs/getting-started")
        box = page.locator(".tabs").first
        await box.locator("label", has_text="Python").click()
        await box.hover()
        await box.locator(".copy:visible").click()
        await expect(box.locator(".copy:visible")).to_have_text("Copied")
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"# curl -O {gateway.ctx.public_url}/sdk/PayGate.py") and "create_payment" in copied
        await page.goto("/docs/idempotency")  # The choice goes with the reader.
        await expect(page.locator(".tabs input:checked").first).to_have_value("Python")


async def test_the_theme_is_chosen_and_stays(gateway: Gateway, browser: Browser) -> None:
    async with visiting(browser, base_of(gateway), color_scheme="dark", **WIDE) as visit:
        page = visit.page
        await page.goto("/docs")
        shade = "getComputedStyle(document.body).backgroundColor"
        assert await page.evaluate(shade) == "rgb(14, 20, 27)"
        await page.locator(".theme").click()
        assert await page.evaluate(shade) == "rgb(255, 255, 255)"
        await page.goto("/docs/errors")
        assert await page.evaluate(shade) == "rgb(255, 255, 255)"
        for _ in range(2):  # Dark, and as the system is.
            await page.locator(".theme").click()
            assert await page.evaluate(shade) == "rgb(14, 20, 27)"
        assert await page.evaluate("localStorage.getItem('paygate-theme')") is None


async def test_a_call_is_tried_with_a_test_key_and_with_no_other(gateway: Gateway, browser: Browser) -> None:
    await accounts.add(gateway.ctx, owner=0, promptpay="0823456789", name="Test", test=True)
    async with visiting(browser, base_of(gateway), **WIDE) as visit:
        page = visit.page
        await page.goto("/docs/api/payments")
        form = page.locator("[data-operation=createPayment] .try")
        await form.locator("summary").first.click()
        await form.locator(".key").fill(gateway.world.secret_key)
        await form.get_by_role("button", name="ส่งคำขอ").click()
        await expect(form.locator(".line")).to_contain_text("sk_test_")
        assert await page.evaluate("sessionStorage.getItem('paygate-test-key')") is None
        await form.locator(".key").fill(gateway.world.test_key)
        await form.get_by_role("button", name="ส่งคำขอ").click()
        await expect(form.locator(".line .status")).to_have_text("201")
        await expect(form.locator(".heads")).to_be_hidden()  # A dozen lines of them would stand before the answer.
        await form.locator(".told summary").click()
        await expect(form.locator(".heads")).to_contain_text("request-id: req_")
        await expect(form.locator(".text")).to_contain_text('"status": "PENDING"')
        made = (await gateway.ask("GET", "/api/v1/payment/order/A-1001", key=gateway.world.test_key)).json()
        assert made["transaction"]["mode"] == "test"
        await page.goto("/docs/api/qr-codes")  # The key is there still, in this tab.
        form = page.locator("[data-operation=drawCodes] .try")
        await form.locator("summary").first.click()
        await expect(form.locator(".key")).to_have_value(gateway.world.test_key)
        await form.locator("textarea").fill("{not json")
        await form.get_by_role("button", name="ส่งคำขอ").click()
        await expect(form.locator(".line")).to_contain_text("JSON")
        picture = page.locator("[data-operation=drawPayment] .try")
        await picture.locator("summary").first.click()
        name = made["transaction"]["paymentUrl"].rpartition("/")[2]
        await picture.locator("[name=name]").fill(f"{name}.png")
        await picture.get_by_role("button", name="ส่งคำขอ").click()
        await expect(picture.locator("img")).to_be_visible()
    async with visiting(browser, base_of(gateway), **WIDE) as visit:  # Another visitor has no key.
        await visit.page.goto("/docs/api/payments")
        await expect(visit.page.locator(".try .key").first).to_have_value("")


async def test_a_phone_has_a_menu_and_nothing_sticks_out(gateway: Gateway, browser: Browser) -> None:
    async with visiting(browser, base_of(gateway), viewport={"width": 320, "height": 640}, locale="en-GB") as visit:
        page = visit.page
        for path in KINDS.values():
            await page.goto(path)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        await page.goto("/docs")
        await page.locator(".open-menu").click()
        await page.keyboard.press("Escape")
        await expect(page.locator("#menu")).to_be_hidden()
        await page.locator(".open-menu").click()
        await page.locator("#menu").get_by_role("link", name="Errors", exact=True).click()
        await page.wait_for_url("**/docs/errors")


async def test_all_of_it_works_without_a_script(gateway: Gateway, browser: Browser) -> None:
    async with visiting(browser, base_of(gateway), java_script_enabled=False) as visit:
        page = visit.page
        await page.goto("/docs/getting-started?lang=en")
        await page.locator(".tabs label", has_text="PHP").first.click()
        await expect(page.locator(".tabs code.language-php").first).to_be_visible()
        await expect(page.locator(".theme")).to_be_hidden()
        await page.locator(".open-menu").click()
        await page.locator("#menu").get_by_role("link", name="Payments", exact=True).click()
        await page.wait_for_url("**/docs/api/payments?lang=en")
        assert await page.locator(".try:visible").count() == 0
        await page.locator(".find input[type=search]").fill("signature")
        await page.keyboard.press("Enter")
        await expect(page.locator(".found a").first).to_be_visible(timeout=20_000)  # The first search makes the index.
        await page.locator(".found a").first.click()
        assert "lang=en" in page.url


@pytest.mark.parametrize("lang", ["th", "en"])
async def test_every_kind_of_page_is_clean_for_axe_in_light_and_dark(
    gateway: Gateway, browser: Browser, lang: str
) -> None:
    checker = axe()
    for scheme in ("light", "dark"):
        view = {**DESKTOP, "is_mobile": False, "has_touch": False} if scheme == "dark" else {}
        async with visiting(
            browser, base_of(gateway), locale=f"{lang}-TH", color_scheme=scheme, reduced_motion="reduce", **view
        ) as visit:
            for name, path in KINDS.items():
                await visit.page.goto(path)
                await visit.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                assert await faults(visit.page, checker) == [], (scheme, name)
                folder = os.environ.get("PAYGATE_SCREENSHOTS")
                if folder:
                    await visit.page.screenshot(path=f"{folder}/docs-{name}-{lang}-{scheme}.png")
