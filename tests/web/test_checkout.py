"""/pay/{id} over HTTP: each screen, what its forms do without a script, and what strangers cannot do."""

from __future__ import annotations

import asyncio
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
import pytest
from PIL import Image

import emvco
from paygate.banks.slips.picture import read_codes
from paygate.core import ids
from paygate.core.errors import InvalidInput, NotFound, TooLarge
from paygate.services import accounts, logos, merchants
from paygate.web import pages
from tests.banks import slip_pictures
from tests.faces.conftest import Gateway
from tests.faces.slips import Slips, new_slip, slip_gateway
from tests.services.helpers import sql

__all__ = ["slip_gateway"]  # A fixture.

CATALOGUE: dict[str, dict[str, str]] = json.loads((pages.FOLDER / "words" / "checkout.json").read_text("utf-8"))
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def credit(amount: float, ref: str = "r-1", **more: object) -> dict[str, object]:
    return {
        "amount": amount, "occurredAt": datetime.now(UTC).isoformat(), "transRef": ref, "sendingBank": "004", **more,
    }  # fmt: skip


async def shown(gateway: Gateway, made: dict[str, Any], lang: str = "en", **more: str) -> httpx2.Response:
    return await gateway.client.get(f"/pay/{made['id']}?{urlencode({'lang': lang, **more})}")


def state(answer: httpx2.Response) -> str:
    found = re.search(r'data-state="(\w+)"', answer.text)
    assert found is not None, answer.text[:500]
    return found[1]


async def press(gateway: Gateway, made: dict[str, Any], act: str, secret: str | None = None) -> httpx2.Response:
    """The page's form *act*, as a browser without a script sends it."""
    body = urlencode({"secret": made["clientSecret"] if secret is None else secret})
    return await gateway.client.post(f"/pay/{made['id']}/{act}?lang=en", content=body, headers=FORM)


async def expire(gateway: Gateway, made: dict[str, Any]) -> None:
    await sql(
        gateway.ctx,
        "UPDATE payments SET created_at = created_at - interval '1 hour', expires_at = now() - interval '1 second'"
        " WHERE id = $1",
        made["id"],
    )


def secret_of(gateway: Gateway, payment_id: UUID) -> str:
    token = gateway.ctx.key.token(f"client:live:{gateway.world.merchant_id}:{payment_id}")
    return f"{ids.show('pi', payment_id)}_secret_{token}"


async def allow_renewal(gateway: Gateway) -> None:
    await logos.set_page(gateway.ctx, gateway.world.merchant_id, allow_renewal=True)


# --- what it shows -------------------------------------------------------------------------------------------------


async def test_the_page_says_who_is_paid_how_much_and_what_to_do_and_asks_nobody_else(gateway: Gateway) -> None:
    made = await gateway.create(amount=1250.5, description="กาแฟ & <b>นม</b>", orderId="O-1")
    for lang in ("th", "en"):
        answer = await shown(gateway, made, lang)
        html = answer.text
        assert (answer.status_code, answer.headers["content-language"], state(answer)) == (200, lang, "waiting")
        for words in ("ร้านกาแฟ", "กาแฟ &amp; &lt;b&gt;นม", "฿1,250.50", "THAI QR PAYMENT", "บริษัท เพย์เกต จำกัด"):
            assert words in html
        for name in ("waiting", "save", "step_one", "step_two", "step_three", "slip", "cancel"):
            assert CATALOGUE[name][lang] in html
        assert len(answer.content) < 40_000  # First paint: this and nothing else.
        assert not re.search(r"""(?:src|href|action)=["'](?!/pay/|/qr/|\?|data:)""", html)
        assert not re.search(r"\bon[a-z]+=|style=|javascript:", html)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "connect-src 'self'" in policy
        assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"
    for name in (f"/payment/{made['id']}", f"/pay/{made['clientSecret'].partition('_secret_')[0]}"):
        assert "฿1,250.50" in (await gateway.client.get(name)).text


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        *((None, "th"), ("", "th"), ("*", "th"), ("th-TH,th;q=0.9,en;q=0.8", "th"), ("en-GB,en;q=0.9", "en")),
        *(("en;q=0.1,th;q=0.2", "th"), ("th;q=0.2, en;q=0.3", "en"), ("th;q=0,en", "en"), ("en;q=0,th", "th")),
        *(
            ("ja", "en"),
            ("zh-CN,zh;q=0.9", "en"),
            ("de-DE", "en"),
            ("ja,th;q=0.1", "th"),
            ("de;q=1,en;q=0.5,th;q=0.4", "en"),
        ),
        *(("th;q=0", "en"), ("th,en", "th"), ("en,th", "en"), ("en;q=0", "th"), (";,", "th"), ("th;q=x", "th")),
    ],
)
async def test_the_page_speaks_the_language_that_the_browser_wants_most(
    gateway: Gateway, header: str | None, lang: str
) -> None:
    made = await gateway.create()
    sent = {"Accept-Language": header} if header is not None else {}
    answer = await gateway.client.get(f"/pay/{made['id']}", headers=sent)
    assert answer.headers["content-language"] == lang


