"""The widget on a shop's page, which is of another origin and has a strict policy: in a real Chromium."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page

import emvco
from paygate.services import installation, merchants
from tests.browsers import browser
from tests.faces.conftest import Gateway
from tests.services.helpers import sql
from tests.web.test_checkout import expire
from tests.web.test_checkout_browser import axe, faults

__all__ = ["browser"]

PAGE = "https://paygate-gules.vercel.app"
API = "https://paygate-production-f1e9.up.railway.app"
KEY = "pk_live_xxxxxxxxxxxxxxxxxxxx"
# The guide's example, verbatim; what is put in its place is host and key, and the nonce that a strict policy needs.
SEED = """<!-- Use Public Key (pk_) on browser widgets. Keep sk_ on server only -->
<script src="https://paygate-gules.vercel.app/paygate-widget.js"></script>
<div id="paygate-button-container"></div>
<script>
  PayGate.renderButton({
    elementId: 'paygate-button-container',
    apiKey: 'pk_live_xxxxxxxxxxxxxxxxxxxx',
    amount: 150.00,
    orderId: 'ORDER-12345',
    description: 'Payment via widget',
    checkoutBaseUrl: 'https://paygate-gules.vercel.app',
    apiBaseUrl: 'https://paygate-production-f1e9.up.railway.app/api/v1'
  });
</script>
"""
HEARD = """
window.heard = []; window.waiting = [];
for (const name of ['created', 'paid', 'expired', 'cancelled', 'closed', 'error']) {
  PayGate.on(name, (told) => { heard.push([name, told]); waiting.forEach((look) => look()); });
}
window.hear = (name) => new Promise((found) => {
  const look = () => { const one = heard.find(([said]) => said === name); if (one) found(one[1]); };
  waiting.push(look); look();
});
"""
TEXT_BOX = """
one => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const { right, top } = range.getBoundingClientRect();
  return { right, top };
}
"""


class Shop:
    """A web server whose one page is `html`; with `policy` as its Content-Security-Policy."""

    def __init__(self) -> None:
        self.html, self.policy = "", ""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                raw = f"<!doctype html><html lang=en><title>Shop</title><body>{shop.html}".encode()
                self.send_response(200)
                for name, value in {
                    "Content-Type": "text/html; charset=utf-8",
                    "Content-Security-Policy": shop.policy,
                }.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://localhost:{self.server.server_port}"
        self.stranger = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def shop() -> Iterator[Shop]:
    """The shop; its pages may use live keys once they are allowed to."""
    made = Shop()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
async def visitor(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A person at a computer."""
    context = await browser.new_context(locale="en-GB")
    yield context
    await context.close()


async def opened(
    shop: Shop, gateway: Gateway, visitor: BrowserContext, html: str, *, frames: str | None = None
) -> Page:
    """The shop's page in a browser, under a policy that lets it use the widget and nothing else."""
    base = str(gateway.client.base_url).rstrip("/")
    await merchants.change_origins(gateway.ctx, gateway.world.merchant_id, add=[shop.origin])
    shop.policy = f"default-src 'none'; script-src 'nonce-n' {base}; connect-src {base}; img-src {base}; "
    shop.policy += f"frame-src {frames or base}"
    filled = html.replace(PAGE, base).replace(API, base).replace(KEY, gateway.world.public_key)
    shop.html = filled.replace("<script>", "<script nonce=n>").replace(
        '/paygate-widget.js"></script>', f'/paygate-widget.js"></script><script nonce=n>{HEARD}</script>'
    )
    page = await visitor.new_page()
    page.set_default_timeout(20_000)
    await page.goto(f"{shop.origin}/")
    return page


def widget(call: str, options: str, body: str = "<div id=place></div>") -> str:
    """A page that does one thing with the widget."""
    where = f"apiKey: '{KEY}', checkoutBaseUrl: '{PAGE}', apiBaseUrl: '{API}/api/v1'"
    script = f"PayGate.{call}({{elementId: 'place', {where}, {options}}});"
    return f'<script src="{PAGE}/paygate-widget.js"></script>{body}<script>{script}</script>'


async def pay(gateway: Gateway, amount: float, reference: str) -> None:
    """The money arrives."""
    told = {"amount": amount, "occurredAt": datetime.now(UTC).isoformat(), "sendingBank": "004", "transRef": reference}
    assert (await gateway.tell(told)).json()["outcome"] == "PAID"


