"""The page of a payment link in a real Chromium: read, pressed, paid."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from paygate.services import accounts
from tests.browsers import DESKTOP, browser, visiting
from tests.faces.conftest import Gateway
from tests.web.test_checkout_browser import axe, base_of, faults, state

__all__ = ["browser"]  # A fixture.

WIDE: dict[str, Any] = {**DESKTOP, "is_mobile": False, "has_touch": False}
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 568}}


async def make(gateway: Gateway, key: str = "", **fields: Any) -> str:
    answer = await gateway.ask("POST", "/api/v1/payment-links", {"amount": 1_250.5, **fields}, key=key)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["paymentLink"]["url"].rsplit("/", 2)[2])


@pytest.mark.parametrize("lang", ["th", "en"])
async def test_one_press_leads_from_the_link_to_its_qr(gateway: Gateway, browser: Browser, lang: str) -> None:
    link = await make(gateway, description="เค้กมะพร้าว 2 ปอนด์")
    async with visiting(browser, base_of(gateway), locale=f"{lang}-TH") as visit:
        await visit.page.goto(f"/link/{link}?lang={lang}")
        await expect(visit.page.get_by_role("heading")).to_contain_text("฿1,250.50")
        await visit.page.get_by_role("button").click()
        await state(visit.page, "waiting")
        await expect(visit.page.locator("html")).to_have_attribute("lang", lang)
        await expect(visit.page.get_by_text("เค้กมะพร้าว 2 ปอนด์")).to_be_visible()


async def test_the_page_is_clean_for_axe_and_fits_every_screen(gateway: Gateway, browser: Browser) -> None:
    await accounts.add(gateway.ctx, owner=0, promptpay="0823456789", name="Test", test=True)
    open_link, checker = await make(gateway, key=gateway.world.test_key, description="x" * 200), axe()
    closed = await make(gateway)
    await gateway.ask("PATCH", f"/api/v1/payment-links/{closed}", {"active": False})
    folder = os.environ.get("PAYGATE_SCREENSHOTS")
    for scheme in ("light", "dark"):
        for size, view in {"phone": {}, "small": SMALL, "desktop": WIDE}.items():
            async with visiting(
                browser, base_of(gateway), color_scheme=scheme, reduced_motion="reduce", **view
            ) as visit:
                for name, link, lang in (("open", open_link, "th"), ("closed", closed, "en")):
                    await visit.page.goto(f"/link/{link}?lang={lang}")
                    assert await faults(visit.page, checker) == [], (scheme, size, name)
                    assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                    if folder:
                        await visit.page.screenshot(path=f"{folder}/link-{name}-{size}-{scheme}.png", full_page=True)
