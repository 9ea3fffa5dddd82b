"""The QR's picture for whoever knows the payment."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

from paygate.core import ids
from tests.faces.conftest import Gateway


async def test_png_and_svg_show_the_payload_without_a_key(gateway: Gateway) -> None:
    made = await gateway.create()
    png = await gateway.ask("GET", f"/qr/{made['id']}.png", key=None)
    assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
    assert zxingcpp.read_barcode(Image.open(io.BytesIO(png.content))).text == made["qrPayload"]
    svg = await gateway.ask("GET", f"/qr/{made['id']}.svg", key=None)
    assert svg.headers["content-type"] == "image/svg+xml" or svg.headers["content-type"].startswith("image/svg+xml;")
    assert svg.text.startswith("<") and "default-src 'none'" in svg.headers["content-security-policy"]


async def test_the_scale_is_pixels_to_a_module(gateway: Gateway) -> None:
    made = await gateway.create()
    sizes = {}
    for scale in (1, 8, 20):
        png = await gateway.ask("GET", f"/qr/{made['id']}.png?scale={scale}", key=None)
        sizes[scale] = Image.open(io.BytesIO(png.content)).width
    assert sizes[8] == 8 * sizes[1] and sizes[20] == 20 * sizes[1]
    for bad in ("0", "21", "-1", "x", "1.5", "999"):
        answer = await gateway.ask("GET", f"/qr/{made['id']}.png?scale={bad}", key=None)
        assert (answer.status_code, answer.json()["field"]) == (400, "scale"), bad


async def test_a_payment_that_is_over_shows_no_qr(gateway: Gateway) -> None:
    made = await gateway.create()
    await gateway.ask("POST", f"/api/v1/payment/{made['id']}/cancel")
    answer = await gateway.ask("GET", f"/qr/{made['id']}.png", key=None)
    assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")
    assert "CANCELLED" in answer.json()["message"]


async def test_the_other_spelling_of_the_id_works_too(gateway: Gateway) -> None:
    made = await gateway.create()
    name = ids.show("pi", ids.read_uuid(made["id"]))
    assert (await gateway.ask("GET", f"/qr/{name}.svg", key=None)).status_code == 200