async def test_an_address_that_is_none_is_a_page_for_people_and_json_for_programs(gateway: Gateway) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
    for path in ("/nope", "/nope/deeper.html"):
        page = await gateway.client.get(path, headers=browser)
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "ไม่พบหน้านี้" in page.text and "There is nothing at this address" in page.text and "req_" in page.text
        assert "Accept" in page.headers["vary"]
        for accept in ("*/*", "application/json", "text/html;q=0.5,application/json"):
            told = await gateway.client.get(path, headers={"Accept": accept})
            assert (told.status_code, told.json()["error"]) == (404, "NOT_FOUND")
    told = await gateway.client.get("/api/v1/nope", headers=browser)
    assert told.json()["error"] == "NOT_FOUND", "the API's own addresses are for programs"


async def test_a_slip_for_another_amount_is_said_with_both_amounts_while_a_person_looks_at_it(
    slip_gateway: Slips,
) -> None:
    gateway = slip_gateway.gateway
    for baht, said, thai in (
        (100, "Received ฿100.00 of ฿150.00.", "ได้รับ ฿100.00 จาก ฿150.00"),
        (160.5, "Received ฿160.50, more than ฿150.00.", "ได้รับ ฿160.50 มากกว่า ฿150.00"),
    ):
        made, slip = await gateway.create(), new_slip()
        slip_gateway.bank.knows(slip, baht)
        assert (await slip_gateway.outcome(made, slip))[0] == "REVIEW"
        answer = await shown(gateway, made)
        assert state(answer) == "review" and f"<h1>{said}</h1>" in answer.text
        assert f"<h1>{thai}</h1>" in (await shown(gateway, made, "th")).text
        assert CATALOGUE["head_review"]["en"] not in answer.text and "A person is looking at it" in answer.text


async def test_a_payment_that_there_is_not_has_a_page_in_both_languages(gateway: Gateway) -> None:
    for name in ("nope", "00000000-0000-7000-8000-000000000000", "pi_x", "%00"):
        answer = await gateway.client.get(f"/pay/{name}")
        assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (404, True)
        assert "ไม่พบหน้านี้" in answer.text and "nothing at this address" in answer.text
        assert answer.headers["request-id"] in answer.text


