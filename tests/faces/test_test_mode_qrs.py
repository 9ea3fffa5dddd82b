"""The QRs of the test mode: no bank would move money for one, and all of them say TEST."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from zipfile import ZipFile

import httpx2
import pytest
from PIL import Image

import emvco
from paygate.banks.slips.picture import read_codes
from paygate.services import accounts, installation, merchants, specimens
from tests.faces.conftest import Gateway

V1 = "/api/v1"
YELLOW = (255, 223, 138)


def reads(picture: bytes) -> str:
    """The text of the one code in a picture, as a phone would read it."""
    [text] = read_codes(picture)
    return text


def says_test(picture: bytes) -> bool:
    """Whether the mark lies in the middle, seen by its colour."""
    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    middle = image.crop([side * part // 20 for part in (9, 11) for side in image.size])  # type: ignore[arg-type]
    colours = middle.getcolors(1_000_000) or []
    return YELLOW in {colour for _, colour in colours}


def pays_nobody(text: str) -> bool:
    read = emvco.parse(text)
    if read.bill_payment is not None:
        to = read.bill_payment.biller_id
    else:
        assert read.promptpay is not None
        to = read.promptpay.proxy.digits
    return to == "0" * 15 and read.merchant is not None and read.merchant.name == "TEST"


async def made(gateway: Gateway, key: str = "", **fields: object) -> dict[str, object]:
    answer = await gateway.ask(
        "POST", f"{V1}/payment/create", {"amount": 150, **fields}, key=key or gateway.world.test_key
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()["transaction"]
    return found


async def test_a_test_payments_qr_pays_nobody_though_its_account_has_a_real_number(gateway: Gateway) -> None:
    await accounts.add(
        gateway.ctx,
        owner=0,
        promptpay="0812345678",
        biller_id="010553612345601",
        name="บริษัท จริง จำกัด",
        test=True,
    )
    transfer, bill = await made(gateway), await made(gateway, promptpayRef1="INV1", promptpayRef2="A2")
    for one in (transfer, bill):
        assert pays_nobody(str(one["qrPayload"]))
    read = emvco.parse(str(bill["qrPayload"]))
    assert read.bill_payment is not None and (read.bill_payment.ref1, read.bill_payment.ref2) == ("INV1", "A2")
    assert read.amount_satang == emvco.parse(str(transfer["qrPayload"])).amount_satang == 15_000
    live = await gateway.create()
    assert emvco.parse(live["qrPayload"]).merchant is None and not says_test(
        base64.b64decode(live["qrCode"].partition(",")[2])
    )


async def test_a_direct_merchants_test_qr_pays_nobody_either(gateway: Gateway) -> None:
    shop = await merchants.create(
        gateway.ctx, email="d@example.com", name="Direct", plan="basic", promptpay="0899999999", approve=True
    )
    assert pays_nobody(str((await made(gateway, shop.test_secret_key))["qrPayload"]))


async def test_every_picture_of_a_test_payment_says_test_and_scans(gateway: Gateway) -> None:
    await installation.check(gateway.ctx)
    one = await made(gateway)
    payload, name = str(one["qrPayload"]), str(one["clientSecret"]).partition("_secret_")[0]
    shown = base64.b64decode(str(one["qrCode"]).partition(",")[2])
    assert reads(shown) == payload and says_test(shown)
    for scale in (3, 8, 20):
        png = (await gateway.client.get(f"/qr/{name}.png?scale={scale}")).content
        assert reads(png) == payload and says_test(png), scale
    svg = await gateway.client.get(f"/qr/{name}.svg")
    assert "data:image/png;base64," in svg.text and "img-src data:" in svg.headers["content-security-policy"]
    for language in ("th", "en"):
        card = await gateway.client.get(f"/qr/{name}.svg?card={language}")
        assert ">PayGate TEST<" in card.text and "data:image/png;base64," in card.text
        drawn = (await gateway.client.get(f"/qr/{name}.png?card={language}")).content
        assert reads(drawn) == payload and says_test(drawn)
    many = await gateway.ask(
        "POST", f"{V1}/payment/batch", {"payments": [{"amount": 5}, {"amount": 6}]}, key=gateway.world.test_key
    )
    for each in many.json()["transactions"]:
        drawn = base64.b64decode(each["qrCode"].partition(",")[2])
        assert reads(drawn) == each["qrPayload"] and says_test(drawn) and pays_nobody(each["qrPayload"])


async def test_a_qr_without_a_payment_drawn_with_a_test_key_is_a_specimen_of_what_was_asked(gateway: Gateway) -> None:
    bill = {"billerId": "010753600037401", "ref1": "INV1", "amount": 20}
    wish = [{"promptpay": "0812345678", "amount": 20.5, "format": form} for form in ("png", "svg", "payload")]

    async def ask(body: object, accept: str) -> httpx2.Response:
        return await gateway.ask("POST", f"{V1}/qr", body, key=gateway.world.test_key, headers={"Accept": accept})

    told = (await ask([*wish, bill], "application/json")).json()["qrs"]
    assert [pays_nobody(one["payload"]) for one in told] == [True] * 4
    assert emvco.parse(told[0]["payload"]).amount_satang == 2_050
    assert reads(base64.b64decode(told[0]["qrCode"].partition(",")[2])) == told[0]["payload"]
    assert "data:image/png" in told[1]["svg"]
    png = (await ask(wish[0], "image/png")).content
    assert reads(png) == told[0]["payload"] and says_test(png)
    archive = ZipFile(io.BytesIO((await ask([wish[0], bill], "application/zip")).content))
    assert all(says_test(archive.read(name)) and pays_nobody(reads(archive.read(name))) for name in archive.namelist())
    refused = await ask({"promptpay": "nobody"}, "application/json")
    assert (refused.status_code, refused.json()["field"]) == (400, "promptpay")  # As with a live key.
    live = await gateway.ask("POST", f"{V1}/qr", wish[0])
    assert "0066812345678" in live.json()["qr"]["payload"]


@pytest.mark.parametrize("amount_satang", [1, 100, 99_999_999, 999_999_999_999])
def test_a_specimen_of_any_amount_scans_behind_its_mark(amount_satang: int, tmp_path: Path) -> None:
    for text in (specimens.transfer(amount_satang), specimens.bill("A" * 20, "B" * 20, amount_satang)):
        for scale in (2, 6):
            assert reads(specimens.picture(text, test=True, scale=scale).png()) == text