async def heard(page: Page, name: str) -> dict[str, Any]:
    """What the first event *name* said, once there is one."""
    async with asyncio.timeout(20):
        told: dict[str, Any] = await page.evaluate(f"hear('{name}')")
    return told


async def test_the_guides_example_shows_a_button_that_takes_the_money(
    shop: Shop, gateway: Gateway, visitor: BrowserContext
) -> None:
    page = await opened(shop, gateway, visitor, SEED)
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    before = await page.evaluate("Object.keys(window)")
    button = page.get_by_role("button", name="Pay with PromptPay")
    await button.dblclick()
    checkout = page.frame_locator("iframe")
    await checkout.get_by_text("฿150.00").first.wait_for()
    assert await checkout.get_by_text("Scan this QR").is_visible(), "in an overlay, too, a computer's screen is scanned"
    dialog = page.get_by_role("dialog", name="Pay with PromptPay")
    assert await dialog.is_visible() and await dialog.get_by_role("button", name="Close").is_visible()
    assert not await faults(page, axe())
    made = await heard(page, "created")
    assert (made["orderId"], made["amount"]) == ("ORDER-12345", 150)
    assert (await gateway.counts())["payments"] == 1, "a double click is one payment"

    await page.keyboard.press("Escape")
    await heard(page, "closed")
    assert await dialog.count() == 0 and await page.evaluate("document.documentElement.style.overflow") == ""
    assert await page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "Pay with PromptPay"
    await button.press("Enter")
    await checkout.get_by_text("฿150.00").first.wait_for()
    await pay(gateway, 150, "W1")
    paid = await heard(page, "paid")
    assert (paid["paymentId"], paid["status"]) == (made["paymentId"], "PAID")
    await checkout.get_by_text("Paid").first.wait_for()
    await dialog.get_by_role("button", name="Close").click()
    assert await button.count() == 0 or await button.is_disabled()
    assert await page.get_by_text("Paid. Thank you.").is_visible()
    assert await page.evaluate("heard.filter(([name]) => name === 'paid').length") == 1
    assert set(await page.evaluate("Object.keys(window)")) - set(before) <= {"heard", "hear", "waiting"}
    assert not wrong, wrong
    told = (await gateway.ask("GET", "/api/v1/payment/order/ORDER-12345")).json()["transaction"]
    assert (told["amountSource"], told["status"]) == ("browser", "PAID")


async def test_where_the_page_forbids_frames_the_checkout_opens_in_a_tab(
    shop: Shop, gateway: Gateway, visitor: BrowserContext
) -> None:
    page = await opened(shop, gateway, visitor, widget("renderButton", "amount: 20"), frames="'none'")
    await page.get_by_role("button", name="Pay with PromptPay").click()
    async with visitor.expect_page() as coming:
        await page.get_by_role("link", name="Open the payment page").click()
    tab = await coming.value
    await tab.get_by_text("฿20.00").first.wait_for()
    assert await page.get_by_role("dialog").count() == 0
    await pay(gateway, 20, "W2")
    assert (await heard(page, "paid"))["amount"] == 20
    await page.get_by_text("Paid. Thank you.").wait_for()


async def test_two_qrs_on_a_page_know_their_own_payments(shop: Shop, gateway: Gateway, visitor: BrowserContext) -> None:
    one = widget("renderQr", "amount: 31", "<div id=place></div><div id=other></div>")
    where = f"apiKey: '{KEY}', checkoutBaseUrl: '{PAGE}', apiBaseUrl: '{API}/api/v1'"
    page = await opened(
        shop, gateway, visitor, f"{one}<script>PayGate.renderQr({{elementId: 'other', {where}, amount: 32}});</script>"
    )
    first, second = page.locator("#place"), page.locator("#other")
    [account] = [row["name"] for row in await sql(gateway.ctx, "SELECT name FROM accounts")]
    for place, satang in ((first, 3100), (second, 3200)):
        await place.get_by_role("img").evaluate("picture => picture.decode()")
        picture = Image.open(io.BytesIO(await place.get_by_role("img").screenshot()))
        assert emvco.parse(zxingcpp.read_barcode(picture).text).amount_satang == satang
        shown = await place.get_by_role("img").get_attribute("src") or ""
        card = (await gateway.client.get(shown)).text
        assert f"฿{satang // 100}.00" in card and account in card, "the card says how much, and to whom"
    assert await second.get_by_role("img", name="PromptPay QR ฿32.00").is_visible()
    async with visitor.expect_page() as coming:
        await second.get_by_role("link", name="Save QR").click()
    saved = await coming.value
    assert saved.url.endswith(".png?card=en")
    await saved.close()
    await pay(gateway, 31, "W3")
    await first.get_by_text("Paid. Thank you.").wait_for()
    assert await first.get_by_role("img").count() == await first.get_by_role("link").count() == 0
    assert await second.get_by_role("img").is_visible()
    cancelled = await page.evaluate(
        "heard.find(([name, told]) => name === 'created' && told.amount === 32)[1].paymentId"
    )
    await gateway.ask("POST", f"/api/v1/payment/{cancelled}/cancel")
    assert (await heard(page, "cancelled"))["paymentId"] == cancelled
    await second.get_by_text("Cancelled.").wait_for()