async def test_paid_says_so_and_leads_back_with_the_news_in_the_query(gateway: Gateway) -> None:
    made = await gateway.create(callbackUrl="https://shop.example/done?cart=7#top", orderId="O-9")
    await gateway.tell(credit(150))
    answer = await shown(gateway, made)
    assert state(answer) == "paid"
    for words in ("Paid. Thank you.", "฿150.00", "O-9", made["id"], "Bangkok time", "Back to the shop"):
        assert words in answer.text
    there = f"https://shop.example/done?cart=7&amp;payment_id={made['id']}&amp;status=success&amp;amount=15000#top"
    assert answer.text.count(f'"{there}"') == 2  # The button, and where the script goes by itself.
    assert f'content="5;url={there}"' in answer.text  # Without a script.
    assert "<svg xmlns" not in answer.text  # No QR that could be paid again.
    await sql(gateway.ctx, "ALTER TABLE payments DISABLE TRIGGER payments_frozen")
    await sql(gateway.ctx, "UPDATE payments SET closed_at = closed_at - interval '1 day'")
    later = await shown(gateway, made)
    assert (
        "data-returns" not in later.text and f'href="{there}"' in later.text
    )  # A receipt that is looked at later stays.


async def test_too_little_too_much_and_money_taken_back_each_have_a_screen(gateway: Gateway) -> None:
    made = await gateway.create(amount=500)
    for exception, received, words in (
        ("UNDERPAID", 10_000, "Received ฿100.00 of ฿500.00. The shop will contact you."),
        ("OVERPAID", 60_000, "Received ฿600.00, more than ฿500.00. The shop will contact you."),
    ):
        await sql(gateway.ctx, "UPDATE payments SET exception = $1, received_satang = $2", exception, received)
        answer = await shown(gateway, made)
        assert words in answer.text and "<svg xmlns" not in answer.text and made["id"] in answer.text
    await sql(gateway.ctx, "UPDATE payments SET exception = NULL, received_satang = NULL")
    await gateway.tell(credit(500))
    for exception, received, wanted, words in (
        ("LATE", 50_000, "paid", "all is well"),
        ("OVERPAID", 60_000, "paid", "฿600.00 arrived, which is too much"),
        ("UNDERPAID", 40_000, "paid", "฿400.00 arrived, and the shop accepted it"),
        ("REVERSED", 0, "reversed", "The bank took this payment back"),
    ):
        await sql(gateway.ctx, "UPDATE payments SET exception = $1, received_satang = $2", exception, received)
        answer = await shown(gateway, made)
        assert (state(answer), words in answer.text) == (wanted, True)


async def test_a_slip_that_waits_or_is_with_a_person_has_a_screen_without_a_qr(slip_gateway: Slips) -> None:
    gateway = slip_gateway.gateway
    made, slip = await gateway.create(), new_slip()
    slip_gateway.bank.down = True
    assert (await slip_gateway.outcome(made, slip))[0] == "VERIFYING"
    answer = await shown(gateway, made)
    assert (state(answer), "<svg xmlns" in answer.text) == ("verifying", False)
    assert "Slip received. Checking with the bank." in answer.text
    refused = await press(gateway, made, "cancel")
    assert (refused.status_code, state(await shown(gateway, made))) == (
        303,
        "verifying",
    )  # Not while a slip is checked.


async def test_a_tagged_amount_is_explained_and_the_test_mode_says_test(gateway: Gateway) -> None:
    made = await gateway.create(amount=99)
    await sql(gateway.ctx, "ALTER TABLE payments DISABLE TRIGGER payments_frozen")
    await sql(gateway.ctx, "UPDATE payments SET payable_satang = 9907")
    answer = await shown(gateway, made, "th")
    assert "฿99.<mark>07</mark>" in answer.text and "โปรดโอน ฿99.07 ตรงตามนี้" in answer.text
    assert "TEST" not in answer.text
    await accounts.add(gateway.ctx, owner=0, promptpay="004999000000001", name="ร้านทดสอบ", test=True)
    tried = await gateway.ask("POST", "/api/v1/payment/create", {"amount": 99}, key=gateway.world.test_key)
    page = await shown(gateway, tried.json()["transaction"], "th")
    assert page.text.count("TEST") == 3 and "frame-ancestors *" in page.headers["content-security-policy"]


