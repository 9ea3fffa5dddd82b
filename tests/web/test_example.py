"""/payment-example.html in a real browser: a payment made, scanned and paid on one page."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, expect

import emvco
from tests.browsers import DESKTOP, browser, visiting
from tests.faces.conftest import Gateway
from tests.services.helpers import sql
from tests.web.test_checkout_browser import axe, faults

__all__ = ["browser"]


@pytest.mark.parametrize(
    ("lang", "create", "paid"), [("th", "สร้าง QR", "ชำระเงินเรียบร้อย"), ("en", "Make the QR", "Paid.")]
)
async def test_the_page_makes_a_payment_shows_it_and_hears_that_it_is_paid(
    gateway: Gateway, browser: Browser, lang: str, create: str, paid: str
) -> None:
    view = {} if lang == "th" else DESKTOP
    base = str(gateway.client.base_url).rstrip("/")
    # A live key works on pages of allowed origins: this page's own is one that the merchant has to add as well.
    await sql(gateway.ctx, "UPDATE merchants SET allowed_origins = ARRAY[$1]", base)
    async with visiting(browser, base, locale=f"{lang}-TH", **view) as visit:
        page = visit.page
        await page.goto("/payment-example.html")
        assert not await faults(page, axe())
        await page.locator("#key").fill(gateway.world.public_key)
        await page.locator("#amount").fill("150.50")
        await page.get_by_role("button", name=create).click()
        picture = page.locator("#qr")
        await expect(picture).to_be_visible()
        await picture.evaluate("picture => picture.decode()")
        found = zxingcpp.read_barcode(Image.open(io.BytesIO(await picture.screenshot())))
        assert emvco.parse(found.text).amount_satang == 15050
        await expect(page.locator("#sum")).to_have_text("฿150.50")
        assert "qrPayload" in await page.locator("#answer").inner_text()
        told = {"amount": 150.5, "occurredAt": datetime.now(UTC).isoformat(), "sendingBank": "004", "transRef": "E1"}
        assert (await gateway.tell(told)).json()["outcome"] == "PAID"
        await expect(page.locator("#said")).to_contain_text(paid)
        await expect(picture).to_be_hidden()
        assert (await gateway.ask("GET", "/api/v1/payment/order/ORDER-12345")).json()["transaction"]["amount"] == 150.5


async def test_a_refusal_is_shown_with_its_reason(gateway: Gateway, browser: Browser) -> None:
    base = str(gateway.client.base_url).rstrip("/")
    async with visiting(browser, base, locale="en-GB") as visit:
        await visit.page.goto("/payment-example.html")
        await visit.page.locator("#key").fill(gateway.world.public_key)
        await visit.page.get_by_role("button", name="Make the QR").click()
        await expect(visit.page.locator("#said")).to_contain_text(f"--add {base}")
        assert await visit.page.locator("#payment").is_hidden()
        visit.wrong = [one for one in visit.wrong if "403" not in one]  # The browser notes the refusal by itself.