async def test_a_payment_of_the_server_and_a_signed_amount_open_too(
    shop: Shop, gateway: Gateway, visitor: BrowserContext
) -> None:
    made = await gateway.create(amount=41)
    page = await opened(shop, gateway, visitor, widget("on", "").replace("PayGate.on", "void "))
    where = {"checkoutBaseUrl": str(gateway.client.base_url).rstrip("/")}
    await page.evaluate("options => PayGate.open(options)", {**where, "paymentId": made["id"]})
    await page.frame_locator("iframe").get_by_text("฿41.00").first.wait_for()
    await pay(gateway, 41, "W4")
    assert (await heard(page, "paid"))["paymentId"] == made["id"]


async def test_escape_closes_the_overlay_wherever_the_focus_is(
    shop: Shop, gateway: Gateway, visitor: BrowserContext
) -> None:
    page = await opened(shop, gateway, visitor, widget("renderButton", "amount: 42"))
    button = page.get_by_role("button", name="Pay with PromptPay")
    for enter in ("click", "key"):
        await button.click()
        inside = page.frame_locator("iframe")
        await inside.get_by_text("฿42.00").first.wait_for()
        if enter == "click":
            await inside.locator("main").click(position={"x": 5, "y": 5})
        else:
            await inside.locator("summary").first.focus()
        assert await page.evaluate("document.activeElement.shadowRoot.activeElement.tagName") == "IFRAME"
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="detached")
        assert await page.evaluate("heard.splice(0).map(([name]) => name)") == (
            ["created", "closed"] if enter == "click" else ["closed"]
        )
        assert (
            await page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "Pay with PromptPay"
        )


@pytest.mark.parametrize("mode", ["live", "test"])
async def test_the_button_that_closes_the_overlay_covers_nothing(
    shop: Shop, gateway: Gateway, visitor: BrowserContext, mode: str
) -> None:
    await installation.check(gateway.ctx)  # Makes the accounts of the test mode.
    await sql(gateway.ctx, "UPDATE merchants SET name = $1", "ร้านกาแฟ" * 11)
    html = widget("renderButton", "amount: 43")
    page = await opened(
        shop, gateway, visitor, html.replace(KEY, gateway.world.test_public_key) if mode == "test" else html
    )
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        await page.get_by_role("button").first.click()
        inside = page.frame_locator("iframe")
        await inside.get_by_text("฿43.00").first.wait_for()
        close = await page.get_by_role("button", name="Close").bounding_box()
        assert close is not None
        for what in [inside.locator(".name"), *([inside.locator("header a")] if mode == "test" else [])]:
            box = await what.evaluate(TEXT_BOX)
            frame = await page.locator("iframe").bounding_box()
            assert frame is not None
            assert frame["x"] + box["right"] <= close["x"] or frame["y"] + box["top"] >= close["y"] + close["height"]
        await page.get_by_role("button", name="Close").click()


async def test_a_payment_that_is_not_there_is_an_error_and_a_page_that_says_so(
    shop: Shop, gateway: Gateway, visitor: BrowserContext
) -> None:
    page = await opened(shop, gateway, visitor, widget("on", "").replace("PayGate.on", "void "))
    where = {"checkoutBaseUrl": str(gateway.client.base_url).rstrip("/")}
    await page.evaluate("options => { PayGate.open(options) }", {**where, "paymentId": "nope"})
    told = await heard(page, "error")
    assert (told["paymentId"], told["code"]) == ("nope", "NOT_FOUND") and told["requestId"].startswith("req_")
    inside = page.frame_locator("iframe")
    await inside.get_by_text("There is nothing at this address.").wait_for()
    await inside.locator("main").click()
    await page.keyboard.press("Escape")
    await heard(page, "closed")