async def test_only_the_merchants_pages_may_frame_it_and_hear_of_it(gateway: Gateway) -> None:
    made = await gateway.create()
    assert "frame-ancestors 'none'" in (await shown(gateway, made)).headers["content-security-policy"]
    await merchants.change_origins(gateway.ctx, gateway.world.merchant_id, add=["https://shop.example"])
    answer = await shown(gateway, made, origin="https://shop.example")
    assert "frame-ancestors https://shop.example" in answer.headers["content-security-policy"]
    assert 'data-around="https://shop.example"' in answer.text
    for other in ("https://evil.example", "null", "*", "https://shop.example.evil.example", "https://shop.example/x"):
        assert "data-around" not in (await shown(gateway, made, origin=other)).text


# --- what its forms do ---------------------------------------------------------------------------------------------


async def test_cancel_without_a_script_ends_it_and_leads_back(gateway: Gateway) -> None:
    made = await gateway.create(cancelUrl="https://shop.example/cart")
    answer = await press(gateway, made, "cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/pay/{made['id']}?lang=en")
    page = await shown(gateway, made)
    assert state(page) == "cancelled"
    assert f'href="https://shop.example/cart?payment_id={made["id"]}&amp;status=cancel"' in page.text
    assert (await press(gateway, made, "cancel")).status_code == 303  # Again: as it was.


async def test_a_form_of_another_page_changes_nothing(gateway: Gateway) -> None:
    made, other = await gateway.create(), await gateway.create()
    before = await gateway.counts()
    for act in ("cancel", "slip", "renew"):
        for secret in ("", "x", other["clientSecret"], "ก"):
            answer = await press(gateway, made, act, secret)
            assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (403, True)
        assert (await gateway.client.get(f"/pay/{made['id']}/{act}")).status_code == 405
    broken = await gateway.client.post(f"/pay/{made['id']}/cancel", content=b"secret=\xff&" + b"a=1&" * 30)
    huge = await gateway.client.post(f"/pay/{made['id']}/cancel", content=b"a" * 20_000)
    assert (broken.status_code, huge.status_code) == (400, 413)
    assert await gateway.counts() == before and state(await shown(gateway, made)) == "waiting"


async def test_a_slip_without_a_script_pays_and_what_is_none_is_told_in_words(slip_gateway: Slips) -> None:
    gateway = slip_gateway.gateway
    made, slip = await gateway.create(), new_slip()
    slip_gateway.bank.knows(slip, 150)
    address, form = f"/pay/{made['id']}/slip?lang=en", {"secret": made["clientSecret"]}

    async def send(content: bytes | None) -> httpx2.Response:
        files = (
            {"file": ("slip.jpg", content, "image/jpeg")}
            if content is not None
            else {"other": ("x", b"", "text/plain")}
        )
        return await gateway.client.post(address, data=form, files=files)

    for content, status, words in (
        (None, 400, "slip_missing"), (b"", 400, "slip_missing"), (b"no picture", 400, "slip_unreadable"),
        (b"\xff" * (5 * 1_048_576 + 1), 413, "slip_too_large"),
    ):  # fmt: skip
        answer = await send(content)
        assert (answer.status_code, CATALOGUE[words]["en"] in answer.text) == (status, True)
    blank = slip_pictures.as_file(Image.new("RGB", (400, 400), "white"))
    assert (await send(blank)).status_code == 303
    assert 'class="told"' in (await shown(gateway, made)).text  # There was no slip in it: said on the page.
    assert (await send(slip_pictures.as_file(slip_pictures.slip(slip)))).status_code == 303
    assert state(await shown(gateway, made)) == "paid"
    again = await send(blank)
    assert (again.status_code, 'class="told"' in again.text) == (409, True)


# --- a new QR ------------------------------------------------------------------------------------------------------


