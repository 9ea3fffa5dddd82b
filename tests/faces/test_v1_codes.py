"""POST /api/v1/qr: QR codes without a payment, in every shape they can be asked for."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import zipfile
from typing import Any

import httpx2
import pytest
import zxingcpp
from PIL import Image

import emvco
from tests.faces.conftest import Gateway

QR = "/api/v1/qr"
BILL = {"billerId": "099400016550100", "ref1": "INV2026", "ref2": "TABLE7", "amount": 250.5}
ONE = {"promptpay": "081-234-5678", "amount": 150.00}
ZIP = {"Accept": "application/zip"}
NDJSON = {"Accept": "application/x-ndjson"}


def read_picture(png: bytes) -> str:
    return str(zxingcpp.read_barcode(Image.open(io.BytesIO(png))).text)


def read_data_url(url: str) -> str:
    return read_picture(base64.b64decode(url.removeprefix("data:image/png;base64,")))


async def test_one_object_gets_one_answer(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", QR, ONE)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"success", "qr"}
    made = answer.json()["qr"]
    assert set(made) == {"payload", "format", "qrCode"} and made["format"] == "png"
    assert made["payload"] == emvco.promptpay_payload("0812345678", 15000) == read_data_url(made["qrCode"])


async def test_a_bill_payment_and_the_other_formats(gateway: Gateway) -> None:
    payload = emvco.bill_payment_payload("099400016550100", "INV2026", "TABLE7", 25050)
    svg = (await gateway.ask("POST", QR, {**BILL, "format": "svg"})).json()["qr"]
    assert svg["payload"] == payload and svg["svg"].startswith("<svg") and set(svg) == {"payload", "format", "svg"}
    bare = (await gateway.ask("POST", QR, {**BILL, "format": "payload"})).json()["qr"]
    assert bare == {"payload": payload, "format": "payload"}
    open_amount = (await gateway.ask("POST", QR, {"promptpay": "0812345678"})).json()["qr"]
    assert emvco.parse(open_amount["payload"]).amount_satang is None


async def test_one_code_can_be_asked_for_as_the_picture_itself(gateway: Gateway) -> None:
    png = await gateway.ask("POST", QR, ONE, headers={"Accept": "image/png"})
    assert png.headers["content-type"] == "image/png"
    assert read_picture(png.content) == emvco.promptpay_payload("0812345678", 15000)
    svg = await gateway.ask("POST", QR, ONE, headers={"Accept": "image/svg+xml, image/png;q=0.5"})
    assert svg.headers["content-type"].startswith("image/svg+xml") and svg.text.startswith("<svg")


async def test_an_array_is_answered_in_order_whatever_formats_it_mixes(gateway: Gateway) -> None:
    formats = ["png", "svg", "payload", "svg", "png"]
    asked = [{"promptpay": "0812345678", "amount": 1 + n, "format": formats[n % 5]} for n in range(23)]
    answer = await gateway.ask("POST", QR, asked)
    assert answer.status_code == 200 and set(answer.json()) == {"success", "qrs"}
    lines = await gateway.ask("POST", QR, asked, headers=NDJSON)
    assert lines.headers["content-type"] == "application/x-ndjson"
    made = answer.json()["qrs"]
    assert [json.loads(line) for line in lines.text.splitlines()] == made
    assert [one["format"] for one in made] == [one["format"] for one in asked]
    for one, wanted in zip(made, asked, strict=True):
        assert emvco.parse(one["payload"]).amount_satang == wanted["amount"] * 100
        assert ("qrCode" in one, "svg" in one) == (one["format"] == "png", one["format"] == "svg")
        assert "qrCode" not in one or read_data_url(one["qrCode"]) == one["payload"]


async def test_a_zip_has_one_file_for_each_entry(gateway: Gateway) -> None:
    asked = [{**ONE, "amount": 1 + n, "format": ("png", "svg", "payload")[n % 3]} for n in range(12)]
    answer = await gateway.ask("POST", QR, asked, headers=ZIP)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="qr.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:4] == ["01.png", "02.svg", "03.txt", "04.png"]
        payload = emvco.promptpay_payload("0812345678", 100)
        assert read_picture(archive.read("01.png")) == payload
        assert archive.read("03.txt").decode() == emvco.promptpay_payload("0812345678", 300)
        assert not any(entry.flag_bits & 8 for entry in archive.infolist())  # Sizes before the content.
    single = await gateway.ask("POST", QR, ONE, headers=ZIP)
    with zipfile.ZipFile(io.BytesIO(single.content)) as archive:
        assert archive.namelist() == ["1.png"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/zip, */*;q=0.1", "application/zip"),
        ("application/zip;q=0.2, application/x-ndjson;q=0.9", "application/x-ndjson"),
        ("application/*", "application/json"),
        ("text/html", "application/json"),
        ("image/png", "application/json"),  # Not of many.
        ("application/zip;q=wrong,, ;;", "application/zip"),
        ("application/json;q=0, APPLICATION/ZIP", "application/zip"),
    ],
)
async def test_the_preferred_form_is_given(gateway: Gateway, accept: str, kind: str) -> None:
    answer = await gateway.ask("POST", QR, [ONE], headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"], answer.headers["vary"]) == (200, kind, "Accept")


BAD: list[tuple[Any, str]] = [
    ({}, "promptpay"), ({"amount": 5}, "promptpay"), ({"promptpay": "08123"}, "promptpay"),
    ({"promptpay": 812345678}, "promptpay"), ({"promptpay": "๐๘๑๒๓๔๕๖๗๘"}, "promptpay"),
    ({"promptpay": ""}, "promptpay"),
    ({"promptpay": "x" * 41}, "promptpay"), ({**BILL, "promptpay": "0812345678"}, "billerId"),
    ({**BILL, "billerId": "12"}, "billerId"), ({**BILL, "ref1": None}, "ref1"), ({**BILL, "ref1": "a-1"}, "ref1"),
    ({**BILL, "ref2": "x" * 21}, "ref2"), ({**BILL, "ref2": 7}, "ref2"), ({**ONE, "ref1": "A"}, "ref1"),
    ({**ONE, "ref2": "A"}, "ref2"), ({**ONE, "amount": 0}, "amount"), ({**ONE, "amount": "150"}, "amount"),
    ({**ONE, "amount": -1}, "amount"), ({**ONE, "amount": 1.005}, "amount"), ({**ONE, "amount": 1e10}, "amount"),
    ({**ONE, "format": "gif"}, "format"), ({**ONE, "format": ""}, "format"), ({**ONE, "format": ["png"]}, "format"),
]  # fmt: skip


async def test_a_bad_entry_refuses_all_and_is_named(gateway: Gateway) -> None:
    for entry, field in BAD:
        for body, where in ((entry, field), ([*[ONE] * 17, entry, {}], f"[17].{field}")):
            for headers in ({}, ZIP, NDJSON):
                answer = await gateway.ask("POST", QR, body, headers=headers)
                assert (answer.status_code, answer.json()["field"]) == (400, where), entry
                assert answer.headers["content-type"] == "application/json"
    for body in ([ONE, 5], [ONE, None], [ONE, [ONE]]):
        assert (await gateway.ask("POST", QR, body)).json()["field"] == "[1]"
    answer = await gateway.ask("POST", QR, b'[{"promptpay":"0812345678"},{"promptpay":"a\\u0000"}]')
    assert (answer.status_code, answer.json()["field"]) == (400, "[1].promptpay")


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'"x"', b"null", b"{", b"[" + b"{}," * 10_000 + b"{}]"], ids=len)
async def test_what_is_no_request_is_refused(gateway: Gateway, body: bytes) -> None:
    answer = await gateway.ask("POST", QR, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_REQUEST")


async def test_a_secret_key_is_needed(gateway: Gateway) -> None:
    assert (await gateway.ask("POST", QR, ONE, key=None)).status_code == 401
    answer = await gateway.ask("POST", QR, ONE, key=gateway.world.public_key)
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")


async def test_ten_thousand_are_drawn_while_others_are_served(gateway: Gateway) -> None:
    entry = {**BILL, "ref1": "INV20261120000000001", "ref2": "BRANCH00000000000007"}
    asked = [{**entry, "amount": round(100 + n / 100, 2), "format": "png"} for n in range(10_000)]
    before = await gateway.counts()
    # Another connection and another client, so that only the server's own slowness shows.
    async with httpx2.AsyncClient(base_url=str(gateway.client.base_url), timeout=30, trust_env=False) as other:
        drawing = asyncio.create_task(gateway.ask("POST", QR, asked, headers=ZIP))
        waits = []
        while not drawing.done():
            began = time.perf_counter()
            assert (await other.get("/api/health/live")).status_code == 200
            waits.append(time.perf_counter() - began)
    answer = await drawing
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert (len(names), names[0], names[-1]) == (10_000, "00001.png", "10000.png")
        for name in (names[0], names[4_999], names[-1]):
            amount = emvco.parse(read_picture(archive.read(name))).amount_satang
            assert amount == 10_000 + int(name[:5]) - 1
    assert len(waits) >= 5 and sorted(waits)[len(waits) // 2] < 0.5
    assert await gateway.counts() == before


async def test_a_body_over_four_mebibytes_is_413(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", QR, b" " * (4 * 1_048_576) + b"{}")
    assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")