async def test_a_payment_that_expires_is_told_by_the_widget(
    shop: Shop, gateway: Gateway, visitor: BrowserContext
) -> None:
    page = await opened(shop, gateway, visitor, widget("renderButton", "amount: 44"))
    button = page.get_by_role("button", name="Pay with PromptPay")
    await button.click()
    await page.frame_locator("iframe").get_by_text("฿44.00").first.wait_for()
    made = await heard(page, "created")
    await expire(gateway, {"id": made["paymentId"]})
    told = await heard(page, "expired")
    assert (told["paymentId"], told["amount"], told["status"]) == (made["paymentId"], 44, "EXPIRED")
    await page.frame_locator("iframe").get_by_text("This QR has expired").first.wait_for()
    await page.keyboard.press("Escape")
    await page.get_by_role("status").get_by_text("This QR has expired.").wait_for()
    assert not [name for name, _ in await page.evaluate("heard") if name in ("paid", "error", "cancelled")]
    await button.click()
    await page.frame_locator("iframe").get_by_text("฿44.00").first.wait_for()
    assert (await gateway.counts())["payments"] == 2, "the next click is a new payment"


async def test_a_page_of_a_stranger_gets_nothing_and_is_told_so(
    shop: Shop, gateway: Gateway, visitor: BrowserContext
) -> None:
    page = await opened(shop, gateway, visitor, widget("renderButton", "amount: 20"))
    console: list[str] = []
    page.on("console", lambda line: console.append(line.text))
    await page.goto(f"{shop.stranger}/")
    await page.get_by_role("button", name="Pay with PromptPay").click()
    await page.get_by_role("alert").get_by_text("This cannot be paid").wait_for()
    said = await page.get_by_role("alert").text_content() or ""
    assert "tell the shop" in said and "try again" not in said and "(req_" in said
    told = await heard(page, "error")
    assert (told["code"], told["amount"]) == ("FORBIDDEN", 20)
    assert "paygate merchant origins mer_" in told["message"] and f"--add {shop.stranger}" in told["message"]
    assert told["requestId"] in said and any(told["message"] in line for line in console), console
    assert (await gateway.counts())["payments"] == 0
    made = await gateway.create(amount=5)
    answer = await gateway.client.get(f"/pay/{made['id']}?origin={shop.stranger}")
    ancestors = answer.headers["content-security-policy"].partition("frame-ancestors")[2].partition(";")[0]
    assert shop.origin in ancestors and shop.stranger not in ancestors and "data-around" not in answer.text


async def test_a_refusal_is_said_in_words_and_the_next_click_tries_anew(
    shop: Shop, gateway: Gateway, visitor: BrowserContext
) -> None:
    page = await opened(shop, gateway, visitor, widget("renderButton", "amount: 0.001"))
    await page.get_by_role("button").click()
    await page.get_by_role("alert").get_by_text("(req_").wait_for()
    told = await heard(page, "error")
    assert (told["code"], told["field"]) == ("INVALID_REQUEST", "amount")
    taken = await gateway.create(orderId="TAKEN")
    for options, code in (
        (f"amount: 150, orderId: '{taken['orderId']}'", "CONFLICT"),
        ("amountToken: 'at1.x.y'", "INVALID_REQUEST"),
    ):
        page = await opened(shop, gateway, visitor, widget("renderButton", options))
        await page.get_by_role("button").click()
        await page.get_by_role("alert").get_by_text("This cannot be paid. Please tell the shop. (req_").wait_for()
        assert (await heard(page, "error"))["code"] == code
    refused = "try { PayGate.renderButton({ elementId: 'place', apiKey: '%s' }) } catch (error) { error.message }"
    assert "secret key" in await page.evaluate(refused % gateway.world.secret_key)
    assert "public key" in await page.evaluate(refused % "")


async def test_the_file_is_small_names_its_host_and_may_be_kept(gateway: Gateway) -> None:
    answer = await gateway.client.get("/paygate-widget.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert len(answer.content) < 15_000 and b"paygate.invalid" not in answer.content
    assert gateway.ctx.public_url.encode() in answer.content and "พร้อมเพย์" in answer.text
    again = await gateway.client.get("/paygate-widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