async def test_an_expired_qr_is_made_anew_once_however_often_it_is_asked_for(gateway: Gateway) -> None:
    made = await gateway.create(
        orderId="O-5", metadata={"cart": 7}, callbackUrl="https://shop.example/x", expiryMinutes=30
    )
    await expire(gateway, made)
    assert CATALOGUE["renew"]["en"] not in (await shown(gateway, made)).text
    assert (await press(gateway, made, "renew")).headers[
        "location"
    ] == f"/pay/{made['id']}?lang=en"  # Not allowed: nothing.
    await allow_renewal(gateway)
    assert CATALOGUE["renew"]["en"] in (await shown(gateway, made)).text
    answers = await asyncio.gather(*(press(gateway, made, "renew") for _ in range(10)), return_exceptions=False)
    places = {a.headers["location"] for a in answers if a.status_code == 303}
    assert len(places) == 1 and {a.status_code for a in answers} <= {303, 409}
    [new] = [
        row for row in (await gateway.ask("GET", "/api/v1/transactions")).json()["transactions"] if row["renewsId"]
    ]
    assert places == {f"/pay/{new['id']}?lang=en"}
    for name in ("orderId", "metadata", "callbackUrl", "amount", "amountSource"):
        assert new[name] == made[name]
    assert (new["renewsId"], new["status"]) == (made["id"], "PENDING")
    lasts = datetime.fromisoformat(new["expiresAt"]) - datetime.fromisoformat(new["createdAt"])
    assert 1_790 < lasts.total_seconds() <= 5_400
    assert f'href="/pay/{new["id"]}?lang=en"' in (await shown(gateway, made)).text  # The old page shows the way.
    assert (await gateway.tell(credit(150))).json()["transactionId"] == new["id"]


async def test_what_is_open_paid_or_not_to_be_told_apart_is_not_made_anew(gateway: Gateway) -> None:
    await allow_renewal(gateway)
    open_, paid = await gateway.create(amount=100), await gateway.create(amount=200)
    await gateway.tell(credit(200))
    before = await gateway.counts()
    for made in (open_, paid):
        assert (await press(gateway, made, "renew")).headers["location"] == f"/pay/{made['id']}?lang=en"
    await expire(gateway, open_)
    await merchants.suspend(gateway.ctx, gateway.world.merchant_id, "why")
    assert CATALOGUE["renew"]["en"] not in (await shown(gateway, open_)).text
    await press(gateway, open_, "renew")
    after = await gateway.counts()
    assert after["payments"] == before["payments"] == 2


async def test_a_browsers_payment_is_made_anew_within_a_browsers_limits(gateway: Gateway) -> None:
    await allow_renewal(gateway)
    made = await gateway.create()
    await expire(gateway, made)
    await sql(gateway.ctx, "UPDATE payments SET amount_source = 'browser'")
    await sql(gateway.ctx, "DELETE FROM seats")
    assert (await press(gateway, made, "renew")).headers["location"] != f"/pay/{made['id']}?lang=en"
    [seat] = await sql(gateway.ctx, "SELECT payment_id FROM seats")
    [new] = await sql(gateway.ctx, "SELECT id, amount_source FROM payments WHERE renews_id IS NOT NULL")
    assert (new["id"], new["amount_source"]) == (seat["payment_id"], "browser")
    await expire(gateway, {"id": new["id"]})
    again = {"id": str(new["id"]), "clientSecret": secret_of(gateway, new["id"])}
    await merchants.change_origins(gateway.ctx, gateway.world.merchant_id, add=["https://shop.example"])
    for n in range(20):
        body, origin = {"amount": 100 + n}, {"Origin": "https://shop.example"}
        filled = await gateway.ask("POST", "/api/v1/payment/create", body, key=gateway.world.public_key, headers=origin)
        assert filled.status_code == 201, filled.text
    refused = await press(gateway, again, "renew")
    assert (refused.status_code, "Too many payments from your network" in refused.text) == (409, True)


# --- pictures ------------------------------------------------------------------------------------------------------


async def test_the_card_that_payers_save_holds_the_qr_with_the_name_and_amount(gateway: Gateway) -> None:
    made = await gateway.create(amount=1250.5)
    for lang in ("th", "en"):
        answer = await gateway.client.get(f"/qr/{made['id']}.png?card={lang}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        [text] = read_codes(answer.content)
        assert text == made["qrPayload"] and emvco.parse(text).amount_satang == 125_050
    svg = (await gateway.client.get(f"/qr/{made['id']}.svg?card=th")).text
    [shop] = [row["name"] for row in await sql(gateway.ctx, "SELECT name FROM merchants WHERE merchant_id > 0")]
    for text in ("บริษัท เพย์เกต จำกัด", "฿1,250.50", "พร้อมเพย์ PromptPay", "THAI QR PAYMENT", shop):
        assert f">{text}</text>" in svg, text
    wrong = await gateway.client.get(f"/qr/{made['id']}.png?card=fr")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "card")


async def test_a_logo_is_drawn_anew_small_and_kept_by_browsers(gateway: Gateway) -> None:
    noise = Image.effect_noise((1200, 600), 100).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "PNG")
    page = await logos.set_page(gateway.ctx, gateway.world.merchant_id, logo=file.getvalue())
    made = await gateway.create()
    assert f'src="/logo/{page.logo}.png"' in (await shown(gateway, made)).text
    answer = await gateway.client.get(f"/logo/{page.logo}.png")
    assert "immutable" in answer.headers["cache-control"] and len(answer.content) < 30_000
    with Image.open(io.BytesIO(answer.content)) as kept:
        assert (kept.format, kept.size) == ("PNG", (144, 144))
    for name in ("x.png", f"{page.logo}.svg", f"{page.logo}", "%00.png", "ก.png"):
        assert (await gateway.client.get(f"/logo/{name}")).status_code == 404
    gone = await logos.set_page(gateway.ctx, gateway.world.merchant_id, drop_logo=True)
    assert gone.logo is None and "<img src" not in (await shown(gateway, made)).text
    acts = await sql(gateway.ctx, "SELECT action FROM audit_log WHERE action = 'merchant.page'")
    assert len(acts) == 2


async def test_what_is_no_picture_is_no_logo(gateway: Gateway) -> None:
    for content, kind in ((b"<svg onload=alert(1)>", InvalidInput), (b"", InvalidInput), (b"\0" * 5_300_000, TooLarge)):
        with pytest.raises(kind) as refused:
            await logos.set_page(gateway.ctx, gateway.world.merchant_id, logo=content)
        assert refused.value.field == "logo"
    for number in (0, -1, 12345):
        with pytest.raises(NotFound):
            await logos.set_page(gateway.ctx, number, allow_renewal=True)


# --- words ---------------------------------------------------------------------------------------------------------


def test_every_word_is_there_in_both_languages_and_used() -> None:
    quiet = {"text_review", "text_paid"}  # Those screens say it all in their heading.
    assert all(set(said) == {"th", "en"} for said in CATALOGUE.values())
    assert {name for name, said in CATALOGUE.items() if not all(said.values())} == quiet
    source = pages.source("checkout.html") + Path(pages.__file__).with_name("checkout.py").read_text("utf-8")
    states = set(re.findall(r'"(\w+)"', Path(pages.__file__).with_name("checkout.py").read_text("utf-8")))
    used = set(re.findall(r"\bw\.(\w+)", source)) | {name for name in CATALOGUE if name in states}
    used |= {name for name in CATALOGUE if name.startswith(("title_", "head_", "text_", "paid_"))}
    assert used == set(CATALOGUE)
    shown_states = {
        "waiting",
        "verifying",
        "review",
        "paid",
        "reversed",
        "expired",
        "cancelled",
        "failed",
        "under",
        "over",
    }
    assert {f"title_{name}" for name in shown_states} <= set(CATALOGUE)
    assert {f"head_{name}" for name in shown_states - {"waiting"}} <= set(CATALOGUE)
    bare = re.sub(r"{[{%#].*?[%#}]}|<[^>]+>", " ", pages.source("checkout.html"), flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-zก-๙]{3,}", bare)) <= {"THAI", "PAYMENT", "TEST"}
